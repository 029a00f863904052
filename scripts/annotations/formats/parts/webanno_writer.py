"""Writes WebAnno TSV 3.3 that WebAnno and INCEpTION import."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...records import Record, Span
from ...units import UNITS
from ..base import Tell, WriteOptions
from .layers import NAMED_ENTITY
from .webanno_text import NO_ANNOTATION, NO_VALUE, escape_text, escape_value
from .writing import named_records, tell_left

HEADER = f"#FORMAT=WebAnno TSV 3.3\n#T_SP={NAMED_ENTITY}|identifier|value\n\n"

# Lines of the file end at these, and a token is not escaped.
_IN_LINE = re.compile(r"[^\t\r\n]+")

Range = tuple[int, int]


@dataclass(frozen=True)
class _Place:
    """A span to write: its value, its number in brackets or "", and the units it lies over."""

    value: str
    number: str
    units: list[Range]


def write_webanno(records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell) -> None:
    """Writes a ``.tsv`` for every record, named by its id; spans are named entities.

    Args:
        records: Records whose offsets are code points.
        path: An empty directory.
        options: ``tokens`` gives the tokens; a span inside a token gets a part of it.
        tell: Told of discontinuous spans, of spans that begin or end in white space, where no
            token is, of labels that the format cannot escape, of unknown ranges and of ids that
            are no file names.
    """
    for name, record in named_records(records, tell):
        content = HEADER + "".join(_document(record, options.tokens, tell))
        (path / f"{name}.tsv").write_text(content, encoding="utf8", newline="")


def _document(record: Record, tokenize: Callable[[str], list[Range]], tell: Tell) -> Iterable[str]:
    text = record.text
    tokens = [
        (start + match.start(), start + match.end())
        for start, end in tokenize(text)
        for match in _IN_LINE.finditer(text[start:end])
        if match[0].strip()
    ]
    parts: dict[Range, set[Range]] = {}
    cells: dict[Range, list[_Place]] = {}
    for place in _places(record, tokens, tell):
        for unit in place.units:
            cells.setdefault(unit, []).append(place)
            parts.setdefault(_token_of(unit, tokens), set()).add(unit)
    positions = UNITS["utf16"].positions(text)

    def line(name: str, unit: Range) -> str:
        start, end = unit
        stacked = cells.get(unit, ())
        identifiers = "|".join(NO_VALUE + place.number for place in stacked)
        values = "|".join(place.value + place.number for place in stacked)
        where = f"{positions[start]}-{positions[end]}"
        columns = (identifiers or NO_ANNOTATION, values or NO_ANNOTATION)
        return "\t".join((name, where, text[start:end], *columns, "\n"))

    starts = [start for start, _ in tokens]
    for number, (start, end) in enumerate(_sentences(text, starts), 1):
        yield "\n"
        for part in text[start:end].split("\n"):
            yield f"#Text={escape_text(part)}\n"
        inside = tokens[bisect_left(starts, start) : bisect_left(starts, end)]
        for place, token in enumerate(inside, 1):
            yield line(f"{number}-{place}", token)
            smaller = sorted(parts.get(token, set()) - {token})
            for own, unit in enumerate(smaller, 1):
                yield line(f"{number}-{place}.{own}", unit)


def _sentences(text: str, starts: Sequence[int]) -> list[Range]:
    """The lines of the text; one without a token is joined to the line before it, or after it."""
    result: list[Range] = []
    at, filled = 0, True
    for row in text.split("\n"):
        end = at + len(row)
        holds = bisect_left(starts, at) < bisect_left(starts, end)
        if result and not (filled and holds):
            result[-1] = (result[-1][0], end)
            filled = filled or holds
        else:
            result.append((at, end))
            filled = holds
        at = end + 1
    return result


def _places(record: Record, tokens: Sequence[Range], tell: Tell) -> list[_Place]:
    units = [_units(span, tokens) for span in record.spans]
    used: dict[Range, int] = {}
    for own in units:
        for unit in own:
            used[unit] = used.get(unit, 0) + 1
    places: list[_Place] = []
    number = 0
    for span, own in zip(record.spans, units, strict=True):
        why = _why_not(span, own)
        if why:
            tell_left(record, span, why, tell)
            continue
        # Numbers hold the units of a span together, and keep stacked spans apart.
        numbered = len(own) > 1 or used[own[0]] > 1
        number += numbered
        suffix = f"[{number}]" if numbered else ""
        places.append(_Place(escape_value(span.label), suffix, own))
    return places


def _why_not(span: Span, units: Sequence[Range]) -> str:
    if span.fragments:
        return "it is discontinuous"
    if not units or (units[0][0], units[-1][1]) != (span.start, span.end):
        return "no token begins or ends where it does"
    if "\r" in span.label or not span.label.strip():
        return "the label is blank or holds a carriage return"
    return ""


def _units(span: Span, tokens: Sequence[Range]) -> list[Range]:
    """The tokens and parts of tokens that a span lies over; one without width for an empty one."""
    start, end = span.start, span.end
    if start == end:
        first = bisect_left(tokens, start, key=_end_of)
        return [(start, end)] if first < len(tokens) and tokens[first][0] <= start else []
    around = tokens[bisect_right(tokens, start, key=_end_of) : bisect_left(tokens, (end,))]
    return [(max(a, start), min(b, end)) for a, b in around]


def _token_of(unit: Range, tokens: Sequence[Range]) -> Range:
    """The first token that holds a unit."""
    return tokens[bisect_left(tokens, unit[1], key=_end_of)]


def _end_of(token: Range) -> int:
    return token[1]
