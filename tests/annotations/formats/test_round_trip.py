"""Every format that is written gives back what was written, except what it says it cannot hold."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import FORMATS, detect_format
from scripts.annotations.formats.base import Notice, ReadOptions, WriteOptions
from scripts.annotations.reading import read_records, unit_of
from scripts.annotations.records import Record, Span
from scripts.annotations.units import to_codepoints
from scripts.common.errors import UserError
from scripts.common.files import new_directory, new_file

PIECES = ["ঢাকা", "ক্ষ", "র‍্যাব", "য়", "😀", "👨🏻‍🚒", "রহিম", "।", "(", "\u00a0", "é", "A1"]
LINE_ENDS = ["\r\n", "\n"]
# Formats whose texts are single lines; what else a text may not hold, their writers refuse.
ONE_LINE = ("massive", "pubtator", "rasa-yaml")

every_writable = pytest.mark.parametrize(
    "known", [k for k in FORMATS.values() if k.write], ids=lambda known: known.name
)


def words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\w[\w\u0980-\u09ff\u200d]*|[^\w\s]", text)]


@st.composite
def records(draw: st.DrawFn, line_ends: bool) -> Record:
    between = [" "] * 5 + (LINE_ENDS if line_ends else [])
    text = draw(st.sampled_from(PIECES))
    for _ in range(draw(st.integers(0, 6))):
        text += draw(st.sampled_from(between)) + draw(st.sampled_from(PIECES))
    ranges = words(text) or [(0, len(text))]
    spans = []
    for _ in range(draw(st.integers(0, 4))):
        first = draw(st.integers(0, len(ranges) - 1))
        last = draw(st.integers(first, len(ranges) - 1))
        spans.append(Span(ranges[first][0], ranges[last][1], draw(st.sampled_from(["PER", "LOC"]))))
    return Record(text, tuple(sorted(set(spans))), 1, {"id": str(draw(st.integers(0, 99)))})


@every_writable
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_round_trip_loses_only_what_is_told(known, data, tmp_path_factory):
    made = records(line_ends=known.name not in ONE_LINE)
    given_records = data.draw(st.lists(made, min_size=1, max_size=3, unique_by=lambda r: r.id))
    path = Path(tmp_path_factory.mktemp("round")) / "written"
    told: list[Notice] = []
    new = new_directory if known.directory else new_file
    try:
        with new(path) as place:
            known.write(given_records, place, WriteOptions(words), told.append)
    except UserError as error:
        assert error.todo or error.where
        assume(False)
    assert detect_format(path).name == known.name
    options = ReadOptions(lang="bn")
    read = list(read_records(path, options))
    counted = unit_of(known, options)
    unit = "codepoint" if counted == "auto" else counted
    in_order = sorted(given_records, key=lambda r: r.id) if known.directory else given_records
    if known.directory:
        read.sort(key=lambda r: r.id)
    assert [r.text for r in read] == [r.text for r in in_order]
    wanted = Counter((i, span) for i, r in enumerate(in_order) for span in r.spans)
    found = Counter(
        (i, Span(s.start, s.end, s.label))
        for i, r in enumerate(read)
        for s in to_codepoints(r.text, r.spans, unit)
    )
    assert not found - wanted
    assert (wanted - found).total() == sum(n.spans for n in told if n.code == "not-written")


@every_writable
def test_round_trip_keeps_plain_records_whole(known, tmp_path):
    text = "রহিম 😀 ঢাকায় থাকেন"
    plain = [
        Record(text, (Span(0, 4, "PER"), Span(7, 13, "LOC")), 1, {"id": "1"}),
        Record("কেউ নেই", (), 2, {"id": "2"}),
    ]
    told: list[Notice] = []
    path = tmp_path / "written"
    new = new_directory if known.directory else new_file
    with new(path) as place:
        known.write(plain, place, WriteOptions(words), told.append)
    assert not told
    read = sorted(read_records(path, ReadOptions(lang="bn")), key=lambda r: r.text == "কেউ নেই")
    unit = unit_of(known, ReadOptions())
    spans = [
        [(s.start, s.end, s.label) for s in to_codepoints(r.text, r.spans, unit)]
        if unit == "utf16"
        else [(s.start, s.end, s.label) for s in r.spans]
        for r in read
    ]
    assert spans == [[(0, 4, "PER"), (7, 13, "LOC")], []]
    assert [r.text for r in read] == [r.text for r in plain]


@every_writable
def test_round_trip_tells_the_file_of_what_is_not_written(known, tmp_path):
    span = Span(0, 11, "P R", ((0, 4), (8, 11)))
    record = Record("ঢাকা আর খুলনা", (span,), 3, {"id": "1"}, ((5, 7),), file="in/a.json")
    told: list[Notice] = []
    new = new_directory if known.directory else new_file
    with new(tmp_path / "out") as place:
        known.write([record], place, WriteOptions(words), told.append)
    assert {notice.file for notice in told} <= {"in/a.json"}
    assert bool(told) == (known.name != "span-jsonl")


@every_writable
def test_round_trip_writes_a_long_text_in_little_time(known, tmp_path):
    # A loop over tokens for each token, span or missing range would take minutes.
    size = 12_000
    text = " ".join(["ঢাকা"] * size)
    spans = tuple(Span(5 * i, 5 * i + 4, "LOC") for i in range(0, size, 2))
    missing = tuple((5 * i, 5 * i + 4) for i in range(1, size, 2))
    new = new_directory if known.directory else new_file
    before = time.process_time()
    with new(tmp_path / "out") as place:
        record = Record(text, spans, 1, {"id": "1"}, missing)
        known.write([record], place, WriteOptions(words), lambda notice: None)
    assert time.process_time() - before < 2


@every_writable
def test_round_trip_tells_of_lost_keys_that_change_what_is_learned(known, tmp_path):
    meta = {"id": "1", "annotated_labels": ["PER"], "weight": 2}
    told: list[Notice] = []
    path = tmp_path / "written"
    with (new_directory if known.directory else new_file)(path) as place:
        record = Record("রহিম ঢাকা", (Span(0, 4, "PER"),), 1, meta)
        known.write([record], place, WriteOptions(words), told.append)
    (found,) = read_records(path, ReadOptions(format=known.name))
    kept = (found.annotated_labels, found.weight) == ({"PER"}, 2)
    assert kept != any("annotated_labels and weight" in notice.note for notice in told)
