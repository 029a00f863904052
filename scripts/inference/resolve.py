"""The spans that a span categorizer marks, overlapping or not, and the entities among them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from spacy.language import Language
from spacy.pipeline import SpanCategorizer
from spacy.tokens import Doc, Span

from ..pipelines.meta import ENTITIES, LONGEST_FIRST, NER, ORIGIN


def span_categorizer(nlp: Language) -> SpanCategorizer | None:
    """The span categorizer that marks a pipeline's entities; None where a ``ner`` does.

    The last one counts, where there are several.
    """
    if NER in nlp.pipe_names:
        return None
    found = [pipe for _, pipe in nlp.pipeline if isinstance(pipe, SpanCategorizer)]
    return found[-1] if found else None


def scores_of(doc: Doc, key: str) -> tuple[float, ...]:
    """The score (0 to 1) of each span of the group that a span categorizer wrote, in order."""
    group = doc.spans[key]
    # spaCy writes no scores where there was nothing to suggest: the group is empty then.
    return tuple(float(score) for score in group.attrs.get("scores", np.zeros(len(group))))


def longest_first(nlp: Language) -> bool:
    """Whether a pipeline's entities are the longest of its spans that share tokens.

    Its meta says so where it learned spans that share tokens
    (``pipelines.meta.choice_of_entities``).
    """
    origin = nlp.meta.get(ORIGIN)
    return isinstance(origin, dict) and origin.get(ENTITIES) == LONGEST_FIRST


def resolve_spans(
    spans: Sequence[Span], scores: Sequence[float], *, longest: bool = False
) -> list[int]:
    """Chooses those spans that are a text's entities: one of any that share a token.

    Spans are taken in order, and one that shares a token with a span taken before is passed over.
    The order is that of score, the highest first, and of length, the longest first; which of the
    two comes first, ``longest`` says. Then the earlier comes first, then that with the lesser
    label. By score is how spaCy resolves within a span categorizer with ``allow_overlap = false``
    (``SpanCategorizer._make_span_group_singlelabel``), by length is ``spacy.util.filter_spans``.

    Args:
        spans: Spans of one Doc.
        scores: The score of each.
        longest: Whether length comes before score.

    Returns:
        Indices of the chosen spans, in text order.
    """

    def rank(i: int) -> tuple[float, float, int, str]:
        span = spans[i]
        best, length = -scores[i], float(span.start - span.end)
        return *((length, best) if longest else (best, length)), span.start, span.label_

    taken: set[int] = set()
    chosen = []
    for i in sorted(range(len(spans)), key=rank):
        tokens = range(spans[i].start, spans[i].end)
        if taken.isdisjoint(tokens):
            taken.update(tokens)
            chosen.append(i)
    return sorted(chosen, key=lambda i: spans[i].start)


def set_entities(doc: Doc, key: str, *, longest: bool = False) -> tuple[float, ...]:
    """Sets ``doc.ents`` to the entities among the spans of a group.

    Args:
        doc: A Doc that a span categorizer has marked.
        key: Its ``spans_key``.
        longest: As in ``resolve_spans``.

    Returns:
        The score of each entity, in order.
    """
    spans, scores = list(doc.spans[key]), scores_of(doc, key)
    chosen = resolve_spans(spans, scores, longest=longest)
    doc.set_ents([spans[i] for i in chosen], default="outside")
    return tuple(scores[i] for i in chosen)
