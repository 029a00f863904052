"""Plots of the training log."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from ...pipelines.scores import NER_F, f_name
from ..schemas.training import LogRow
from ..training import TrainingLog
from .style import INK, WIDTH, Show, colour, drawable, legend, style, tidy

# spaCy's names for the scores of ner, F first; a span categorizer's end in the same letters.
SPAN_SCORES = {"ents_f": "F", "ents_p": "precision", "ents_r": "recall"}


@style()
def loss_figure(log: TrainingLog, show: Show = drawable) -> Figure:
    """Plots each component's loss per update against the step, each on a scale of its own.

    The log holds sums since the evaluation before; at step 0 that is one update, later hundreds.
    Only the quotient can be compared. Below stands the learning rate, where it is known.
    """
    components = log.components
    count = max(1, len(components) + (log.rates is not None))
    figure = Figure(figsize=(WIDTH, 0.9 + 1.5 * count), layout="constrained")
    panels = figure.subplots(count, sharex=True, squeeze=False)[:, 0]
    for index, (name, axes) in enumerate(zip(components, panels, strict=False)):
        for number, segment in enumerate(log.segments, 1):
            line = _line(colour(index), len(segment), last=number == len(log.segments))
            axes.plot([row.step for row in segment], _losses_per_update(segment, name), **line)
        axes.set_title(f"Loss of {show(name)}, per update", loc="left")
        _finish(axes, log)
    if log.rates is not None:
        _rate_panel(panels[-1], log)
    panels[-1].set_xlabel("Step (updates)")
    return figure


@style()
def score_figure(log: TrainingLog, show: Show = drawable) -> Figure:
    """Plots F, precision and recall in percent against the step; the best step is marked.

    A log without such scores gives its weighted ``score`` instead.
    """
    logged = log.rows[-1].scores
    f = f_name(logged) or NER_F
    known = {f"{f[:-1]}{name[-1]}": label for name, label in SPAN_SCORES.items()}
    names = {name: label for name, label in known.items() if name in logged}
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    axes = figure.subplots()
    for index, (name, label) in enumerate(names.items() or [("", "score")]):
        for number, segment in enumerate(log.segments, 1):
            last = number == len(log.segments)
            line = _line(colour(index), len(segment), last=last)
            if index:
                line |= {"linewidth": 1.2, "linestyle": ("--", ":")[index % 2]}
            values = [row.scores.get(name, 100 * row.score) for row in segment]
            axes.plot([row.step for row in segment], values, label=label if last else None, **line)
    axes.set_ylim(0, 102)
    axes.set_xlabel("Step (updates)")
    axes.set_title("Scores on dev, repaired gold, percent", loc="left")
    _mark_best(axes, log.best, label=f"best: step {log.best.step:,}")
    tidy(axes)
    legend(figure, axes)
    return figure


def _rate_panel(axes: Axes, log: TrainingLog) -> None:
    rates = log.rates or {}
    axes.plot(list(rates), list(rates.values()), color=INK, linewidth=1.6)
    axes.set_title("Learning rate, by the config's schedule", loc="left")
    _finish(axes, log)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:.3g}"))


def _finish(axes: Axes, log: TrainingLog) -> None:
    axes.set_ylim(bottom=0)
    _mark_best(axes, log.best)
    tidy(axes)


def _losses_per_update(segment: list[LogRow], name: str) -> list[float]:
    updates = [segment[0].step + 1, *(row.step - before.step for before, row in pairwise(segment))]
    return [
        row.losses.get(name, float("nan")) / count
        for row, count in zip(segment, updates, strict=True)
    ]


def _line(shade: str, points: int, *, last: bool) -> dict[str, object]:
    """A line's style; the runs before the last one are drawn pale."""
    return {
        "color": shade,
        "linewidth": 1.8,
        "alpha": 1.0 if last else 0.4,
        # One point makes no line, and markers on hundreds of points hide it.
        "marker": "o" if points <= 40 else "",
        "markersize": 3.5,
    }


def _mark_best(axes: Axes, best: LogRow, label: str | None = None) -> None:
    axes.axvline(best.step, color=INK, linewidth=1, linestyle=(0, (4, 3)), label=label, zorder=1)
