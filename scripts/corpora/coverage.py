"""How long the spans of a corpus are, and which of them a span categorizer's suggestions reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from spacy.tokens import Doc


@dataclass(frozen=True)
class SpanLengths:
    """Lengths, in tokens, of the spans and texts of a split.

    Args:
        spans: (label, length) to number of spans.
        docs: Length to number of texts.
    """

    spans: Counter[tuple[str, int]] = field(default_factory=Counter)
    docs: Counter[int] = field(default_factory=Counter)

    @property
    def longest(self) -> int:
        """Length of the longest span; 0 where there is none."""
        return max((length for _, length in self.spans), default=0)

    def reached(self, max_length: int) -> int:
        """Number of spans that a suggester of all spans up to a length reaches."""
        return sum(n for (_, length), n in self.spans.items() if length <= max_length)

    def suggestions(self, max_length: int) -> int:
        """Number of spans that a suggester of all spans up to a length suggests.

        A text of n tokens has n - k + 1 spans of length k (``ngram_suggester`` in
        spacy/pipeline/spancat.py).
        """
        return sum(
            texts * (length - size + 1)
            for length, texts in self.docs.items()
            for size in range(1, min(max_length, length) + 1)
        )


@dataclass(frozen=True)
class LengthRow:
    """A length of spans in tokens, or a label.

    Args:
        name: The length or the label.
        spans: Number of spans.
        reached: How many of them are suggested.
        longest: Their greatest length.
    """

    name: str
    spans: int
    reached: int
    longest: int

    @property
    def share(self) -> float:
        """Share of the spans that is suggested, 0 to 1: the recall that cannot be surpassed."""
        return self.reached / self.spans if self.spans else 1.0


def count_lengths(docs: Iterable[Doc], spans_key: str | None) -> SpanLengths:
    """Counts the lengths of gold spans and texts.

    Args:
        docs: Gold Docs.
        spans_key: Key of the span group that is trained on; None for ``doc.ents``.
    """
    lengths = SpanLengths()
    for doc in docs:
        spans = doc.ents if spans_key is None else doc.spans.get(spans_key, ())
        lengths.spans.update((span.label_, len(span)) for span in spans)
        lengths.docs[len(doc)] += 1
    return lengths


def by_length(lengths: SpanLengths, max_length: int) -> list[LengthRow]:
    """A row for each length that occurs, ascending; those above ``max_length`` are not reached."""
    found: Counter[int] = Counter()
    for (_, length), n in lengths.spans.items():
        found[length] += n
    return [
        LengthRow(str(length), n, n if length <= max_length else 0, length)
        for length, n in sorted(found.items())
    ]


def by_label(lengths: SpanLengths, max_length: int) -> list[LengthRow]:
    """A row for each label, sorted."""
    rows = []
    for label in sorted({label for label, _ in lengths.spans}):
        own = {length: n for (name, length), n in lengths.spans.items() if name == label}
        reached = sum(n for length, n in own.items() if length <= max_length)
        rows.append(LengthRow(label, sum(own.values()), reached, max(own)))
    return rows
