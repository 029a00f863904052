"""Places of unknown annotation in the training of a span categorizer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline import SpanCategorizer
from spacy.training import Example
from spacy.util import registry
from thinc.types import Floats2d, Ragged

MISSING = 0  # token.ent_iob of a token whose annotation is unknown


@registry.callbacks("spans.honour_missing.v1")
def create_honour_missing() -> Callable[[Language], Language]:
    """For [initialize.after_init]: span categorizers learn nothing from unknown places.

    A span categorizer takes every suggestion that is not gold for a negative
    (``SpanCategorizer.get_loss`` in spacy/pipeline/spancat.py), so that an entity which the audit
    left missing would be unlearned. Here the suggestions that touch a token with unknown annotation
    have no part in loss and gradient, save those that are gold themselves. Only training is
    changed: the saved pipeline is spaCy's own.
    """

    def honour_missing(nlp: Language) -> Language:
        # Disabled ones too: where a training is continued, all are when this is called.
        for _, pipe in nlp.components:
            if isinstance(pipe, SpanCategorizer):
                pipe.get_loss = _without_unknown(pipe)
        return nlp

    return honour_missing


def _without_unknown(pipe: SpanCategorizer) -> Callable[..., tuple[float, Floats2d]]:
    """The component's own ``get_loss``, without the suggestions that cannot be judged."""
    get_loss = pipe.get_loss

    def judged_loss(
        examples: Iterable[Example], spans_scores: tuple[Ragged, Floats2d]
    ) -> tuple[float, Floats2d]:
        examples = list(examples)
        loss, gradient = get_loss(examples, spans_scores)
        unknown = unknown_rows(examples, spans_scores[0], pipe)
        if not unknown.any():
            return loss, gradient
        gradient[pipe.model.ops.xp.asarray(unknown)] = 0
        return float((gradient**2).sum()), gradient

    return judged_loss


def unknown_rows(
    examples: Iterable[Example], suggested: Ragged, pipe: SpanCategorizer
) -> np.ndarray:
    """Which suggestions touch a token of unknown annotation and are not gold, (suggestions,).

    Args:
        examples: The examples.
        suggested: Their suggestions: first token and token after the last, of all, one after
            another.
        pipe: The span categorizer.
    """
    rows = np.asarray(pipe.model.ops.to_numpy(suggested.data)).reshape(-1, 2)
    unknown = np.zeros(len(rows), dtype=bool)
    first = 0
    for example, count in zip(examples, _lengths(suggested, pipe), strict=True):
        own = slice(first, first + count)
        first += count
        tokens = _unknown_tokens(example)
        if count and tokens.any():
            before = np.concatenate([[0], np.cumsum(tokens)])
            unknown[own] = before[rows[own, 1]] > before[rows[own, 0]]
            gold = example.get_aligned_spans_y2x(
                example.reference.spans.get(pipe.key, []), allow_overlap=True
            )
            places = {(span.start, span.end) for span in gold}
            known = [(int(start), int(end)) in places for start, end in rows[own]]
            unknown[own] &= ~np.array(known)
    return unknown


def _lengths(suggested: Ragged, pipe: SpanCategorizer) -> list[int]:
    return [int(n) for n in pipe.model.ops.to_numpy(suggested.lengths)]


def _unknown_tokens(example: Example) -> np.ndarray:
    """Which tokens of the predicted Doc share characters with one of unknown annotation."""
    reference: Any = [token.ent_iob == MISSING for token in example.reference]
    if not any(reference):
        return np.zeros(len(example.predicted), dtype=bool)
    aligned = example.alignment.x2y
    return np.array(
        [any(reference[j] for j in aligned[i]) for i in range(len(example.predicted))], dtype=bool
    )
