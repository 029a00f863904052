"""LightTag exports: examples, annotators and reviews."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions
from scripts.annotations.formats.lighttag import FORMAT
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError


def mark(start: int, end: int, tag: str, value: str, *people: str, **more: Any) -> dict[str, Any]:
    by = [{"annotator": name, "annotator_id": i} for i, name in enumerate(people)]
    return {"start": start, "end": end, "tag": tag, "value": value, "annotated_by": by, **more}


def example(*marks: Any, **more: Any) -> dict[str, Any]:
    return {"content": "ঢাকা ও খুলনা", "example_id": "৭", "annotations": list(marks), **more}


def load(folder: Path, value: Any) -> tuple[list[Record], list[Notice]]:
    path = folder / "lighttag.json"
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf8", newline="\n")
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(), notices.append)), notices


DHAKA, KHULNA = (0, 4, "LOC", "ঢাকা"), (7, 12, "LOC", "খুলনা")


def test_lighttag_reads_examples_of_one_annotator(tmp_path: Path) -> None:
    one = example(mark(*DHAKA, "ক", tag_id=3), metadata={"doc": 1}, classifications=[])
    value = {"annotations_and_examples": [one, example()], "relations": {}}
    [first, second], notices = load(tmp_path, value)
    assert FORMAT.sniff(read_head(tmp_path / "lighttag.json"))
    assert (first.spans, first.versions, first.id) == ((Span(0, 4, "LOC"),), {}, "৭")
    assert first.spans[0].surface == "ঢাকা"
    assert first.spans[0].meta["tag_id"] == 3
    assert first.meta["metadata"] == {"doc": 1}
    assert (first.line, second.spans, notices) == (3, (), [])
    assert second.line > first.line


def test_lighttag_keeps_annotators_apart(tmp_path: Path) -> None:
    one = example(mark(*DHAKA, "খ", "ক"), mark(*KHULNA, "ক"), mark(0, 1, "X", "ঢ"))
    seen = example(mark(*DHAKA, "ক"), seen_by=[{"annotator": "ক"}, {"annotator": "খ"}])
    [first, second], _ = load(tmp_path, {"examples": [one, seen]})
    dhaka, khulna = Span(0, 4, "LOC"), Span(7, 12, "LOC")
    assert first.spans == ()
    assert first.versions == {"ক": (dhaka, khulna), "খ": (dhaka,), "unknown": (Span(0, 1, "X"),)}
    assert second.versions == {"ক": (dhaka,), "খ": ()}


def test_lighttag_leaves_out_what_a_reviewer_rejected(tmp_path: Path) -> None:
    one = example(mark(*DHAKA, "ক", correct=False), mark(*KHULNA, "ক", correct=None))
    [record], notices = load(tmp_path, [{"examples": [one], "relations": [{"id": 1}]}])
    assert record.spans == (Span(7, 12, "LOC"),)
    assert [(n.code, n.spans) for n in notices] == [("not-text", 0), ("left-out", 1)]


def test_lighttag_reads_examples_alone(tmp_path: Path) -> None:
    [record], _ = load(tmp_path, [example(mark(*DHAKA, "ক"))])
    assert FORMAT.sniff(read_head(tmp_path / "lighttag.json"))
    assert record.spans == (Span(0, 4, "LOC"),)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"examples": {}}, "no list"),
        ({"examples": [3]}, "no object"),
        ({"examples": [{"content": "ক"}]}, "no list of annotations"),
        ({"examples": [example({"start": 0, "end": "4", "tag": "X"})]}, "end is no whole"),
        ({"examples": [example({"start": 0, "end": 4})]}, "no label"),
    ],
)
def test_lighttag_says_where_it_is_wrong(value: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load(tmp_path, value)
    assert "lighttag.json, line" in str(caught.value)
