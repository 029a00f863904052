"""CoNLL as it is written, and read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions, WriteOptions
from scripts.annotations.formats.conll import FORMAT
from scripts.annotations.records import Record, Span
from scripts.annotations.schemes import SCHEMES
from scripts.common.errors import UserError
from scripts.corpora.tokenizer import build_tokenizer

BANGLA = build_tokenizer("bn")


def tokens_of(text: str) -> list[tuple[int, int]]:
    return [(t.idx, t.idx + len(t)) for t in BANGLA.make_doc(text)]


def read(path: Path) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(), notices.append)), notices


LETTERS = "কখগঢামিদ্য়ড়\u09bc\u200c\u200dab।,.#-_\"'😀\ufe0f \u00a0\r\n\t"


@st.composite
def annotated(draw) -> Record:
    text = draw(st.text(LETTERS, max_size=30))
    places = [(a, b) for a, b in tokens_of(text) if text[a:b].strip()]
    spans = set()
    if places:
        for _ in range(draw(st.integers(0, 3))):
            first = draw(st.integers(0, len(places) - 1))
            last = draw(st.integers(first, len(places) - 1))
            label = draw(st.sampled_from(["PER", "স্থান", "creative-work", "O"]))
            spans.add(Span(places[first][0], places[last][1], label))
    meta = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "id": st.text(LETTERS, max_size=4),
                "doc": st.sampled_from(["d 1", "null", "2", "\n"]),
                "score": st.integers(),
            },
        )
    )
    return Record(text, tuple(sorted(spans)), 1, meta)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(annotated(), min_size=1, max_size=4), st.sampled_from(SCHEMES))
def test_conll_written_records_read_back(
    tmp_path: Path, records: list[Record], scheme: str
) -> None:
    path, told = tmp_path / "out.conll", []
    FORMAT.write(records, path, WriteOptions(tokens_of, scheme), told.append)
    assert FORMAT.sniff(read_head(path)) or not any(tokens_of(r.text) for r in records)
    back, notices = read(path)
    assert [r.text for r in back] == [r.text for r in records]
    assert [r.meta for r in back] == [r.meta for r in records]
    assert all(set(b.spans) <= set(r.spans) for b, r in zip(back, records, strict=True))
    assert sum(len(r.spans) - len(b.spans) for b, r in zip(back, records, strict=True)) == len(told)
    assert {n.code for n in told} <= {"not-written"} and {n.code for n in notices} <= {"read-as"}
    if scheme != "IO" and not told:
        assert [r.spans for r in back] == [r.spans for r in records]


def test_conll_writer_is_deterministic_and_plain(tmp_path: Path) -> None:
    record = Record("করিম\r\nঢাকা যান।", (Span(6, 10, "LOC"),), 1, {"id": "৭", "doc": "d"})
    path = tmp_path / "out"
    FORMAT.write([record], path, WriteOptions(tokens_of), lambda notice: None)
    text = json.dumps(record.text, ensure_ascii=False)
    assert path.read_bytes().decode("utf8") == (
        "# global.columns = FORM NER\n-DOCSTART-\tO\n\n# newdoc id = d\n# id = ৭\n"
        f"# text = {text}\nকরিম\tO\nঢাকা\tB-LOC\nযান\tO\n।\tO\n\n"
    )


def test_conll_writer_tells_what_it_cannot_hold(tmp_path: Path) -> None:
    text = "ঢাকা বিশ্ববিদ্যালয় যান"
    spans = (
        Span(0, 4, "LOC"),
        Span(0, 19, "ORG"),
        Span(21, 22, "X"),
        Span(0, 23, "Y", fragments=((0, 4), (20, 23))),
        Span(20, 23, "a\tb"),
        Span(-3, 99, "Z"),
    )
    told: list[Notice] = []
    FORMAT.write([Record(text, spans, 7)], tmp_path / "out", WriteOptions(tokens_of), told.append)
    assert [n.spans for n in told] == [1] * 5 and {n.line for n in told} == {7}
    assert read(tmp_path / "out")[0][0].spans == (Span(0, 19, "ORG"),)


def test_conll_missing_ranges_are_written_and_read(tmp_path: Path) -> None:
    record = Record("# ঢাকা যান", (Span(7, 10, "X"),), 1, {}, ((0, 1), (2, 6)))
    FORMAT.write([record], tmp_path / "out", WriteOptions(tokens_of), lambda notice: None)
    [back], notices = read(tmp_path / "out")
    assert (back.spans, back.missing) == (record.spans, record.missing)
    assert [n.code for n in notices[1:]] == ["tag-missing"] * 2


def test_conll_writer_refuses_a_token_that_would_be_read_otherwise(tmp_path: Path) -> None:
    for text in ("-DOCSTART-", "# id = x", "a\tb"):
        options = WriteOptions(lambda text: [(0, len(text))])
        with pytest.raises(UserError, match="line 3"):
            FORMAT.write([Record(text, (), 3)], tmp_path / "out", options, lambda notice: None)
