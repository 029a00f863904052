"""Label Studio's JSON-MIN: flat objects, one an annotation, with the regions under their control.

Nothing in a row says what its keys are: ``data`` and the controls' names are side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record
from .base import Format, Head, Notice, ReadOptions, Tell
from .parts.checks import text_of
from .parts.json_source import Item, parse_json, read_items
from .parts.label_studio_regions import (
    SPAN_TYPES,
    Region,
    RegionText,
    is_address,
    is_html,
    make_region,
    refuse_lost,
    tell_lost,
)
from .parts.shared_texts import group_rows, own_names

# The converter writes these in every row, null where the task has no annotation.
ROW_KEYS = ("annotation_id", "annotator")
OWN_KEYS = (*ROW_KEYS, "id", "created_at", "updated_at", "lead_time", "agreement", "history")
TEXT_KEY = "text"


def sniff_label_studio_min(head: Head) -> bool:
    """Whether a JSON object has the keys of every row, or a list of regions under a key."""
    return any(_is_row(value) for value in head.values)


def _is_row(value: Any) -> bool:
    if not isinstance(value, dict) or isinstance(value.get("data"), dict):
        return False
    if all(key in value for key in ROW_KEYS):
        return True
    return any(_is_regions(v, strict=True) for v in value.values())


def _is_regions(value: Any, *, strict: bool = False) -> bool:
    """Whether a value is a list of regions; ``strict`` wants one, with a list of labels."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return False
    if not strict:
        return all(any(kind in item for kind in SPAN_TYPES) for item in value)
    return any(
        "start" in item and "end" in item and any(isinstance(item.get(k), list) for k in SPAN_TYPES)
        for item in value
    )


@dataclass(frozen=True)
class _Row:
    value: dict[str, Any]
    line: int
    where: str


