"""Record and Span: annotated text as every format is read into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..common.errors import UserError, at_line


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A marked stretch of text: ``text[start:end]`` carries ``label``.

    Offsets are code points, half-open, once a reader or the audit has mapped the file's unit.
    They may be wrong: a Span holds what the file says, the audit says what is wrong with it.

    Args:
        start: Offset of the first character.
        end: Offset after the last character.
        label: What the stretch is.
        fragments: The parts of a discontinuous span, in the same unit; ``start`` and ``end`` are
            then the first start and the last end. Empty for all others.
        surface: The text that the file says the span covers, where it says so.
        meta: Everything else the file says of the span, unread.
    """

    start: int
    end: int
    label: str
    fragments: tuple[tuple[int, int], ...] = ()
    surface: str | None = field(default=None, compare=False)
    meta: Mapping[str, Any] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Record:
    """One annotated text as the file gives it; the text is never changed.

    Args:
        text: The text, as given.
        spans: The marked spans in the file's order, faults included.
        line: Line of the file on which the record starts, from 1.
        meta: Everything else the file says of the record, unread.
        missing: Character ranges of which the file does not say whether they are entities.
        versions: Where several people annotated the text: annotator to spans. ``spans`` is empty
            until ``annotators.merge`` has decided between them.
        file: The file, where a directory is read.
        annotator: Who annotated the text, where one did and the file says who.
    """

    text: str
    spans: tuple[Span, ...]
    line: int
    meta: dict[str, Any] = field(default_factory=dict)
    missing: tuple[tuple[int, int], ...] = ()
    versions: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    file: str | None = None
    annotator: str | None = field(default=None, compare=False)

    @property
    def id(self) -> str | None:
        """The record's own ``id``, or None where the file gives none."""
        value = self.meta.get("id")
        return None if value is None else str(value)

    @property
    def document(self) -> str | None:
        """The document that the record is a part of: ``doc``, ``doc_id`` or ``document``."""
        for key in ("doc", "doc_id", "document"):
            value = self.meta.get(key)
            if isinstance(value, (str, int)):
                return str(value)
        return None

    @property
    def annotated_labels(self) -> frozenset[str] | None:
        """The labels that the text's annotators looked for; None where they looked for all.

        Raises:
            UserError: The record's ``annotated_labels`` is no list of words.
        """
        value = self.meta.get("annotated_labels")
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
            raise UserError(
                f"'annotated_labels' is no list of labels: {value!r:.80}",
                where=at_line(self.file or "the record", self.line, self.id),
                todo='Expected a list of words such as ["PER", "LOC"]; without the key, all labels '
                "count as annotated.",
            )
        return frozenset(value)

    @property
    def weight(self) -> int:
        """How often the text stands in the training corpus; 1 unless the record says otherwise.

        Raises:
            UserError: The record's ``weight`` is no whole number from 1 on.
        """
        value = self.meta.get("weight", 1)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UserError(
                f"'weight' is no whole number from 1 on: {value!r:.80}",
                where=at_line(self.file or "the record", self.line, self.id),
                todo="It says how often a training text is given to training in each epoch.",
            )
        return value
