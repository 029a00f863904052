"""spaCy v2's TRAIN_DATA as one JSON list of ``["text", {"entities": [[start, end, label]]}]``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record, Span
from .base import Format, Head, Notice, ReadOptions, Tell, WriteOptions
from .parts.checks import label_of, offset_of
from .parts.json_source import find_layout, read_items
from .parts.writing import tell_dropped_keys, tell_left, tell_missing

SPANS_KEY = "entities"
# What spaCy takes beside the entities (Example.from_dict); other keys are an error there.
OTHER_KEYS = ("cats", "links")
# TRAIN_DATA = [("text", {"entities": …   or   [('text', {'entities': …
_PYTHON = re.compile(
    r"(\s|#.*\n)*([A-Za-z_]\w*\s*(:[^=\n]*)?=\s*)?\[(\s|#.*\n)*"
    r"(\(\s*[rub]*['\"]|\[\s*[rub]*')"
)
_KEY_IN_PYTHON = re.compile(r"['\"]entities['\"]\s*:")


def sniff_spacy_training(head: Head) -> bool:
    """Whether a file begins like a list of texts with their entities, in JSON or in Python."""
    if _is_python(head.text):
        return True
    values = head.values
    if not values or not all(_is_example(value) for value in values):
        return False
    annotations = [value[1] for value in values if value]
    if any(isinstance(own, list) and own for own in annotations):
        return True
    # One such example a line is span JSONL.
    is_list = find_layout(head.path) == "list"
    return is_list and any(isinstance(own, dict) and SPANS_KEY in own for own in annotations)


def _is_python(text: str) -> bool:
    return _PYTHON.match(text) is not None and _KEY_IN_PYTHON.search(text) is not None


def _is_example(value: Any) -> bool:
    """Whether a value is a text with entities, or the empty list of one that was skipped."""
    if value is None or value == []:
        return True
    if not (isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)):
        return False
    entities = value[1].get(SPANS_KEY) if isinstance(value[1], dict) else value[1]
    return entities is None or (
        isinstance(entities, list)
        and all(isinstance(e, dict) or (isinstance(e, list) and len(e) > 2) for e in entities)
    )


def read_spacy_training(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the examples of a TRAIN_DATA list as records.

    Annotations are ``{"entities": […], …}`` or the bare list of entities.

    Args:
        path: A UTF-8 file with one list, or one example a line.
        options: Unused.
        tell: Called with examples that were skipped (``[]``) or not annotated, which are left
            out.

    Raises:
        UserError: The file is Python, not JSON; or an example is no text with entities.
    """
    _refuse_python(path)
    for item in read_items(path):
        record = read_example(item.value, item.line, at_line(path, item.line), tell)
        if record is not None:
            yield record


def _refuse_python(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(1 << 16).decode("utf8", errors="replace")
    if _is_python(start.removeprefix("\ufeff")):
        raise UserError(
            "The training data is Python source, not JSON",
            where=str(path),
            todo="Export it where it is defined: json.dump(TRAIN_DATA, "
            'open("train.json", "w", encoding="utf8"), ensure_ascii=False)',
        )


def read_example(value: Any, line: int, where: str, tell: Tell) -> Record | None:
    """Reads ``[text, annotations]``; None, which is told, if nobody annotated the text.

    Raises:
        UserError: It is something else.
    """
    if value == []:
        tell(Notice("left-out", line, "the example is empty: it was skipped"))
        return None
    text, annotations = value if isinstance(value, list) and len(value) == 2 else (None, None)
    if value is None or (isinstance(text, str) and annotations is None):
        tell(Notice("unannotated", line, "the example has no annotations"))
        return None
    if not isinstance(text, str) or not isinstance(annotations, (dict, list)):
        raise UserError(
            f"The example is not [text, annotations]: {value!r:.80}",
            where=where,
            todo='Expected ["…", {"entities": [[0, 5, "PER"]]}].',
        )
    meta = dict(annotations) if isinstance(annotations, dict) else {}
    entities = meta.pop(SPANS_KEY, None) if isinstance(annotations, dict) else annotations
    if entities is None:
        tell(Notice("unannotated", line, f"the example has no {SPANS_KEY!r}"))
        return None
    if not isinstance(entities, list):
        raise UserError(f"{SPANS_KEY!r} is no list: {entities!r:.80}", where=where)
    spans = tuple(read_entity(entity, i, where) for i, entity in enumerate(entities))
    return Record(text, spans, line, meta)


def read_entity(entity: Any, index: int, where: str) -> Span:
    """Reads ``[start, end, label]``, with a ``kb_id`` after it or what else a tool adds.

    Raises:
        UserError: It is something else.
    """
    name = f"Entity {index}"
    if isinstance(entity, dict):
        meta = dict(entity)
        start, end, label = (meta.pop(key, None) for key in ("start", "end", "label"))
    elif isinstance(entity, list) and len(entity) > 2:
        start, end, label, *rest = entity
        key = "kb_id" if len(rest) == 1 and isinstance(rest[0], str) else "more"
        meta = {key: rest[0] if key == "kb_id" else rest} if rest else {}
    else:
        raise UserError(
            f"{name} is not [start, end, label]: {entity!r:.80}",
            where=where,
            todo="Entities are given by characters; tags (BILUO) need their words beside them.",
        )
    return Span(
        offset_of(start, f"{name}: start", where),
        offset_of(end, f"{name}: end", where),
        label_of(label, name, where),
        meta=meta or None,
    )


def write_spacy_training(
    records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell
) -> None:
    """Writes one JSON list, an example a line; of the meta spaCy takes only cats and links.

    Discontinuous spans are told.
    """
    with path.open("w", encoding="utf8", newline="\n") as file:
        file.write("[")
        for i, record in enumerate(records):
            line = json.dumps(_example(record, tell), ensure_ascii=False)
            file.write(f"{',' if i else ''}\n{line}")
        file.write("\n]\n")


def _example(record: Record, tell: Tell) -> list[Any]:
    tell_missing(record, tell)
    tell_dropped_keys(record, tell)
    entities = []
    for span in record.spans:
        if span.fragments:
            tell_left(record, span, "it is discontinuous", tell)
        else:
            entities.append([span.start, span.end, span.label])
    meta = {key: record.meta[key] for key in OTHER_KEYS if key in record.meta}
    return [record.text, {SPANS_KEY: entities, **meta}]


FORMAT = Format(
    name="spacy-training",
    title="spaCy v2 TRAIN_DATA as one JSON list of texts with their entities",
    sniff=sniff_spacy_training,
    read=read_spacy_training,
    unit="auto",
    write=write_spacy_training,
)
