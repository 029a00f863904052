"""Turning confidences into probabilities of being right, and measuring how good they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression, minimize_scalar
from scipy.special import expit, logit

from ..annotations.records import Span
from ..corpora.gold import GoldRecord
from .matching import match_spans

FOLDS = 5
BINS = 15
# Fewer predicted entities than these say too little of 15 bins and five folds.
MIN_SPANS = 100
CURVE_POINTS = 101
# Probabilities are kept so far from 0 and 1 where their logarithm is taken.
EDGE = 1e-9
TEMPERATURES = (0.05, 50.0)


@dataclass(frozen=True)
class Judged:
    """The predicted entities of a data set that can be judged.

    Args:
        confidence: What the model says of each, from 0 to 1.
        correct: Whether it is in the repaired gold, with the same offsets and label.
        document: Number of the text that it stands in.
        gold: Gold spans in the data set, found or not.
        unjudged: Predicted entities left out: the gold is missing where they stand.
    """

    confidence: np.ndarray
    correct: np.ndarray
    document: np.ndarray
    gold: int
    unjudged: int

    def part(self, chosen: np.ndarray) -> Judged:
        """Some of the entities, by a boolean for each; the gold spans stay as they are."""
        arrays = (self.confidence[chosen], self.correct[chosen], self.document[chosen])
        return Judged(*arrays, self.gold, self.unjudged)


def judge(gold: Sequence[GoldRecord], predicted: Sequence[Mapping[Span, float]]) -> Judged:
    """Compares predicted entities with the repaired gold, strictly.

    Args:
        gold: The gold records.
        predicted: For each, the entities with their confidences.
    """
    rows: list[tuple[float, bool, int]] = []
    spans = unjudged = 0
    for number, (record, ents) in enumerate(zip(gold, predicted, strict=True)):
        match = match_spans(record.ents, ents, record.missing, record.annotated)
        rows += [(ents[span], True, number) for span in match.correct]
        rows += [(ents[span], False, number) for span in match.spurious]
        spans += len(match.correct) + len(match.missed)
        unjudged += len(match.unjudged)
    columns = [[row[i] for row in rows] for i in range(3)]
    return Judged(
        np.array(columns[0], dtype=float),
        np.array(columns[1], dtype=bool),
        np.array(columns[2], dtype=int),
        spans,
        unjudged,
    )


@dataclass(frozen=True)
class Calibration:
    """A monotone map from confidence to probability.

    Args:
        method: ``isotonic``, ``temperature`` or ``none``.
        points: Of isotonic regression: confidences, rising, and their probabilities; a straight
            line runs between two of them.
        temperature: What the log odds are divided by.
    """

    method: str
    points: tuple[tuple[float, float], ...] = ()
    temperature: float = 1.0

    def apply(self, confidence: np.ndarray) -> np.ndarray:
        """The probabilities of confidences."""
        values = np.asarray(confidence, dtype=float)
        if self.method == "isotonic":
            low, high = np.array(self.points).T
            right = np.searchsorted(low, values, side="right")
            # Between two confidences that hardly differ the line is too steep for floats.
            ends = high[np.maximum(right - 1, 0)], high[np.minimum(right, len(high) - 1)]
            return np.clip(np.interp(values, low, high), *ends)
        if self.method == "temperature":
            return expit(logit(np.clip(values, EDGE, 1 - EDGE)) / self.temperature)
        return values

    def to_json(self) -> Any:
        """What ``calibration.json`` has under ``map``."""
        if self.method == "isotonic":
            return [list(point) for point in self.points]
        return {"temperature": self.temperature} if self.method == "temperature" else None

    @classmethod
    def from_json(cls, method: str, value: Any) -> Calibration:
        """Reads what ``to_json`` gives.

        Raises:
            ValueError: The method is unknown, or the map is not one that rises from 0 to 1.
        """
        if method == "none":
            return RAW
        if method == "temperature" and value["temperature"] > 0:
            return cls(method, temperature=float(value["temperature"]))
        points = tuple((float(a), float(b)) for a, b in value) if method == "isotonic" else ()
        table = np.array(points).reshape(-1, 2)
        if not (points and np.all((table >= 0) & (table <= 1)) and np.all(np.diff(table[:, 0]) > 0)
                and np.all(np.diff(table[:, 1]) >= 0)):  # fmt: skip
            raise ValueError(f"no {method} map from confidence to probability")
        return cls(method, points)


RAW = Calibration("none")


def fit_isotonic(judged: Judged) -> Calibration:
    """Isotonic regression by pooling adjacent violators (Zadrozny and Elkan 2002).

    Equal confidences are pooled first. Probabilities are kept between 1 / (n + 2) and
    (n + 1) / (n + 2), the rule of succession: n entities make nothing certain.
    """
    values, inverse, counts = np.unique(judged.confidence, return_inverse=True, return_counts=True)
    share = np.bincount(inverse, judged.correct) / counts
    fit = isotonic_regression(share, weights=counts)
    least = 1 / (len(inverse) + 2)
    heights = np.clip(fit.x, least, 1 - least)
    edges = sorted({*fit.blocks[:-1].tolist(), *(fit.blocks[1:] - 1).tolist()})
    return Calibration("isotonic", tuple((float(values[i]), float(heights[i])) for i in edges))


def fit_temperature(judged: Judged) -> Calibration:
    """The temperature with the least log loss (Guo et al. 2017), on the log odds of being right."""

    def loss(log_temperature: float) -> float:
        scaled = Calibration("temperature", temperature=float(np.exp(log_temperature)))
        return log_loss(scaled.apply(judged.confidence), judged.correct)

    found = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded")
    return Calibration("temperature", temperature=float(np.exp(found.x)))


FITS: dict[str, Callable[[Judged], Calibration]] = {
    "isotonic": fit_isotonic,
    "temperature": fit_temperature,
    "none": lambda judged: RAW,
}


@dataclass(frozen=True)
class Choice:
    """The calibration that was chosen, and why.

    Args:
        calibration: Fitted on all of dev.
        reason: Why this one.
        losses: Cross-validated log loss of each method, where they were compared.
        unseen: Dev's probabilities, each from a fit that did not see its document.
    """

    calibration: Calibration
    reason: str
    unseen: np.ndarray
    losses: dict[str, float] = field(default_factory=dict)


def choose_calibration(dev: Judged, seed: int) -> Choice:
    """Fits each method and takes the one with the least log loss on documents it did not see.

    Args:
        dev: The judged entities of dev.
        seed: Of the division of its documents into folds.
    """
    documents = np.unique(dev.document)
    if len(dev.confidence) < MIN_SPANS or len(documents) < FOLDS:
        reason = (
            f"dev has {len(dev.confidence)} predicted entities in {len(documents)} texts; "
            f"{MIN_SPANS} in {FOLDS} are the least to calibrate on"
        )
        return Choice(RAW, reason, dev.confidence)
    order = np.random.default_rng(seed).permutation(len(documents)) % FOLDS
    fold = order[np.searchsorted(documents, dev.document)]
    unseen = {name: np.zeros(len(fold)) for name in FITS}
    for number in range(FOLDS):
        held_out = fold == number
        for name, fit in FITS.items():
            fitted = fit(dev.part(~held_out))
            unseen[name][held_out] = fitted.apply(dev.confidence[held_out])
    losses = {name: log_loss(values, dev.correct) for name, values in unseen.items()}
    best = min(losses, key=losses.__getitem__)
    reason = f"least log loss on dev, cross-validated over texts in {FOLDS} folds"
    return Choice(FITS[best](dev), reason, unseen[best], losses)


def log_loss(probability: np.ndarray, correct: np.ndarray) -> float:
    """Mean negative log likelihood in nats."""
    kept = np.clip(probability, EDGE, 1 - EDGE)
    return float(-np.mean(np.where(correct, np.log(kept), np.log1p(-kept))))


def brier(probability: np.ndarray, correct: np.ndarray) -> float:
    """Mean squared difference from what came true (Brier 1950)."""
    return float(np.mean((probability - correct) ** 2))


def reliability(
    probability: np.ndarray, correct: np.ndarray, *, equal_mass: bool = True
) -> list[dict[str, float]]:
    """Mean confidence and precision in up to 15 bins, the lowest first; empty bins are left out.

    Args:
        probability: Confidences.
        correct: Whether each entity is right.
        equal_mass: Bins of as many entities each (Nguyen and O'Connor 2015), equal confidences
            together; otherwise of equal width (Naeini et al. 2015).
    """
    values, inverse, counts = np.unique(probability, return_inverse=True, return_counts=True)
    position = (np.cumsum(counts) - counts / 2) / max(len(inverse), 1) if equal_mass else values
    number = np.minimum((position * BINS).astype(int), BINS - 1)[inverse]
    bins = []
    for i in np.unique(number):
        inside = number == i
        bins.append(
            {
                "low": float(probability[inside].min()),
                "high": float(probability[inside].max()),
                "count": int(inside.sum()),
                "confidence": float(probability[inside].mean()),
                "precision": float(correct[inside].mean()),
            }
        )
    return bins


def expected_error(bins: Sequence[Mapping[str, float]]) -> float:
    """Expected calibration error: the bins' mean gap, weighted by entities (Naeini et al. 2015)."""
    total = sum(b["count"] for b in bins)
    return sum(b["count"] * abs(b["confidence"] - b["precision"]) for b in bins) / total


def risk_coverage(judged: Judged) -> tuple[np.ndarray, float]:
    """What stays, and how wrong it is, as less sure entities are left out.

    Args:
        judged: The entities; equal confidences stay or go together.

    Returns:
        One row for each confidence, falling: the confidence, the share of entities kept
        (coverage), the share of wrong ones among them (risk), and the recall of the gold. And
        the area under the curve: the mean over entities of the risk of keeping what is at least
        as sure (Geifman and El-Yaniv 2017).
    """
    values, inverse, counts = np.unique(-judged.confidence, return_inverse=True, return_counts=True)
    kept = np.cumsum(counts)
    right = np.cumsum(np.bincount(inverse, judged.correct))
    risk = 1 - right / kept
    recall = right / judged.gold if judged.gold else np.zeros(len(kept))
    curve = np.stack([-values, kept / len(inverse), risk, recall], axis=1)
    return curve, float(np.average(risk, weights=counts))


def assess(judged: Judged, after: np.ndarray, calibration: Calibration) -> dict[str, Any]:
    """What ``calibration.json`` says of a data set.

    Args:
        judged: Its entities with their raw confidences.
        after: Their calibrated probabilities.
        calibration: The calibration in use, for the thresholds of the risk-coverage curve.
    """
    right = judged.correct
    result: dict[str, Any] = {
        "spans": len(right),
        "gold_spans": judged.gold,
        "unjudged": judged.unjudged,
    }
    if not len(right):
        return {**result, "bins": [], "bins_before": [], "risk_coverage": [], "thresholds": []}
    result["precision"] = float(right.mean())
    for name, values in (("before", judged.confidence), ("after", after)):
        result[f"confidence_{name}"] = float(values.mean())
        bins = reliability(values, right)
        result[f"ece_{name}"] = expected_error(bins)
        widths = reliability(values, right, equal_mass=False)
        result[f"ece_width_{name}"] = expected_error(widths)
        result[f"brier_{name}"] = brier(values, right)
        result[f"log_loss_{name}"] = log_loss(values, right)
        result["bins" if name == "after" else "bins_before"] = bins
    curve, result["aurc"] = risk_coverage(judged)
    shown = curve[np.unique(np.linspace(0, len(curve) - 1, CURVE_POINTS).round().astype(int))]
    result["risk_coverage"] = shown[:, 1:].tolist()
    result["thresholds"] = calibration.apply(shown[:, 0]).tolist()
    return _rounded(result)


def keep_above(
    judged: Judged, probability: np.ndarray, threshold: float
) -> dict[str, float | int | None]:
    """What a threshold would keep: ``kept``, and its precision ``p`` and recall ``r``.

    Args:
        judged: The entities.
        probability: Their confidences as predict gives them.
        threshold: Entities below it go.
    """
    right = judged.correct[probability >= threshold]
    return {
        "kept": len(right),
        "p": float(right.mean()) if len(right) else None,
        "r": float(right.sum()) / judged.gold if judged.gold else None,
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 6) if isinstance(value, float) else value
