"""``metrics/calibration.json``, which ``calibrate`` writes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class Bin(BaseModel):
    """Predicted spans of like confidence: their number, mean confidence and precision."""

    low: float
    high: float
    count: int
    confidence: float | None = None
    precision: float | None = None


class CalibratedDataset(BaseModel):
    """How well confidence says precision on one data set.

    ``bins`` are those of the calibrated confidence, ``bins_before`` those of the raw one. Rows of
    ``risk_coverage`` are coverage, 1 - precision, and recall.
    """

    ece_before: float | None = None
    ece_after: float | None = None
    brier_before: float | None = None
    brier_after: float | None = None
    bins: list[Bin] = []
    bins_before: list[Bin] = []
    risk_coverage: list[tuple[float, float | None, float | None]] = []
    aurc: float | None = None

    def points(self) -> dict[str, list[tuple[float, float]]]:
        """Pairs of confidence and precision, before and after, of the bins that hold spans."""
        return {"before": _points(self.bins_before), "after": _points(self.bins)}


class Calibration(BaseModel):
    """How confidence was calibrated, and what it is worth before and after."""

    version: Literal[1]
    model: str | None = None
    corpus_md5: str | None = None
    method: str
    fitted_on: str
    gold: str = "repaired"
    spans: int | None = None
    datasets: dict[str, CalibratedDataset]


def _points(bins: list[Bin]) -> list[tuple[float, float]]:
    return [
        (b.confidence, b.precision)
        for b in bins
        if b.count and b.confidence is not None and b.precision is not None
    ]
