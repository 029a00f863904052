"""UBIAI exports: a JSON list of documents with labelled stretches and relations.

The shape is that of the relation export, which public scripts turn into spaCy data:
``{"documentName", "document", "tokens": [{"text", "start", "end", "token_start", "token_end",
"entityLabel"}], "relations": [{"child", "head", "relationLabel"}]}``; its ``tokens`` are the
entities. Lists named ``annotation`` or ``entities`` with ``label`` are read in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record, Span
from .base import Format, Head, Notice, ReadOptions, Tell
from .parts.checks import label_of, offset_of, text_of
from .parts.json_source import read_items

TEXT_KEYS = ("document", "text")
SPANS_KEYS = ("tokens", "annotation", "annotations", "entities")
LABEL_KEYS = ("entityLabel", "label")
EXAMPLE = (
    '[{"documentName": "a.txt", "document": "ঢাকা", "tokens": [{"text": "ঢাকা", "start": 0, '
    '"end": 4, "entityLabel": "LOC"}], "relations": []}]'
)


def sniff_ubiai(head: Head) -> bool:
    """Whether a file begins with documents that name themselves and hold labelled stretches."""
    values = head.values
    return bool(values) and all(isinstance(v, dict) and _is_document(v) for v in values)


def _is_document(value: dict[str, Any]) -> bool:
    if not any(isinstance(value.get(key), str) for key in TEXT_KEYS):
        return False
    lists = [value[key] for key in SPANS_KEYS if isinstance(value.get(key), list)]
    if not all(isinstance(item, dict) for items in lists for item in items):
        return False
    labelled = any("entityLabel" in item for items in lists for item in items)
    return bool(lists) and (labelled or "documentName" in value)


def read_ubiai(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the documents of a UBIAI export; offsets stay as the file gives them.

    The document's name is the record's ``doc``; relations and all else stand in the record's
    meta, token numbers and properties in the span's.

    Args:
        path: A UTF-8 file: a list of documents, or one a line.
        options: ``spans_key`` says which list holds the spans if several do.
        tell: Called for each document in which stretches have no label.

    Raises:
        UserError: A document lacks text or spans, or one of these cannot be read.
    """
    for item in read_items(path):
        value = item.value
        if not isinstance(value, dict):
            raise UserError(
                f"A JSON {type(value).__name__} stands in place of a document",
                where=at_line(path, item.line),
                todo=f"Expected {EXAMPLE}.",
            )
        name = value.get("documentName")
        where = at_line(path, item.line, name if isinstance(name, str) else None)
        text_key = next((k for k in TEXT_KEYS if isinstance(value.get(k), str)), TEXT_KEYS[0])
        text = text_of(value, text_key, where)
        key = _spans_key(value, options.spans_key, where)
        spans = [_span(span, i, where) for i, span in enumerate(value[key])]
        unlabelled = spans.count(None)
        if unlabelled:
            note = f"{unlabelled} stretches of text have no label"
            tell(Notice("no-label", item.line, note, spans=unlabelled))
        meta = {k: v for k, v in value.items() if k not in (text_key, key)}
        if name is not None:
            meta.setdefault("doc", name)
        yield Record(text, tuple(s for s in spans if s is not None), item.line, meta)


def _spans_key(value: dict[str, Any], spans_key: str | None, where: str) -> str:
    wanted = (spans_key,) if spans_key else SPANS_KEYS
    found = [key for key in wanted if isinstance(value.get(key), list)]
    filled = [key for key in found if value[key]] or found[:1]
    if len(filled) != 1:
        keys = f" under several keys: {', '.join(filled)}" if filled else ""
        raise UserError(
            f"The spans stand{keys}" if filled else "The document has no list of spans",
            where=where,
            todo=f"Say which are the gold spans with --spans-key. Expected {EXAMPLE}.",
        )
    return filled[0]


def _span(value: Any, index: int, where: str) -> Span | None:
    """Reads a labelled stretch; None if it has no label."""
    name = f"Span {index}"
    if not isinstance(value, dict):
        raise UserError(f"{name} is no object: {value!r:.80}", where=where)
    rest = dict(value)
    label = next((rest.pop(key) for key in LABEL_KEYS if key in rest), None)
    if label is None or label == "":
        return None
    start = _offset(rest.pop("start", None), f"{name}: start", where)
    end = _offset(rest.pop("end", None), f"{name}: end", where)
    surface = rest.pop("text") if isinstance(rest.get("text"), str) else None
    return Span(start, end, label_of(label, name, where), (), surface, rest or None)


def _offset(value: Any, name: str, where: str) -> int:
    # Exports exist in which offsets are quoted.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return offset_of(value, name, where)


FORMAT = Format(
    name="ubiai",
    title="UBIAI export, JSON",
    sniff=sniff_ubiai,
    read=read_ubiai,
    unit="auto",
)
