"""Which words stand beside the spans of a label: evidence on which occurrence was meant."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .edges import TokenEdges
from .records import Record

Range = tuple[int, int]

EDGE = "\n"
# Another occurrence is suspicious when its neighbours speak for the label this many times more
# strongly than those of the marked one (likelihood ratio).
SUSPICIOUS_RATIO = 50.0


@dataclass
class ContextCounts:
    """Counts of the tokens left and right of spans by label, and of all tokens.

    Args:
        left: Label to the tokens just before its spans.
        right: Label to the tokens just after its spans.
        tokens: Every token, text edges included.
        spans: Number of spans counted, by label.
        seen: Number of tokens counted, text edges included.
    """

    left: dict[str, Counter[str]] = field(default_factory=dict)
    right: dict[str, Counter[str]] = field(default_factory=dict)
    tokens: Counter[str] = field(default_factory=Counter)
    spans: Counter[str] = field(default_factory=Counter)
    seen: int = 0

    def add(self, record: Record, edges: TokenEdges) -> None:
        """Counts the neighbours of the record's spans that fall on token edges as given."""
        text = record.text
        self.tokens.update(text[s:e] for s, e in zip(edges.starts, edges.ends, strict=True))
        self.tokens[EDGE] += 2
        self.seen += len(edges.starts) + 2
        for span in set(record.spans):
            if edges.fits(span.start, span.end):
                before, after = neighbours(text, span.start, span.end, edges)
                self.spans[span.label] += 1
                self.left.setdefault(span.label, Counter())[before] += 1
                self.right.setdefault(span.label, Counter())[after] += 1

    def update(self, other: ContextCounts) -> None:
        """Adds the counts of other records."""
        self.tokens.update(other.tokens)
        self.spans.update(other.spans)
        self.seen += other.seen
        for mine, theirs in ((self.left, other.left), (self.right, other.right)):
            for label, counts in theirs.items():
                mine.setdefault(label, Counter()).update(counts)

    def score(self, label: str, before: str, after: str) -> float:
        """Log likelihood ratio that a span between these two tokens carries the label.

        Add-one smoothed naive Bayes over the two neighbours against their overall frequency.
        """
        size = len(self.tokens) + 1
        result = 0.0
        for counts, token in ((self.left.get(label), before), (self.right.get(label), after)):
            if counts:
                here = (counts[token] + 1) / (self.spans[label] + size)
                anywhere = (self.tokens[token] + 1) / (self.seen + size)
                result += math.log(here / anywhere)
        return result


def neighbours(text: str, start: int, end: int, edges: TokenEdges) -> tuple[str, str]:
    """The tokens just before and after ``[start, end)``; EDGE where the text ends."""
    first, last = edges.tokens(start, end)
    before = text[edges.starts[first - 1] : edges.ends[first - 1]] if first > 0 else EDGE
    after = text[edges.starts[last] : edges.ends[last]] if last < len(edges.starts) else EDGE
    return before, after


def free_occurrences(
    text: str, surface: str, edges: TokenEdges, taken: Sequence[Range]
) -> list[Range]:
    """Where a surface stands on token edges and touches none of the ranges taken, in order."""
    places = []
    at = text.find(surface) if surface else -1
    while at >= 0:
        stop = at + len(surface)
        if edges.fits(at, stop) and not any(s < stop and at < e for s, e in taken):
            places.append((at, stop))
        at = text.find(surface, at + 1)
    return places


def likelier_occurrence(
    text: str,
    start: int,
    end: int,
    label: str,
    edges: TokenEdges,
    contexts: ContextCounts,
    taken: Sequence[Range],
) -> Range | None:
    """Another occurrence of ``text[start:end]`` to which the corpus points more than to this one.

    Only occurrences on token edges that no span of the record touches are looked at. Where the
    marked one is not on token edges itself, any such occurrence is pointed out; else its
    neighbours must be SUSPICIOUS_RATIO times more usual for the label than those of the marked.

    Args:
        text: Text of the record.
        start: Start of the marked occurrence, code points.
        end: End of it, exclusive.
        label: Label of the span.
        edges: Token edges of the text.
        contexts: Counts over the corpus.
        taken: Character ranges of the record's spans.
    """
    places = free_occurrences(text, text[start:end], edges, [*taken, (start, end)])
    if not places:
        return None

    def score(place: Range) -> float:
        return contexts.score(label, *neighbours(text, *place, edges))

    best = max(places, key=score)
    if not edges.fits(start, end):
        return best
    return best if score(best) - score((start, end)) >= math.log(SUSPICIOUS_RATIO) else None
