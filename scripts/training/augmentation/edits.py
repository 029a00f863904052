"""Changes of a text, and where its spans are afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Edit:
    """A piece of a text and what is to stand there instead; characters, end exclusive."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made.

    Args:
        text: The text that the edits' offsets refer to.
        edits: Rising, none overlapping another.
    """
    parts = []
    done = 0
    for edit in edits:
        parts += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*parts, text[done:]])


def moved(edits: Sequence[Edit], start: int, end: int) -> tuple[int, int] | None:
    """Where a span of the old text is in the new one, in characters.

    What is put in at an edge of the span stays outside of it.

    Returns:
        The new offsets; None if an edit reaches over an edge of the span, or leaves nothing of it.
    """
    new_start, new_end = start, end
    for edit in edits:
        grown = len(edit.text) - (edit.end - edit.start)
        if edit.end <= start:
            new_start += grown
            new_end += grown
        elif edit.start >= end:
            break
        elif start <= edit.start and edit.end <= end:
            new_end += grown
        else:
            return None
    return (new_start, new_end) if new_start < new_end else None
