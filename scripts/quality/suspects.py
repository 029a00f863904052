"""A suspect: a place where the annotation is likely to be wrong, and how suspects are ranked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..annotations.records import Span
from .texts import TrainingText

KINDS = {
    "missed": "Not marked, but probably an entity",
    "spurious": "Marked, but probably no entity",
    "label": "Marked with a label that is probably wrong",
    "boundary": "Marked, but probably with a wrong start or end",
}


@dataclass(frozen=True)
class Suspect:
    """A place where the annotation is likely to be wrong.

    Args:
        text: The text.
        gold: The span as trained on; None if there is none.
        suggestion: What should stand there instead; None if nothing should.
        confidence: How sure, 0 to 1; what suspects are ranked by.
        evidence: Part of the confidence by what says so: ``model`` or ``surface``.
        reasons: In words, one for each part.
    """

    text: TrainingText
    gold: Span | None
    suggestion: Span | None
    confidence: float
    evidence: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """One of KINDS."""
        return kind_of(self.gold, self.suggestion)

    @property
    def line(self) -> int:
        """Line of the annotation file, from 1."""
        return self.text.record.line


def kind_of(gold: Span | None, suggestion: Span | None) -> str:
    """The kind of error that a suggestion against a gold span supposes.

    ``label`` if only the label differs, ``boundary`` if an offset differs, whatever the label.
    """
    if gold is None:
        return "missed"
    if suggestion is None:
        return "spurious"
    same = (gold.start, gold.end) == (suggestion.start, suggestion.end)
    return "label" if same else "boundary"


def rank(suspects: Iterable[Suspect]) -> list[Suspect]:
    """Brings together what says the same of one place, and sorts by confidence.

    Two independent pieces of evidence for one place are joined as 1 − (1 − a)(1 − b) where they
    suggest the same; else the stronger one stands.

    Args:
        suspects: From all sources.
    """
    places: dict[tuple[Any, ...], list[Suspect]] = {}
    for suspect in sorted(suspects, key=_order):
        known = places.setdefault((suspect.text.source, suspect.gold), [])
        _add(known, suspect)
    found = [suspect for known in places.values() for suspect in known]
    return sorted(found, key=_order)


def _add(known: list[Suspect], suspect: Suspect) -> None:
    """Adds a suspect to the stronger ones of its text and gold span."""
    for i, other in enumerate(known):
        if suspect.suggestion == other.suggestion:
            known[i] = _joined(other, suspect)
            return
        if suspect.gold is not None or _overlap(suspect.suggestion, other.suggestion):
            return
    known.append(suspect)


def _joined(first: Suspect, second: Suspect) -> Suspect:
    confidence = 1 - (1 - first.confidence) * (1 - second.confidence)
    return replace(
        first,
        confidence=confidence,
        evidence={**first.evidence, **second.evidence},
        reasons=(*first.reasons, *second.reasons),
    )


def _overlap(first: Span | None, second: Span | None) -> bool:
    return bool(first and second and first.start < second.end and second.start < first.end)


def _order(suspect: Suspect) -> tuple[Any, ...]:
    span = suspect.gold or suspect.suggestion
    return -suspect.confidence, suspect.text.file, suspect.line, span, suspect.suggestion or span
