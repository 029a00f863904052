"""Mean, spread and interval of scores that differ by chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


def summarise(values: Sequence[float | None]) -> dict[str, Any]:
    """Mean, standard deviation and t interval of the mean of scores between 0 and 1.

    The interval is mean ± t(0.975, n - 1) · sd / √n (Student 1908), cut at 0 and 1.

    Args:
        values: Scores; None (no score could be computed) is left out.

    Returns:
        ``n``, ``mean``, ``sd`` (with n - 1), ``ci``, ``min`` and ``max``; None where there are
        too few values for it.
    """
    known = np.array([value for value in values if value is not None], dtype=float)
    if not len(known):
        return dict.fromkeys(("mean", "sd", "ci", "min", "max")) | {"n": 0}
    mean = float(known.mean())
    sd = ci = None
    if len(known) > 1:
        sd = float(known.std(ddof=1))
        half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(known) - 1)) * sd / len(known) ** 0.5
        ci = [round(max(0.0, mean - half), 6), round(min(1.0, mean + half), 6)]
    return {
        "n": len(known),
        "mean": round(mean, 6),
        "sd": None if sd is None else round(sd, 6),
        "ci": ci,
        "min": round(float(known.min()), 6),
        "max": round(float(known.max()), 6),
    }


def percent(value: float | None) -> str:
    """A score in percent with one decimal; a dash for none."""
    return "–" if value is None else f"{100 * value:.1f}"
