"""Boundary errors: which edge is wrong, in which direction, and by how much."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from .schemas.metrics import SpanError

EDGES = ("start", "end")
BEYOND, SHORT = "goes beyond", "falls short"
LONG = 3
"""Words from which on an edge's distance is counted in one class."""


@dataclass(frozen=True, order=True)
class Shift:
    """A predicted edge that is not the gold one.

    Args:
        edge: ``start`` or ``end``.
        words: Words between the two edges, above 0 where the prediction goes beyond the gold and
            below 0 where it falls short.
        characters: Code points between them, with the same sign.
        stretch: The text between them, without blanks at its ends.
    """

    edge: str
    words: int
    characters: int
    stretch: str


@dataclass(frozen=True)
class EdgeRow:
    """The shifts of one edge in one direction.

    Args:
        edge: ``start`` or ``end``.
        direction: ``BEYOND`` or ``SHORT``.
        number: How many there are.
        by_words: How many of 1, 2, … words, the last of ``LONG`` or more.
        median: Median distance in characters.
        frequent: The commonest stretches and their numbers.
    """

    edge: str
    direction: str
    number: int
    by_words: list[int]
    median: float
    frequent: list[tuple[str, int]]


@dataclass
class Boundaries:
    """All boundary errors of a data set.

    Args:
        total: Their number.
        both: Those with both edges wrong.
        relabelled: Those with another label than the gold span, too.
        shifts: The wrong edges, counted.
    """

    total: int = 0
    both: int = 0
    relabelled: int = 0
    shifts: Counter[Shift] = field(default_factory=Counter)

    def add(self, error: SpanError, text: str) -> None:
        """Counts one error; those of other kinds are passed over."""
        if error.kind != "boundary" or not error.gold or not error.predicted:
            return
        found = list(_shifts(error.gold[:2], error.predicted[:2], text))
        self.total += 1
        self.both += len(found) == len(EDGES)
        self.relabelled += error.gold[2] != error.predicted[2]
        self.shifts.update(found)

    def rows(self, most: int = 5) -> list[EdgeRow]:
        """A row for each edge and direction that occurs, with at most so many stretches."""
        rows = []
        for edge in EDGES:
            for direction, sign in ((BEYOND, 1), (SHORT, -1)):
                chosen = {
                    shift: number
                    for shift, number in self.shifts.items()
                    if shift.edge == edge and shift.characters * sign > 0
                }
                if chosen:
                    rows.append(_row(edge, direction, chosen, most))
        return rows

    def by_words(self, edge: str) -> dict[int, int]:
        """Numbers of an edge's shifts by words, from ``-LONG`` to ``LONG`` and farther."""
        counts = dict.fromkeys((n for n in range(-LONG, LONG + 1) if n), 0)
        for shift, number in self.shifts.items():
            if shift.edge == edge and shift.words:
                counts[max(-LONG, min(LONG, shift.words))] += number
        return counts


def count_words(text: str) -> int:
    """Counts the words a text touches: runs of letters, marks and digits; any other sign is one.

    Joiners (U+200C, U+200D) belong to the word around them.
    """
    number = 0
    inside = False
    for character in text:
        if unicodedata.category(character)[0] in "LMN" or character in "\u200c\u200d":
            number += not inside
            inside = True
        else:
            number += not character.isspace()
            inside = False
    return number


def _shifts(gold: tuple[int, int], predicted: tuple[int, int], text: str) -> Iterator[Shift]:
    for edge, inner, outer in (
        ("start", gold[0], predicted[0]),
        ("end", predicted[1], gold[1]),
    ):
        if inner == outer:
            continue
        sign = 1 if inner > outer else -1
        stretch = text[min(inner, outer) : max(inner, outer)]
        yield Shift(edge, sign * count_words(stretch), inner - outer, stretch.strip())


def _row(edge: str, direction: str, chosen: dict[Shift, int], most: int) -> EdgeRow:
    lengths = sorted(abs(shift.characters) for shift, n in chosen.items() for _ in range(n))
    middle = len(lengths) // 2
    by_words = [0] * LONG
    stretches: Counter[str] = Counter()
    for shift, number in chosen.items():
        by_words[min(max(abs(shift.words), 1), LONG) - 1] += number
        stretches[shift.stretch] += number
    return EdgeRow(
        edge=edge,
        direction=direction,
        number=len(lengths),
        by_words=by_words,
        median=(lengths[middle] + lengths[~middle]) / 2,
        frequent=sorted(stretches.items(), key=lambda item: (-item[1], item[0]))[:most],
    )
