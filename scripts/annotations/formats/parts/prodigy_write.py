"""Writes Prodigy's JSONL: accepted rows with tokens and spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ....common.files import write_jsonl
from ...records import Record, Span
from ..base import Tell, WriteOptions
from .writing import tell_left, tell_missing


def write_prodigy(records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell) -> None:
    """Writes accepted rows with tokens, which Prodigy's ``db-in`` and manual recipes read.

    Nested and overlapping spans are held, as in ``spans.manual``; spans inside of tokens are
    written without token numbers.

    Args:
        records: Their ``meta`` is written as keys of the row.
        path: The file.
        options: ``tokens`` gives the tokens of a text.
        tell: Called for each discontinuous span, and for ranges without annotation that are not
            all of the text around the spans.
    """
    write_jsonl(path, (row for record in records for row in _lines(record, options, tell)))


def _lines(record: Record, options: WriteOptions, tell: Tell) -> Iterator[dict[str, Any]]:
    tokens = options.tokens(record.text)
    firsts = {start: i for i, (start, _) in enumerate(tokens)}
    lasts = {end: i for i, (_, end) in enumerate(tokens)}
    for name, spans in (record.versions or {"": record.spans}).items():
        kept = [span for span in spans if not span.fragments]
        for span in spans:
            if span.fragments:
                tell_left(record, span, "it is discontinuous", tell)
        binary = bool(kept and record.missing) and record.missing == uncovered(record.text, kept)
        if record.missing and not binary:
            tell_missing(record, tell)
        line = {
            "text": record.text,
            "tokens": _tokens(record.text, tokens),
            "spans": [_item(span, firsts, lasts) for span in kept],
            "_is_binary": binary,
            "answer": "accept",
        }
        if name:
            line["_annotator_id"] = name
        yield {**line, **{k: v for k, v in record.meta.items() if k not in line}}


def _tokens(text: str, tokens: Iterable[tuple[int, int]]) -> list[dict[str, Any]]:
    return [
        {
            "text": text[start:end],
            "start": start,
            "end": end,
            "id": i,
            "ws": text[end : end + 1] == " ",
        }
        for i, (start, end) in enumerate(tokens)
    ]


def _item(span: Span, firsts: Mapping[int, int], lasts: Mapping[int, int]) -> dict[str, Any]:
    item: dict[str, Any] = {"start": span.start, "end": span.end}
    first, last = firsts.get(span.start), lasts.get(span.end)
    if first is not None and last is not None and first <= last:
        item |= {"token_start": first, "token_end": last}
    item["label"] = span.label
    return {**item, **{k: v for k, v in (span.meta or {}).items() if k not in item}}


def uncovered(text: str, spans: Iterable[Span]) -> tuple[tuple[int, int], ...]:
    """The ranges of a text that no span covers."""
    ranges = []
    at = 0
    for span in sorted(spans):
        if at < min(span.start, len(text)):
            ranges.append((at, min(span.start, len(text))))
        at = max(at, span.end)
    if at < len(text):
        ranges.append((at, len(text)))
    return tuple(ranges)
