"""Random documents with gold and predicted spans on token edges, as arrays of tags need them."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from scripts.annotations.records import Span

LABELS = ("PER", "LOC", "ORG")
Document = tuple[list[Span], list[Span], int]


def random_document(rng: random.Random) -> Document:
    """Gold, predictions that are gold with errors of every kind, and the number of tokens."""
    size = rng.randint(1, 12)
    gold = _spans(rng, size)
    predicted: list[Span] = []
    for span in gold:
        if rng.random() < 0.7:
            start = span.start - (rng.random() < 0.15)
            end = span.end + (rng.random() < 0.15)
            label = span.label if rng.random() < 0.85 else rng.choice(LABELS)
            predicted.append(Span(max(start, 0), min(end, size), label))
    predicted += _spans(rng, size) if rng.random() < 0.3 else []
    return gold, _disjoint(predicted), size


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """As ``random_document``, found and made small by hypothesis."""
    return random_document(draw(st.randoms(use_true_random=False)))


def tokens_of(size: int) -> list[tuple[int, int]]:
    """Tokens of one character each."""
    return [(i, i + 1) for i in range(size)]


def _spans(rng: random.Random, size: int) -> list[Span]:
    spans, at = [], 0
    while at < size:
        width = rng.randint(1, 3)
        if rng.random() < 0.35 and at + width <= size:
            spans.append(Span(at, at + width, rng.choice(LABELS)))
            at += width
        else:
            at += 1
    return spans


def _disjoint(spans: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(spans):
        if not kept or kept[-1].end <= span.start:
            kept.append(span)
    return kept
