"""Text with marked spans: cut into segments for display, without losing a character."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from .schemas.base import Region

LONG_TEXT = 600
"""Characters from which on a text is shown in excerpts."""

CONTEXT = 160
"""Characters shown at most on either side of an error in an excerpt."""

# No full stop: in Bangla it mostly ends an abbreviation, as in মো. or ড.
SENTENCE_ENDS = "।॥?!\n"


@dataclass(frozen=True)
class Segment:
    """A stretch of text that the same spans cover from end to end.

    Args:
        text: The stretch; segments joined give the text.
        spans: Indices of the spans that cover it, the one that starts first and ends last first.
        ends: Those of them that end with it.
        ignored: Whether it lies in an ignored region.
    """

    text: str
    spans: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    ignored: bool = False


def segments(
    text: str,
    spans: Sequence[Region],
    ignored: Sequence[Region] = (),
    *,
    window: Region | None = None,
) -> list[Segment]:
    """Cuts a text at every edge of a span; spans may nest and overlap.

    Args:
        text: The text.
        spans: Character offsets of the marked spans, half-open, in any order.
        ignored: Character offsets of the regions that are not scored.
        window: The part of the text to cut, all of it by default.

    Returns:
        Segments in order, none of them empty.
    """
    first, last = window or (0, len(text))
    edges = {first, last}
    for start, end in [*spans, *ignored]:
        edges.update(edge for edge in (start, end) if first < edge < last)
    order = sorted(range(len(spans)), key=lambda i: (spans[i][0], -spans[i][1], i))
    cuts = sorted(edges)
    result = []
    for left, right in zip(cuts, cuts[1:], strict=False):
        cover = tuple(i for i in order if spans[i][0] <= left and right <= spans[i][1])
        result.append(
            Segment(
                text=text[left:right],
                spans=cover,
                # A span that the window cuts off ends, to the reader, with the window.
                ends=tuple(i for i in cover if min(spans[i][1], last) == right),
                ignored=any(start <= left and right <= end for start, end in ignored),
            )
        )
    return result


def excerpts(text: str, regions: Sequence[Region]) -> list[Region]:
    """Chooses the parts of a text that show some regions with the sentences they stand in.

    A short text is shown whole. In a long one each region is widened to the nearest sentence
    ends, by ``CONTEXT`` characters at most on either side; where no sentence ends in reach, to the
    farthest blank. Parts that touch are joined.

    Args:
        text: The text.
        regions: Character offsets, half-open, of what must be seen.

    Returns:
        Character offsets of the parts, in order and apart from each other.
    """
    if len(text) <= LONG_TEXT or not regions:
        return [(0, len(text))]
    ends = [i + 1 for i, character in enumerate(text) if character in SENTENCE_ENDS]
    blanks = [i + 1 for i, character in enumerate(text) if character.isspace()]
    parts: list[Region] = []
    for start, end in sorted(regions):
        left = _before(start, ends, blanks)
        right = _after(end, ends, blanks, len(text))
        while left < start and text[left].isspace():
            left += 1
        if parts and left <= parts[-1][1]:
            parts[-1] = (parts[-1][0], max(parts[-1][1], right))
        else:
            parts.append((left, right))
    return parts


def _before(start: int, ends: list[int], blanks: list[int]) -> int:
    """The last sentence end at or before a place, else the farthest blank in reach."""
    reach = max(0, start - CONTEXT)
    at = bisect_right(ends, start) - 1
    if at >= 0 and ends[at] >= reach:
        return ends[at]
    if reach == 0:
        return 0
    at = bisect_left(blanks, reach)
    return blanks[at] if at < len(blanks) and blanks[at] <= start else reach


def _after(end: int, ends: list[int], blanks: list[int], length: int) -> int:
    """The first sentence end at or after a place, else the farthest blank in reach."""
    reach = min(length, end + CONTEXT)
    at = bisect_left(ends, end)
    if at < len(ends) and ends[at] <= reach:
        return ends[at]
    if reach == length:
        return length
    at = bisect_right(blanks, reach) - 1
    return blanks[at] if at >= 0 and blanks[at] >= end else reach
