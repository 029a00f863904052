"""Writes Label Studio's JSON: one task a record, with one annotation or prediction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from ...records import Record, Span
from ..base import Tell, WriteOptions
from .writing import tell_left, tell_missing

FROM_NAME, TO_NAME = "label", "text"


def write_label_studio(
    records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell
) -> None:
    """Writes a list of tasks that Label Studio imports, offsets in code points.

    Labels come from a control named ``label`` on an object named ``text``, so the project needs
    ``<Labels name="label" toName="text">`` and ``<Text name="text" value="$text"/>``.

    Args:
        records: Nested and overlapping spans are held; the parts of discontinuous ones are not.
        path: The file.
        options: ``predicted`` writes the spans as a prediction with ``model_version`` and, where
            all spans have one, the mean of their scores.
        tell: Called for each span, and each record's ranges without annotation, that are not held.
    """
    with path.open("w", encoding="utf8", newline="\n") as file:
        file.write("[")
        for number, record in enumerate(records):
            file.write(",\n" if number else "\n")
            json.dump(_task(record, options, tell), file, ensure_ascii=False)
        file.write("\n]\n")


def _task(record: Record, options: WriteOptions, tell: Tell) -> dict[str, Any]:
    tell_missing(record, tell)
    meta = dict(record.meta)
    task = _take_dict(meta, "task")
    versions = record.versions or {"": record.spans}
    rest = _annotations(meta, len(versions))
    if options.predicted:
        # What an annotator's annotation says is not true of a model's prediction.
        rest = [own for own in rest if "model_version" in own]
    if len(rest) != len(versions):
        rest = [{} if options.predicted else _person(name) for name in versions]
    if "id" in meta:
        task = {"id": meta.pop("id"), **task}
    entries = []
    for own, spans in zip(rest, versions.values(), strict=True):
        head = {**_prediction(spans), **own} if options.predicted else own
        entries.append({**head, "result": _result(record, spans, own, tell)})
    # What the data cannot hold beside the text is kept in the task's own meta.
    clash = {"meta": {TO_NAME: meta.pop(TO_NAME)}} if TO_NAME in meta else {}
    key = "predictions" if options.predicted else "annotations"
    return {**task, **clash, "data": {TO_NAME: record.text, **meta}, key: entries}


def _take_dict(meta: dict[str, Any], key: str) -> dict[str, Any]:
    """Takes out what a reader of this format put under a key; another format's value stays."""
    return meta.pop(key) if isinstance(meta.get(key), dict) else {}


def _annotations(meta: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """Takes out what was read of the annotations; where there are others now, it stays as data."""
    if count == 1:
        return [_take_dict(meta, "annotation")]
    given = meta.get("annotations")
    if isinstance(given, list) and len(given) == count and all(isinstance(g, dict) for g in given):
        return meta.pop("annotations")
    return []


def _person(name: str) -> dict[str, Any]:
    if not name:
        return {}
    return {"completed_by": int(name) if name.isdecimal() and name.isascii() else {"email": name}}


def _prediction(spans: Sequence[Span]) -> dict[str, Any]:
    scores = [(span.meta or {}).get("score") for span in spans]
    known = [score for score in scores if isinstance(score, (int, float))]
    score = {"score": fmean(known)} if known and len(known) == len(scores) else {}
    return {"model_version": "spacy-ner", **score}


def _result(
    record: Record, spans: Sequence[Span], own: Mapping[str, Any], tell: Tell
) -> list[dict[str, Any]]:
    regions: list[dict[str, Any]] = []
    for number, span in enumerate(spans):
        if span.fragments:
            tell_left(record, span, "it is discontinuous", tell)
            continue
        regions.append(_region(record.text, span, number))
    others = own.get("result")
    return [*_joined(regions), *(others if isinstance(others, list) else [])]


def _region(text: str, span: Span, number: int) -> dict[str, Any]:
    rest = {k: v for k, v in (span.meta or {}).items() if k not in ("type", "value")}
    return {
        "id": f"r{number}",
        "from_name": FROM_NAME,
        "to_name": TO_NAME,
        **rest,
        "type": "labels",
        "value": {
            "start": span.start,
            "end": span.end,
            "text": text[max(span.start, 0) : max(span.end, 0)],
            "labels": [span.label],
        },
    }


def _joined(regions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Puts neighbours that were one region with several labels together again."""
    result: list[dict[str, Any]] = []
    for region in regions:
        last = result[-1] if result else None
        if last is not None and _place(last) == _place(region):
            last["value"]["labels"].extend(region["value"]["labels"])
        else:
            result.append(region)
    return result


def _place(region: Mapping[str, Any]) -> tuple[Any, ...]:
    value = region["value"]
    return region["id"], region["from_name"], value["start"], value["end"]
