"""Azure AI Language results: each names what its offsets count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.annotations.formats import read_head
from scripts.annotations.formats.azure import FORMAT
from scripts.annotations.formats.base import Notice, ReadOptions
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

HINDI = "अनुच्छेद १ दिल्ली में"


def entity(text: str | None, offset: int, length: int, **more: Any) -> dict[str, Any]:
    words = {} if text is None else {"text": text}
    return {**words, "category": "Location", "offset": offset, "length": length, **more}


def load(folder: Path, *values: Any) -> tuple[list[Record], list[Notice]]:
    path = folder / "azure.json"
    lines = (json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    path.write_text("".join(lines), encoding="utf8", newline="\n")
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(), notices.append)), notices


def place(folder: Path, text: str, index_type: str | None, *entities: Any) -> list[tuple[int, int]]:
    value = {"text": text, "entities": list(entities)}
    [record], _ = load(folder, value | ({"stringIndexType": index_type} if index_type else {}))
    return [(span.start, span.end) for span in record.spans]


def test_azure_keeps_what_an_entity_says(tmp_path: Path) -> None:
    given = entity("ঢাকা", 0, 4, subcategory="City", confidenceScore=0.9)
    value = {"id": "১", "text": "ঢাকা", "entities": [given], "stringIndexType": "UnicodeCodePoint"}
    [record], [notice] = load(tmp_path, value)
    assert FORMAT.sniff(read_head(tmp_path / "azure.json"))
    assert record.spans == (Span(0, 4, "Location"),)
    assert record.spans[0].surface == "ঢাকা"
    assert record.spans[0].meta == {"subcategory": "City", "confidenceScore": 0.9}
    assert record.meta == {"id": "১", "stringIndexType": "UnicodeCodePoint"}
    assert "1 UnicodeCodePoint, both edges confirmed" in notice.note


@pytest.mark.parametrize(
    ("offset", "length"),
    [(8, 3), (6 + 1, 3), (7, 2)],
    ids=["older clusters", "new start and old length", "joined conjuncts"],
)
def test_azure_finds_text_elements_of_either_unicode(
    offset: int, length: int, tmp_path: Path
) -> None:
    found = place(tmp_path, HINDI, "TextElements_v8", entity("दिल्ली", offset, length))
    assert found == [(11, 17)]


def test_azure_counts_text_elements_in_bangla(tmp_path: Path) -> None:
    text = "ক্ষুদ্র 👨‍👩‍👧 ঢাকা।"
    old, new = [entity("ঢাকা", 8, 2)], [entity("ঢাকা", 5, 2)]
    assert text[12:16] != "ঢাকা"
    start = text.index("ঢাকা")
    # ক্ | ষু | দ্ | র | blank | family | blank, and with conjuncts joined ক্ষু | দ্র | …
    assert place(tmp_path, text, "TextElements_v8", *[entity("ঢাকা", 7, 2)]) == [(start, start + 4)]
    assert place(tmp_path, text, "TextElements_v8", *new) == [(start, start + 4)]
    assert place(tmp_path, text, "TextElements_v8", *old) != [(start, start + 4)]


def test_azure_without_words_uses_the_older_clusters(tmp_path: Path) -> None:
    assert place(tmp_path, HINDI, "TextElements_v8", entity(None, 8, 3)) == [(11, 17)]


def test_azure_counts_utf16_units(tmp_path: Path) -> None:
    text = "😀😀 ঢাকা"
    assert place(tmp_path, text, "Utf16CodeUnit", entity("ঢাকা", 5, 4)) == [(3, 7)]
    assert place(tmp_path, text, "UnicodeCodePoint", entity("ঢাকা", 3, 4)) == [(3, 7)]
    # An offset in the middle of a character is that of the character; the words tell the audit.
    assert place(tmp_path, text, "Utf16CodeUnit", entity("x", 1, 2)) == [(0, 1)]


def test_azure_keeps_offsets_outside_the_text_outside(tmp_path: Path) -> None:
    entities = [entity("x", -1, 1), entity("x", 5, 3), entity(None, 9, 9)]
    assert place(tmp_path, "😀ঢাকা", "Utf16CodeUnit", *entities) == [(-1, 0), (4, 7), (8, 17)]


def test_azure_decides_by_the_words_where_the_type_is_missing(tmp_path: Path) -> None:
    text = "😀 ঢাকা"
    assert place(tmp_path, text, None, entity("ঢাকা", 3, 4)) == [(2, 6)]
    assert place(tmp_path, text, None, entity("ঢাকা", 2, 2)) == [(2, 6)]
    _, [notice] = load(tmp_path, {"text": text, "entities": [entity("ঢাকা", 3, 4)]})
    assert "1 Utf16CodeUnit, because stringIndexType is missing" in notice.note


def test_azure_joins_an_answer_to_its_request(tmp_path: Path) -> None:
    value = {
        "parameters": {"stringIndexType": "UnicodeCodePoint"},
        "analysisInput": {"documents": [{"id": "1", "text": "😀 ঢাকা", "language": "bn"}]},
        "results": {"documents": [{"id": "1", "entities": [entity("ঢাকা", 2, 4)]}]},
    }
    [record], _ = load(tmp_path, value)
    assert FORMAT.sniff(read_head(tmp_path / "azure.json"))
    assert (record.spans, record.meta) == ((Span(2, 6, "Location"),), {"id": "1", "language": "bn"})
    del value["analysisInput"]
    with pytest.raises(UserError, match="no text under 'text'"):
        load(tmp_path, value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stringIndexType": "Bytes"}, "no stringIndexType 'Bytes'"),
        ({"entities": {}}, "no list of entities"),
        ({"entities": [3]}, "no object"),
        ({"entities": [{"category": "X", "offset": 0}]}, "length is no whole number"),
        ({"entities": [{"offset": 0, "length": 1}]}, "no label"),
    ],
)
def test_azure_says_where_it_is_wrong(change: Any, message: str, tmp_path: Path) -> None:
    good = {"text": "ঢাকা", "entities": []}
    with pytest.raises(UserError, match=message) as caught:
        load(tmp_path, good, {**good, **change})
    assert "line 2" in str(caught.value)
