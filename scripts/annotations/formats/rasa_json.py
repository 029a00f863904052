"""Rasa NLU training data as JSON (Rasa's documentation, "Training Data Format", JSON).

``{"rasa_nlu_data": {"common_examples": […]}}``, or the examples alone, one a line or in a list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ...common.files import json_line
from ..records import Record, Span
from .base import Format, Head, Notice, ReadOptions, Tell, WriteOptions
from .parts.checks import label_of, offset_of, text_of
from .parts.json_nested import read_located
from .parts.rasa_markup import tell_left_over
from .parts.writing import tell_left, tell_missing

ROOT = "rasa_nlu_data"
SECTIONS = ("common_examples", "entity_examples", "intent_examples")
ENTITY_KEYS = {"start", "end", "value", "entity"}
EXAMPLE = '{"text": "to Dhaka", "entities": [{"start": 3, "end": 8, "value": "Dhaka", …}]}'


def sniff_rasa_json(head: Head) -> bool:
    """Whether a file begins like Rasa's JSON, or like its examples."""
    values = head.values
    if not values or not all(isinstance(value, dict) for value in values):
        return False
    if isinstance(values[0].get(ROOT), dict):
        return True
    lists = [v["entities"] for v in values if _is_example(v)]
    return len(lists) == len(values) and any(lists)


def _is_example(value: dict[str, Any]) -> bool:
    entities = value.get("entities")
    return (
        isinstance(value.get("text"), str)
        and isinstance(entities, list)
        and all(isinstance(e, dict) and e.keys() >= ENTITY_KEYS for e in entities)
    )


def read_rasa_json(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Reads the examples; offsets stay as the file gives them.

    An entity's ``value`` is its surface where it is the text at its offsets; where it is not, it
    may as well be a synonym, and stands in the span's meta. An example without ``entities`` has
    none, except under ``intent_examples``, where nobody has marked any.

    Args:
        path: A UTF-8 file.
        options: Unused: the format has fixed keys.
        tell: Called once with the parts that hold no texts, and once with the number of intent
            examples left out.

    Raises:
        UserError: The file is no such JSON, or an example lacks text, offsets or labels.
    """
    passed: Counter[str] = Counter()
    intents_only: list[int] = []
    for value, line, line_of in read_located(path):
        if not isinstance(value, dict):
            raise _not_an_example(value, at_line(path, line))
        if ROOT not in value:
            yield _record(value, line, path)
            continue
        passed.update(f"top-level {key}" for key in value if key != ROOT)
        for section, example in _examples(value[ROOT], passed, at_line(path, line)):
            number = line_of(example)
            if not isinstance(example, dict):
                raise _not_an_example(example, at_line(path, number))
            if section == "intent_examples" and not example.get("entities"):
                intents_only.append(number)
                continue
            record = _record(example, number, path)
            if section != SECTIONS[0]:
                record.meta.setdefault("section", section)
            yield record
    tell_left_over(passed, [], tell)
    if intents_only:
        note = f"{len(intents_only)} texts under 'intent_examples' have an intent only"
        tell(Notice("unannotated", intents_only[0], f"{note}, first on this line"))


def _not_an_example(value: Any, where: str) -> UserError:
    return UserError(
        f"A Rasa example is a JSON {type(value).__name__}, not an object",
        where=where,
        todo=f"Expected {EXAMPLE}.",
    )


def _examples(data: Any, passed: Counter[str], where: str) -> Iterator[tuple[str, Any]]:
    """The examples of all sections; counts what is none."""
    if not isinstance(data, dict):
        raise UserError(f"{ROOT!r} is no object", where=where)
    for section, values in data.items():
        if section not in SECTIONS:
            if values:
                passed[section] += len(values) if isinstance(values, (list, dict)) else 1
            continue
        if not isinstance(values, list):
            raise UserError(f"{section!r} is no list of examples", where=where)
        for value in values:
            yield section, value


def _record(value: dict[str, Any], line: int, path: Path) -> Record:
    record_id = None if value.get("id") is None else str(value["id"])
    where = at_line(path, line, record_id)
    text = text_of(value, "text", where)
    entities = value.get("entities")
    if not isinstance(entities, (list, type(None))):
        raise UserError("'entities' is no list", where=where, todo=f"Expected {EXAMPLE}.")
    spans = tuple(_span(entity, text, i, where) for i, entity in enumerate(entities or []))
    meta = {k: v for k, v in value.items() if k not in ("text", "entities")}
    return Record(text, spans, line, meta)


def _span(entity: Any, text: str, index: int, where: str) -> Span:
    name = f"Entity {index}"
    if not isinstance(entity, dict):
        raise UserError(f"{name} is no object: {entity!r:.80}", where=where)
    rest = dict(entity)
    start = offset_of(rest.pop("start", None), f"{name}: start", where)
    end = offset_of(rest.pop("end", None), f"{name}: end", where)
    label = label_of(rest.pop("entity", None), name, where)
    surface = None
    if 0 <= start <= end <= len(text) and rest.get("value") == text[start:end]:
        surface = rest.pop("value")
    return Span(start, end, label, surface=surface, meta=rest or None)


def write_rasa_json(
    records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell
) -> None:
    """Writes the records as common examples, one a line; discontinuous spans are told."""
    with path.open("w", encoding="utf8", newline="\n") as file:
        file.write(f'{{"{ROOT}": {{"common_examples": [')
        between = "\n"
        for record in records:
            tell_missing(record, tell)
            file.write(between + json_line(_example(record, tell)).removesuffix("\n"))
            between = ",\n"
        file.write("\n]}}\n")


def _example(record: Record, tell: Tell) -> dict[str, Any]:
    entities = []
    for span in record.spans:
        if span.fragments:
            tell_left(record, span, "it is discontinuous", tell)
            continue
        meta = dict(span.meta or {})
        inside = 0 <= span.start <= span.end <= len(record.text)
        surface = record.text[span.start : span.end] if inside else span.surface or ""
        own = {"start": span.start, "end": span.end, "value": meta.pop("value", surface)}
        entities.append({**meta, **own, "entity": span.label})
    meta = {k: v for k, v in record.meta.items() if k not in ("text", "entities", ROOT)}
    return {"text": record.text, **meta, "entities": entities}


FORMAT = Format(
    name="rasa-json",
    title="Rasa NLU training data, JSON",
    sniff=sniff_rasa_json,
    read=read_rasa_json,
    # Rasa counts code points, its browser trainer UTF-16 code units.
    unit="auto",
    write=write_rasa_json,
)
