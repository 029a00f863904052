"""Token-level scores: the IOB2 tags of the model's tokens, as a token classifier is scored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from ..annotations.records import Span
from .matching import Range


@dataclass(frozen=True)
class TokenTags:
    """Tags of every judged token of many documents, as indices in ``tags``.

    Args:
        labels: Labels, sorted.
        docs: Number of documents.
        doc: Document of each token.
        gold: Gold tag of each token.
        predicted: Predicted tag of each token.
    """

    labels: tuple[str, ...]
    docs: int
    doc: np.ndarray
    gold: np.ndarray
    predicted: np.ndarray

    @property
    def tags(self) -> list[str]:
        """O, then B and I of each label: the tag of label i is 2 i + 1 or 2 i + 2."""
        return ["O", *(f"{prefix}-{label}" for label in self.labels for prefix in "BI")]

    @property
    def confusion(self) -> np.ndarray:
        """Numbers of tokens, rows gold tags, columns predicted ones."""
        side = 2 * len(self.labels) + 1
        return np.bincount(self.gold * side + self.predicted, minlength=side**2).reshape(side, side)


@dataclass(frozen=True)
class Tagged:
    """A text's tokens, gold and predicted spans, and the ranges whose annotation is missing."""

    tokens: Sequence[Range]
    gold: Collection[Span]
    predicted: Collection[Span]
    missing: Sequence[Range] = ()


def tag_tokens(texts: Sequence[Tagged]) -> TokenTags:
    """Tags all tokens; those that touch missing annotation are left out."""
    labels = tuple(sorted({s.label for t in texts for s in (*t.gold, *t.predicted)}))
    index = {label: i for i, label in enumerate(labels)}
    parts = [(np.zeros((0, 3), dtype=np.int64))]
    for doc, text in enumerate(texts):
        tokens = np.asarray(text.tokens, dtype=np.int64).reshape(-1, 2)
        table = np.full((len(tokens), 3), doc, dtype=np.int64)
        table[:, 1] = _tag_indices(tokens, text.gold, index)
        table[:, 2] = _tag_indices(tokens, text.predicted, index)
        if text.missing:
            judged = np.ones(len(tokens), dtype=bool)
            for start, end in text.missing:
                judged[slice(*touched(tokens, start, end))] = False
            table = table[judged]
        parts.append(table)
    doc, gold, predicted = np.concatenate(parts).T
    return TokenTags(labels, len(texts), doc, gold, predicted)


def touched(tokens: np.ndarray, start: int, end: int) -> tuple[int, int]:
    """First token that a character range touches, and the token after the last.

    Args:
        tokens: Character ranges, in order, (tokens, 2).
        start: First character.
        end: Character after the last.
    """
    first = int(np.searchsorted(tokens[:, 1], start, side="right"))
    return first, max(first, int(np.searchsorted(tokens[:, 0], end, side="left")))


def iob_tags(tokens: Sequence[Range], spans: Collection[Span]) -> list[str]:
    """IOB2 tags of tokens; a span that is not on token edges tags the tokens it touches.

    Args:
        tokens: Character range of each token, in order.
        spans: Spans; where two touch a token, the later one has it.
    """
    labels = sorted({span.label for span in spans})
    index = {label: i for i, label in enumerate(labels)}
    names = TokenTags(tuple(labels), 0, *[np.zeros(0)] * 3).tags
    ranges = np.asarray(tokens, dtype=np.int64).reshape(-1, 2)
    return [names[tag] for tag in _tag_indices(ranges, spans, index)]


def tally_tags(tagged: TokenTags) -> np.ndarray:
    """Tallies of tokens by document and tag, O included, (documents, tags, 4)."""
    side = 2 * len(tagged.labels) + 1
    cells = tagged.docs * side
    gold = tagged.doc * side + tagged.gold
    right = np.bincount(gold[tagged.gold == tagged.predicted], minlength=cells)
    parts = [
        right,
        np.bincount(gold, minlength=cells),
        right,
        np.bincount(tagged.doc * side + tagged.predicted, minlength=cells),
    ]
    return np.stack(parts, axis=-1).astype(float).reshape(tagged.docs, side, 4)


def _tag_indices(tokens: np.ndarray, spans: Collection[Span], index: dict[str, int]) -> np.ndarray:
    tags = np.zeros(len(tokens), dtype=np.int64)
    for span in sorted(spans):
        first, after = touched(tokens, span.start, span.end)
        if first < after:
            tags[first:after] = 2 * index[span.label] + 2
            tags[first] -= 1
    return tags
