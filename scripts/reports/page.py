"""Renders the report as one HTML page that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from . import tables
from .boundaries import LONG
from .cautions import cautions
from .evaluations import is_part
from .history import History
from .inputs import Inputs
from .marks import error_keys, error_labels, record_excerpts
from .plots.style import inline_svg
from .schemas.base import in_split_order
from .schemas.metrics import KINDS

TEMPLATES = Path(__file__).parent / "templates"

PRINTED = 10
"""Records with errors that go to paper for each data set."""

# The confusion matrices stand in the page as tables.
DESCRIPTIONS = {
    "loss": "Line plot: loss per update of each component, and the learning rate, by training step",
    "score": "Line plot: F, precision and recall on dev against the training step",
    "labels": "Bar plot: share of each label in the spans of each split",
    "label-scores": "Dot plot: F of each label with its interval, by data set",
    "slices": "Dot plot: F of each slice with its interval, by data set",
    "boundaries": "Bar plot: wrong edges by the number of words they are off",
    "reliability": "Line plot: precision against confidence, before and after calibration",
    "risk-coverage": "Line plot: wrong spans and spans found against coverage",
    "history": "Line plot: F of the runs reported so far, by data set",
}


def render(inputs: Inputs, history: History, figures: dict[str, Figure], *, title: str) -> str:
    """Renders the page.

    Args:
        inputs: What to report.
        history: The runs reported so far.
        figures: The plots, by name.
        title: The page's title.
    """
    audit = inputs.audit
    evaluations = inputs.evaluations
    return (
        _environment()
        .get_template("index.html.j2")
        .render(
            title=title,
            audit=audit,
            input_names=in_split_order(audit.inputs),
            faults_found=[fault for fault in audit.faults if fault.found_in(audit.split_names)],
            faults_absent=[f for f in audit.faults if not f.found_in(audit.split_names)],
            record_faults=[f for f in audit.record_faults if f.found_in(audit.split_names)],
            log=inputs.log,
            log_path=inputs.log_path.as_posix(),
            evaluations=evaluations,
            metrics={name: evaluation.metrics for name, evaluation in evaluations.items()},
            parts=[name for name in evaluations if is_part(name)],
            golds=next(iter(evaluations.values())).metrics.gold,
            cautions=cautions(inputs),
            sides=tables.side_by_side(evaluations),
            measures=tables.MEASURES,
            slices=tables.SLICES,
            kinds=KINDS,
            long=LONG,
            printed=PRINTED,
            error_labels=error_labels(evaluations.values()),
            calibration=inputs.calibration,
            history=history,
            plots={
                name: Markup(inline_svg(figures[name], name, text))
                for name, text in DESCRIPTIONS.items()
                if name in figures
            },
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": tables.percent,
        "interval": tables.interval,
        "count": tables.count,
        "points": tables.points,
        "decimal": tables.decimal,
        "place": lambda fraction: f"{100 * fraction:.2f}",
        "keys": error_keys,
    }
    environment.globals |= {
        "score_rows": tables.score_rows,
        "all_span_rows": tables.all_span_rows,
        "excerpts": record_excerpts,
    }
    return environment
