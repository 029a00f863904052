"""Span JSONL: one JSON object a line with a text and its character spans (doccano and others)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ...common.files import write_jsonl
from ..records import Record, Span
from .base import Format, Head, ReadOptions, Tell, WriteOptions
from .parts.checks import label_of, offset_of, text_of
from .parts.json_source import parse_json, read_items

TEXT_KEYS = ("text", "data")
SPANS_KEYS = ("label", "labels", "entities", "spans", "annotations")
START_KEYS = ("start", "start_offset", "begin")
END_KEYS = ("end", "end_offset", "stop")
LABEL_KEYS = ("label", "type", "tag")
SURFACE_KEYS = ("text", "name", "surface")
EXAMPLE = '{"text": "…", "label": [[2, 15, "PER"]]}'


def sniff_span_jsonl(head: Head) -> bool:
    """Whether a file begins like JSON objects, or like ``["text", {"entities": …}]`` lines."""
    if head.text.lstrip()[:1] == "{":
        return True
    return any(_is_pair(value) or _is_object(value) for value in head.values)


def _is_pair(value: Any) -> bool:
    """Whether a value is a text with its annotations, as spaCy's v2 training tuples are."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], dict)
        and isinstance(value[1].get("entities"), list)
    )


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and any(key in value for key in TEXT_KEYS)


