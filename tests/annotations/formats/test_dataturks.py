"""Dataturks: inclusive ends, null annotations, several labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions
from scripts.annotations.formats.dataturks import FORMAT
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

NULL = {"content": "John Smith, London", "annotation": None}


def mark(start: int, end: int, text: str | None, *labels: str) -> dict[str, Any]:
    point = {"start": start, "end": end} | ({} if text is None else {"text": text})
    return {"label": list(labels), "points": [point]}


def line(content: str, *marks: Any) -> dict[str, Any]:
    return {"content": content, "annotation": list(marks), "extras": None}


def load(folder: Path, *values: Any) -> tuple[list[Record], list[Notice]]:
    path = folder / "dataturks.json"
    lines = (json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    path.write_text("".join(lines), encoding="utf8", newline="\n")
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(), notices.append)), notices


def test_dataturks_makes_inclusive_ends_exclusive_and_says_so(tmp_path: Path) -> None:
    value = line("ঢাকা, খুলনা", mark(0, 3, "ঢাকা", "LOC", "CITY"), mark(6, 10, "খুলনা", "LOC"))
    [record], [notice] = load(tmp_path, value)
    assert FORMAT.sniff(read_head(tmp_path / "dataturks.json"))
    assert record.spans == (Span(0, 4, "LOC"), Span(0, 4, "CITY"), Span(6, 11, "LOC"))
    assert [s.surface for s in record.spans] == ["ঢাকা", "ঢাকা", "খুলনা"]
    assert record.meta == {"extras": None}
    assert (notice.code, notice.line, notice.spans) == ("read-as", 0, 0)
    assert "inclusive: 2 spans have their words with inclusive, 0 with exclusive" in notice.note


def test_dataturks_believes_the_words_where_ends_are_exclusive(tmp_path: Path) -> None:
    exclusive = [line("ঢাকা", mark(0, 4, "ঢাকা", "LOC")), line("কখ", mark(0, 1, "ক", "X"))]
    records, [notice] = load(tmp_path, *exclusive, line("কখ", mark(0, 0, "ক", "X")))
    assert records[0].spans == (Span(0, 4, "LOC"),)
    assert "exclusive: 1 spans have their words with inclusive, 2 with exclusive" in notice.note


def test_dataturks_counts_in_utf16_units_too(tmp_path: Path) -> None:
    [record], [notice] = load(tmp_path, line("😀😀 ঢাকা", mark(5, 8, "ঢাকা", "LOC")))
    assert record.spans == (Span(5, 9, "LOC"),)
    assert "1 spans have their words with inclusive" in notice.note
    assert FORMAT.unit == "auto"


def test_dataturks_without_words_keeps_to_its_definition(tmp_path: Path) -> None:
    [record], notices = load(tmp_path, line("ঢাকা", mark(0, 3, None, "LOC"), mark(-2, 99, None, "X")))
    assert record.spans == (Span(0, 4, "LOC"), Span(-2, 100, "X"))
    assert notices == []


def test_dataturks_leaves_out_what_nobody_annotated(tmp_path: Path) -> None:
    records, notices = load(tmp_path, NULL, line("ঢাকা"))
    assert FORMAT.sniff(read_head(tmp_path / "dataturks.json"))
    assert [r.text for r in records] == ["ঢাকা"]
    assert [(n.code, n.line) for n in notices] == [("unannotated", 1)]


def test_dataturks_tells_points_that_are_no_labelled_text(tmp_path: Path) -> None:
    image = {"label": ["X"], "points": [[0.1, 0.2], [0.3, 0.4]]}
    classes = {"content": "ক", "annotation": {"labels": ["spam"]}}
    [record], notices = load(tmp_path, line("ঢাকা", mark(0, 3, "ঢাকা"), image), classes)
    assert record.spans == ()
    told = [(n.code, n.line, n.spans) for n in notices if n.code != "read-as"]
    assert told == [("no-label", 1, 1), ("not-text", 1, 1), ("not-text", 1, 1), ("not-text", 2, 0)]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"content": "ক"}, "no object with an 'annotation'"),
        ({"content": 3, "annotation": []}, "no text under 'content'"),
        ({"content": "ক", "annotation": "x"}, "no list"),
        (line("ক", {"label": ["X"]}), "no list of points"),
        (line("ক", {"label": ["X"], "points": [{"start": 0}]}), "end is no whole number"),
        (line("ক", mark(0, 0, "ক", " ")), "no label"),
    ],
)
def test_dataturks_says_where_it_is_wrong(value: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load(tmp_path, NULL, value)
    assert "line 2" in str(caught.value)
