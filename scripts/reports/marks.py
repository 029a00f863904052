"""Texts with their gold and predicted spans marked, as HTML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from .evaluations import Evaluation
from .schemas.base import LabelledSpan, Region
from .schemas.metrics import ErrorRecord, SpanError
from .sentences import excerpts, segments


@dataclass(frozen=True)
class Excerpt:
    """A part of a text, its gold line and its predicted line; offsets in characters."""

    start: int
    end: int
    gold: Markup
    predicted: Markup


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


def error_labels(evaluations: Iterable[Evaluation]) -> list[str]:
    """The labels that occur in the errors shown, sorted."""
    errors: list[SpanError] = [
        error for e in evaluations for record in e.records for error in record.errors
    ]
    return sorted({label for error in errors for label in error.labels})


def error_keys(errors: list[SpanError]) -> str:
    """What the page's filter looks at: kind and labels of each error, as JSON."""
    return json.dumps([[error.kind, error.labels] for error in errors], ensure_ascii=False)
