"""A power law through a learning curve, and what it says of twice the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import least_squares

REPLICATES = 1000
# At a bound the exponent means nothing: near 0 the law is a logarithm, above 3 a step.
LEAST_EXPONENT, LARGEST_EXPONENT = 0.02, 3.0
EXPONENTS = 200
FACTOR = 2
POINTS = 40


@dataclass(frozen=True)
class Law:
    """F(n) = a - b (n / N)^-c, N the size of the whole training set: a - b is F at N.

    The inverse power law is the usual form of learning curves (Cortes et al. 1993; Viering and
    Loog 2022); with N inside, b is in F and the fit well scaled.

    Args:
        a: F with data without end.
        b: What lacks of it at N.
        c: How fast it is approached.
    """

    a: float
    b: float
    c: float

    def __call__(self, share: float | np.ndarray) -> float | np.ndarray:
        """F at a share n / N."""
        return self.a - self.b * np.asarray(share, dtype=float) ** -self.c


def fit_law(shares: Sequence[float], scores: Sequence[float]) -> Law:
    """Fits the law by least squares with 0 ≤ a ≤ 1, 0 ≤ b and c within its bounds.

    Args:
        shares: n / N of each point.
        scores: F of each, 0 to 1.
    """
    x, y = np.asarray(shares, dtype=float), np.asarray(scores, dtype=float)
    lower, upper = [0.0, 0.0, LEAST_EXPONENT], [1.0, np.inf, LARGEST_EXPONENT]

    def residuals(values: np.ndarray) -> np.ndarray:
        return values[0] - values[1] * x ** -values[2] - y

    # least_squares begins inside the bounds.
    start = np.clip(_search_laws(x, y[None])[0], np.add(lower, 1e-6), np.subtract(upper, 1e-6))
    fit = least_squares(residuals, start, bounds=(lower, upper), x_scale="jac")
    return Law(*(float(value) for value in fit.x))


def _search_laws(shares: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Fits many laws at once: for every exponent of a grid, a and b are a linear problem.

    Args:
        shares: n / N of each point, (points,).
        scores: F of each point in each replicate, (replicates, points).

    Returns:
        a, b and c of each replicate, (replicates, 3).
    """
    exponents = np.geomspace(LEAST_EXPONENT, LARGEST_EXPONENT, EXPONENTS)
    x = shares[None, :] ** -exponents[:, None]
    centred = x - x.mean(axis=1, keepdims=True)
    means = scores.mean(axis=1)[:, None]
    b = -(scores @ centred.T) / (centred**2).sum(axis=1)
    b = np.maximum(b, 0.0)
    a = means + b * x.mean(axis=1)
    # Where a would leave its bound it lies on it, and b follows.
    on_bound = np.maximum(((1.0 - scores) @ x.T) / (x**2).sum(axis=1), 0.0)
    b = np.where(a > 1, on_bound, b)
    a = np.minimum(a, 1.0)
    fitted = a[..., None] - b[..., None] * x[None]
    best = ((fitted - scores[:, None, :]) ** 2).sum(axis=2).argmin(axis=1)
    rows = np.arange(len(scores))
    return np.stack([a[rows, best], b[rows, best], exponents[best]], axis=1)


def project(points: Mapping[float, Sequence[float]], seed: int = 0) -> dict[str, Any]:
    """Projects a learning curve to twice the data.

    The interval is a residual bootstrap: what the seeds differ from the mean at their size, scaled
    by √(k / (k - 1)) for k seeds and by t / z for so few of them, is pooled over the sizes, drawn
    anew and put on the means, and the law fitted again, 1,000 times.

    Args:
        points: n / N to F of each seed, 0 to 1.
        seed: Of the bootstrap.

    Returns:
        ``law`` (a, b, c), ``at_twice``, ``gain`` and their 95 % intervals ``at_twice_ci`` and
        ``gain_ci`` (None where one seed or too few sizes give none), ``foretold`` (F at N by the
        law of the smaller sizes), ``curve`` (the law to draw) and ``doubts``: reasons not to
        trust it.
    """
    shares = sorted(points)
    means = np.array([np.mean(points[share]) for share in shares])
    if len(shares) < 3:
        doubts = ["three sizes or more are needed to fit a curve"]
        keys = ("law", "at_twice", "at_twice_ci", "gain", "gain_ci", "foretold", "curve")
        return dict.fromkeys(keys) | {"doubts": doubts}
    law = fit_law(shares, means)
    replicates = _replicates(points, seed)
    twice = float(law(FACTOR))
    foretold = float(fit_law(shares[:-1], means[:-1])(shares[-1])) if len(shares) > 3 else None
    result: dict[str, Any] = {
        "law": asdict(law),
        "at_twice": round(twice, 6),
        "at_twice_ci": _interval([float(r(FACTOR)) for r in replicates]),
        "gain": round(twice - float(law(1.0)), 6),
        "gain_ci": _interval([float(r(FACTOR) - r(1.0)) for r in replicates]),
        "foretold": None if foretold is None else round(foretold, 6),
        "curve": _drawn(shares, law, replicates),
    }
    result["doubts"] = _doubts(points, law, result)
    return result


