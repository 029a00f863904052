"""Plots of boundary errors, of calibration and of earlier runs."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..boundaries import EDGES, LONG, Boundaries
from ..evaluations import is_part
from ..history import History
from ..schemas.calibration import CalibratedDataset
from .style import (
    HATCHES,
    INK,
    PAPER,
    WIDTH,
    Show,
    colour,
    drawable,
    frame,
    legend,
    marker,
    style,
)


@style()
def boundaries_figure(found: Mapping[str, Boundaries], show: Show = drawable) -> Figure | None:
    """Plots how many words the wrong edges are off; None where no boundary is wrong."""
    found = {name: boundaries for name, boundaries in found.items() if boundaries.total}
    if not found:
        return None
    figure = Figure(figsize=(WIDTH, 0.6 + 1.6 * len(found)), layout="constrained")
    panels = figure.subplots(len(found), sharex=True, squeeze=False)[:, 0]
    for axes, (name, boundaries) in zip(panels, found.items(), strict=True):
        for index, edge in enumerate(EDGES):
            counts = boundaries.by_words(edge)
            places = [words + (index - 0.5) * 0.4 for words in counts]
            axes.bar(places, list(counts.values()), 0.38, color=colour(index), lw=0,
                     hatch=HATCHES[index], label=f"{edge} of the span")  # fmt: skip
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_title(f"{show(name)}: wrong edges", loc="left")
        frame(axes)
        axes.grid(False, axis="x")
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
        ticks = [n for n in range(-LONG, LONG + 1) if n]
        axes.set_xticks(ticks, [_signed(n) for n in ticks])
    panels[-1].set_xlabel("Words too few (−) or too many (+) in the prediction")
    legend(figure, panels[0])
    return figure


@style()
def reliability_figure(
    datasets: Mapping[str, CalibratedDataset], show: Show = drawable
) -> Figure | None:
    """Plots precision against confidence by bin, before and after; None without any bins."""
    curves = {name: data.points() for name, data in datasets.items()}
    curves = {name: lines for name, lines in curves.items() if any(lines.values())}
    if not curves:
        return None
    columns = min(2, len(curves))
    rows = -(-len(curves) // columns)
    figure = Figure(figsize=(WIDTH, 0.6 + rows * WIDTH * 1.06 / columns), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes, (name, lines) in zip(grid.flat, curves.items(), strict=False):
        axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        for index, (label, points) in enumerate(lines.items()):
            x, y = zip(*points, strict=True) if points else ((), ())
            axes.plot(x, y, color=colour(index), marker=marker(index), markersize=4.5,
                      markerfacecolor=colour(index) if index else PAPER, linewidth=1.4,
                      label=label)  # fmt: skip
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
        axes.set_aspect("equal")
        axes.set_title(show(name), loc="left")
        frame(axes)
    for axes in grid.flat[len(curves) :]:
        axes.set_visible(False)
    for axes in grid[-1]:
        axes.set_xlabel("Confidence")
    for axes in grid[:, 0]:
        axes.set_ylabel("Precision")
    legend(figure, grid[0, 0])
    return figure


@style()
def risk_figure(datasets: Mapping[str, CalibratedDataset], show: Show = drawable) -> Figure | None:
    """Plots error and recall against coverage: what is gained by keeping only the surest spans."""
    curves = {n: d.risk_coverage for n, d in datasets.items() if d.risk_coverage}
    if not curves:
        return None
    figure = Figure(figsize=(WIDTH, 4.2), layout="constrained")
    panels = figure.subplots(2, sharex=True)
    titles = ("Predicted spans that are wrong, percent", "Gold spans found, percent")
    for at, (axes, title) in enumerate(zip(panels, titles, strict=True), 1):
        for index, (name, curve) in enumerate(curves.items()):
            points = [(100 * row[0], 100 * row[at]) for row in curve if row[at] is not None]
            if points:
                _curve(axes, points, index, show(name))
        axes.set_title(title, loc="left")
        axes.set_ylim(bottom=0)
        frame(axes)
    panels[-1].set_xlabel("Coverage: predicted spans kept, the surest first, percent")
    legend(figure, panels[0])
    return figure


@style()
def history_figure(history: History, show: Show = drawable) -> Figure | None:
    """Plots F of the runs by number; None of a single run.

    Filled marks, joined by lines: runs on this corpus. Hollow ones: runs on another corpus. Parts
    of a mixture are left out.
    """
    rows = history.rows()
    if len(rows) < 2:
        return None
    figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
    axes = figure.subplots()
    names = history.datasets
    for index, name in enumerate([n for n in names if not is_part(n)] or names):
        runs = [(row, row.run.datasets[name].f) for row in rows if name in row.run.datasets]
        points = [(row.number, 100 * f, row.corpus == "same") for row, f in runs if f is not None]
        same = [(x, y) for x, y, comparable in points if comparable]
        others = [(x, y) for x, y, comparable in points if not comparable]
        if same:
            _curve(axes, same, index, show(name), marks=True)
        if others:
            x, y = zip(*others, strict=True)
            axes.plot(x, y, linestyle="", marker=marker(index), markerfacecolor=PAPER,
                      color=colour(index), markersize=4.5,
                      label=None if same else show(name))  # fmt: skip
    axes.set_title("F, repaired gold, percent; hollow: another corpus", loc="left")
    axes.set_xlabel("Run")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True))
    axes.set_xlim(rows[0].number - 0.4, rows[-1].number + 0.4)
    frame(axes)
    legend(figure, axes)
    return figure


def _curve(
    axes: Axes, points: list[tuple[float, float]], index: int, label: str, *, marks: bool = False
) -> None:
    x, y = zip(*points, strict=True)
    dashes = ("-", "--", "-.", ":", (0, (1, 1)))[index % 5]
    axes.plot(x, y, color=colour(index), linewidth=1.6, linestyle="-" if marks else dashes,
              marker=marker(index) if marks else "", markersize=4.5, label=label)  # fmt: skip


def _signed(number: int) -> str:
    beyond = ("≤ ", "≥ ")[number > 0] if abs(number) == LONG else ""
    return f"{beyond}{'+' if number > 0 else '−'}{abs(number)}"
