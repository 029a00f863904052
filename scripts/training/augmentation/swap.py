"""Entity swap: another name of the same label, in the same case."""

from __future__ import annotations

import random
from collections.abc import Sequence

from spacy.tokens import Doc, Span
from spacy.util import registry

from ...common.errors import UserError
from .edits import Edit
from .examples import UNKNOWN
from .names import Names


class EntitySwap:
    """Puts other names of the training set in the places of a text's names.

    Labels and all text outside the names stay. A name that occurs several times in a text is
    swapped everywhere for the same one. Left as it is: a name beside a token whose annotation is
    missing, one that nests in or overlaps another span, one whose case is not sure.

    Args:
        level: Share of the names that are swapped in a text, above 0 and up to 1.

    Raises:
        UserError: The level is no such share.
    """

    def __init__(self, level: float) -> None:
        if not 0 < level <= 1:
            raise UserError(
                f"The level of entity swap is {level}",
                where="[training.batcher.augmenters]",
                todo="It is a share of the names, above 0 and up to 1.",
            )
        self.level = level
        self.names = Names([])

    def prepare(self, docs: Sequence[Doc]) -> None:
        """Collects the names of the training set."""
        self.names = Names(docs)

    def edits(self, doc: Doc, rng: random.Random) -> list[Edit]:
        """The names to put in, each in the place of another."""
        edits = []
        chosen: dict[tuple[str, str], str | None] = {}
        for ent in doc.ents:
            split = self.names.split(ent.text, ent.label_)
            if split is None or not _stands_alone(ent):
                continue
            stem, case = split
            key = (ent.label_, stem)
            if key not in chosen:
                drawn = rng.random() < self.level
                chosen[key] = self.names.other(stem, ent.label_, rng) if drawn else None
            other = chosen[key]
            new = None if other is None else self.names.written(other, case, doc.text)
            if new is not None:
                edits.append(Edit(ent.start_char, ent.end_char, new))
        return edits


@registry.augmenters("spans.entity_swap.v1")
def create_entity_swap(level: float) -> EntitySwap:
    """Swaps names for others of the same label from the training set, in the same case.

    Args:
        level: Share of a text's names that are swapped, above 0 and up to 1.

    Raises:
        UserError: The level is no such share.
    """
    return EntitySwap(level)


def _stands_alone(ent: Span) -> bool:
    """Whether no missing token is beside an ent, and no other span shares only part with it."""
    doc = ent.doc
    beside = doc[max(0, ent.start - 1) : ent.end + 1]
    if any(token.ent_iob == UNKNOWN for token in beside):
        return False
    edges = (ent.start, ent.end)
    return not any(
        span.start < ent.end and ent.start < span.end and (span.start, span.end) != edges
        for group in doc.spans.values()
        for span in group
    )
