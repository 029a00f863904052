"""An audited record as a spaCy Doc."""

from __future__ import annotations

from spacy.tokens import Doc, Span

from ..annotations.audit import RecordAudit

NESTED_KEY = "nested"


def to_doc(doc: Doc, audit: RecordAudit, spans_key: str | None = None) -> Doc:
    """Sets the audited annotation on a tokenised Doc and returns it.

    ``doc.ents`` holds the trainable spans, tokens of missing ones are "unknown" to training and
    scoring, and ``doc.spans["nested"]`` holds the spans that lie in an ent, where there are any
    (serialising a span group takes longer than all the rest of a Doc).

    Args:
        doc: The record's text, tokenised by the tokenizer that gave the audit its edges.
        audit: The audit of the record.
        spans_key: Key of ``doc.spans`` under which a span categorizer looks for all trainable
            spans, those that share tokens included; None for a ``ner`` alone.
    """
    ents = [_char_span(doc, s.start, s.end, s.label) for s in audit.ents]
    missing = [_char_span(doc, start, end) for start, end in audit.missing]
    doc.set_ents(ents, missing=missing, default="outside")
    if audit.nested:
        doc.spans[NESTED_KEY] = [_char_span(doc, s.start, s.end, s.label) for s in audit.nested]
    if spans_key is not None:
        # An empty group too: spaCy passes over Docs without the key when it scores.
        spans = [_char_span(doc, s.start, s.end, s.label) for s in audit.trainable]
        doc.spans[spans_key] = spans
    return doc


def _char_span(doc: Doc, start: int, end: int, label: str = "") -> Span:
    span = doc.char_span(start, end, label=label)
    if span is None:
        raise AssertionError(f"audited span {start}–{end} is not on token edges: {doc.text!r:.80}")
    return span
