"""Every plot of the report, drawn and written."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from ..evaluations import is_part
from ..history import History
from ..inputs import Inputs
from .quality import boundaries_figure, history_figure, reliability_figure, risk_figure
from .scores import confusion_figure, label_scores_figure, labels_figure, slices_figure
from .style import Numbering, Show, drawable, save_png, save_svg
from .training import loss_figure, score_figure

KEY = "names.txt"


def draw_all(inputs: Inputs, history: History, show: Show = drawable) -> dict[str, Figure]:
    """Draws every plot that there are data for, by name.

    Args:
        inputs: What to report.
        history: The runs reported so far.
        show: How names of labels, components and data sets are written.
    """
    metrics = {name: evaluation.metrics for name, evaluation in inputs.evaluations.items()}
    # Parts of a mixture stand in tables; a plot of ten of them could not be read.
    whole = {name: m for name, m in metrics.items() if not is_part(name)} or metrics
    boundaries = {name: inputs.evaluations[name].boundaries for name in whole}
    calibrated = inputs.calibration.datasets if inputs.calibration else {}
    calibrated = {name: data for name, data in calibrated.items() if not is_part(name)}
    tags = {
        name: m.token_level.confusion
        for name, m in whole.items()
        if m.token_level and m.token_level.confusion
    }
    confusions = {name: m.confusion for name, m in whole.items()}
    figures = {
        "loss": loss_figure(inputs.log, show),
        "score": score_figure(inputs.log, show),
        "labels": labels_figure(inputs.audit, show),
        "label-scores": label_scores_figure(whole, show),
        "slices": slices_figure(whole, show),
        "confusion": confusion_figure(
            {
                name: ([*c.labels, "spurious"], [*c.labels, "missed"], c.matrix)
                for name, c in confusions.items()
            },
            show,
        ),
        "confusion-tags": confusion_figure(
            {name: (c.tags, c.tags, c.matrix) for name, c in tags.items()},
            # A label has one number, in its tags too; O has no label.
            lambda tag: tag[:2] + show(tag[2:]) if tag[:2] in ("B-", "I-") else show(tag),
        )
        if tags
        else None,
        "boundaries": boundaries_figure(boundaries, show),
        "reliability": reliability_figure(calibrated, show),
        "risk-coverage": risk_figure(calibrated, show),
        "history": history_figure(history, show),
    }
    return {name: figure for name, figure in figures.items() if figure is not None}


def save_all(figures: dict[str, Figure], inputs: Inputs, history: History, directory: Path) -> None:
    """Writes ``NAME.svg`` and ``NAME.png`` of every plot.

    In a PNG, names that matplotlib cannot write stand as numbers; ``names.txt`` says which.
    """
    numbering = Numbering()
    paper = draw_all(inputs, history, numbering)
    for name, figure in figures.items():
        save_svg(figure, directory / f"{name}.svg")
        save_png(paper[name] if numbering.names else figure, directory / f"{name}.png")
    if numbering.names:
        lines = [f"{number} {name}\n" for name, number in numbering.names.items()]
        (directory / KEY).write_bytes("".join(lines).encode("utf8", errors="replace"))
