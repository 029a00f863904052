"""LightTag exports: one JSON object with examples, their annotations and who made these.

The shape is that which public scripts for LightTag's exports read and embed:
``{"annotations_and_examples": [{"content", "metadata", "annotations": [{"start", "end", "tag"}],
"classifications"}], "relations"}``, or the list under ``examples``. ``example_id``, ``value``,
``annotated_by``, ``seen_by`` and ``correct`` are read where they stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record, Span
from .base import Format, Head, Notice, ReadOptions, Tell
from .parts.checks import label_of, offset_of, text_of
from .parts.json_nested import read_located

EXAMPLES_KEYS = ("annotations_and_examples", "examples")
# Annotations of which the export does not say who made them, beside others of which it does.
NOBODY = "unknown"
EXAMPLE = (
    '{"examples": [{"content": "ঢাকা", "annotations": [{"start": 0, "end": 4, "tag": "LOC", '
    '"value": "ঢাকা", "annotated_by": [{"annotator": "a"}]}]}]}'
)


def sniff_lighttag(head: Head) -> bool:
    """Whether a file begins with an object that lists examples with contents and annotations."""
    values = head.values
    if not values or not isinstance(values[0], dict):
        return False
    examples = next((values[0][k] for k in EXAMPLES_KEYS if k in values[0]), values)
    if not isinstance(examples, list) or not examples:
        return False
    return all(_is_example(value, whole=examples is not values) for value in examples)


def _is_example(value: Any, *, whole: bool) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("content"), str):
        return False
    annotations = value.get("annotations")
    if not isinstance(annotations, list):
        return False
    # Examples outside an export must show LightTag's own keys.
    return whole or any(isinstance(a, dict) and {"tag", "value"} <= a.keys() for a in annotations)


def read_lighttag(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Reads the examples of a LightTag export; offsets stay as the file gives them.

    Where at least two people annotated an example, each one's spans are a version; somebody who
    is listed as having seen it and marked nothing has an empty one.

    Args:
        path: A UTF-8 file with one object, a list of them, or the examples alone.
        options: Unused: the format has fixed keys.
        tell: Called for each example in which a reviewer rejected annotations, and once with what
            holds for whole texts or between spans.

    Raises:
        UserError: The file is no such export, or an example lacks content, offsets or tags.
    """
    for value, line, line_of in read_located(path):
        if not isinstance(value, dict):
            raise _unexpected(
                f"A JSON {type(value).__name__} stands in place of an object", at_line(path, line)
            )
        key = next((k for k in EXAMPLES_KEYS if k in value), None)
        examples = [value] if key is None else value[key]
        if not isinstance(examples, list):
            raise _unexpected(f"{key!r} is no list", at_line(path, line))
        if key is not None and value.get("relations"):
            note = "Relations between spans of the whole export are left out"
            tell(Notice("not-text", line, note))
        for example in examples:
            yield _record(example, line_of(example), path, tell)


def _unexpected(what: str, where: str) -> UserError:
    return UserError(what, where=where, todo=f"Expected {EXAMPLE}.")


def _record(example: Any, line: int, path: Path, tell: Tell) -> Record:
    if not isinstance(example, dict):
        raise _unexpected(f"An example is no object: {example!r:.80}", at_line(path, line))
    identity = example.get("example_id")
    where = at_line(path, line, None if identity is None else str(identity))
    text = text_of(example, "content", where)
    annotations = example.get("annotations")
    if not isinstance(annotations, list):
        raise _unexpected("The example has no list of annotations", where)
    meta = {k: v for k, v in example.items() if k not in ("content", "annotations")}
    if identity is not None:
        meta.setdefault("id", identity)
    rejected = 0
    marked: list[tuple[Span, list[str]]] = []
    for index, annotation in enumerate(annotations):
        if not isinstance(annotation, dict):
            raise _unexpected(f"Annotation {index} is no object: {annotation!r:.80}", where)
        if annotation.get("correct") is False:
            rejected += 1
        else:
            people = _people(annotation.get("annotated_by"))
            marked.append((_span(annotation, index, where), people))
    if rejected:
        note = f"A reviewer rejected {rejected} annotations"
        tell(Notice("left-out", line, note, spans=rejected))
    versions = _versions(marked, _people(example.get("seen_by")))
    spans = () if versions else tuple(span for span, _ in marked)
    people = sorted({name for _, names in marked for name in names})
    lone = people[0] if len(people) == 1 and not versions else None
    return Record(text, spans, line, meta, versions=versions, annotator=lone)


def _span(annotation: dict[str, Any], index: int, where: str) -> Span:
    rest = dict(annotation)
    name = f"Annotation {index}"
    start = offset_of(rest.pop("start", None), f"{name}: start", where)
    end = offset_of(rest.pop("end", None), f"{name}: end", where)
    label = label_of(rest.pop("tag", None), name, where)
    surface = rest.pop("value") if isinstance(rest.get("value"), str) else None
    return Span(start, end, label, (), surface, rest or None)


def _people(value: Any) -> list[str]:
    """The annotators of a list such as ``[{"annotator": "a", "annotator_id": 1}]``."""
    names = []
    for entry in value if isinstance(value, list) else []:
        name = (
            entry.get("annotator", entry.get("annotator_id")) if isinstance(entry, dict) else entry
        )
        if isinstance(name, (str, int)):
            names.append(str(name))
    return names


def _versions(
    marked: list[tuple[Span, list[str]]], seen_by: list[str]
) -> dict[str, tuple[Span, ...]]:
    """The spans of each annotator; empty unless there are at least two."""
    people = {name for _, names in marked for name in names}.union(seen_by)
    if len(people) < 2:
        return {}
    if not all(names for _, names in marked):
        people.add(NOBODY)
    return {
        name: tuple(span for span, names in marked if name in (names or [NOBODY]))
        for name in sorted(people)
    }


FORMAT = Format(
    name="lighttag",
    title="LightTag export, JSON",
    sniff=sniff_lighttag,
    read=read_lighttag,
    unit="auto",
)
