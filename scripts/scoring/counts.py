"""Precision, recall and F from counts by document and label, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .matching import Match

CONFIDENCE = 0.95
BATCH = 200


@dataclass(frozen=True)
class Counts:
    """True positives, false positives and false negatives.

    Args:
        labels: Labels, sorted.
        table: int64, (documents, labels, 3); the last axis is tp, fp, fn.
    """

    labels: tuple[str, ...]
    table: np.ndarray


def count_matches(matches: Sequence[Match]) -> Counts:
    """Counts the matches of each document by label."""
    found = {s.label for m in matches for s in (*m.correct, *m.missed, *m.spurious)}
    labels = tuple(sorted(found))
    column = {label: i for i, label in enumerate(labels)}
    table = np.zeros((len(matches), len(labels), 3), dtype=np.int64)
    for row, match in enumerate(matches):
        for kind, spans in enumerate((match.correct, match.spurious, match.missed)):
            for span in spans:
                table[row, column[span.label], kind] += 1
    return Counts(labels, table)


def prf(tp: np.ndarray, fp: np.ndarray, fn: np.ndarray) -> np.ndarray:
    """Precision, recall and F1, shape (..., 3); NaN where undefined (nothing to divide by).

    P = tp / (tp + fp), R = tp / (tp + fn), F = 2 tp / (2 tp + fp + fn) (van Rijsbergen 1979).
    """
    with np.errstate(invalid="ignore"):
        parts = [tp / (tp + fp), tp / (tp + fn), 2 * tp / (2 * tp + fp + fn)]
    return np.stack(parts, axis=-1)


def bootstrap(counts: Counts, resamples: int, seed: int) -> np.ndarray:
    """Counts of resampled corpora: documents drawn with replacement (Efron 1979).

    Args:
        counts: Counts by document.
        resamples: Number of resampled corpora.
        seed: Of the draws.

    Returns:
        int64, (resamples, labels, 3).
    """
    rng = np.random.default_rng(seed)
    docs = len(counts.table)
    flat = counts.table.reshape(docs, -1).astype(np.float64)
    parts = []
    for first in range(0, resamples, BATCH):
        size = min(BATCH, resamples - first)
        drawn = rng.integers(docs, size=(size, docs)) + np.arange(size)[:, None] * docs
        weights = np.bincount(drawn.ravel(), minlength=size * docs).reshape(size, docs)
        parts.append(weights @ flat)
    return np.concatenate(parts).reshape(resamples, len(counts.labels), 3)


def score_table(counts: Counts, *, resamples: int, seed: int) -> dict[str, Any]:
    """Micro, macro and per-label scores with 95 % percentile intervals over documents.

    Macro is the unweighted mean over the labels that occur in gold or predictions; an undefined
    P or R counts as 0 there. Undefined values elsewhere are None.

    Args:
        counts: Counts by document.
        resamples: Number of bootstrap resamples.
        seed: Of the bootstrap.
    """
    total = counts.table.sum(axis=0)
    drawn = bootstrap(counts, resamples, seed) if len(counts.table) and counts.labels else None

    def scores(tp_fp_fn: np.ndarray, resampled: np.ndarray | None) -> dict[str, Any]:
        tp, fp, fn = (int(n) for n in tp_fp_fn)
        values = prf(*np.asarray([tp, fp, fn], dtype=float))
        result: dict[str, Any] = {name: _number(v) for name, v in zip("prf", values, strict=True)}
        result.update(tp=tp, fp=fp, fn=fn)
        if resampled is not None:
            spread = prf(*np.moveaxis(resampled, -1, 0))
            for i, name in enumerate("prf"):
                result[f"{name}_ci"] = _interval(spread[..., i])
        return result

    labels = {
        label: scores(total[i], None if drawn is None else drawn[:, i])
        for i, label in enumerate(counts.labels)
    }
    macro_values = np.nan_to_num(prf(*np.moveaxis(total.astype(float), -1, 0)))
    macro: dict[str, Any] = {
        name: _number(macro_values[:, i].mean()) if counts.labels else None
        for i, name in enumerate("prf")
    }
    if drawn is not None:
        spread = np.nan_to_num(prf(*np.moveaxis(drawn, -1, 0))).mean(axis=1)
        macro["f_ci"] = _interval(spread[:, 2])
    micro = scores(total.sum(axis=0), None if drawn is None else drawn.sum(axis=1))
    return {"micro": micro, "macro": macro, "labels": labels}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)


def _interval(values: np.ndarray) -> list[float] | None:
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    tail = (1 - CONFIDENCE) / 2
    return [round(float(v), 6) for v in np.quantile(known, [tail, 1 - tail])]
