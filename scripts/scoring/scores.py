"""Scores as metrics files hold them, from counts and their bootstrap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from .bootstrap import Sample, Statistic, intervals
from .measures import Outcome
from .spans import Aligned
from .tallies import GOLD, PREDICTED, RIGHT, macro, micro, prf, weighted
from .tokens import TokenTags
from .words import share_right

DIGITS = 6


def score_table(labels: Sequence[str], sample: Sample) -> dict[str, Any]:
    """Strict micro, macro, weighted and per-label scores with 95 % intervals over documents.

    Macro is the unweighted mean over the labels that occur in gold or predictions, weighted the
    mean weighted by gold spans; an undefined P or R counts as 0 there, elsewhere it is None.

    Args:
        labels: The labels.
        sample: Tallies by document and label.
    """
    total = sample.counts.sum(axis=0)
    values, spread = prf(total), _spread(sample, prf)
    table = {
        label: {**_prf(values[i]), **_confusions(total[i]), **_intervals(spread[i])}
        for i, label in enumerate(labels)
    }
    everything = {
        **_prf(micro(total)),
        **_confusions(total.sum(axis=0)),
        **_intervals(_spread(sample, micro)),
    }
    if not labels:
        nothing = {"p": None, "r": None, "f": None, "f_ci": None}
        return {"micro": everything, "macro": nothing, "weighted": dict(nothing), "labels": {}}
    means = {
        name: {**_prf(mean(total)), **_intervals(_spread(sample, mean), "f")}
        for name, mean in (("macro", macro), ("weighted", weighted))
    }
    return {"micro": everything, **means, "labels": table}


def measure_table(
    aligned: Aligned,
    judged: Mapping[str, tuple[Outcome, np.ndarray]],
    sample: Sample,
) -> dict[str, Any]:
    """The scores by measure.

    Args:
        aligned: The spans.
        judged: By measure: the outcome, and its tallies by document and label.
        sample: Tallies by document and measure, in the same order.
    """
    values = prf(sample.counts.sum(axis=0))
    spread = _spread(sample, prf)
    table = {}
    for i, (name, (outcome, tallies)) in enumerate(judged.items()):
        by_label = prf(tallies.sum(axis=0))
        table[name] = {
            **_prf(values[i]),
            **_intervals(spread[i], "f"),
            **outcome.counts(aligned),
            "labels": {label: _prf(by_label[k]) for k, label in enumerate(aligned.labels)},
        }
    return table


def token_table(tagged: TokenTags, tallies: np.ndarray, sample: Sample) -> dict[str, Any]:
    """Accuracy over all tags; P, R and F over all but O, by label and by tag; tag confusion.

    Args:
        tagged: The tags.
        tallies: By document and tag.
        sample: Tallies by document of all tags, and of all but O, (documents, 2, 4).
    """
    total = tallies.sum(axis=0)
    whole = prf(sample.counts.sum(axis=0))
    spread = _spread(sample, prf)
    by_tag = prf(total)
    by_label = prf(total[1::2] + total[2::2])
    return {
        "accuracy": number(whole[0, 1]),
        "accuracy_ci": interval(spread[0, 1]),
        "micro": {**_prf(whole[1]), **_intervals(spread[1], "f")},
        "labels": {label: _prf(by_label[i]) for i, label in enumerate(tagged.labels)},
        "tags": {tag: _prf(by_tag[i]) for i, tag in enumerate(tagged.tags)},
        "confusion": {"tags": tagged.tags, "matrix": tagged.confusion.tolist()},
    }


def word_table(sample: Sample) -> dict[str, Any]:
    """Accuracy over words, and over those that gold does not call O.

    Args:
        sample: Tallies of ``words.tally_words``.
    """
    total = sample.counts.sum(axis=0)
    values, spread = share_right(total), _spread(sample, share_right)
    return {
        "accuracy": number(values[0]),
        "accuracy_ci": interval(spread[0]),
        "words": int(total[0, 1]),
        "accuracy_not_o": number(values[1]),
        "accuracy_not_o_ci": interval(spread[1]),
        "words_not_o": int(total[1, 1]),
    }


def slice_table(names: Sequence[str], sample: Sample) -> list[dict[str, Any]]:
    """The scores by slice, those without any span left out.

    Args:
        names: Of the slices.
        sample: Tallies by document and slice.
    """
    total = sample.counts.sum(axis=0)
    values, spread = prf(total), _spread(sample, prf)
    return [
        {
            "name": name,
            "gold": int(total[i, GOLD]),
            "predicted": int(total[i, PREDICTED]),
            "tp": int(total[i, RIGHT]),
            **_prf(values[i]),
            **_intervals(spread[i], "f"),
        }
        for i, name in enumerate(names)
        if total[i, GOLD] or total[i, PREDICTED]
    ]


def number(value: float) -> float | None:
    """A score as it is written: None where undefined."""
    return None if np.isnan(value) else round(float(value), DIGITS)


def interval(ends: np.ndarray) -> list[float] | None:
    """An interval as it is written: None where undefined."""
    return None if np.isnan(ends).any() else [round(float(end), DIGITS) for end in ends]


def _spread(sample: Sample, statistic: Statistic) -> np.ndarray:
    """Intervals of a statistic, of the shape of its values and a last axis of low and high."""
    shape = statistic(sample.counts.sum(axis=0)).shape

    def flat(tallies: np.ndarray) -> np.ndarray:
        return statistic(tallies).reshape(*tallies.shape[:-2], prod(shape))

    return intervals(sample, flat).reshape(*shape, 2)


def _prf(values: np.ndarray) -> dict[str, float | None]:
    return {name: number(v) for name, v in zip("prf", values, strict=True)}


def _confusions(total: np.ndarray) -> dict[str, int]:
    tp = int(total[RIGHT])
    return {"tp": tp, "fp": int(total[PREDICTED]) - tp, "fn": int(total[GOLD]) - tp}


def _intervals(ends: np.ndarray, names: str = "prf") -> dict[str, list[float] | None]:
    return {f"{name}_ci": interval(ends["prf".index(name)]) for name in names}
