"""Span JSONL: one JSON object a line with a text and its character spans (doccano and others)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record, Span

SPANS_KEYS = ("label", "labels", "entities", "spans")
START_KEYS = ("start", "start_offset")
END_KEYS = ("end", "end_offset")
BOM = "\ufeff"
EXAMPLE = '{"text": "…", "label": [[2, 15, "PER"]]}'


def sniff_span_jsonl(head: bytes) -> bool:
    """Whether a file's first bytes look like one JSON object a line (a BOM is accepted)."""
    return head.removeprefix(BOM.encode()).lstrip()[:1] == b"{"


def read_span_jsonl(
    path: Path, *, text_key: str = "text", spans_key: str | None = None
) -> Iterator[Record]:
    """Streams the records of a span JSONL file; offsets stay as the file gives them.

    Args:
        path: A UTF-8 file, with or without BOM; blank lines are passed over.
        text_key: Key of the text.
        spans_key: Key of the spans; None takes the one of label, labels, entities and spans that
            holds a list.

    Raises:
        UserError: A line is not UTF-8, not a JSON object, or lacks text or spans; nothing is
            skipped, because a skipped record is an annotation lost.
    """
    with path.open("rb") as file:
        # Bytes are split at \n alone: str.splitlines would also cut at U+2028 and U+0085.
        for number, raw in enumerate(file, start=1):
            line = _decode(raw, path, number)
            if number == 1:
                line = line.removeprefix(BOM)
            if line.strip():
                yield _record(parse_line(line, path, number), path, number, text_key, spans_key)


def _decode(raw: bytes, path: Path, number: int) -> str:
    try:
        return raw.decode("utf8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"The line is not UTF-8 (byte {error.start})",
            where=at_line(path, number),
            todo="Save the file as UTF-8.",
        ) from None


def parse_line(line: str, path: Path, number: int) -> dict[str, Any]:
    """Parses one line as a JSON object.

    Raises:
        UserError: It is none, names a key twice, or holds half a surrogate pair.
    """
    try:
        value = json.loads(line, object_pairs_hook=_without_repeated_keys)
    except RepeatedKeyError as error:
        raise UserError(
            f"The key {error.args[0]!r} stands twice in the object",
            where=at_line(path, number),
            todo="Keep one: JSON readers silently drop the other.",
        ) from None
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"The line is not valid JSON: {error}",
            where=at_line(path, number),
            todo=f"Expected one object a line, such as {EXAMPLE}. A file that was cut off ends so.",
        ) from None
    if not isinstance(value, dict):
        raise UserError(
            f"The line holds a JSON {type(value).__name__}, not an object",
            where=at_line(path, number),
            todo=f"Expected one object a line, such as {EXAMPLE}.",
        )
    if "\\ud" in line.lower():
        _refuse_half_surrogates(value, path, number)
    return value


def _refuse_half_surrogates(value: dict[str, Any], path: Path, number: int) -> None:
    """Half a surrogate pair can be escaped in JSON, but is no character and cannot be written."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf8")
    except UnicodeEncodeError:
        raise UserError(
            "The record holds half a surrogate pair",
            where=at_line(path, number),
            todo="The export cut a character in two; export the record again.",
        ) from None


class RepeatedKeyError(ValueError):
    """A JSON object names a key twice."""


def _without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise RepeatedKeyError(key)
            seen.add(key)
    return result


def _record(
    value: dict[str, Any], path: Path, number: int, text_key: str, spans_key: str | None
) -> Record:
    record_id = None if value.get("id") is None else str(value["id"])
    where = at_line(path, number, record_id)
    text = value.get(text_key)
    if not isinstance(text, str):
        raise UserError(
            f"The record has no text under {text_key!r}",
            where=where,
            todo=f"Keys found: {', '.join(map(repr, value))}. Name the text's with --text-key.",
        )
    key = _find_spans_key(value, where, spans_key)
    spans = tuple(_span(item, where, i) for i, item in enumerate(value[key]))
    meta = {k: v for k, v in value.items() if k not in (text_key, key)}
    return Record(text=text, spans=spans, line=number, meta=meta)


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


def _span(item: Any, where: str, index: int) -> Span:
    if isinstance(item, dict):
        start = next((item[key] for key in START_KEYS if key in item), None)
        end = next((item[key] for key in END_KEYS if key in item), None)
        label = item.get("label")
    elif isinstance(item, (list, tuple)) and len(item) == 3:
        start, end, label = item
    else:
        raise UserError(
            f"Span {index} is neither [start, end, label] nor an object: {item!r:.80}", where=where
        )
    for name, offset in (("start", start), ("end", end)):
        if type(offset) is not int:
            raise UserError(
                f"Span {index} has no whole number as its {name}: {item!r:.80}", where=where
            )
    if not isinstance(label, str) or not label.strip():
        raise UserError(
            f"Span {index} has no label: {item!r:.80}",
            where=where,
            todo="A label is a word such as PER; export label names, not their numbers.",
        )
    return Span(start, end, label)
