"""The parts of WebAnno TSV 3: values and their escapes, and the text that its offsets count.

After INCEpTION's own reader and writer (``Escaping``, ``Tsv3XDeserializer``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from ....common.errors import UserError, at_line

Size = Callable[[str], int]

# How many units of an offset unit a string takes.
SIZES: dict[str, Size] = {
    "utf16": lambda text: len(text) + sum(c > "\uffff" for c in text),
    "codepoint": len,
    "utf8": lambda text: len(text.encode("utf8")),
}

NO_ANNOTATION = "_"
NO_VALUE = "*"

_STACKED = re.compile(r"(?:[^\\|]|\\.|\\$)*", re.DOTALL)
_NUMBERED = re.compile(r"((?:[^\\\[]|\\.)*)(?:\[(\d+)\])?", re.DOTALL)
_VALUE_ESCAPE = re.compile(r"\\(->|[\\\[\]|_;tn*])")
_JAVA_ESCAPE = re.compile(r"((?:\\u+[0-9a-fA-F]{4})+)|\\(.)", re.DOTALL)
_JAVA_U = re.compile(r"\\u+")
_TEXT_ESCAPE = re.compile(r"\\([tnfrb\\\x00-\x07\x0e-\x1f])")
_LETTERS = {"t": "\t", "n": "\n", "f": "\f", "r": "\r", "b": "\b"}
_WRITTEN = {char: f"\\{letter}" for letter, char in _LETTERS.items()} | {"\\": "\\\\"}
_CONTROL = {chr(i) for i in range(32) if not 8 <= i <= 13}


@dataclass(frozen=True, slots=True)
class Unit:
    """A token, or a part of one, with the values of its columns, still escaped.

    Args:
        line: Line of the file.
        name: Number of sentence and token, ``1-2``, and of the part, ``1-2.1``.
        start: Where it begins in the document.
        end: Where it ends.
        token: Its words, as given.
        cells: The stacked values of every column.
    """

    line: int
    name: str
    start: int
    end: int
    token: str
    cells: list[list[str]]


@dataclass(slots=True)
class Sentence:
    """A sentence: its text and its units; it may be a part of the text that has no units."""

    line: int
    text: str
    units: list[Unit] = field(default_factory=list)


def split_stack(cell: str) -> list[str]:
    """Splits a cell into the values of the annotations that are stacked in it."""
    parts, at = [], 0
    while True:
        match = _STACKED.match(cell, at)
        at = match.end() if match else len(cell)
        parts.append(match[0] if match else "")
        if at >= len(cell):
            return parts
        at += 1


def split_value(value: str) -> tuple[str | None, str | None]:
    """Splits a value of one annotation into the value itself and the annotation's number.

    The value is None if the annotation has none.
    """
    match = _NUMBERED.fullmatch(value)
    own, number = (match[1], match[2]) if match else (value, None)
    if own in (NO_ANNOTATION, NO_VALUE):
        return None, number
    return _VALUE_ESCAPE.sub(lambda m: _LETTERS.get(m[1], m[1]), own), number


def escape_value(value: str) -> str:
    """Writes a value so that ``split_value`` reads it back."""
    value = re.sub(r"->|[\\\[\]|_;*]", lambda m: f"\\{m[0]}", value)
    return value.replace("\t", "\\t").replace("\n", "\\n")


def unescape_text(text: str, minor: int) -> str:
    """Reads a line of a sentence's text: to version 3.1 as Java escapes it, then more simply."""
    if minor > 1:
        return _TEXT_ESCAPE.sub(lambda m: _LETTERS.get(m[1], m[1]), text)

    def read(match: re.Match[str]) -> str:
        if match[1]:
            # Characters beyond U+FFFF are escaped as two halves.
            return bytes.fromhex(_JAVA_U.sub("", match[1])).decode("utf-16-be", "replace")
        return _LETTERS.get(match[2], match[2])

    return _JAVA_ESCAPE.sub(read, text)


def escape_text(text: str) -> str:
    """Writes a line of a text so that ``unescape_text`` reads it back (from version 3.2)."""
    return "".join(_WRITTEN.get(c, f"\\{c}" if c in _CONTROL else c) for c in text)


def build_text(sentences: Sequence[Sentence], size: Size, path: Path) -> tuple[str, list[int]]:
    """Puts the text of a document together, so that the offsets of its tokens hold.

    Args:
        sentences: The sentences, in order.
        size: Size of a string in the unit of the offsets.
        path: The file, for messages.

    Returns:
        The text, and where each sentence begins in it, in code points.

    Raises:
        UserError: A sentence begins before the one before it ends.
    """
    parts: list[str] = []
    starts: list[int] = []
    at = length = 0
    for sentence in sentences:
        begin = _begin(sentence, size)
        if begin is None:
            begin = at + (1 if parts else 0)
        if begin < at:
            raise UserError(
                f"The sentence begins at {begin}, before the one before it ends at {at}",
                where=at_line(path, sentence.line),
                todo="Offsets count UTF-16 code units from the start of the document. If the file "
                "is of a tool that counts characters, say so with --offset-unit codepoint.",
            )
        # Before the first sentence nothing can have ended.
        gap = ("\n" if parts else " ") * (begin - at)
        parts += [gap, sentence.text]
        starts.append(length + len(gap))
        length += len(gap) + len(sentence.text)
        at = begin + size(sentence.text)
    return "".join(parts), starts


def _begin(sentence: Sentence, size: Size) -> int | None:
    """Where a sentence begins: where its first token would have all of them stand in its text."""
    units = [unit for unit in sentence.units if unit.token]
    if not units:
        return None
    first, text = units[0], sentence.text
    positions = list(accumulate(map(size, text), initial=0))
    where = {position: i for i, position in enumerate(positions)}

    def standing(at: int) -> int:
        shift = positions[at] - first.start
        return sum(
            text.startswith(unit.token, where.get(unit.start + shift, len(text))) for unit in units
        )

    places = [m.start() for m in re.finditer(f"(?={re.escape(first.token)})", text)]
    best = max(places[:20], key=lambda at: (standing(at), -at), default=0)
    return first.start - positions[best]
