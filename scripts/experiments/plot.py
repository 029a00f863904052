"""The plot of a learning curve."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from ..common.files import new_file

MEASURED, FITTED, INK = "#0072b2", "#b84a00", "#1c2127"
SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "ner-curve", "font.size": 9}


def draw_curve(report: Mapping[str, Any], directory: Path) -> None:
    """Writes ``curve.png`` (150 dots per inch) and ``curve.svg``; same data, same bytes.

    Args:
        report: What ``curve.json`` holds.
        directory: Where the files go.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        figure = _figure(report)
        with new_file(directory / "curve.png") as path:
            figure.savefig(path, format="png", dpi=150, metadata={"Software": None})
        with new_file(directory / "curve.svg") as path:
            figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _figure(report: Mapping[str, Any]) -> Figure:
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    axes = figure.subplots()
    curve, docs = report["projection"]["curve"], report["docs"]
    doubted = bool(report["projection"]["doubts"])
    if curve is not None:
        at = [docs * share for share in curve["share"]]
        name = "power law" + (" (not to be trusted)" if doubted else "")
        axes.plot(at, _percent(curve["f"]), color=FITTED, linestyle="--", label=name)
        if curve["low"] is not None:
            low, high = _percent(curve["low"]), _percent(curve["high"])
            axes.fill_between(at, low, high, color=FITTED, alpha=0.15, lw=0, label="95 %")
    for size in report["sizes"]:
        scores = _percent(list(size["f"].values()))
        axes.plot([size["docs"]] * len(scores), scores, "o", color=MEASURED, ms=3, alpha=0.5)
    means = [100 * size["summary"]["mean"] for size in report["sizes"]]
    axes.plot([s["docs"] for s in report["sizes"]], means, "o-", color=MEASURED, label="measured")
    axes.axvline(docs, color=INK, lw=0.8, linestyle=(0, (4, 3)), zorder=0)
    axes.set_xlabel("Training texts; the vertical line is all of them")
    axes.set_title("F on dev, repaired gold, percent", loc="left", fontsize=10)
    axes.set_ylim(bottom=max(0.0, axes.get_ylim()[0]), top=min(100.0, axes.get_ylim()[1]))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, linewidth=0.5, alpha=0.5)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3,
                  frameon=False)  # fmt: skip
    return figure


def _percent(values: list[float]) -> list[float]:
    return [100 * value for value in values]
