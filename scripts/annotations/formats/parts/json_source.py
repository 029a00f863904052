"""JSON as tools write it: one value a line, one list of values, or one object over many lines."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ....common.errors import UserError, at_line

BOM = "\ufeff"
BLOCK = 1 << 20
# What of a line is read to find the layout.
LAYOUT_BYTES = 1 << 20
MAX_LINE_BYTES = 64 << 20
MAX_VALUE_CHARACTERS = 256 << 20
SNIFFED_ITEMS = 20
WHITE = " \t\r\n"
# A list that does not begin with a text, as records such as ["text", …] do.
_LIST_OF_VALUES = re.compile(rb"\[\s*[^\s\"]")


@dataclass(frozen=True, slots=True)
class Item:
    """A JSON value and the line on which it starts, from 1."""

    value: Any
    line: int


def read_items(path: Path) -> Iterator[Item]:
    """Streams the JSON values of a file, whatever its layout.

    A file whose first line is a whole value is read line by line; a file that is one list gives
    the list's items; one that is an object, or several over many lines, gives the objects.

    Raises:
        UserError: A value is no valid JSON, names a key twice, holds half a surrogate pair or is
            absurdly large; says on which line.
    """
    layout = find_layout(path)
    if layout == "lines":
        for number, line in read_lines(path):
            yield Item(parse_json(line, path, number), number)
    else:
        yield from _read_values(path, in_list=layout == "list")


def sniff_items(path: Path) -> list[Item]:
    """The first SNIFFED_ITEMS values of a JSON file; empty if none can be read."""
    items: list[Item] = []
    try:
        items.extend(islice(read_items(path), SNIFFED_ITEMS))
    except UserError:
        # What is wrong is said when the file is read; the items before it tell its format.
        return items
    return items


def find_layout(path: Path) -> str:
    """How the JSON values of a file are laid out: ``lines``, ``list`` or ``values``.

    Of a line longer than LAYOUT_BYTES only the beginning is read, so that a list that a tool
    writes on one line is streamed like any other.
    """
    with path.open("rb") as file:
        first, more = b"", b""
        while not more and (raw := file.readline(LAYOUT_BYTES)):
            line = raw.removeprefix(BOM.encode()).strip()
            if line and first:
                more = line
            elif line and len(raw) == LAYOUT_BYTES and not raw.endswith(b"\n"):
                if _LIST_OF_VALUES.match(line):
                    return "list"
                return "values" if line.startswith(b"{") else "lines"
            first = first or line
    if first.endswith((b"{", b"[", b",")):
        return "list" if first.startswith(b"[") else "values"
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        return "list" if first.startswith(b"[") and not more.startswith(b"[") else "lines"
    if more or not isinstance(value, list):
        return "lines"
    # A single line that is a list: one record such as ["text", …], or all of them.
    return "lines" if value and isinstance(value[0], str) else "list"


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Streams the lines of a UTF-8 file that are not blank, with their numbers, without BOM.

    Raises:
        UserError: A line is not UTF-8, or longer than MAX_LINE_BYTES.
    """
    for number, line in read_all_lines(path):
        if line.strip(WHITE):
            yield number, line


