"""Word-level scores: one label for each word between blanks, as MASSIVE and its users count."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np

from ..annotations.records import Span
from .matching import Range
from .tokens import Tagged, tag_tokens

WORD = re.compile(r"\S+")


def words_of(text: str) -> list[Range]:
    """Character ranges of the words of a text: what stands between white space."""
    return [match.span() for match in WORD.finditer(text)]


def as_words(
    text: str, gold: Collection[Span], predicted: Collection[Span], missing: Sequence[Range]
) -> Tagged:
    """A text to be tagged word by word, whatever tokens a model makes of it.

    Args:
        text: The text.
        gold: Gold spans, character offsets.
        predicted: Predicted spans, character offsets.
        missing: Character ranges whose annotation is missing; words that touch one are not judged.
    """
    return Tagged(words_of(text), gold, predicted, missing)


def tally_words(texts: Sequence[Tagged]) -> np.ndarray:
    """Words labelled right and words judged, of all and of those that gold does not call O.

    A word has the label of the span that touches it (of several, the last), without B and I as in
    MASSIVE's own word labels (FitzGerald et al. 2022), else O.

    Returns:
        Counts, (documents, 2, 2): all words and those not O; right and judged.
    """
    tagged = tag_tokens(texts)
    # O is 0; B and I of label i are 2 i + 1 and 2 i + 2: both become i + 1.
    gold, predicted = (tagged.gold + 1) // 2, (tagged.predicted + 1) // 2
    right, marked = gold == predicted, gold > 0
    chosen = (right, np.ones_like(right), right & marked, marked)
    counts = [np.bincount(tagged.doc[rows], minlength=tagged.docs) for rows in chosen]
    return np.stack(counts, axis=-1).astype(float).reshape(tagged.docs, 2, 2)


def share_right(tallies: np.ndarray) -> np.ndarray:
    """Accuracy from tallies (..., right and judged); NaN where nothing was judged."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return tallies[..., 0] / np.where(tallies[..., 1] > 0, tallies[..., 1], np.nan)
