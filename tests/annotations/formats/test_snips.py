"""Snips NLU data sets: chunks put together to a text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions
from scripts.annotations.formats.snips import FORMAT
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

CITY = {"text": "ঢাকা", "entity": "city", "slot_name": "from"}
LIBRARY = {
    "language": "bn",
    "intents": {"go": {"utterances": [{"data": [{"text": "😀 "}, CITY, {"text": "\r\n"}]}]}},
    "entities": {"city": {"data": []}},
}


def load(folder: Path, value: Any, **options: Any) -> tuple[list[Record], list[Notice]]:
    path = folder / "snips.json"
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf8", newline="\n")
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(**options), notices.append)), notices


def test_snips_reads_the_benchmark_form(tmp_path: Path) -> None:
    utterances = [
        {
            "data": [
                {"text": "Live In L.a", "entity": "album"},
                {"text": "শিল্পী", "entity": "artist"},
            ]
        },
        {"data": [{"text": "গান"}]},
    ]
    [first, second], notices = load(tmp_path, {"PlayMusic": utterances})
    assert FORMAT.sniff(read_head(tmp_path / "snips.json"))
    assert first.text == "Live In L.aশিল্পী"
    assert first.spans == (Span(0, 11, "album"), Span(11, 17, "artist"))
    assert (first.meta, first.line) == ({"intent": "PlayMusic"}, 3)
    assert (second.text, second.spans, second.line, notices) == ("গান", (), 15, [])


def test_snips_reads_the_library_form(tmp_path: Path) -> None:
    [record], notices = load(tmp_path, LIBRARY)
    assert FORMAT.sniff(read_head(tmp_path / "snips.json"))
    assert (record.text, record.spans) == ("😀 ঢাকা\r\n", (Span(2, 6, "city"),))
    assert record.spans[0].meta == {"slot_name": "from"}
    assert [n.code for n in notices] == ["not-text", "read-as"]


def test_snips_takes_slot_names_where_it_is_told(tmp_path: Path) -> None:
    [record], _ = load(tmp_path, LIBRARY, layer="slot_name")
    assert (record.spans[0].label, record.spans[0].meta) == ("from", {"entity": "city"})
    with pytest.raises(UserError, match="no layer 'x'"):
        load(tmp_path, LIBRARY, layer="x")


@pytest.mark.parametrize(
    ("chunk", "message"),
    [({"entity": "x"}, "no text"), (3, "no object"), ({"text": "ক", "entity": " "}, "no label")],
)
def test_snips_says_where_a_chunk_is_wrong(chunk: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load(tmp_path, {"a": [{"data": [{"text": "ক"}]}, {"data": [chunk]}]})
    assert "line 10" in str(caught.value)
