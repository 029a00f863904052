"""spaCy's ``Doc.to_json``: one object a Doc, with ents, tokens and span groups by characters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ...common.files import write_jsonl
from ..records import Record, Span
from .base import Format, Head, Notice, ReadOptions, Tell, WriteOptions
from .parts.checks import text_of
from .parts.json_source import Item, read_items
from .parts.token_rows import Place, spans_on_tokens, without_overlaps
from .parts.writing import tell_missing
from .spacy_docbin import NESTED_KEY, words_and_spaces
from .spacy_training import read_entity


def sniff_spacy_doc_json(head: Head) -> bool:
    """Whether a file begins with objects that have a text, tokens by offsets, and ents."""
    return bool(head.values) and all(_is_doc(value) for value in head.values)


def _is_doc(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return False
    tokens = value.get("tokens")
    return (
        isinstance(tokens, list)
        and all(isinstance(t, dict) and {"id", "start", "end"} <= t.keys() for t in tokens)
        and (isinstance(value.get("ents"), list) or isinstance(value.get("spans"), dict))
    )


def read_spacy_doc_json(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the Docs as records: ents and the span group ``nested`` are the spans.

    Args:
        path: A UTF-8 file: one object a line, or one list of them.
        options: ``layer`` takes a span group instead of the ents.
        tell: Called with Docs that have neither ents nor the group, which are left out.

    Raises:
        UserError: A record is no such object.
    """
    for item in read_items(path):
        where = at_line(path, item.line)
        if not isinstance(item.value, dict):
            raise UserError("The value is no object with a text and ents", where=where)
        text = text_of(item.value, "text", where)
        groups = {} if item.value.get("spans") is None else item.value["spans"]
        # A list of spans is what Prodigy has there: the ents of a text.
        groups = {"ents": groups} if isinstance(groups, list) else groups
        if not isinstance(groups, dict):
            raise UserError(f"The span groups are no object: {groups!r:.80}", where=where)
        found = {**groups, **({"ents": e} if (e := item.value.get("ents")) is not None else {})}
        names = (options.layer,) if options.layer else ("ents", NESTED_KEY)
        if names[0] not in found:
            tell(Notice("unannotated", item.line, f"the Doc has no {names[0]!r}"))
            continue
        spans = tuple(s for name in names for s in _spans(found.pop(name, []), where))
        meta = _meta(item)
        if found:
            meta["spans"] = found
        yield Record(text, spans, item.line, meta)


def _meta(item: Item) -> dict[str, Any]:
    known = ("text", "ents", "spans", "tokens", "meta")
    meta = {key: value for key, value in item.value.items() if key not in known}
    own = item.value.get("meta")
    if isinstance(own, dict):
        return {**meta, **own}
    return meta if own is None else {**meta, "meta": own}


def _spans(value: Any, where: str) -> tuple[Span, ...]:
    if not isinstance(value, list):
        raise UserError(f"The spans are no list: {value!r:.80}", where=where)
    return tuple(read_entity(entity, i, where) for i, entity in enumerate(value))


def write_spacy_doc_json(
    records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell
) -> None:
    """Writes one object a line that ``Doc.from_json`` reads, the meta under ``meta``.

    Spans that overlap another are in the group ``nested``. Discontinuous ones, and those that do
    not begin and end with a token, are told.
    """
    write_jsonl(path, (_line(record, options, tell) for record in records))


def _line(record: Record, options: WriteOptions, tell: Tell) -> dict[str, Any]:
    tell_missing(record, tell)
    places = _places(record.text, options)
    flat, nested = without_overlaps(spans_on_tokens(record, places, tell))
    line: dict[str, Any] = {
        "text": record.text,
        "ents": [_item(span) for _, _, span in flat],
        "tokens": [{"id": i, "start": a, "end": b} for i, (a, b) in enumerate(places)],
    }
    if nested:
        line["spans"] = {NESTED_KEY: [{**_item(s), "kb_id": ""} for _, _, s in nested]}
    return {**line, "meta": record.meta} if record.meta else line


def _item(span: Span) -> dict[str, Any]:
    return {"start": span.start, "end": span.end, "label": span.label}


def _places(text: str, options: WriteOptions) -> list[Place]:
    """The places of tokens that make up the whole text, as those of a Doc do."""
    places = []
    at = 0
    for word, space in zip(*words_and_spaces(text, options.tokens(text)), strict=True):
        places.append((at, at + len(word)))
        at += len(word) + space
    return places


FORMAT = Format(
    name="spacy-doc-json",
    title="spaCy's Doc.to_json, one object a line",
    sniff=sniff_spacy_doc_json,
    read=read_spacy_doc_json,
    write=write_spacy_doc_json,
)
