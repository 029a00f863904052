"""The report's plots: drawn without pyplot's global state, the same bytes from the same input."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from .inputs import Inputs, TrainingLog
from .schemas import Audit, LogRow, Metrics

# Okabe and Ito's palette for all kinds of colour vision (jfly.uni-koeln.de/color), vermillion
# darkened to stand out from white. The page swaps each for a variable of its style sheet.
SERIES = ("#0072b2", "#b84a00", "#008a63")
INK = "#1c2127"
GRID = "#c9d0d8"
VARIABLES = {INK: "--ink", GRID: "--line"} | {c: f"--c{i}" for i, c in enumerate(SERIES)}

# spaCy's names for the scores of ner, F first.
SPAN_SCORES = {"ents_f": "F", "ents_p": "precision", "ents_r": "recall"}

WIDTH = 4.8  # inches
BANGLA_FONTS = (
    "Noto Sans Bengali",
    "Noto Serif Bengali",
    "Kalpurush",
    "SolaimanLipi",
    "Vrinda",
    "Nirmala UI",
)


_NO_METADATA = {"Date": None, "Creator": None, "Type": None, "Format": None}


@contextmanager
def _style() -> Iterator[None]:
    """Our settings, for as long as a figure is made or written, and none of the user's."""
    installed = set(fontManager.get_font_names())
    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": "ner-report",
        "font.family": ["DejaVu Sans", *(name for name in BANGLA_FONTS if name in installed)],
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        # A label such as "$loc$" is text, no formula.
        "text.parse_math": False,
    }
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        # Without a Bangla font the PNG shows boxes, which is warned of label by label; the SVG's
        # text is drawn by the browser, whatever is installed here.
        warnings.filterwarnings("ignore", message=".*([Gg]lyph|does not support .* natively)")
        yield


def draw_all(inputs: Inputs) -> dict[str, Figure]:
    """Draws every plot of the report, by name."""
    return {
        "loss": loss_figure(inputs.log),
        "score": score_figure(inputs.log),
        "labels": labels_figure(inputs.audit),
        "confusion": confusion_figure([e.metrics for e in inputs.evaluations.values()]),
    }


@_style()
def save(figure: Figure, directory: Path, name: str) -> None:
    """Writes ``NAME.png`` (150 dots per inch) and ``NAME.svg``, both on white."""
    figure.savefig(directory / f"{name}.png", dpi=150, metadata={"Software": None})
    figure.savefig(directory / f"{name}.svg", metadata=_NO_METADATA)