def read_all_lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""Streams all lines of a UTF-8 file without their ``\n`` (a ``\r`` before it stays).

    Raises:
        UserError: A line is not UTF-8, or longer than MAX_LINE_BYTES.
    """
    with path.open("rb") as file:
        number = 0
        # Bytes are split at \n alone: str.splitlines would also cut at U+2028 and U+0085.
        while raw := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(raw) > MAX_LINE_BYTES:
                raise UserError(
                    f"The line is longer than {MAX_LINE_BYTES >> 20} MiB",
                    where=at_line(path, number),
                    todo="Expected one record a line.",
                )
            line = decode(raw.removesuffix(b"\n"), path, number)
            yield number, line.removeprefix(BOM) if number == 1 else line


def decode(raw: bytes, path: Path, number: int) -> str:
    """Decodes a line as UTF-8.

    Raises:
        UserError: It is not UTF-8.
    """
    try:
        return raw.decode("utf8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"The line is not UTF-8 (byte {error.start})",
            where=at_line(path, number),
            todo="Save the file as UTF-8.",
        ) from None


def parse_json(line: str, path: Path, number: int) -> Any:
    """Parses one line as a JSON value.

    Raises:
        UserError: It is none, names a key twice, or holds half a surrogate pair.
    """
    try:
        value = _DECODER.decode(line)
    except RepeatedKeyError as error:
        raise _repeated(error, at_line(path, number)) from None
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"The line is not valid JSON: {error}",
            where=at_line(path, number),
            todo="Expected one value a line. A file that was cut off ends so.",
        ) from None
    if "\\ud" in line.lower():
        _refuse_half_surrogates(value, path, number)
    return value


def _read_values(path: Path, *, in_list: bool) -> Iterator[Item]:
    """Streams the items of the one list of a file, or the values that follow one another."""
    with path.open("rb") as raw:
        source = _Source(path, io.TextIOWrapper(raw, encoding="utf-8-sig", newline=""))
        if in_list:
            source.expect("[")
        first = True
        while True:
            char = source.next_char()
            if in_list and char == "]":
                source.skip(1)
                break
            if not in_list and not char:
                return
            if in_list and not first:
                source.expect(",")
            yield source.value()
            first = False
        if source.next_char():
            source.fail("After the list the file goes on")


class _Source:
    """A text file that is decoded value by value, with no more in memory than one value."""

    def __init__(self, path: Path, file: io.TextIOWrapper) -> None:
        self.path, self.file = path, file
        self.buffer, self.at, self.line, self.ended = "", 0, 1, False

    def fail(self, what: str) -> None:
        raise UserError(
            what, where=at_line(self.path, self.line), todo="A file that was cut off ends so."
        )

    def next_char(self) -> str:
        """The next character that is not white space; empty at the end of the file."""
        while True:
            while self.at < len(self.buffer) and self.buffer[self.at] in WHITE:
                self.line += self.buffer[self.at] == "\n"
                self.at += 1
            if self.at < len(self.buffer) or not self._more():
                return self.buffer[self.at : self.at + 1]

    def expect(self, char: str) -> None:
        if self.next_char() != char:
            self.fail(f"The file is not valid JSON: {char!r} is missing")
        self.skip(1)

    def skip(self, count: int) -> None:
        self.at += count

    def value(self) -> Item:
        """Decodes the next value."""
        if not self.next_char():
            self.fail("The file ends where a value should follow")
        while True:
            try:
                value, end = _DECODER.raw_decode(self.buffer, self.at)
            except RepeatedKeyError as error:
                raise _repeated(error, at_line(self.path, self.line)) from None
            except (ValueError, RecursionError) as error:
                if self._more():
                    continue
                self.fail(f"The value that starts here is not valid JSON: {error}")
            # A number at the end of what was read may go on in the next block.
            if end < len(self.buffer) or not self._more():
                break
        item = Item(value, self.line)
        taken = self.buffer[self.at : end]
        if "\\ud" in taken.lower():
            _refuse_half_surrogates(value, self.path, self.line)
        self.line += taken.count("\n")
        self.at = end
        return item

    def _more(self) -> bool:
        """Reads on, at least as much again as is held, so that retries stay few."""
        if self.ended:
            return False
        held = len(self.buffer) - self.at
        if held > MAX_VALUE_CHARACTERS:
            self.fail(f"A value is longer than {MAX_VALUE_CHARACTERS:,} characters")
        try:
            block = self.file.read(max(BLOCK, held))
        except UnicodeDecodeError as error:
            raise UserError(
                f"The file is not UTF-8: {error.reason}",
                where=at_line(self.path, self.line),
                todo="Save the file as UTF-8.",
            ) from None
        self.ended = not block
        if block:
            # Only here is cut off what was taken: to do it value by value copies a block each.
            self.buffer, self.at = self.buffer[self.at :] + block, 0
        return bool(block)


def _refuse_half_surrogates(value: Any, path: Path, number: int) -> None:
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


def _repeated(error: RepeatedKeyError, where: str) -> UserError:
    return UserError(
        f"The key {error.args[0]!r} stands twice in the object",
        where=where,
        todo="Keep one: JSON readers silently drop the other.",
    )


def _without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise RepeatedKeyError(key)
            seen.add(key)
    return result


_DECODER = json.JSONDecoder(object_pairs_hook=_without_repeated_keys)
