"""Renders the report as one HTML page that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from .cautions import cautions
from .inputs import Evaluation, Inputs
from .plots import inline_svg
from .schemas import (
    KINDS,
    ErrorRecord,
    Golds,
    Interval,
    LabelledSpan,
    Region,
    Score,
    SpanError,
    in_split_order,
)
from .sentences import excerpts, segments

DASH = "–"

DESCRIPTIONS = {
    "loss": "Line plot: loss per update of each component against the training step",
    "score": "Line plot: F, precision and recall on dev against the training step",
    "labels": "Bar plot: share of each label in the spans of each split",
}


@dataclass(frozen=True)
class Excerpt:
    """A part of a text, its gold line and its predicted line; offsets in characters."""

    start: int
    end: int
    gold: Markup
    predicted: Markup


@dataclass(frozen=True)
class ScoreRow:
    """A label's scores, or a mean of all, on both golds; undefined where a gold lacks it."""

    name: str
    repaired: Score
    given: Score
    total: bool = False


def render(inputs: Inputs, figures: dict[str, Figure], *, title: str) -> str:
    """Renders the page.

    Args:
        inputs: What to report.
        figures: The plots, by name.
        title: The page's title.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "interval": interval,
        "count": count,
        "place": lambda fraction: f"{100 * fraction:.2f}",
        "keys": _error_keys,
    }
    audit = inputs.audit
    return environment.get_template("template.html.j2").render(
        title=title,
        audit=audit,
        input_names=in_split_order(audit.inputs),
        faults_found=[fault for fault in audit.faults if fault.found_in(audit.split_names)],
        faults_absent=[fault for fault in audit.faults if not fault.found_in(audit.split_names)],
        record_faults=[f for f in audit.record_faults if f.found_in(audit.split_names)],
        log=inputs.log,
        log_path=inputs.log_path.as_posix(),
        evaluations=inputs.evaluations,
        golds=next(iter(inputs.evaluations.values())).metrics.gold,
        cautions=cautions(inputs),
        score_rows=score_rows,
        kinds=KINDS,
        error_labels=_error_labels(inputs.evaluations.values()),
        excerpts=record_excerpts,
        plots={
            name: Markup(inline_svg(figures[name], name, text))
            for name, text in DESCRIPTIONS.items()
        },
    )


def score_rows(golds: Golds) -> list[ScoreRow]:
    """The table of scores: the label with most gold spans first, the means over all last."""
    repaired, given = golds.repaired, golds.as_given
    none = Score()
    rows = [
        ScoreRow(label, repaired.labels.get(label, none), given.labels.get(label, none))
        for label in sorted(repaired.labels.keys() | given.labels.keys())
    ]
    rows.sort(key=lambda row: -(row.repaired.gold or 0))
    return [
        *rows,
        ScoreRow("micro", repaired.micro, given.micro, total=True),
        ScoreRow("macro", repaired.macro, given.macro, total=True),
    ]


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


def record_excerpts(record: ErrorRecord) -> list[Excerpt]:
    """Renders a record's text, or of a long one the sentences with errors, in two lines."""
    wrong: list[Region] = []
    gold_kinds: dict[LabelledSpan, str] = {}
    predicted_kinds: dict[LabelledSpan, str] = {}
    for error in record.errors:
        for span, kinds in ((error.gold, gold_kinds), (error.predicted, predicted_kinds)):
            if span:
                wrong.append((span[0], span[1]))
                kinds.setdefault(span, error.kind)
    return [
        Excerpt(
            start=window[0],
            end=window[1],
            gold=mark(record.text, record.gold, gold_kinds, record.ignored, window),
            predicted=mark(record.text, record.predicted, predicted_kinds, record.ignored, window),
        )
        for window in excerpts(record.text, wrong)
    ]


def mark(
    text: str,
    spans: Sequence[LabelledSpan],
    kinds: dict[LabelledSpan, str],
    ignored: Sequence[Region],
    window: Region,
) -> Markup:
    """Marks spans in a text; the markup's text is the text itself.

    Labels stand in attributes and are shown by the style sheet, so that copied text is clean.

    Args:
        text: The text.
        spans: The spans to mark, in character offsets.
        kinds: The kind of error of those that are wrong.
        ignored: Regions that are not scored.
        window: The part of the text to render.
    """
    out = []
    for segment in segments(text, [(s, e) for s, e, _ in spans], ignored, window=window):
        body = escape(segment.text)
        if segment.spans:
            covering = [kinds.get(spans[i]) for i in segment.spans]
            kind = next((kind for kind in covering if kind), "right")
            deep = " deep" if len(covering) > 1 else ""
            labels = ", ".join(_tag(spans[i], kinds) for i in segment.ends)
            tag = Markup(' data-tag="{}"').format(labels) if labels else ""
            body = Markup('<mark class="{}{}"{}>{}</mark>').format(kind, deep, tag, body)
        if segment.ignored:
            body = Markup('<span class="ignored">{}</span>').format(body)
        out.append(body)
    return Markup("").join(out)


def _tag(span: LabelledSpan, kinds: dict[LabelledSpan, str]) -> str:
    kind = kinds.get(span)
    return f"{span[2]} · {kind}" if kind else span[2]


def _error_labels(evaluations: Iterable[Evaluation]) -> list[str]:
    """The labels that occur in the errors shown, sorted."""
    errors: list[SpanError] = [
        error for e in evaluations for record in e.records for error in record.errors
    ]
    return sorted({label for error in errors for label in error.labels})


def _error_keys(errors: list[SpanError]) -> str:
    """What the page's filter looks at: kind and labels of each error, as JSON."""
    return json.dumps([[error.kind, error.labels] for error in errors], ensure_ascii=False)
