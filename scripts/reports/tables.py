"""Rows of the page's tables, and how numbers stand in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .evaluations import Evaluation
from .schemas.base import Interval
from .schemas.metrics import Gold, Golds, Rates, Score

DASH = "–"

MEASURES = {
    "strict": "offsets and label are right",
    "exact": "offsets are right, whatever the label",
    "partial": "as exact, but an overlap counts half",
    "type": "the label is right, and the spans overlap",
    "left": "start and label are right",
    "right": "end and label are right",
}

SLICES = {
    "surface": "Words of the span: in train with this label, with another one, or not at all",
    "entity_length": "Length of the span",
    "text_length": "Length of the text",
}


@dataclass(frozen=True)
class ScoreRow:
    """A label's scores, or a mean of all, on both golds; undefined where a gold lacks it."""

    name: str
    repaired: Score
    given: Score
    total: bool = False


@dataclass(frozen=True)
class SideRow:
    """One kind of score on every data set; undefined where a data set lacks it."""

    name: str
    scores: list[Rates]
    group: str = ""


def score_rows(golds: Golds) -> list[ScoreRow]:
    """The table of scores: the label with most gold spans first, the means over all last."""
    repaired, given = golds.repaired, golds.as_given
    none = Score()
    rows = [
        ScoreRow(label, repaired.labels.get(label, none), given.labels.get(label, none))
        for label in sorted(repaired.labels.keys() | given.labels.keys())
    ]
    rows.sort(key=lambda row: -(row.repaired.gold or 0))
    rows.append(ScoreRow("micro", repaired.micro, given.micro, total=True))
    if repaired.weighted or given.weighted:
        weighted = (repaired.weighted or none, given.weighted or none)
        rows.append(ScoreRow("weighted", *weighted, total=True))
    return [*rows, ScoreRow("macro", repaired.macro, given.macro, total=True)]


def all_span_rows(gold: Gold) -> list[tuple[str, Score]]:
    """Label or mean and its scores over all spans: the label with most gold spans first."""
    labels = sorted(gold.labels.items(), key=lambda row: (-(row[1].gold or 0), row[0]))
    means = {"micro": gold.micro, "weighted": gold.weighted, "macro": gold.macro}
    return [*labels, *((name, mean) for name, mean in means.items() if mean)]


def side_by_side(evaluations: Mapping[str, Evaluation]) -> list[SideRow]:
    """F of every kind, with a column for each data set; rows that no data set has are left out."""
    golds = [evaluation.metrics.gold for evaluation in evaluations.values()]
    repaired = [gold.repaired for gold in golds]
    none = Rates()
    rows = [
        SideRow("micro", [gold.micro for gold in repaired], "Repaired gold"),
        SideRow("weighted", [gold.weighted or none for gold in repaired], "Repaired gold"),
        SideRow("macro", [gold.macro for gold in repaired], "Repaired gold"),
        SideRow("micro", [gold.as_given.micro for gold in golds], "Gold as given"),
    ]
    every = [evaluation.metrics.all_spans for evaluation in evaluations.values()]
    found = [gold.micro if gold else none for gold in every]
    rows.append(SideRow("micro", list(found), "All spans, before entities are chosen"))
    labels: dict[str, int] = {}
    for gold in repaired:
        for label, score in gold.labels.items():
            labels[label] = labels.get(label, 0) + (score.gold or 0)
    for label in sorted(labels, key=lambda label: (-labels[label], label)):
        found = [gold.labels.get(label, none) for gold in repaired]
        rows.append(SideRow(label, list(found), "Label, repaired gold"))
    for name in MEASURES:
        found = [gold.measures.get(name, none) for gold in repaired]
        rows.append(SideRow(name, list(found), "Measure, repaired gold"))
    return [row for row in rows if any(score.f is not None for score in row.scores)]


def percent(value: float | None) -> str:
    """A fraction as a percentage with one decimal, a dash where it is undefined."""
    return DASH if value is None else f"{100 * value:.1f}"


def interval(value: Interval | None) -> str:
    """An interval of fractions as percentages, a dash where it is undefined."""
    low, high = value or (None, None)
    return DASH if low is None or high is None else f"{percent(low)}{DASH}{percent(high)}"


def count(value: int | None) -> str:
    """A number with separated thousands, a dash where there is none."""
    return DASH if value is None else f"{value:,}"


def points(value: float | None) -> str:
    """A difference of fractions in points, with its sign."""
    return "" if value is None else f"{100 * value:+.1f}".replace("-", "−")


def decimal(value: float | None) -> str:
    """A small number with three decimals, a dash where there is none."""
    return DASH if value is None else f"{value:.3f}"