def read_label_studio_min(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the records of a JSON-MIN export; rows of one task are versions of it.

    A row without regions is an annotated text without spans if it has an ``annotation_id``; if it
    has none, nobody annotated it.

    Args:
        path: A UTF-8 file, one list of objects or one object a line.
        options: ``text_key`` names the text's key; ``spans_key`` the regions', if a row has
            several lists of regions.
        tell: Called with rows that nobody annotated and with regions that were not found.

    Raises:
        UserError: A row has no text, or its regions are not what Label Studio writes.
    """

    def rows() -> Iterator[_Row]:
        for item in read_items(path):
            yield _row(item, path)

    for group in group_rows(rows, _task_of):
        record = read_rows(group, options, tell)
        if record is not None:
            yield record


def _row(item: Item, path: Path) -> _Row:
    value = item.value
    if not isinstance(value, dict):
        raise UserError(
            f"There is a JSON {type(value).__name__}, not an object",
            where=at_line(path, item.line),
            todo='Expected {"id": 1, "text": "…", "label": [{"start": 0, "end": 3, "labels": '
            '["PER"]}], "annotator": 1, "annotation_id": 1}.',
        )
    record_id = None if value.get("id") is None else str(value["id"])
    return _Row(value, item.line, at_line(path, item.line, record_id))


def _task_of(row: _Row) -> str | None:
    """Names the task of an annotated row, which other annotators' rows name too."""
    task = row.value.get("id")
    if isinstance(task, (str, int)) and not _is_unannotated(row.value):
        return f"{type(task).__name__} {task}"
    return None


def _is_unannotated(value: Mapping[str, Any]) -> bool:
    return "annotation_id" in value and value["annotation_id"] is None


def read_rows(rows: list[_Row], options: ReadOptions, tell: Tell) -> Record | None:
    """Reads the rows of one task as a record; None if nobody annotated it, which is told."""
    first = rows[0]
    parsed = [_regions(row, options) for row in rows]
    if _is_unannotated(first.value) and not parsed[0][1]:
        tell(Notice("unannotated", first.line, "The row has no annotation"))
        return None
    key = _text_key(first.value, options.text_key, first.where)
    source = text_of(first.value, key, first.where)
    for row in rows[1:]:
        if text_of(row.value, key, row.where) != source:
            raise UserError(
                f"The task has another text than in line {first.line}",
                where=row.where,
                todo="Rows with one id are annotations of one text; give the texts ids of "
                "their own.",
            )
    every = [region for _, regions in parsed for region in regions]
    text = RegionText(source, every, first.where)
    read = [text.spans(regions) for _, regions in parsed]
    lost = [region for _, some in read for region in some]
    refuse_lost(len(every), lost, first.where)
    tell_lost(lost, first.line, tell)
    meta = _meta(rows, key, [keys for keys, _ in parsed])
    if text.html is not None:
        meta["html"] = source
    if len(rows) == 1:
        spans, name = tuple(read[0][0]), _annotator(rows[0].value, 1)
        return Record(text.text, spans, first.line, meta, annotator=name)
    names = own_names(_annotator(row.value, n) for n, row in enumerate(rows, start=1))
    versions = {n: tuple(spans) for n, (spans, _) in zip(names, read, strict=True)}
    return Record(text.text, (), first.line, meta, (), versions)


def _meta(rows: list[_Row], key: str, spans_keys: list[str | None]) -> dict[str, Any]:
    """What the rows say beside text and spans; of several rows, what differs stands in a list."""
    rests = [
        {k: v for k, v in row.value.items() if k not in (key, spans_key)}
        for row, spans_key in zip(rows, spans_keys, strict=True)
    ]
    shared = {k: v for k, v in rests[0].items() if all(k in r and r[k] == v for r in rests)}
    differing = [{k: v for k, v in rest.items() if k not in shared} for rest in rests]
    return {**shared, "annotations": differing} if any(differing) else shared


def _regions(row: _Row, options: ReadOptions) -> tuple[str | None, list[Region]]:
    """The regions of a row, and their key; None where it has none, as rows without spans have."""
    found: dict[str, list[dict[str, Any]]] = {}
    for key, value in row.value.items():
        if key == options.text_key or (options.spans_key and key != options.spans_key):
            continue
        items = _unquoted(value)
        if _is_regions(items) and (items or key == options.spans_key):
            found[key] = items
    filled = {key: items for key, items in found.items() if items} or found
    if len(filled) > 1:
        raise UserError(
            f"Regions stand under several keys: {', '.join(filled)}",
            where=row.where,
            todo="Say which are the gold spans with --spans-key.",
        )
    if not filled:
        given = row.value.get(options.spans_key) if options.spans_key else None
        if given not in (None, "", []):
            raise UserError(f"{options.spans_key!r} holds no list of regions", where=row.where)
        return options.spans_key, []
    [(key, items)] = filled.items()
    regions = []
    for index, item in enumerate(items):
        kind = next(k for k in SPAN_TYPES if k in item)
        region = make_region(item, kind, {}, f"Region {index}", row.where)
        if not region.labels or not _is_place(item):
            raise UserError(
                f"Region {index} has no label, or is no stretch of text: {item!r:.80}",
                where=row.where,
                todo='Expected {"start": 0, "end": 3, "text": "…", "labels": ["PER"]}.',
            )
        regions.append(region)
    return key, regions


def _is_place(item: Mapping[str, Any]) -> bool:
    return is_html(item) or ("start" in item and "end" in item)


def _unquoted(value: Any) -> Any:
    """A list that stands in a string, as in exports that went through CSV."""
    if not isinstance(value, str) or not value.startswith("[") or '"labels"' not in value:
        return value
    try:
        return parse_json(value, Path(), 0)
    except UserError:
        return value


def _text_key(value: Mapping[str, Any], text_key: str, where: str) -> str:
    """The key of the text: the user's, or the only value of the task's data that is a text."""
    if text_key != TEXT_KEY or isinstance(value.get(TEXT_KEY), str):
        return text_key
    texts = [
        key
        for key, text in value.items()
        if isinstance(text, str) and key not in OWN_KEYS and not is_address(text)
    ]
    if len(texts) > 1:
        raise UserError(
            f"The row holds several texts: {', '.join(texts)}",
            where=where,
            todo="Name the key of the annotated one with --text-key.",
        )
    return texts[0] if texts else text_key


def _annotator(value: Mapping[str, Any], number: int) -> str:
    person = value.get("annotator")
    if isinstance(person, dict):
        person = person.get("email") or person.get("id")
    if isinstance(person, (str, int)) and person != "":
        return str(person)
    return f"annotation-{value.get('annotation_id', number)}"


FORMAT = Format(
    name="label-studio-min",
    title="Label Studio JSON-MIN: flat objects with the regions under their control's name",
    sniff=sniff_label_studio_min,
    read=read_label_studio_min,
    unit="auto",
)
