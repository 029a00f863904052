"""Which label was taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .matching import Match, disagreements


def confusion(matches: Sequence[Match]) -> dict[str, Any]:
    """Confusion over spans with equal offsets.

    Returns:
        ``labels``, sorted, and ``matrix``, (labels + 1) squared: rows gold, columns predicted;
        the last row counts spurious, the last column missed spans. A boundary error counts once
        as missed and once as spurious.
    """
    labels = sorted({span.label for m in matches for span in (*m.correct, *m.missed, *m.spurious)})
    index = {label: i for i, label in enumerate(labels)}
    none = len(labels)
    matrix = np.zeros((none + 1, none + 1), dtype=int)
    for match in matches:
        for span in match.correct:
            matrix[index[span.label], index[span.label]] += 1
        for pair in disagreements(match):
            if pair.kind == "label":
                matrix[index[pair.gold.label], index[pair.predicted.label]] += 1
                continue
            if pair.gold is not None:
                matrix[index[pair.gold.label], none] += 1
            if pair.predicted is not None:
                matrix[none, index[pair.predicted.label]] += 1
    return {"labels": labels, "matrix": matrix.tolist()}
