"""Inputs cut into blocks of consecutive records: what is worked on, kept and tried again as one.

The same input is cut into the same blocks each time, whatever engine works on them, so that a text
has the same neighbours in its batch, and the output the same bytes.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from ..common.errors import UserError
from .parquet import find_fault, read_rows, slices
from .rows import (
    LINE_BYTES,
    TOO_LONG,
    Row,
    fields_of,
    names_of,
    read_csv,
    read_lines,
    separator_of,
)
from .texts import Bad, BadTextError, Item, decode, from_fields, from_json, shown

RECORDS = 1000
BYTES = 4 << 20
STDIN = "-"
AUTO, LINES, DOCUMENT, JSONL, CSV, TSV, PARQUET = (
    "auto", "lines", "document", "jsonl", "csv", "tsv", "parquet",
)  # fmt: skip
FORMS = (AUTO, LINES, DOCUMENT, JSONL, CSV, TSV, PARQUET)
SUFFIXES = {".txt": LINES, ".jsonl": JSONL, ".ndjson": JSONL, ".csv": CSV, ".tsv": TSV,
            ".parquet": PARQUET}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """How an input is read and cut.

    Args:
        text_key: Key or column of the text.
        form: One of FORMS; ``auto`` goes by the suffix. A ``.txt`` file alone holds a text a line,
            one in a folder is a text; ``lines`` and ``document`` say otherwise.
        records: Most records of a block.
        size: Bytes of its records after which a block ends.
    """

    text_key: str = "text"
    form: str = AUTO
    records: int = RECORDS
    size: int = BYTES


@dataclass(frozen=True)
class Block:
    """Some consecutive records of one file, or some small documents.

    Args:
        number: Its number in the input, from 0.
        file: Where the file lies; ``-`` is stdin.
        root: The folder below which the names of files are shown.
        form: How it is read: one of FORMS but ``auto``.
        text_key: Key or column of the text.
        start: First byte of the block in the file; first row of a Parquet file.
        end: The byte, or row, after its last one.
        first_line: Line of its first record, from 1.
        payload: Its bytes, of stdin.
        columns: Column names of CSV and TSV.
        separator: What parts them.
        group: Row group of a Parquet file, whose rows ``start`` and ``end`` count.
        documents: The files, where each is a text.
        reason: Why nothing of it can be read; None if it can.
    """

    number: int
    file: str
    root: str
    form: str
    text_key: str
    start: int = 0
    end: int = 0
    first_line: int = 1
    payload: bytes | None = None
    columns: tuple[str, ...] = ()
    separator: str = ","
    group: int = 0
    documents: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def name(self) -> str:
        """The name of its file in items, bad lines and outputs."""
        return self.named(self.file)

    def named(self, file: str) -> str:
        """The name that a file is shown by: its path below the root."""
        if file == STDIN:
            return file
        # A file name need not be UTF-8; what is written must be.
        path = Path(file).relative_to(self.root).as_posix()
        return path.encode("utf8", "backslashreplace").decode("utf8")


def blocks(source: Path | str, reading: Reading = Reading()) -> Iterator[Block]:
    """Cuts an input into blocks, in order, reading no further ahead than one block.

    Args:
        source: A file, a folder, or ``-`` for stdin.
        reading: How it is read and cut.

    Raises:
        UserError: There is no such input, or no file in the folder that can be read.
    """
    if str(source) == STDIN:
        cut = _stdin_blocks(sys.stdin.buffer, reading)
    else:
        cut = _file_blocks(input_files(Path(source), reading.form), _root(Path(source)), reading)
    for number, block in enumerate(cut):
        yield replace(block, number=number)


def input_files(source: Path, form: str = AUTO) -> list[tuple[Path, str]]:
    """The files of an input with the form of each, sorted by path.

    Of a folder these are the files below it whose suffix is one of SUFFIXES, hidden ones left out,
    and where a form is given, those of that form.

    Raises:
        UserError: There is no such input, or no such file in the folder.
    """
    if form not in FORMS:
        raise UserError(f"There is no form {form!r}", where="--from", todo=", ".join(FORMS))
    if source.is_file():
        found = SUFFIXES.get(source.suffix.lower(), LINES) if form == AUTO else form
        return [(source.absolute(), found)]
    if not source.is_dir():
        raise UserError("There is no such file or folder of texts", where=str(source))
    root = source.absolute()
    files = []
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        found = SUFFIXES.get(path.suffix.lower())
        if found == LINES:
            found = LINES if form == LINES else DOCUMENT
        if found and not hidden and form in (AUTO, found) and path.is_file():
            files.append((path, found))
    if not files:
        raise UserError(
            "The folder holds no file of texts",
            where=str(source),
            todo=f"Read are {', '.join(SUFFIXES)}" + ("" if form == AUTO else f", as {form}"),
        )
    return files


def read_block(block: Block) -> Iterator[Item | Bad]:
    """Reads the texts of a block, and what of it holds none, in order; blank lines are left out.

    Raises:
        OSError: Its file cannot be read.
    """
    if block.reason:
        yield Bad(block.name, block.first_line, block.reason, shown(_bytes(block)))
    elif block.documents:
        yield from _read_documents(block)
    elif block.form == PARQUET:
        yield from _read_parquet(block)
    else:
        line = block.first_line
        for row in _rows(io.BytesIO(_bytes(block)), block.form, block.separator):
            item = _item(block, row, line)
            if item is not None:
                yield item
            line += row.lines


def _root(source: Path) -> str:
    source = source.absolute()
    return str(source if source.is_dir() else source.parent)


def _bytes(block: Block) -> bytes:
    """The bytes of a block; of one that cannot be read only those that are shown."""
    if block.payload is not None or block.documents or block.form == PARQUET:
        return block.payload or b""
    with open(block.file, "rb") as file:
        file.seek(block.start)
        size = block.end - block.start
        return file.read(min(size, 1 << 10) if block.reason else size)


def _rows(stream: BinaryIO, form: str, separator: str) -> Iterator[Row]:
    return read_csv(stream, separator) if form in (CSV, TSV) else read_lines(stream)


def _item(block: Block, row: Row, line: int) -> Item | Bad | None:
    """The text of a record; None if the record is blank."""
    try:
        record = decode(row.raw.removesuffix(b"\n").removesuffix(b"\r"), first=line == 1)
        if not record.strip():
            return None
        if block.form == JSONL:
            text, meta = from_json(record, block.text_key)
        elif block.form == LINES:
            text, meta = record, {}
        else:
            text, meta = _from_csv(block, record)
    except BadTextError as error:
        return Bad(block.name, line, str(error), shown(row.raw.rstrip(b"\r\n")))
    return Item(text, block.name, line, meta)


def _from_csv(block: Block, record: str) -> tuple[str, dict[str, Any]]:
    try:
        values = fields_of(record, block.separator)
    except csv.Error as error:
        raise BadTextError(f"not valid CSV: {error}") from None
    if len(values) != len(block.columns):
        raise BadTextError(f"has {len(values)} columns, the header {len(block.columns)}")
    return from_fields(dict(zip(block.columns, values, strict=True)), block.text_key)


def _stdin_blocks(stream: io.BufferedReader, reading: Reading) -> Iterator[Block]:
    form = LINES if reading.form == AUTO else reading.form
    if form == PARQUET:
        raise UserError("Parquet is not read from stdin", todo="Give the file's name.")
    block = Block(0, STDIN, "", form, reading.text_key)
    if form == DOCUMENT:
        text = stream.read(LINE_BYTES + 1)
        reason = TOO_LONG if len(text) > LINE_BYTES else None
        yield replace(block, payload=text, documents=(STDIN,), end=len(text), reason=reason)
    else:
        yield from _stream_blocks(stream, block, reading, held=True)


def _file_blocks(files: Iterable[tuple[Path, str]], root: str, reading: Reading) -> Iterator[Block]:
    small: list[tuple[str, int]] = []
    for path, form in files:
        block = Block(0, str(path), root, form, reading.text_key)
        size = path.stat().st_size
        full = len(small) >= reading.records or sum(s for _, s in small) >= reading.size
        if small and (full or form != DOCUMENT or size > LINE_BYTES):
            yield _documents(small, root, reading)
            small = []
        if form == DOCUMENT and size <= LINE_BYTES:
            small.append((str(path), size))
        elif form == DOCUMENT:
            yield replace(block, end=size, reason=TOO_LONG)
        elif form == PARQUET:
            yield from _parquet_blocks(block, reading)
        else:
            with path.open("rb") as stream:
                yield from _stream_blocks(stream, block, reading)
    if small:
        yield _documents(small, root, reading)


def _documents(small: list[tuple[str, int]], root: str, reading: Reading) -> Block:
    names = tuple(name for name, _ in small)
    end = sum(size for _, size in small)
    return Block(0, names[0], root, DOCUMENT, reading.text_key, end=end, documents=names)


def _stream_blocks(
    stream: io.BufferedReader, block: Block, reading: Reading, *, held: bool = False
) -> Iterator[Block]:
    """Cuts a stream of lines or CSV records; ``held`` keeps their bytes in the blocks."""
    at, line = 0, 1
    if block.form in (CSV, TSV):
        begin = stream.peek(1).split(b"\n")[0]
        block = replace(block, separator="\t" if block.form == TSV else separator_of(begin))
    rows = _rows(stream, block.form, block.separator)
    if block.form in (CSV, TSV) and (header := next(rows, None)):
        at, line, block = header.size, 1 + header.lines, _columns_of(header, block)
        if block.reason:
            yield replace(block, end=at, payload=header.raw if held else None)
            return
    taken: list[bytes] = []
    start, first, count = at, line, 0

    def cut(end: int, reason: str | None = None) -> Block:
        payload = b"".join(taken) if held else None
        return replace(
            block, start=start, end=end, first_line=first, payload=payload, reason=reason
        )

    for row in rows:
        if count and (row.reason or count >= reading.records or at - start >= reading.size):
            yield cut(at)
            taken, start, first, count = [], at, line, 0
        if held:
            taken.append(row.raw)
        at, line, count = at + row.size, line + row.lines, count + 1
        if row.reason:
            yield cut(at, row.reason)
            taken, start, first, count = [], at, line, 0
    if count:
        yield cut(at)


def _columns_of(header: Row, block: Block) -> Block:
    """A block that knows the columns of its CSV or TSV file, or why it cannot be read."""
    try:
        names = names_of(decode(header.raw.rstrip(b"\r\n"), first=True), block.separator)
    except (BadTextError, csv.Error) as error:
        return replace(block, reason=header.reason or f"the header is not valid: {error}")
    if len(set(names)) < len(names):
        return replace(block, reason="the header names a column twice")
    if block.text_key not in names:
        reason = f"the header has no column {block.text_key!r}: name it with --text-key"
        return replace(block, reason=header.reason or reason)
    return replace(block, columns=names, reason=header.reason)


def _parquet_blocks(block: Block, reading: Reading) -> Iterator[Block]:
    path = Path(block.file)
    fault = find_fault(path, reading.text_key)
    if fault:
        yield replace(block, reason=fault)
        return
    for group, start, end, first in slices(path, reading.records, reading.size):
        yield replace(block, group=group, start=start, end=end, first_line=first)


def _read_parquet(block: Block) -> Iterator[Item | Bad]:
    rows = read_rows(Path(block.file), block.group, block.start, block.end)
    for line, row in enumerate(rows, start=block.first_line):
        if isinstance(row, str):
            yield Bad(block.name, line, row, "")
            continue
        try:
            text, meta = from_fields(row, block.text_key)
        except BadTextError as error:
            yield Bad(block.name, line, str(error), shown(str(row.get(block.text_key))))
        else:
            yield Item(text, block.name, line, meta)


def _read_documents(block: Block) -> Iterator[Item | Bad]:
    for file in block.documents:
        raw = Path(file).read_bytes() if block.payload is None else block.payload
        try:
            text = decode(raw, first=True)
        except BadTextError as error:
            yield Bad(block.named(file), 1, str(error), shown(raw))
        else:
            if text.strip():
                yield Item(text, block.named(file), 1)
