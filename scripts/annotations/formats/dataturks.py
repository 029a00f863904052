"""Dataturks: JSON lines with a text and labelled points, whose ends are inclusive.

The shape is that of Dataturks' own conversion script to spaCy and of its public resume data set:
``{"content": …, "annotation": [{"label": ["X"], "points": [{"start", "end", "text"}]}]}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record, Span
from .base import Format, Head, Notice, ReadOptions, Tell
from .parts.checks import label_of, offset_of, text_of
from .parts.json_source import read_items

EXAMPLE = (
    '{"content": "ঢাকা", "annotation": [{"label": ["LOC"], "points": '
    '[{"start": 0, "end": 3, "text": "ঢাকা"}]}]}'
)


def sniff_dataturks(head: Head) -> bool:
    """Whether a file begins with JSON objects that have ``content`` and ``annotation``."""
    values = head.values
    return bool(values) and all(
        isinstance(value, dict)
        and isinstance(value.get("content"), str)
        and isinstance(value.get("annotation", ""), (list, type(None)))
        for value in values
    )


def read_dataturks(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the records of a Dataturks file, the ends of its spans made exclusive.

    Dataturks counts the last character in. Files that passed through other tools may not: the file
    is read twice, and first it is counted how often the words that stand beside the offsets are
    found with inclusive and with exclusive ends.

    Args:
        path: A UTF-8 file, one object a line.
        options: Unused: the format has fixed keys.
        tell: Called once with how ends are read and both counts, and for each text that nobody
            annotated and each annotation that is no labelled stretch of text.

    Raises:
        UserError: A line is no such object, or an offset or label cannot be read.
    """
    inclusive, exclusive = _count_readings(path)
    last = int(inclusive >= exclusive)
    if inclusive or exclusive:
        note = f"Ends are read as {'inclusive' if last else 'exclusive'}: {inclusive} spans have"
        tell(
            Notice(
                "read-as", 0, f"{note} their words with inclusive, {exclusive} with exclusive ends"
            )
        )
    for item in read_items(path):
        where = at_line(path, item.line)
        value = item.value
        if not isinstance(value, dict) or "annotation" not in value:
            raise UserError(
                "The line is no object with an 'annotation'",
                where=where,
                todo=f"Expected one object a line, such as {EXAMPLE}.",
            )
        text = text_of(value, "content", where)
        annotations = value["annotation"]
        if annotations is None:
            tell(Notice("unannotated", item.line, "'annotation' is null: nobody annotated it"))
        elif isinstance(annotations, dict):
            tell(Notice("not-text", item.line, "'annotation' is a class of the whole text"))
        elif isinstance(annotations, list):
            spans: list[Span] = []
            for index, annotation in enumerate(annotations):
                spans += _spans(annotation, last, index, item.line, where, tell)
            meta = {k: v for k, v in value.items() if k not in ("content", "annotation")}
            yield Record(text, tuple(spans), item.line, meta)
        else:
            raise UserError("'annotation' is no list", where=where, todo=f"Expected {EXAMPLE}.")


def _spans(
    annotation: Any, last: int, index: int, line: int, where: str, tell: Tell
) -> Iterator[Span]:
    """One span for each label and each point of an annotation.

    ``last`` is what is added to an end: 1 if the last character is counted in.
    """
    name = f"Annotation {index}"
    if not isinstance(annotation, dict) or not isinstance(annotation.get("points"), list):
        raise UserError(
            f"{name} has no list of points: {annotation!r:.80}",
            where=where,
            todo=f"Expected {EXAMPLE}.",
        )
    labels = annotation.get("label")
    labels = labels if isinstance(labels, list) else [] if labels is None else [labels]
    points = annotation["points"]
    if not labels:
        note = f"{name} has no label: {_words(points)}"
        tell(Notice("no-label", line, note, spans=len(points)))
        return
    rest = {k: v for k, v in annotation.items() if k not in ("label", "points")}
    for point in points:
        if not isinstance(point, dict):
            tell(Notice("not-text", line, f"{name} is a point of an image", spans=len(labels)))
            continue
        start = offset_of(point.get("start"), f"{name}: start", where)
        end = offset_of(point.get("end"), f"{name}: end", where) + last
        words = point.get("text")
        surface = words if isinstance(words, str) else None
        known = ("start", "end", "text") if surface is not None else ("start", "end")
        meta = {**rest, **{k: v for k, v in point.items() if k not in known}}
        for label in labels:
            yield Span(start, end, label_of(label, name, where), (), surface, meta or None)


def _words(points: list[Any]) -> str:
    words = [point.get("text") for point in points if isinstance(point, dict)]
    return f"{', '.join(map(repr, words)):.80}"


def _count_readings(path: Path) -> tuple[int, int]:
    """How many points have their words at their offsets with inclusive and exclusive ends.

    Offsets are tried as code points and as UTF-16 code units.
    """
    inclusive = exclusive = 0
    for item in read_items(path):
        text = item.value.get("content") if isinstance(item.value, dict) else None
        annotations = item.value.get("annotation") if isinstance(text, str) else None
        if not isinstance(annotations, list):
            continue
        wide = text.encode("utf-16-le") if max(text, default="") > "\uffff" else None
        for start, end, words in _points(annotations):
            inclusive += words in _readings(text, wide, start, end + 1)
            exclusive += words in _readings(text, wide, start, end)
    return inclusive, exclusive


def _points(annotations: list[Any]) -> Iterator[tuple[int, int, str]]:
    """The points that have whole offsets and words to compare."""
    for annotation in annotations:
        points = annotation.get("points") if isinstance(annotation, dict) else None
        for point in points if isinstance(points, list) else []:
            values = point if isinstance(point, dict) else {}
            start, end, words = values.get("start"), values.get("end"), values.get("text")
            if type(start) is int and type(end) is int and isinstance(words, str) and words:
                yield start, end, words


def _readings(text: str, wide: bytes | None, start: int, end: int) -> tuple[str, ...]:
    """What stands between two offsets; nothing if they are not in the text."""
    found = []
    if 0 <= start <= end <= len(text):
        found.append(text[start:end])
    if wide is not None and 0 <= start <= end <= len(wide) // 2:
        found.append(wide[2 * start : 2 * end].decode("utf-16-le", errors="replace"))
    return tuple(found)


FORMAT = Format(
    name="dataturks",
    title="Dataturks: JSON lines with points, ends inclusive",
    sniff=sniff_dataturks,
    read=read_dataturks,
    unit="auto",
)
