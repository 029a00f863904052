"""Where the records of an input begin and end: lines, CSV records, rows of Parquet files."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from ..annotations.formats.parts.json_source import BOM

# A longer line is a bad line; it is passed over without being held in memory.
LINE_BYTES = 16 << 20
# Of a longer line no more than this is kept, to show.
KEPT_BYTES = 1 << 10
PIECE = 1 << 20
TOO_LONG = f"longer than {LINE_BYTES >> 20} MiB"
UNCLOSED = "a quote is opened that is not closed"


@dataclass(frozen=True, slots=True)
class Row:
    """One record of an input, as bytes.

    Args:
        raw: Its bytes, line end included; the beginning of a line that is too long.
        size: How many bytes it takes in the input.
        lines: How many lines.
        reason: Why it cannot be read; None if it can.
    """

    raw: bytes
    size: int
    lines: int = 1
    reason: str | None = None


def read_lines(stream: BinaryIO) -> Iterator[Row]:
    r"""The lines of a stream, parted at ``\n`` alone: of text and JSONL."""
    while raw := stream.readline(LINE_BYTES + 1):
        size = len(raw)
        if size <= LINE_BYTES:
            yield Row(raw, size)
            continue
        ended = raw.endswith(b"\n")
        while not ended and (piece := stream.readline(PIECE)):
            size += len(piece)
            ended = piece.endswith(b"\n")
        yield Row(raw[:KEPT_BYTES], size, reason=TOO_LONG)


def read_csv(stream: BinaryIO, separator: str) -> Iterator[Row]:
    """The records of a CSV stream: one line each, or more where a quoted field holds line ends.

    A record whose quote is not closed within LINE_BYTES is its first line alone: what follows is
    read as records again.
    """
    csv.field_size_limit(LINE_BYTES)
    lines = read_lines(stream)
    ahead: deque[Row] = deque()

    def following() -> Row | None:
        return ahead.popleft() if ahead else next(lines, None)

    while (line := following()) is not None:
        if line.reason or b'"' not in line.raw:
            yield line
            continue
        taken, beyond = _csv_record(line, following, separator)
        if not beyond:
            yield Row(b"".join(t.raw for t in taken), sum(t.size for t in taken), len(taken))
            continue
        ahead.extendleft(reversed([*taken[1:], *(row for row in beyond if row)]))
        yield Row(line.raw, line.size, reason=UNCLOSED)


def _csv_record(
    first: Row, following: Callable[[], Row | None], separator: str
) -> tuple[list[Row], list[Row | None]]:
    """The lines of a record, as the csv module asks for them, and what it asked for beyond.

    That is the line that cannot belong to the record, or None for the end of the file: its quote
    is not closed.
    """
    taken, beyond = [first], []

    def feed() -> Iterator[str]:
        size = first.size
        # Quotes and separators are ASCII, which no other character's bytes hold in UTF-8.
        yield first.raw.decode("latin-1")
        while True:
            more = following()
            if more is None or more.reason or size + more.size > LINE_BYTES:
                beyond.append(more)
                return
            taken.append(more)
            size += more.size
            yield more.raw.decode("latin-1")

    # What is wrong with a record is said when it is read; here only its end is looked for.
    with suppress(csv.Error):
        next(csv.reader(feed(), delimiter=separator), None)
    return taken, beyond


def separator_of(header: bytes) -> str:
    """What parts the columns of a CSV file: the comma, or the semicolon of some spreadsheets."""
    return ";" if header.count(b";") > header.count(b",") else ","


def fields_of(record: str, separator: str) -> list[str]:
    """The fields of one CSV record; of a blank line none.

    Raises:
        csv.Error: Its quotes are not those of CSV (RFC 4180).
    """
    csv.field_size_limit(LINE_BYTES)
    # Given as one string, a field's line ends stay as they are.
    rows = list(csv.reader([record], delimiter=separator, strict=True))
    return rows[0] if rows else []


def names_of(header: str, separator: str) -> tuple[str, ...]:
    """The column names in a CSV file's first record.

    Raises:
        csv.Error: Its quotes are not those of CSV.
    """
    return tuple(fields_of(header.removeprefix(BOM), separator))
