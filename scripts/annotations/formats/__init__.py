"""Annotation formats, one module each, and the registry through which they are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...common.errors import UserError
from ..records import Record
from .span_jsonl import read_span_jsonl, sniff_span_jsonl


@dataclass(frozen=True)
class ReadOptions:
    """What a user can tell a reader about a file.

    Args:
        text_key: Key that holds the text.
        spans_key: Key that holds the spans; None looks for the usual ones.
    """

    text_key: str = "text"
    spans_key: str | None = None


@dataclass(frozen=True)
class Format:
    """A format: how to recognise a file by its first bytes, and how to read it."""

    name: str
    sniff: Callable[[bytes], bool]
    read: Callable[[Path, ReadOptions], Iterator[Record]]


FORMATS: dict[str, Format] = {
    "span-jsonl": Format(
        name="span-jsonl",
        sniff=sniff_span_jsonl,
        read=lambda path, options: read_span_jsonl(
            path, text_key=options.text_key, spans_key=options.spans_key
        ),
    ),
}

SNIFFED_BYTES = 1 << 16


def detect_format(path: Path) -> Format:
    """Recognises the format of a file by its content, never by its name.

    Raises:
        UserError: The file is missing, empty, not UTF-8 or of no known format.
    """
    if not path.is_file():
        raise UserError(
            "There is no such annotation file", where=str(path), todo="Check the path given."
        )
    with path.open("rb") as file:
        head = file.read(SNIFFED_BYTES)
    if not head.strip():
        raise UserError("The annotation file is empty", where=str(path))
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError(
            "The file is UTF-16, not UTF-8",
            where=str(path),
            todo="Save it as UTF-8; offsets must then be those of the same text.",
        )
    for known in FORMATS.values():
        if known.sniff(head):
            return known
    raise UserError(
        "The file is of no format that can be read",
        where=str(path),
        todo='Expected one JSON object a line, such as {"text": "…", "label": [[2, 15, "PER"]]}. '
        f"Known formats: {', '.join(FORMATS)}.",
    )


def read_records(path: Path, options: ReadOptions | None = None) -> Iterator[Record]:
    """Streams the records of an annotation file in any known format.

    Raises:
        UserError: The file, or a line of it, cannot be read; says which.
    """
    return detect_format(path).read(path, options or ReadOptions())
