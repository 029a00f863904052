"""Texts whose annotators looked for some labels only: what of a prediction can be judged there."""

from __future__ import annotations

from collections.abc import Collection

from ..annotations.records import Span
from ..corpora.gold import GoldRecord
from .matching import Range


def judgeable(
    gold: GoldRecord, predicted: Collection[Span]
) -> tuple[tuple[Span, ...], tuple[Range, ...]]:
    """The predictions to judge token by token, and the places that are not judged.

    A prediction whose label was not annotated is left out. Its place is not judged, save where
    gold has an entity: of that we know that it was not found.

    Args:
        gold: The gold of the text.
        predicted: Predicted spans.

    Returns:
        Spans, and character ranges: those that gold leaves missing and those of such predictions.
    """
    if gold.annotated is None:
        return tuple(predicted), gold.missing
    kept = tuple(span for span in predicted if span.label in gold.annotated)
    places = [
        place
        for span in predicted
        if span.label not in gold.annotated
        for place in _outside((span.start, span.end), gold.ents)
    ]
    return kept, (*gold.missing, *places)


def _outside(place: Range, spans: Collection[Span]) -> list[Range]:
    """The parts of a place that no span covers."""
    start, end = place
    parts = []
    for span in sorted(spans):
        if span.start > start and start < end:
            parts.append((start, min(span.start, end)))
        start = max(start, span.end)
    if start < end:
        parts.append((start, end))
    return parts
