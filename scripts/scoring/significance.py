"""Is model B better than model A on the same documents, or is the difference chance?

Both tests are paired and two-sided, take documents as the units, and ask for the difference of a
ratio (F) of sums, which no t-test or sign test fits (Yeh 2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bootstrap import Sample, intervals, resample
from .tallies import prf

ROUNDS = 10_000
# Differences that are equal but for rounding count as equal.
TIE = 1e-12
CELLS = 1 << 21


@dataclass(frozen=True)
class Comparison:
    """F of two models, and of what their difference is.

    Values are NaN where F is undefined.

    Args:
        f: F of A and of B.
        f_ci: Their 95 % intervals, (2, 2).
        difference: F of B less F of A.
        difference_ci: Its 95 % interval, of the paired bootstrap.
        p_randomisation: p of approximate randomisation.
        p_bootstrap: p of the paired bootstrap test.
        b_ahead: Share of the bootstrap's corpora in which B is better, ties by half.
    """

    f: tuple[float, float]
    f_ci: np.ndarray
    difference: float
    difference_ci: np.ndarray
    p_randomisation: float
    p_bootstrap: float
    b_ahead: float


def compare(first: np.ndarray, second: np.ndarray, *, rounds: int, seed: int) -> Comparison:
    """Compares models A and B.

    Args:
        first: tp, fp and fn of model A by document, (documents, 3).
        second: Those of model B on the same documents.
        rounds: Of the randomisation, and of the bootstrap.
        seed: Of both.
    """
    tallies = np.stack([_tallies(first), _tallies(second)], axis=1)
    (sample,) = resample([tallies], rounds, seed)
    ends = intervals(sample, _scores_and_difference)
    f_a, f_b, difference = _scores_and_difference(tallies.sum(axis=0))
    return Comparison(
        f=(float(f_a), float(f_b)),
        f_ci=ends[:2],
        difference=float(difference),
        difference_ci=ends[2],
        p_randomisation=randomisation(first, second, rounds=rounds, seed=seed),
        p_bootstrap=_paired_bootstrap(sample, float(difference)),
        b_ahead=_ahead(sample),
    )


def randomisation(first: np.ndarray, second: np.ndarray, *, rounds: int, seed: int) -> float:
    """p by approximate randomisation (Noreen 1989; for F, Yeh 2000).

    If the models did not differ, it would be chance which of them gave which of two answers to a
    document: each round swaps the answers of each document with probability 1/2. p is the share
    of rounds in which F differs at least as much as it did, with one added to both numbers, as
    the answers given are one of the possible assignments (Noreen 1989).

    Args:
        first: tp, fp and fn of model A by document, (documents, 3).
        second: Those of model B.
        rounds: Number of random assignments.
        seed: Of the assignments.
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    totals = first.sum(axis=0), second.sum(axis=0)
    observed = abs(_difference(*totals))
    if np.isnan(observed):
        return float("nan")
    # Documents with the same counts change nothing when swapped.
    moved = (second - first)[(first != second).any(axis=1)]
    if not len(moved):
        return 1.0
    rng = np.random.default_rng(seed)
    extreme, batch = 0, max(1, CELLS // len(moved))
    for start in range(0, rounds, batch):
        size = (min(batch, rounds - start), len(moved))
        swapped = rng.integers(2, size=size, dtype=np.uint8).astype(np.float32)
        change = (swapped @ moved.astype(np.float32)).astype(float)
        extreme += int((np.abs(_difference(totals[0] + change, totals[1] - change))
                        >= observed - TIE).sum())  # fmt: skip
    return (extreme + 1) / (rounds + 1)


def _paired_bootstrap(sample: Sample, difference: float) -> float:
    """p of the paired bootstrap test (Koehn 2004; Berg-Kirkpatrick et al. 2012, figure 1).

    The differences on resampled corpora centre on the observed one, not on none: the test asks
    how often they stray from it by as much as it is from 0.
    """
    if np.isnan(difference):
        return float("nan")
    drawn = _scores_and_difference(sample.drawn)[:, 2]
    drawn = drawn[~np.isnan(drawn)]
    extreme = int((np.abs(drawn - difference) >= abs(difference) - TIE).sum())
    return (extreme + 1) / (len(drawn) + 1)


def _ahead(sample: Sample) -> float:
    drawn = _scores_and_difference(sample.drawn)[:, 2]
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return float("nan")
    return float(((drawn > TIE).sum() + (np.abs(drawn) <= TIE).sum() / 2) / len(drawn))


def _tallies(counts: np.ndarray) -> np.ndarray:
    tp, fp, fn = np.asarray(counts, dtype=float).reshape(-1, 3).T
    return np.stack([tp, tp + fn, tp, tp + fp], axis=-1)


def _scores_and_difference(tallies: np.ndarray) -> np.ndarray:
    """F of A, F of B and B less A, (..., 2, 4) to (..., 3)."""
    f = prf(tallies)[..., 2]
    return np.concatenate([f, f[..., 1:] - f[..., :1]], axis=-1)


def _difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """F of the second less F of the first, from sums of tp, fp and fn."""
    f_first, f_second = (prf(_tallies(c))[..., 2] for c in (first, second))
    result = f_second - f_first
    return result if np.ndim(first) > 1 else result[0]
