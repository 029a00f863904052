"""UBIAI exports: documents with labelled stretches and relations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions
from scripts.annotations.formats.ubiai import FORMAT
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

TOKEN = {"text": "ঢাকা", "start": 0, "end": 4, "token_start": 0, "token_end": 0, "entityLabel": "LOC"}
RELATIONS = [{"child": 0, "head": 5, "relationLabel": "IN"}]
DOCUMENT = {
    "documentName": "a.txt",
    "document": "ঢাকা😀\r\n",
    "tokens": [TOKEN],
    "relations": RELATIONS,
}


def load(folder: Path, value: Any, **options: Any) -> tuple[list[Record], list[Notice]]:
    path = folder / "ubiai.json"
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf8", newline="\n")
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(**options), notices.append)), notices


def test_ubiai_reads_the_relation_export(tmp_path: Path) -> None:
    [first, second], notices = load(tmp_path, [DOCUMENT, {**DOCUMENT, "documentName": "b.txt"}])
    assert FORMAT.sniff(read_head(tmp_path / "ubiai.json"))
    assert (first.text, first.spans) == ("ঢাকা😀\r\n", (Span(0, 4, "LOC"),))
    assert first.spans[0].surface == "ঢাকা"
    assert first.spans[0].meta == {"token_start": 0, "token_end": 0}
    assert first.meta == {"documentName": "a.txt", "relations": RELATIONS, "doc": "a.txt"}
    assert (first.document, second.document, notices) == ("a.txt", "b.txt", [])
    assert first.line == 2 < second.line


def test_ubiai_reads_the_annotation_export(tmp_path: Path) -> None:
    mark = {"start": "1", "end": "3", "label": "X", "text": "াক", "propertiesList": ["ক"]}
    [record], _ = load(tmp_path, [{"documentName": "১", "text": "ঢাকা", "annotation": [mark]}])
    assert FORMAT.sniff(read_head(tmp_path / "ubiai.json"))
    assert record.spans == (Span(1, 3, "X"),)
    assert record.spans[0].meta == {"propertiesList": ["ক"]}


def test_ubiai_tells_stretches_without_label(tmp_path: Path) -> None:
    [record], [notice] = load(
        tmp_path, [{**DOCUMENT, "tokens": [TOKEN, {**TOKEN, "entityLabel": ""}]}]
    )
    assert len(record.spans) == 1
    assert (notice.code, notice.line, notice.spans) == ("no-label", 2, 1)


def test_ubiai_asks_which_list_holds_the_spans(tmp_path: Path) -> None:
    both = {**DOCUMENT, "entities": [{**TOKEN, "entityLabel": "B"}]}
    with pytest.raises(UserError, match="several keys: tokens, entities"):
        load(tmp_path, [both])
    [record], _ = load(tmp_path, [both], spans_key="entities")
    assert [s.label for s in record.spans] == ["B"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"document": None}, "no text"),
        ({"tokens": None}, "no list of spans"),
        ({"tokens": [3]}, "no object"),
        ({"tokens": [{**TOKEN, "end": 4.5}]}, "end is no whole number"),
        ({"tokens": [{**TOKEN, "entityLabel": ["X"]}]}, "no label"),
    ],
)
def test_ubiai_says_where_it_is_wrong(change: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load(tmp_path, [DOCUMENT, {**DOCUMENT, **change}])
    assert "(id a.txt)" in str(caught.value)
