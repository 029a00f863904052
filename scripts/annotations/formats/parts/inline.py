"""Spans as markup inside their text: what such a format can hold, and whether it reads back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ....common.errors import UserError, at_line
from ...records import Record, Span
from ..base import Tell
from .writing import tell_left

Write = Callable[[str, Sequence[Span]], str]
Read = Callable[[str], tuple[str, list[Span]] | None]


def inline_spans(
    record: Record, tell: Tell, *, empty: bool = False, same_place: bool = False
) -> list[Span]:
    """The spans of a record that brackets in its text can mark, in the order of the text.

    Args:
        record: The record; its other spans are told as not written.
        tell: Called for each span left out.
        empty: Whether the format can mark a place between two characters.
        same_place: Whether the format can give several labels to the same stretch.
    """
    kept: list[Span] = []
    # Of two spans that start together the longer comes first, so that the inner one is left out.
    for span in sorted(record.spans, key=lambda s: (s.start, s.start != s.end, -s.end)):
        again = bool(kept) and (kept[-1].start, kept[-1].end) == (span.start, span.end)
        if span.fragments:
            why = "the format has no discontinuous spans"
        elif not 0 <= span.start <= span.end <= len(record.text):
            why = "it is not inside the text"
        elif span.start == span.end and not empty:
            why = "the format has no empty spans"
        elif again and same_place:
            why = ""
        elif kept and span.start < kept[-1].end:
            why = f"it overlaps {kept[-1].label} {kept[-1].start}:{kept[-1].end}"
        else:
            why = ""
        if why:
            tell_left(record, span, why, tell)
        else:
            kept.append(span)
    return kept


def markup_that_reads_back(
    record: Record, spans: Sequence[Span], write: Write, read: Read, tell: Tell, *, todo: str
) -> str:
    """Marks spans in a text, leaving out those that would not be read back as they are.

    Args:
        record: The record whose text it is.
        spans: Spans that do not overlap, in the order of the text.
        write: Gives the marked text.
        read: Gives text and spans of a marked text, or None if it cannot be read.
        tell: Called for each span left out: its text or label holds what the markup is made of.
        todo: What to do about a text that cannot be held even without spans.

    Raises:
        UserError: The text itself reads as markup.
    """
    markup = write(record.text, spans)
    if read(markup) == (record.text, list(spans)):
        return markup
    kept: list[Span] = []
    markup = write(record.text, kept)
    if read(markup) != (record.text, kept):
        raise UserError(
            f"The text reads as if it were marked up: {record.text!r:.80}",
            where=at_line(record.file or "the records", record.line, record.id),
            todo=todo,
        )
    for span in spans:
        longer = write(record.text, [*kept, span])
        if read(longer) == (record.text, [*kept, span]):
            kept, markup = [*kept, span], longer
        else:
            tell_left(record, span, "marked up, it would be read as something else", tell)
    return markup
