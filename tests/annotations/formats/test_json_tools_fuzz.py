"""Damaged files of the dialogue and annotation tool formats: a clear error, or records."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Format, ReadOptions
from scripts.annotations.records import Record
from scripts.common.errors import UserError

POINT = {"start": 0, "end": 1, "text": "ঢা"}
ENTITY = {"start": 0, "end": 2, "value": "ঢা", "entity": "city"}
MARK = {"start": 0, "end": 2, "tag": "LOC", "value": "ঢা", "annotated_by": [{"annotator": "ক"}]}
AZURE = {"text": "ঢা", "category": "Location", "offset": 0, "length": 1}
SAMPLES: dict[str, Any] = {
    "massive": {"id": "1", "utt": "[ঢা 😀]", "annot_utt": "[[x : ঢা] 😀]"},
    "rasa_json": {"rasa_nlu_data": {"common_examples": [{"text": "ঢা", "entities": [ENTITY]}]}},
    "snips": {"intents": {"a": {"utterances": [{"data": [{"text": "ঢা", "entity": "city"}]}]}}},
    "dataturks": {"content": "ঢা😀", "annotation": [{"label": ["LOC"], "points": [POINT]}]},
    "ubiai": {
        "documentName": "১",
        "document": "ঢা",
        "tokens": [{"start": 0, "end": 2, "entityLabel": "LOC", "text": "ঢা"}],
    },
    "lighttag": {"examples": [{"content": "ঢা", "example_id": 1, "annotations": [MARK, MARK]}]},
    "azure": {
        "parameters": {"stringIndexType": "TextElements_v8"},
        "analysisInput": {"documents": [{"id": "1", "text": "ঢা"}]},
        "results": {"documents": [{"id": "1", "entities": [AZURE]}]},
    },
}
RASA_YAML = (
    'version: "3.1"\nnlu:\n- intent: a\n  metadata: {k: [1, null]}\n  examples: |\n'
    '    - [ঢা]{"entity": "city"} 😀\n- intent: b\n  examples:\n  - text: "[ঢা](x:y)"\n'
)
RASA_MD = (
    '## intent:a\n<!-- মন্তব্য -->\n- [ঢা](city) [খ]{"entity": "b", "role": "c"}\n## regex:x\n- y\n'
)
TEXTS = {"rasa_yaml": RASA_YAML, "rasa_md": RASA_MD} | {
    name: json.dumps(value, ensure_ascii=False) for name, value in SAMPLES.items()
}
WRONG = (None, True, 7, -1, 2.5, "", "ক", [], {}, [None], [[]], {"ক": None})


def format_of(module: str) -> Format:
    return import_module(f"scripts.annotations.formats.{module}").FORMAT


def records_or_error(module: str, path: Path, content: bytes) -> list[Record] | UserError:
    path.write_bytes(content)
    known = format_of(module)
    assert known.sniff(read_head(path)) in (True, False)
    try:
        return list(known.read(path, ReadOptions(), lambda notice: None))
    except UserError as error:
        return error


@pytest.mark.parametrize("module", sorted(TEXTS))
def test_format_recognises_its_own_sample_alone(module: str, tmp_path: Path) -> None:
    path = tmp_path / "sample"
    path.write_text(TEXTS[module], encoding="utf8", newline="\n")
    assert [name for name in sorted(TEXTS) if format_of(name).sniff(read_head(path))] == [module]


@pytest.mark.parametrize("module", sorted(TEXTS))
def test_format_cut_off_at_every_byte_gives_records_or_an_error(
    module: str, tmp_path: Path
) -> None:
    raw = TEXTS[module].encode("utf8")
    whole = records_or_error(module, tmp_path / "cut", raw)
    assert isinstance(whole, list) and any(record.spans for record in whole)
    for size in range(len(raw)):
        records_or_error(module, tmp_path / "cut", raw[:size])


@pytest.mark.parametrize("module", sorted(SAMPLES))
def test_format_with_wrong_types_gives_records_or_an_error(module: str, tmp_path: Path) -> None:
    for damaged in variants(SAMPLES[module]):
        content = json.dumps(damaged, ensure_ascii=False).encode("utf8")
        found = records_or_error(module, tmp_path / "wrong", content)
        for record in found if isinstance(found, list) else []:
            json.dumps([record.meta, [s.meta for s in record.spans]])
            assert all(isinstance(s.label, str) and s.label for s in record.spans)


@pytest.mark.parametrize("module", sorted(TEXTS))
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\xff\xfe[\x00",
        b"\x00\x01",
        b"{" * 3000,
        b"[" * 3000,
        b"nlu:\n" + b"- " * 3000,
        b"nlu: &a [*a]\n",
        b"\xef\xbb\xbf{}",
        b"[1, 2]",
        b'"text"',
        b"id,text,label\n1,a,b\n",
        "সাধারণ লেখা: ঢাকা।\n# শিরোনাম\n".encode(),
        b'{"text": "a", "label": [[0, 1, "X"]]}',
        b'[{"text": "a", "spans": [{"start": 0, "end": 1, "label": "X"}]}]',
        b'{"tokens": ["a"], "tags": ["O"]}',
    ],
)
def test_format_leaves_other_files_alone(module: str, content: bytes, tmp_path: Path) -> None:
    records_or_error(module, tmp_path / "other", content)
    assert not format_of(module).sniff(read_head(tmp_path / "other"))


def variants(value: Any) -> Iterator[Any]:
    """The value with each of its parts replaced by each wrong value, or taken away."""
    for path in places(value):
        for wrong in (*WRONG, ...):
            damaged = copy.deepcopy(value)
            holder = damaged
            for key in path[:-1]:
                holder = holder[key]
            if not path:
                damaged = None if wrong is ... else wrong
            elif wrong is ...:
                del holder[path[-1]]
            else:
                holder[path[-1]] = wrong
            yield damaged


def places(value: Any) -> Iterator[list[Any]]:
    yield []
    if isinstance(value, dict):
        items: Any = value.items()
    else:
        items = enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from ([key, *rest] for rest in places(part))
