"""Offset units: what a file's offsets count, and how to read them as code points."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import regex

from .records import Span

_CLUSTER = regex.compile(r"\X")


def utf16_positions(text: str) -> list[int]:
    """Offset of each code point, and of the end, in UTF-16 code units."""
    return _running(text, lambda c: 2 if ord(c) > 0xFFFF else 1)


def utf8_positions(text: str) -> list[int]:
    """Offset of each code point, and of the end, in UTF-8 bytes."""
    return _running(text, lambda c: len(c.encode("utf8")))


def crlf_as_one_positions(text: str) -> list[int]:
    r"""Offsets of a tool that counts ``\r\n`` as one character."""
    positions = [0]
    for i, char in enumerate(text):
        folded = char == "\r" and text[i + 1 : i + 2] == "\n"
        positions.append(positions[-1] + (0 if folded else 1))
    return positions


def crlf_as_three_positions(text: str) -> list[int]:
    r"""Offsets of a tool that counts one character too many for each ``\r\n``.

    Seen in doccano #2114: two entities after three line ends are three characters too far right.
    """
    return [i + text.count("\r\n", 0, i) for i in range(len(text) + 1)]


def grapheme_positions(text: str) -> list[int]:
    """Offsets of a tool that counts extended grapheme clusters (Unicode Standard Annex 29).

    A code point inside a cluster has the cluster's own offset.
    """
    positions: list[int] = []
    for number, cluster in enumerate(_CLUSTER.findall(text)):
        positions += [number] * len(cluster)
    return [*positions, positions[-1] + 1 if positions else 0]


def _has_clusters(text: str) -> bool:
    plain = text.isascii() and "\r\n" not in text
    return not plain and len(_CLUSTER.findall(text)) < len(text)


def _running(text: str, width: Callable[[str], int]) -> list[int]:
    positions = [0]
    for char in text:
        positions.append(positions[-1] + width(char))
    return positions


@dataclass(frozen=True)
class Unit:
    """An offset unit.

    Args:
        name: What the user calls it.
        counts: What its offsets count, for messages.
        differs: Whether offsets in a text can differ from code points at all.
        positions: Offset of every code point of a text, and of its end, in this unit.
    """

    name: str
    counts: str
    differs: Callable[[str], bool]
    positions: Callable[[str], list[int]]


CODEPOINT = "codepoint"

UNITS: dict[str, Unit] = {
    unit.name: unit
    for unit in (
        Unit(
            "utf16", "UTF-16 code units", lambda t: max(t, default="") > "\uffff", utf16_positions
        ),
        Unit("grapheme", "grapheme clusters", _has_clusters, grapheme_positions),
        Unit("utf8", "UTF-8 bytes", lambda t: not t.isascii(), utf8_positions),
        Unit("crlf-as-one", "CRLF as one character", lambda t: "\r\n" in t, crlf_as_one_positions),
        Unit(
            "crlf-as-three",
            "CRLF as three characters",
            lambda t: "\r\n" in t,
            crlf_as_three_positions,
        ),
    )
}


def to_codepoints(text: str, spans: Sequence[Span], unit: str) -> list[Span | None]:
    """Reads spans whose offsets are in ``unit`` as code points of ``text``.

    Returns one entry a span, in order; None where an offset, of a fragment too, falls inside a
    character, so that it cannot be meant in this unit. An offset outside the text stays as far
    outside as it is. Everything else the span says stays.
    """
    if unit == CODEPOINT or not UNITS[unit].differs(text):
        return list(spans)
    positions = UNITS[unit].positions(text)
    where: dict[int, int] = {}
    for i, position in enumerate(positions):
        where.setdefault(position, i)

    def read(offset: int) -> int | None:
        if offset < 0:
            return offset
        beyond = offset - positions[-1]
        return len(text) + beyond if beyond > 0 else where.get(offset)

    result: list[Span | None] = []
    for span in spans:
        start, end = read(span.start), read(span.end)
        if start is None or end is None:
            result.append(None)
            continue
        parts = [(read(first), read(last)) for first, last in span.fragments]
        fragments = tuple((a, b) for a, b in parts if a is not None and b is not None)
        if len(fragments) < len(parts):
            result.append(None)
            continue
        result.append(Span(start, end, span.label, fragments, span.surface, span.meta))
    return result


def ranges_to_codepoints(
    text: str, ranges: Iterable[tuple[int, int]], unit: str
) -> list[tuple[int, int]]:
    """Reads character ranges in ``unit`` as code points, within the text.

    An edge inside a character is moved outwards: what is unannotated must not become annotated.
    """
    plain = unit == CODEPOINT or not UNITS[unit].differs(text)
    positions = range(len(text) + 1) if plain else UNITS[unit].positions(text)
    result = []
    for start, end in ranges:
        first = max(bisect_right(positions, start) - 1, 0)
        last = min(bisect_left(positions, end), len(text))
        if first < last:
            result.append((first, last))
    return result
