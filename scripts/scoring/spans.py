"""The judged spans of many documents as arrays, and which gold span goes with which prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..annotations.records import Span
from .matching import Match, disagreements

DOC, START, END, LABEL = range(4)


@dataclass(frozen=True)
class Aligned:
    """Spans as rows of int64: document, start, end (characters), label (index in ``labels``).

    Args:
        labels: Labels of gold and predictions, sorted.
        docs: Number of documents.
        gold: Gold spans, (spans, 4).
        predicted: Predicted spans that can be judged, (spans, 4).
        pairs: Rows of ``gold`` and ``predicted`` that go together, (pairs, 2); within a document,
            and no span twice.
    """

    labels: tuple[str, ...]
    docs: int
    gold: np.ndarray
    predicted: np.ndarray
    pairs: np.ndarray


def align(matches: Sequence[Match]) -> Aligned:
    """Pairs each document's equal spans, then the others as ``disagreements`` does."""
    labels = sorted({s.label for m in matches for s in (*m.correct, *m.missed, *m.spurious)})
    index = {label: i for i, label in enumerate(labels)}
    gold: list[tuple[int, int, int, int]] = []
    predicted: list[tuple[int, int, int, int]] = []
    pairs: list[tuple[int, int]] = []

    def row(doc: int, span: Span) -> tuple[int, int, int, int]:
        return doc, span.start, span.end, index[span.label]

    for doc, match in enumerate(matches):
        for span in match.correct:
            pairs.append((len(gold), len(predicted)))
            gold.append(row(doc, span))
            predicted.append(row(doc, span))
        for pair in disagreements(match):
            if pair.gold is not None and pair.predicted is not None:
                pairs.append((len(gold), len(predicted)))
            if pair.gold is not None:
                gold.append(row(doc, pair.gold))
            if pair.predicted is not None:
                predicted.append(row(doc, pair.predicted))
    return Aligned(
        tuple(labels), len(matches), _table(gold, 4), _table(predicted, 4), _table(pairs, 2)
    )


def pair_equal(aligned: Aligned, columns: Sequence[int]) -> np.ndarray:
    """Pairs gold with predicted spans that agree in some columns, each span once.

    Args:
        aligned: The spans.
        columns: Such as ``(DOC, START, LABEL)``.

    Returns:
        Rows of ``gold`` and ``predicted``, (pairs, 2).
    """
    both = np.concatenate([aligned.gold, aligned.predicted])[:, list(columns)]
    keys = np.unique(both, axis=0, return_inverse=True)[1].reshape(-1)
    gold, predicted = keys[: len(aligned.gold)], keys[len(aligned.gold) :]
    # Overlapping gold may hold a key twice: the n-th goes with the n-th.
    gold, predicted = (k * (len(both) + 1) + _occurrence(k) for k in (gold, predicted))
    _, rows, columns_ = np.intersect1d(gold, predicted, assume_unique=True, return_indices=True)
    return np.stack([rows, columns_], axis=1)


def _occurrence(keys: np.ndarray) -> np.ndarray:
    """How many equal keys stand before each."""
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    first = np.searchsorted(ranked, ranked)
    result = np.empty_like(keys)
    result[order] = np.arange(len(keys)) - first
    return result


def _table(rows: Sequence[tuple[int, ...]], width: int) -> np.ndarray:
    return np.asarray(rows, dtype=np.int64).reshape(-1, width)