def read_span_jsonl(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the records of a span JSONL file; offsets stay as the file gives them.

    Spans are ``[start, end, label]`` lists or objects with ``start``/``end`` or
    ``start_offset``/``end_offset``; where objects name a ``user``, each user's spans are a version.
    One list of such objects, and objects over several lines, are read too.

    Args:
        path: A UTF-8 file, with or without BOM; blank lines are passed over.
        options: ``text_key`` and ``spans_key`` name the keys if they are not the usual ones.
        tell: Unused: nothing is assumed.

    Raises:
        UserError: A line is not UTF-8, not a JSON object, or lacks text or spans; nothing is
            skipped, because a skipped record is an annotation lost.
    """
    for item in read_items(path):
        value = item.value
        if _is_pair(value):
            value = {"text": value[0], **value[1]}
        if not isinstance(value, dict):
            raise _not_an_object(value, at_line(path, item.line))
        record_id = None if value.get("id") is None else str(value["id"])
        where = at_line(path, item.line, record_id)
        yield _record(value, item.line, where, options)


def parse_line(line: str, path: Path, number: int) -> dict[str, Any]:
    """Parses one line as a JSON object.

    Raises:
        UserError: It is none, names a key twice, or holds half a surrogate pair.
    """
    value = parse_json(line, path, number)
    if not isinstance(value, dict):
        raise _not_an_object(value, at_line(path, number))
    return value


def _not_an_object(value: Any, where: str) -> UserError:
    return UserError(
        f"The line holds a JSON {type(value).__name__}, not an object",
        where=where,
        todo=f"Expected one object a line, such as {EXAMPLE}.",
    )


def _record(value: dict[str, Any], number: int, where: str, options: ReadOptions) -> Record:
    text_key = options.text_key
    if text_key == "text" and "text" not in value and isinstance(value.get("data"), str):
        text_key = "data"
    text = text_of(value, text_key, where)
    key = _find_spans_key(value, where, options.spans_key)
    pairs = [_span(item, where, i) for i, item in enumerate(value[key])]
    meta = {k: v for k, v in value.items() if k not in (text_key, key)}
    missing = _missing(meta.pop("missing", []), where)
    users = {user for _, user in pairs}
    if len(users - {None}) < 2:
        lone = next((user for user in users if user is not None), None)
        if lone is not None:
            meta["annotator"] = lone
        named = meta.get("annotator")
        spans = tuple(span for span, _ in pairs)
        name = str(named) if isinstance(named, (str, int)) else None
        return Record(text, spans, number, meta, missing, annotator=name)
    versions = {
        str(user): tuple(span for span, own in pairs if own == user)
        for user in sorted(users, key=str)
    }
    return Record(text, (), number, meta, missing, versions)


def _missing(value: Any, where: str) -> tuple[tuple[int, int], ...]:
    if not isinstance(value, list) or not all(isinstance(p, list) and len(p) == 2 for p in value):
        raise UserError("'missing' is no list of [start, end] pairs", where=where)
    name = "An offset of 'missing'"
    return tuple((offset_of(a, name, where), offset_of(b, name, where)) for a, b in value)


def _find_spans_key(value: dict[str, Any], where: str, spans_key: str | None) -> str:
    wanted = (spans_key,) if spans_key else SPANS_KEYS
    found = [key for key in wanted if isinstance(value.get(key), list)]
    if len(found) > 1:
        # An empty list beside a filled one is a tool's unused field; two filled ones are not.
        found = [key for key in found if value[key]] or found[:1]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            f"Spans stand under several keys: {', '.join(found)}",
            where=where,
            todo="Say which are the gold spans with --spans-key.",
        )
    raise UserError(
        f"The record has no list of spans under {' or '.join(map(repr, wanted))}",
        where=where,
        todo="A text without entities has an empty list; a text that nobody annotated does not "
        "belong in the file. Another key is named with --spans-key.",
    )


def _span(item: Any, where: str, index: int) -> tuple[Span, Any]:
    """Reads one span; gives it with the user who marked it, or None."""
    name = f"Span {index}"
    if isinstance(item, list) and len(item) == 3:
        start, end, label = item
        rest: dict[str, Any] = {}
    elif isinstance(item, dict):
        rest = dict(item)
        if isinstance(rest.get("span"), list) and len(rest["span"]) == 2:
            rest["start"], rest["end"] = rest.pop("span")
        start, end, label = (_take(rest, keys) for keys in (START_KEYS, END_KEYS, LABEL_KEYS))
    else:
        raise UserError(
            f"{name} is neither [start, end, label] nor an object: {item!r:.80}", where=where
        )
    user = rest.pop("user", None)
    fragments = _missing(rest.pop("fragments", []), where)
    surface = next((rest.pop(k) for k in SURFACE_KEYS if isinstance(rest.get(k), str)), None)
    span = Span(
        offset_of(start, f"{name}: start", where),
        offset_of(end, f"{name}: end", where),
        label_of(label, name, where),
        fragments,
        surface,
        rest or None,
    )
    return span, user


def _take(value: dict[str, Any], keys: Iterable[str]) -> Any:
    """Takes the first of the keys out of an object and gives what stands under it."""
    return next((value.pop(key) for key in keys if key in value), None)


def write_span_jsonl(
    records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell
) -> None:
    """Writes span JSONL that ``read_span_jsonl`` reads back as it was, with nothing left out.

    A key of the meta that would be read as the text or as spans is written as ``meta_KEY``.
    """
    write_jsonl(path, (_line(record) for record in records))


def _line(record: Record) -> dict[str, Any]:
    line: dict[str, Any] = {"text": record.text, "label": [_item(span) for span in record.spans]}
    if record.missing:
        line["missing"] = [list(place) for place in record.missing]
    return {**line, **{_own_key(key, value): value for key, value in record.meta.items()}}


def _own_key(key: str, value: Any) -> str:
    own = ("text", "label", "missing")
    taken = key in own or (key in SPANS_KEYS and isinstance(value, list) and value)
    return f"meta_{key}" if taken else key


def _item(span: Span) -> list[Any] | Mapping[str, Any]:
    if not (span.fragments or span.meta or span.surface is not None):
        return [span.start, span.end, span.label]
    item: dict[str, Any] = {"start": span.start, "end": span.end, "label": span.label}
    if span.fragments:
        item["fragments"] = [list(part) for part in span.fragments]
    if span.surface is not None:
        item["text"] = span.surface
    return {**item, **{k: v for k, v in (span.meta or {}).items() if k not in item}}


FORMAT = Format(
    name="span-jsonl",
    title="JSON lines with a text and its character spans (doccano, and this project's own)",
    sniff=sniff_span_jsonl,
    read=read_span_jsonl,
    unit="auto",
    write=write_span_jsonl,
)
