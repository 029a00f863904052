"""The offsets of Azure AI Language: text elements, code points or UTF-16 code units."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import regex

TEXT_ELEMENTS = ("TextElements_v8", "TextElement_v8")
INDEX_TYPES = (*TEXT_ELEMENTS, "UnicodeCodePoint", "Utf16CodeUnit")
CLUSTER = regex.compile(r"\X")
# Canonical combining class of viramas, which join consonants.
VIRAMA = 9


@dataclass(frozen=True)
class Ruler:
    """Where the offsets of one index type may lie in a text.

    Args:
        name: Index type.
        text: The text.
        scales: For each way of counting, the code point at which each unit starts, and the end of
            the text; the likeliest first.
    """

    name: str
    text: str
    scales: tuple[list[int], ...]

    def place(self, start: int, end: int, surface: str | None) -> tuple[int, int, str]:
        """Start and end in code points, and what decided them, for counting.

        Each scale is tried for each edge; the edges between which the entity's text stands are
        taken, else the start at which it stands, else those of the likeliest scale.
        """
        starts = [_at(scale, start) for scale in self.scales]
        if surface:
            if both := self._between(start, end, surface):
                return *both, f"{self.name}, both edges confirmed by the entity's text"
            for first in starts:
                if self._stands(first, surface):
                    how = f"{self.name}, the end taken from the entity's text"
                    return first, first + len(surface), how
        last = _at(self.scales[0], end)
        return starts[0], last, f"{self.name}, not confirmed by the entity's text"

    def confirmed(self, places: Sequence[tuple[int, int, str | None]]) -> int:
        """How many entities have their own text between their edges."""
        return sum(self._between(start, end, words) is not None for start, end, words in places)

    def _between(self, start: int, end: int, surface: str | None) -> tuple[int, int] | None:
        """The edges between which, on one scale, the entity's text stands."""
        for scale in self.scales:
            first, last = _at(scale, start), _at(scale, end)
            if surface and first + len(surface) == last and self._stands(first, surface):
                return first, last
        return None

    def _stands(self, at: int, surface: str) -> bool:
        return at >= 0 and self.text.startswith(surface, at)


def _at(scale: list[int], offset: int) -> int:
    """The code point of an offset; one outside the text stays as far outside as it is."""
    if offset < 0:
        return offset
    return scale[offset] if offset < len(scale) else scale[-1] + offset - len(scale) + 1


def rulers_of(
    text: str, index_type: str | None, places: Sequence[tuple[int, int, str | None]]
) -> Ruler:
    """The ruler of an index type, or, without one, that which confirms most entities.

    Args:
        text: The text.
        index_type: A name of ``INDEX_TYPES``, or None if the file gives none.
        places: Start, end and text of each entity as given; they order the scales.
    """
    if index_type is None:
        # The REST interface counts text elements unless told otherwise, so they win a tie.
        names = (TEXT_ELEMENTS[0], *INDEX_TYPES[2:])
        return max((rulers_of(text, n, places) for n in names), key=lambda r: r.confirmed(places))
    if index_type == "UnicodeCodePoint":
        return Ruler(index_type, text, (list(range(len(text) + 1)),))
    if index_type == "Utf16CodeUnit":
        return Ruler(index_type, text, (_utf16_scale(text),))
    whole = CLUSTER.findall(text)
    split = [part for cluster in whole for part in _without_conjuncts(cluster)]
    scales = [[0, *accumulate(map(len, clusters))] for clusters in (split, whole)]
    singles = [Ruler(index_type, text, (scale,)) for scale in scales]
    scales = [r.scales[0] for r in sorted(singles, key=lambda r: -r.confirmed(places))]
    return Ruler(index_type, text, tuple(scales))


def _utf16_scale(text: str) -> list[int]:
    """The code point of each UTF-16 code unit; the second half of a pair is its character's."""
    scale: list[int] = []
    for i, char in enumerate(text):
        scale += [i] * (2 if char > "\uffff" else 1)
    return [*scale, len(text)]


def _without_conjuncts(cluster: str) -> list[str]:
    """Cuts a cluster before each consonant that a virama joins to the one before.

    Clusters were so before Unicode 15.1 (UAX 29, rule GB9c).
    """
    cuts = [0]
    joined = False
    for i, char in enumerate(cluster):
        category = unicodedata.category(char)
        if joined and category == "Lo":
            cuts.append(i)
        # Marks and joiners may stand between virama and consonant.
        joined = unicodedata.combining(char) == VIRAMA or (joined and category in ("Mn", "Cf"))
    return [cluster[a:b] for a, b in zip(cuts, [*cuts[1:], len(cluster)], strict=True)]
