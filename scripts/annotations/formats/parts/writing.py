"""What writers share: file names for records, and how they tell what a format cannot hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import count

from ...records import Record, Span
from ..base import Notice, Tell

MAX_NAME_BYTES = 200

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\s]')
# Hidden files are not read back, and Windows keeps some names for devices.
_SPECIAL = re.compile(r"(?=\.|(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)|$)", re.IGNORECASE)


def named_records(records: Iterable[Record], tell: Tell) -> Iterator[tuple[str, Record]]:
    """Gives every record the name of its file: its id, or its number if it has none.

    Told are ids that are no file names of their own, and unknown ranges and what else training
    needs to know, which formats without a place for them lose.
    """
    taken: set[str] = set()
    for number, record in enumerate(records, 1):
        name = file_name_of(record.id or f"{number:06}", taken)
        tell_renamed(record, name, tell)
        tell_missing(record, tell)
        tell_dropped_keys(record, tell)
        yield name, record


def file_name_of(name: str, taken: set[str]) -> str:
    """A name as a file name that every file system can hold, not yet taken; it is then taken."""
    safe = _UNSAFE.sub("_", name).rstrip(".")
    if _SPECIAL.match(safe):
        safe = f"_{safe}"
    while len(safe.encode("utf8")) > MAX_NAME_BYTES:
        safe = safe[:-1]
    for number in count(1):
        found = safe if number == 1 else f"{safe}_{number}"
        # Some file systems know neither case nor Unicode normal forms apart.
        key = unicodedata.normalize("NFC", found).casefold()
        if key not in taken:
            taken.add(key)
            return found
    raise AssertionError("count never ends")


def tell_renamed(record: Record, name: str, tell: Tell) -> None:
    """Tells of an id that had to be changed."""
    if record.id not in (None, name):
        note = f"the id {record.id!r} cannot stand here as it is; it is written as {name!r}"
        tell_note(record, note, tell)


def tell_missing(record: Record, tell: Tell) -> None:
    """Tells of ranges of which nothing is known, for which the format has no place."""
    if record.missing:
        note = f"{len(record.missing)} ranges of which it is not known whether they are entities"
        tell_note(record, note, tell)


def tell_dropped_keys(record: Record, tell: Tell) -> None:
    """Tells of keys that change what is learned from a text, for formats that keep no such keys."""
    lost = [key for key in ("annotated_labels", "weight") if record.meta.get(key) is not None]
    if lost:
        tell_note(record, f"the record's {' and '.join(lost)}", tell)


def tell_left(record: Record, span: Span, why: str, tell: Tell) -> None:
    """Tells of a span that the format cannot hold, and why."""
    tell_note(record, f"[{span.start}, {span.end}, {span.label!r}]: {why}", tell, spans=1)


def tell_note(record: Record, note: str, tell: Tell, *, spans: int = 0) -> None:
    """Tells of something in a record that the format cannot hold, and of how many spans it is."""
    tell(Notice("not-written", record.line, note, spans, record.file))
