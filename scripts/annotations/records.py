"""Record and Span: annotated text as every format is read into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A marked stretch of text: ``text[start:end]`` carries ``label``.

    Offsets are code points, half-open, once a reader or the audit has mapped the file's unit.
    They may be wrong: a Span holds what the file says, the audit says what is wrong with it.
    """

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Record:
    """One annotated text as the file gives it; the text is never changed.

    Args:
        text: The text, as given.
        spans: The marked spans in the file's order, faults included.
        line: Line of the file on which the record starts, from 1.
        meta: Everything else the file says of the record, unread.
    """

    text: str
    spans: tuple[Span, ...]
    line: int
    meta: dict[str, Any] = field(default_factory=dict)

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
