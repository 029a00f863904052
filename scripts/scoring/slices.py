"""Scores on parts of the spans: by surface seen in training, by entity and by text length."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from spacy.tokens import Doc

from .matching import Range
from .measures import Outcome
from .spans import DOC, END, LABEL, START, Aligned
from .tallies import tally
from .tokens import touched

Surfaces = Mapping[str, frozenset[str]]

SURFACES = ("seen in train", "seen with another label", "unseen")
ENTITY_LENGTHS = (1, 2, 3, 4, 5)
TEXT_LENGTHS = (1, 10, 20, 40, 80)


@dataclass(frozen=True)
class Slicing:
    """A division of spans.

    Args:
        names: Of its slices.
        gold: Slice of each gold span.
        predicted: Slice of each predicted span.
    """

    names: tuple[str, ...]
    gold: np.ndarray
    predicted: np.ndarray


def read_surfaces(docs: Iterable[Doc]) -> dict[str, frozenset[str]]:
    """The entity surfaces of a training corpus, and the labels that each has there."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for doc in docs:
        for ent in doc.ents:
            found[plain(ent.text)].add(ent.label_)
    return {surface: frozenset(labels) for surface, labels in found.items()}


def plain(surface: str) -> str:
    """A surface in the form in which surfaces are compared: NFC, with single blanks.

    A letter that Unicode can write in two ways, such as the Bangla য় (U+09DF, or U+09AF with
    U+09BC), is one letter to the reader and to the encoder's normalizer.
    """
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", surface)).strip()


def by_surface(aligned: Aligned, texts: Sequence[str], surfaces: Surfaces) -> Slicing:
    """Divides spans by whether train has their surface, with their label or another."""

    def find(span: np.ndarray) -> int:
        known = surfaces.get(plain(texts[span[DOC]][span[START] : span[END]]), frozenset())
        if not known:
            return 2
        return 0 if aligned.labels[span[LABEL]] in known else 1

    return _slicing(aligned, SURFACES, find)


def by_entity_length(aligned: Aligned, tokens: Sequence[Sequence[Range]]) -> Slicing:
    """Divides spans by the number of the model's tokens that they touch."""
    tables = [np.asarray(ranges, dtype=np.int64).reshape(-1, 2) for ranges in tokens]

    def find(span: np.ndarray) -> int:
        first, after = touched(tables[span[DOC]], span[START], span[END])
        return min(max(after - first, 1), ENTITY_LENGTHS[-1]) - 1

    names = ["1 token", *(f"{n} tokens" for n in ENTITY_LENGTHS[1:-1])]
    return _slicing(aligned, (*names, f"{ENTITY_LENGTHS[-1]}+ tokens"), find)


def by_text_length(aligned: Aligned, tokens: Sequence[Sequence[Range]]) -> Slicing:
    """Divides spans by the number of the model's tokens of their text."""
    sizes = np.asarray([len(ranges) for ranges in tokens])
    bins = np.maximum(np.searchsorted(TEXT_LENGTHS, sizes, side="right") - 1, 0)
    names = [f"{low}–{high - 1} tokens" for low, high in pairwise(TEXT_LENGTHS)]
    return _slicing(aligned, (*names, f"{TEXT_LENGTHS[-1]}+ tokens"), lambda s: bins[s[DOC]])


def tally_slices(aligned: Aligned, slicing: Slicing, outcome: Outcome) -> np.ndarray:
    """Tallies by document and slice, (documents, slices, 4)."""
    groups = slicing.gold, slicing.predicted
    return tally(aligned, outcome.pairs, outcome.credit, groups, len(slicing.names))


def _slicing(
    aligned: Aligned, names: tuple[str, ...], find: Callable[[np.ndarray], int]
) -> Slicing:
    gold, predicted = (
        np.asarray([find(span) for span in spans], dtype=np.int64)
        for spans in (aligned.gold, aligned.predicted)
    )
    return Slicing(names, gold, predicted)
