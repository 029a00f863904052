"""Tallies, and precision, recall and F from them.

A tally is an array whose last axis is found, gold, right, predicted: the gold spans found, of
all gold spans; the predicted spans that are right, of all predicted. In a whole corpus found and
right are one number (true positives); within a label they may differ, where a measure gives
credit to a span that was found under another label.
"""

from __future__ import annotations

import numpy as np

from .spans import Aligned

FOUND, GOLD, RIGHT, PREDICTED = range(4)


def tally(
    aligned: Aligned,
    pairs: np.ndarray,
    credit: np.ndarray,
    groups: tuple[np.ndarray, np.ndarray],
    number: int,
) -> np.ndarray:
    """Tallies by document and group.

    Args:
        aligned: The spans.
        pairs: Rows of gold and predicted spans that go together.
        credit: What each pair is worth, from 0 to 1.
        groups: The group of each gold span and of each predicted one.
        number: Of groups.

    Returns:
        float64, (documents, groups, 4).
    """
    gold = aligned.gold[:, 0] * number + groups[0]
    predicted = aligned.predicted[:, 0] * number + groups[1]
    cells = aligned.docs * number
    parts = [
        np.bincount(gold[pairs[:, 0]], credit, cells),
        np.bincount(gold, minlength=cells),
        np.bincount(predicted[pairs[:, 1]], credit, cells),
        np.bincount(predicted, minlength=cells),
    ]
    return np.stack(parts, axis=-1).astype(float).reshape(aligned.docs, number, 4)


def prf(tallies: np.ndarray) -> np.ndarray:
    """Precision, recall and F1 of tallies, (..., 4) to (..., 3); NaN where undefined.

    P = right / predicted, R = found / gold, F = 2 P R / (P + R), the harmonic mean (van
    Rijsbergen 1979); of true positives that is 2 tp / (2 tp + fp + fn). P is undefined without
    predictions and R without gold; F only without both, and otherwise 0 where one is undefined.
    """
    found, gold, right, predicted = np.moveaxis(tallies, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        p, r = right / predicted, found / gold
        # Found and right are 0 together unless credit crosses labels.
        f = 2 * right * found / (right * gold + found * predicted)
    f = np.where((right == 0) | (found == 0), 0.0, f)
    f = np.where((gold == 0) & (predicted == 0), np.nan, f)
    return np.stack([p, r, f], axis=-1)


def micro(tallies: np.ndarray) -> np.ndarray:
    """P, R and F of all groups together, (..., groups, 4) to (..., 3)."""
    return prf(tallies.sum(axis=-2))


def macro(tallies: np.ndarray) -> np.ndarray:
    """Mean P, R and F over the groups; an undefined value counts as 0, as in seqeval."""
    return np.nan_to_num(prf(tallies)).mean(axis=-2)


def weighted(tallies: np.ndarray) -> np.ndarray:
    """Mean P, R and F over the groups, weighted by gold spans; NaN without gold."""
    gold = tallies[..., GOLD]
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = gold / gold.sum(axis=-1, keepdims=True)
    return (np.nan_to_num(prf(tallies)) * shares[..., None]).sum(axis=-2)