@_style()
def inline_svg(figure: Figure, name: str, description: str) -> str:
    """Gives a plot as an ``<svg>`` element for the page.

    Transparent, in the page's fonts and in colours that follow its style sheet; its ids carry
    the name, so that several plots can stand in one page.

    Args:
        figure: The plot.
        name: Prefix of the ids.
        description: What the plot shows, for those who do not see it.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata=_NO_METADATA)
    root = ElementTree.fromstring(buffer.getvalue())
    # matplotlib's style rule selects "*": inside a page it would reach all of it.
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag.endswith("}style")]:
            parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        attributes = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
        element.attrib = {key: _for_page(key, value, name) for key, value in attributes.items()}
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "aria-label": description}
    return ElementTree.tostring(root, encoding="unicode", method="html")


@_style()
def loss_figure(log: TrainingLog) -> Figure:
    """Plots each component's loss per update against the step, each on a scale of its own.

    The log holds sums since the evaluation before; at step 0 that is one update, later hundreds.
    Only the quotient can be compared.
    """
    components = log.components
    figure = Figure(figsize=(WIDTH, 0.9 + 1.5 * max(1, len(components))), layout="constrained")
    panels = figure.subplots(max(1, len(components)), sharex=True, squeeze=False)[:, 0]
    for index, (name, axes) in enumerate(zip(components, panels, strict=False)):
        colour = SERIES[index % len(SERIES)]
        for number, segment in enumerate(log.segments, 1):
            style = _line(colour, len(segment), last=number == len(log.segments))
            axes.plot([row.step for row in segment], _losses_per_update(segment, name), **style)
        axes.set_title(f"Loss of {_drawable(name)}, per update", loc="left")
        axes.set_ylim(bottom=0)
        _mark_best(axes, log.best)
        _tidy(axes)
    panels[-1].set_xlabel("Step (updates)")
    return figure


@_style()
def score_figure(log: TrainingLog) -> Figure:
    """Plots F, precision and recall in percent against the step; the best step is marked.

    A log without such scores gives its weighted ``score`` instead.
    """
    logged = log.rows[-1].scores
    names = {name: label for name, label in SPAN_SCORES.items() if name in logged}
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    axes = figure.subplots()
    for index, (name, label) in enumerate(names.items() or [("", "score")]):
        for number, segment in enumerate(log.segments, 1):
            last = number == len(log.segments)
            style = _line(SERIES[index % len(SERIES)], len(segment), last=last)
            if index:
                style |= {"linewidth": 1.2, "linestyle": ("--", ":")[index % 2]}
            values = [row.scores.get(name, 100 * row.score) for row in segment]
            axes.plot([row.step for row in segment], values, label=label if last else None, **style)
    axes.set_ylim(0, 102)
    axes.set_xlabel("Step (updates)")
    axes.set_title("Scores on dev, repaired gold, percent", loc="left")
    _mark_best(axes, log.best, label=f"best: step {log.best.step:,}")
    _tidy(axes)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


@_style()
def labels_figure(audit: Audit) -> Figure:
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
        axes.barh(places, shares, height * 0.92, color=SERIES[index % len(SERIES)], label=name)
    axes.set_yticks(range(len(labels)), [_drawable(label) for label in labels])
    axes.invert_yaxis()
    axes.set_title("Spans by label, percent of the split", loc="left")
    _tidy(axes)
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0)
    if names:
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


@_style()
def confusion_figure(metrics: list[Metrics]) -> Figure:
    """Draws the confusion matrices, one beside the other, shaded by the share of the row.

    The shades stay light enough for dark figures on all of them.
    """
    side = 1.6 + 0.55 * (max(len(m.confusion.labels) for m in metrics) + 1)
    figure = Figure(figsize=(side * len(metrics), side), layout="constrained")
    shades = LinearSegmentedColormap.from_list("shades", ["#ffffff", "#56b4e9"])
    panels = figure.subplots(1, len(metrics), squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        labels = [_drawable(label) for label in metric.confusion.labels]
        for y, row in enumerate(metric.confusion.matrix):
            for x, number in enumerate(row):
                if number:
                    share = number / sum(row)
                    corner = (x - 0.5, y - 0.5)
                    axes.add_patch(Rectangle(corner, 1, 1, color=to_hex(shades(share)), lw=0))
                    axes.text(x, y, f"{number:,}", ha="center", va="center")
        places = range(len(labels) + 1)
        slanted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
        axes.set_xticks(places, [*labels, "missed"], **slanted)
        axes.set_yticks(places, [*labels, "spurious"])
        axes.set_xlim(-0.5, len(labels) + 0.5)
        axes.set_ylim(len(labels) + 0.5, -0.5)
        axes.set_aspect("equal")
        axes.set_xlabel("Predicted")
        axes.set_ylabel("Repaired gold")
        axes.set_title(f"{metric.split}, spans", loc="left")
    return figure


def _for_page(key: str, value: str, prefix: str) -> str:
    """An attribute of matplotlib's SVG, as it stands in the page."""
    if key == "id":
        return f"{prefix}-{value}"
    if key == "href":
        return value.replace("#", f"#{prefix}-", 1)
    value = value.replace("url(#", f"url(#{prefix}-")
    value = re.sub(r"'DejaVu Sans'(?:, '[^']*')*", "var(--font)", value)
    for colour, variable in VARIABLES.items():
        value = value.replace(colour, f"var({variable})")
    return value


def _drawable(label: str) -> str:
    """A label without the characters that no XML, and so no SVG, can hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", label)


def _losses_per_update(segment: list[LogRow], name: str) -> list[float]:
    updates = [segment[0].step + 1]
    updates += [row.step - before.step for before, row in zip(segment, segment[1:], strict=False)]
    return [
        row.losses.get(name, float("nan")) / count
        for row, count in zip(segment, updates, strict=True)
    ]


def _line(colour: str, points: int, *, last: bool) -> dict[str, object]:
    """A line's style; the runs before the last one are drawn pale."""
    return {
        "color": colour,
        "linewidth": 1.8,
        "alpha": 1.0 if last else 0.4,
        # One point makes no line, and markers on hundreds of points hide it.
        "marker": "o" if points <= 40 else "",
        "markersize": 3.5,
    }


def _mark_best(axes: Axes, best: LogRow, label: str | None = None) -> None:
    axes.axvline(best.step, color=INK, linewidth=1, linestyle=(0, (4, 3)), label=label, zorder=1)


def _tidy(axes: Axes) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True)
    axes.set_axisbelow(True)
