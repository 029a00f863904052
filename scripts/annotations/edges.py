"""Token edges: where a span may start and end so that a tokenizer can hold it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenEdges:
    """The character offsets at which the tokens of one text start and end.

    Args:
        starts: Start of each token, ascending, code points.
        ends: End of each token (exclusive), same length and order.
    """

    starts: Sequence[int]
    ends: Sequence[int]

    def is_start(self, offset: int) -> bool:
        """Whether a token starts at this character."""
        i = bisect_left(self.starts, offset)
        return i < len(self.starts) and self.starts[i] == offset

    def is_end(self, offset: int) -> bool:
        """Whether a token ends before this character."""
        i = bisect_left(self.ends, offset)
        return i < len(self.ends) and self.ends[i] == offset

    def fits(self, start: int, end: int) -> bool:
        """Whether ``[start, end)`` is a non-empty run of whole tokens."""
        return start < end and self.is_start(start) and self.is_end(end)

    def tokens(self, start: int, end: int) -> tuple[int, int]:
        """The half-open range of tokens that share a character with ``[start, end)``.

        An empty ``[p, p)`` gives the token that holds or follows character p, so that there is
        something to mark as missing; the range is empty only where no token is near.
        """
        first = bisect_right(self.ends, start)
        if start == end:
            return first, min(first + 1, len(self.starts))
        return first, bisect_left(self.starts, end)

    def grow(self, start: int, end: int) -> tuple[int, int] | None:
        """The smallest run of whole tokens that holds ``[start, end)``, as characters.

        None where no token touches it.
        """
        first, last = self.tokens(start, end)
        if first >= last:
            return None
        return self.starts[first], self.ends[last - 1]

    def half_covered(self, start: int, end: int) -> bool:
        """Whether ``[start, end)`` covers at least half of the characters of its edge tokens.

        Growing a span to the token edge is taken for a repair only then: below that the span
        marks something else than the token (see docs/alignment.md).
        """
        first, last = self.tokens(start, end)
        for i in {first, last - 1}:
            covered = min(end, self.ends[i]) - max(start, self.starts[i])
            if 2 * covered < self.ends[i] - self.starts[i]:
                return False
        return True
