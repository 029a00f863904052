"""MASSIVE: bracketed slots laid over the utterance, and written back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions, WriteOptions
from scripts.annotations.formats.massive import FORMAT
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "massive"
TEXT = st.text(alphabet="কখাি্ড়😀\u200d\u200c\u00a0\r\n x[]:,", max_size=14)
LABEL = st.sampled_from(["PER", "house_place", "a b", "a:b", " a", "x]"])


def load(folder: Path, *values: Any) -> tuple[list[Record], list[Notice]]:
    path = folder / "massive.jsonl"
    lines = (json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    path.write_text("".join(lines), encoding="utf8", newline="\n")
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(), notices.append)), notices


def one(folder: Path, marked: str, text: str | None = None) -> tuple[str, list[tuple[str, str]]]:
    value = {"annot_utt": marked} if text is None else {"utt": text, "annot_utt": marked}
    [record], _ = load(folder, value)
    return record.text, [(record.text[s.start : s.end], s.label) for s in record.spans]


def test_massive_reads_slots_and_keeps_the_rest(tmp_path: Path) -> None:
    value = {"id": "1", "intent": "alarm_set", "utt": "কাল ৯টায় জাগাও", "worker_id": "0"}
    [first, second], notices = load(
        tmp_path,
        value | {"annot_utt": "[date : কাল] [time : ৯টায়] জাগাও"},
        {"utt": "😀 ঢাকা", "annot_utt": "😀 [place : ঢাকা]"},
    )
    assert first.text == "কাল ৯টায় জাগাও"
    assert [first.text[s.start : s.end] for s in first.spans] == ["কাল", "৯টায়"]
    assert first.meta == {"id": "1", "intent": "alarm_set", "worker_id": "0"}
    assert second.spans == (Span(2, 6, "place"),)
    assert (first.line, second.line, notices) == (1, 2, [])


@pytest.mark.parametrize(
    ("marked", "text", "spans"),
    [
        ("[time : 5 : 30] থেকে", "5 : 30 থেকে", [("5 : 30", "time")]),
        ("[time : 5:30] থেকে", "5:30 থেকে", [("5:30", "time")]),
        ("[note : ক [খ] গ] ঘ", "ক [খ] গ ঘ", [("ক [খ] গ", "note")]),
        ("[ক : খ] [x : গ]", "[ক : খ] গ", [("গ", "x")]),
        ("[ক : খ]", "[ক : খ]", []),
        ("[x :  ক ] খ", " ক  খ", [(" ক ", "x")]),
        ("[x : ] ক", " ক", [("", "x")]),
    ],
)
def test_massive_tells_text_from_markup(
    marked: str, text: str, spans: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert one(tmp_path, marked, text) == (text, spans)


def test_massive_lays_spaced_words_over_the_utterance(tmp_path: Path) -> None:
    value = {"utt": "早上九点叫醒我 吧", "annot_utt": "[time : 早上 九 点 ] 叫 醒 我吧"}
    [record], [notice] = load(tmp_path, value)
    assert record.spans == (Span(0, 4, "time"),)
    assert record.meta == {"annot_utt": value["annot_utt"]}
    assert (notice.code, notice.spans) == ("read-as", 0)
    assert "in 1 texts" in notice.note


def test_massive_takes_the_unmarked_text_where_there_is_no_utterance(tmp_path: Path) -> None:
    assert one(tmp_path, "আজ [place : ঢাকায়]") == ("আজ ঢাকায়", [("ঢাকায়", "place")])
    with pytest.raises(UserError, match="brackets that are no slot"):
        one(tmp_path, "আজ [ঢাকায়]")


@pytest.mark.parametrize(
    ("marked", "text", "message"),
    [
        ("[x : ক] গ", "ক খ", "is not 'utt'"),
        ("[x : [y : ক] খ]", "ক খ", "is not 'utt'"),
        ("[x : ক ] ] ]", "ক ] ]", "in several ways"),
        ("[x : ক", "ক", "is not 'utt'"),
    ],
)
def test_massive_refuses_what_does_not_align(
    marked: str, text: str, message: str, tmp_path: Path
) -> None:
    good = {"utt": "ক", "annot_utt": "ক"}
    with pytest.raises(UserError, match=message) as caught:
        load(tmp_path, good, {"id": "৭", "utt": text, "annot_utt": marked})
    assert "line 2 (id ৭)" in str(caught.value)


def test_massive_gives_up_on_brackets_without_end(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        one(tmp_path, "[a : " * 200 + "]" * 200, "x" + "[a : " * 150 + "]" * 150)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(TEXT, st.data()), max_size=3))
def test_massive_reads_back_what_it_wrote(tmp_path: Path, rows: list[tuple[str, Any]]) -> None:
    records = []
    for text, data in rows:
        place = st.integers(-1, len(text) + 1)
        spans = data.draw(st.lists(st.builds(Span, place, place, LABEL), max_size=4))
        records.append(Record(text, tuple(spans), len(records) + 1, {"id": str(len(records))}))
    told: list[Notice] = []
    path = tmp_path / "out.jsonl"
    FORMAT.write(records, path, WriteOptions(lambda text: []), told.append)
    again = list(FORMAT.read(path, ReadOptions(), told.append))
    assert [(r.text, r.meta) for r in again] == [(r.text, r.meta) for r in records]
    for record, found in zip(records, again, strict=True):
        lost = sum(n.spans for n in told if n.line == record.line and n.code == "not-written")
        assert len(found.spans) == len(record.spans) - lost
        assert set(found.spans) <= set(record.spans)


def test_massive_writes_spans_that_neither_overlap_nor_could_be_misread(tmp_path: Path) -> None:
    text = "কাল 5:30 [ক] ঢাকা"
    spans = (Span(0, 3, "date"), Span(4, 8, "time"), Span(9, 17, "place"), Span(13, 17, "city"))
    # "[x : [ক]]" reads as well as "[ক" followed by a bracket.
    bracketed = (Span(9, 12, "x"), Span(13, 17, "city"))
    records = [Record(text, spans, 1), Record(text, bracketed, 2)]
    told: list[Notice] = []
    path = tmp_path / "out.jsonl"
    FORMAT.write(records, path, WriteOptions(lambda t: []), told.append)
    first, second = FORMAT.read(path, ReadOptions(), told.append)
    assert (first.text, first.spans, second.spans) == (text, spans[:3], bracketed[1:])
    assert [(n.code, n.line, n.spans) for n in told] == [("not-written", i, 1) for i in (1, 2)]
    assert "overlaps place" in told[0].note and "something else" in told[1].note


@pytest.mark.parametrize(
    ("name", "docs", "spans", "labels"),
    [
        ("bn-BD.train", 11514, 11287, 55),
        ("bn-BD.dev", 2033, 2013, 53),
        ("ru-RU.dev", 2033, 2008, 53),
        ("en-US.dev", 2033, 2012, 53),
    ],
)
def test_massive_reads_the_real_files(name: str, docs: int, spans: int, labels: int) -> None:
    path = SHARED / f"{name}.jsonl"
    if not path.is_file():
        pytest.skip("the real MASSIVE files are not beside the project")
    assert FORMAT.sniff(read_head(path))
    notices: list[Notice] = []
    records = list(FORMAT.read(path, ReadOptions(), notices.append))
    found = [span for record in records for span in record.spans]
    assert (len(records), len(found), len({s.label for s in found})) == (docs, spans, labels)
    assert not notices
