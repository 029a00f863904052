"""Plots of labels, scores by label and slice, and confusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..schemas.audit import Audit
from ..schemas.metrics import Metrics, Rates
from .style import HATCHES, WIDTH, Show, colour, drawable, legend, marker, style, tidy

SLICES = {
    "surface": "Words seen in train or not",
    "entity_length": "Length of the span",
    "text_length": "Length of the text",
}


# Of a confusion matrix: inches of a cell, and of all cells beside each other at most; points.
CELL, MATRIX, LETTERS = 0.55, 24.0, 9.0


@style()
def labels_figure(audit: Audit, show: Show = drawable) -> Figure:
    """Plots each label's share of a split's spans, in percent, side by side for the splits."""
    names, labels = audit.split_names, audit.labels
    figure = Figure(figsize=(WIDTH, 1.3 + 0.5 * max(1, len(labels))), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / max(1, len(names))
    for index, name in enumerate(names):
        counts = audit.splits[name].labels
        total = sum(counts.values())
        shares = [100 * counts.get(label, 0) / total if total else 0.0 for label in labels]
        places = [row + (index - (len(names) - 1) / 2) * height for row in range(len(labels))]
        axes.barh(places, shares, height * 0.92, color=colour(index), label=show(name), lw=0,
                  hatch=HATCHES[index % len(HATCHES)])  # fmt: skip
    _rows(axes, [show(label) for label in labels])
    axes.set_title("Spans by label, percent of the split", loc="left")
    if names:
        legend(figure, axes)
    return figure


@style()
def label_scores_figure(metrics: Mapping[str, Metrics], show: Show = drawable) -> Figure:
    """Plots F by label with its 95 % interval, the data sets beside each other."""
    golds = {name: m.gold.repaired for name, m in metrics.items()}
    spans: dict[str, int] = {}
    for gold in golds.values():
        for label, score in gold.labels.items():
            spans[label] = spans.get(label, 0) + (score.gold or 0)
    labels = sorted(spans, key=lambda label: (-spans[label], label))
    height = 1.3 + (len(labels) + 1) * max(0.3, 0.16 * len(golds))
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.subplots()
    none = Rates()
    rows = {
        name: [gold.micro, *(gold.labels.get(label, none) for label in labels)]
        for name, gold in golds.items()
    }
    _dots(axes, rows, ["all (micro)", *(show(label) for label in labels)], show)
    axes.set_title("F by label, repaired gold, 95 % intervals", loc="left")
    legend(figure, axes)
    return figure


@style()
def slices_figure(metrics: Mapping[str, Metrics], show: Show = drawable) -> Figure | None:
    """Plots F by slice with its 95 % interval; None where the metrics have no slices."""
    kinds = [kind for kind in SLICES if any(m.slices.get(kind) for m in metrics.values())]
    if not kinds:
        return None
    names = {kind: _slice_names(metrics, kind) for kind in kinds}
    sizes = [len(names[kind]) for kind in kinds]
    step = max(0.26, 0.14 * len(metrics))
    size = (WIDTH, 0.6 + sum(sizes) * step + 0.55 * len(kinds))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(kinds), sharex=True, squeeze=False, height_ratios=sizes)[:, 0]
    none = Rates()
    for axes, kind in zip(panels, kinds, strict=True):
        rows = {}
        for dataset, m in metrics.items():
            found: dict[str, Rates] = {row.name: row for row in m.slices.get(kind, [])}
            rows[dataset] = [found.get(name, none) for name in names[kind]]
        _dots(axes, rows, names[kind], show)
        axes.set_title(SLICES[kind], loc="left")
    panels[-1].set_xlabel("F, repaired gold, percent; 95 % intervals")
    legend(figure, panels[0])
    return figure


@style()
def confusion_figure(
    matrices: Mapping[str, tuple[Sequence[str], Sequence[str], Sequence[Sequence[int]]]],
    show: Show = drawable,
) -> Figure:
    """Draws confusion matrices, one beside the other, shaded by the share of the row.

    The shades stay light enough for dark figures on all of them. Many names get smaller cells: a
    label has two tags, and a picture of hundreds of tags at full size takes gigabytes.

    Args:
        matrices: By data set: the names of rows and of columns, and the counts.
        show: How names are written.
    """
    most = max(len(columns) for _, columns, _ in matrices.values())
    cell = min(CELL, MATRIX / most)
    side, size = 1.6 + cell * most, LETTERS * cell / CELL
    figure = Figure(figsize=(side * len(matrices), side), layout="constrained")
    shades = LinearSegmentedColormap.from_list("shades", ["#ffffff", "#56b4e9"])
    panels = figure.subplots(1, len(matrices), squeeze=False)[0]
    names = {"fontsize": size}
    slanted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor", **names}
    for axes, (dataset, (rows, columns, counts)) in zip(panels, matrices.items(), strict=True):
        for y, row in enumerate(counts):
            for x, number in enumerate(row):
                if number:
                    fill = to_hex(shades(number / sum(row)))
                    axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, color=fill, lw=0))
                    axes.text(x, y, f"{number:,}", ha="center", va="center", fontsize=size)
        axes.set_xticks(range(len(columns)), [show(name) for name in columns], **slanted)
        axes.set_yticks(range(len(rows)), [show(name) for name in rows], **names)
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_aspect("equal")
        axes.set_xlabel("Predicted")
        axes.set_ylabel("Repaired gold")
        axes.set_title(show(dataset), loc="left")
    return figure


def _slice_names(metrics: Mapping[str, Metrics], kind: str) -> list[str]:
    """The names of the slices in the order of the data set that has most of them."""
    lists = [[row.name for row in m.slices.get(kind, [])] for m in metrics.values()]
    longest = max(lists, key=len)
    return list(dict.fromkeys([*longest, *(name for names in lists for name in names)]))


def _dots(axes: Axes, rows: Mapping[str, Sequence[Rates]], names: list[str], show: Show) -> None:
    """A row for each name, in it a dot and whiskers for each data set; undefined ones left out."""
    gap = 0.7 / max(1, len(rows))
    for index, (dataset, scores) in enumerate(rows.items()):
        shift = (index - (len(rows) - 1) / 2) * gap
        known = [(row, s) for row, s in enumerate(scores) if s.f is not None]
        look = {"color": colour(index), "marker": marker(index), "markersize": 4.5}
        places = [row + shift for row, _ in known]
        values = [100 * s.f for _, s in known if s.f is not None]
        axes.plot(values, places, linestyle="", label=show(dataset), **look)
        for place, (_, score) in zip(places, known, strict=True):
            low, high = score.f_ci or (None, None)
            if low is not None and high is not None:
                axes.plot([100 * low, 100 * high], [place, place], color=colour(index), lw=1.4)
    axes.set_xlim(0, 102)
    _rows(axes, names)


def _rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    tidy(axes)
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0)
