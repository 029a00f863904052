"""The confidences of dev and test judged, a calibration chosen on dev, and all of them measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..annotations.records import Span
from ..corpora.gold import GoldRecord
from .calibration import Choice, Judged, assess, choose_calibration, judge
from .datasets import dataset_rows


@dataclass(frozen=True)
class PredictedSplit:
    """The gold of a split, and for each of its texts the predicted entities with confidences."""

    gold: Sequence[GoldRecord]
    predicted: Sequence[Mapping[Span, float]]


@dataclass(frozen=True)
class Assessed:
    """A data set measured before and after calibration.

    Args:
        judged: Its entities with their raw confidences.
        after: Their calibrated probabilities; on dev by fits that did not see their text.
        scores: What ``calibration.json`` says of it.
    """

    judged: Judged
    after: np.ndarray
    scores: dict[str, Any]


def assess_splits(
    splits: Mapping[str, PredictedSplit], seed: int
) -> tuple[Choice, dict[str, Assessed]]:
    """Chooses a calibration on dev and measures it on every data set of all splits.

    Args:
        splits: ``dev`` and any others.
        seed: Of the division of dev's texts into folds.

    Returns:
        The choice, and the data sets by the names of their metrics (``dataset_rows``).

    Raises:
        UserError: Two data sets would have one name.
    """
    whole = {name: judge(split.gold, split.predicted) for name, split in splits.items()}
    choice = choose_calibration(whole["dev"], seed)
    found = {}
    for split, data in splits.items():
        known = whole[split]
        after = choice.calibration.apply(known.confidence) if split != "dev" else choice.unseen
        for name, rows in dataset_rows(data.gold, split).items():
            judged = judge([data.gold[i] for i in rows], [data.predicted[i] for i in rows])
            own = after[np.isin(known.document, rows)]
            found[name] = Assessed(judged, own, assess(judged, own, choice.calibration))
    return choice, found