def _drawn(shares: Sequence[float], law: Law, replicates: Sequence[Law]) -> dict[str, Any]:
    """The law and its interval, from the smallest share to twice the data."""
    at = np.geomspace(shares[0], FACTOR, POINTS)
    low, high = (
        np.percentile([replicate(at) for replicate in replicates], [2.5, 97.5], axis=0).tolist()
        if replicates
        else (None, None)
    )
    return {"share": at.tolist(), "f": np.asarray(law(at)).tolist(), "low": low, "high": high}


def _replicates(points: Mapping[float, Sequence[float]], seed: int) -> list[Law]:
    """Laws of the replicates; none without a size that has several seeds."""
    shares = sorted(points)
    several = [np.asarray(points[share]) for share in shares if len(points[share]) > 1]
    if not several:
        return []
    residuals = [(f - f.mean()) * np.sqrt(len(f) / (len(f) - 1)) for f in several]
    freedom = sum(len(f) - 1 for f in several)
    pooled = np.concatenate(residuals) * stats.t.ppf(0.975, freedom) / stats.norm.ppf(0.975)
    random = np.random.default_rng(seed)
    drawn = [
        np.mean(points[share])
        + random.choice(pooled, size=(REPLICATES, len(points[share]))).mean(axis=1)
        for share in shares
    ]
    found = _search_laws(np.asarray(shares), np.stack(drawn, axis=1))
    return [Law(*(float(value) for value in row)) for row in found]


def _doubts(
    points: Mapping[float, Sequence[float]], law: Law, result: Mapping[str, Any]
) -> list[str]:
    """Reasons not to trust a projection."""
    shares = sorted(points)
    means = [float(np.mean(points[share])) for share in shares]
    doubts = []
    if len(shares) < 4:
        doubts.append("three sizes fix the three numbers of the law: nothing is left to check it")
    if min(len(points[share]) for share in shares) < 3:
        doubts.append("fewer than three seeds at a size: chance is hardly known")
    if means[-1] <= means[0]:
        doubts.append("F does not rise with the data")
    elif means[-1] < max(means):
        doubts.append("F is lower with all data than with a part of it")
    if min(law.c - LEAST_EXPONENT, LARGEST_EXPONENT - law.c) < 1e-3:
        doubts.append("the exponent is at the edge of what is allowed: no power law is seen")
    error = _standard_error(points)
    misfit = max(abs(float(law(s)) - m) for s, m in zip(shares, means, strict=True))
    if error is not None and misfit > max(2 * error, 0.005):
        doubts.append(f"the law misses a point by {100 * misfit:.1f}, more than chance explains")
    foretold, gain, ci = result["foretold"], result["gain"], result["gain_ci"]
    if foretold is not None and abs(foretold - means[-1]) > max(gain, 2 * (error or 0)):
        doubts.append(
            f"the smaller sizes alone foretell F {100 * foretold:.1f} for all data, measured was "
            f"{100 * means[-1]:.1f}: further off than the gain that is projected"
        )
    if ci is not None and ci[1] - ci[0] > max(1.5 * gain, 0.02):
        doubts.append("the interval is far wider than the gain itself")
    return doubts


def _standard_error(points: Mapping[float, Sequence[float]]) -> float | None:
    """Standard error of a size's mean, from the spread of the seeds pooled over the sizes."""
    several = [np.asarray(scores) for scores in points.values() if len(scores) > 1]
    if not several:
        return None
    freedom = sum(len(scores) - 1 for scores in several)
    variance = sum(float(((scores - scores.mean()) ** 2).sum()) for scores in several) / freedom
    return float(np.sqrt(variance / min(len(scores) for scores in several)))


def _interval(values: Sequence[float]) -> list[float] | None:
    if not values:
        return None
    return [round(float(edge), 6) for edge in np.percentile(values, [2.5, 97.5])]
