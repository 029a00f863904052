"""Label Studio's JSON: tasks with ``data``, and annotations that hold regions of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record
from .base import Format, Head, Notice, ReadOptions, Tell
from .parts.checks import text_of
from .parts.json_source import Item, read_items
from .parts.label_studio_regions import (
    Region,
    RegionText,
    Result,
    is_address,
    refuse_lost,
    sort_result,
    tell_foreign,
    tell_lost,
)
from .parts.label_studio_write import write_label_studio
from .parts.shared_texts import own_names

# Version 1.0 (2021) renamed completions to annotations.
ANNOTATION_KEYS = ("annotations", "completions")
PREDICTIONS = "predictions"
TEXT_KEY = "text"
# A task that was never annotated has nothing else.
IMPORT_KEYS = {"id", "data", "meta"}


def sniff_label_studio(head: Head) -> bool:
    """Whether a JSON value is a task: a ``data`` object, with annotations or without."""
    return any(_is_task(value) for value in head.values)


def _is_task(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("data"), dict):
        return False
    lists = (*ANNOTATION_KEYS, PREDICTIONS)
    return any(isinstance(value.get(key), list) for key in lists) or set(value) <= IMPORT_KEYS


def read_label_studio(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the tasks of a Label Studio export, one a record.

    Cancelled annotations, drafts and tasks that nobody annotated are told and left out; several
    annotations of a task are versions. HTML is read as it is shown; its source is in ``meta``.

    Args:
        path: A UTF-8 file: a list of tasks, one task, or tasks line by line.
        options: ``text_key`` names the key in ``data``; ``layer`` is ``predictions`` to read the
            predictions instead of the annotations, or the name of the one control (``from_name``)
            whose labels are spans.
        tell: Called with everything that is no span of the text.

    Raises:
        UserError: A task has no text, or its regions are not what Label Studio writes; none of
            the regions is found in the HTML; or no control has the name given as ``layer``.
    """
    reader = _Reader(path, options, tell)
    for item in read_items(path):
        record = reader.read(item)
        if record is not None:
            yield record
    if reader.other_layers and not reader.layer_found:
        raise UserError(
            f"No label comes from a control named {options.layer!r}",
            where=str(path),
            todo=f"Controls in the file: {', '.join(sorted(reader.other_layers))}.",
        )
    for name, count in sorted(reader.other_layers.items()):
        note = f"Only the labels of {options.layer!r} are read, not those of {name!r}"
        tell(Notice("read-as", 0, note, spans=count))


@dataclass
class _Annotation:
    """One annotator's, or model's, result of a task."""

    name: str
    rest: dict[str, Any]
    result: Result


class _Reader:
    def __init__(self, path: Path, options: ReadOptions, tell: Tell) -> None:
        self.path, self.options, self.tell = path, options, tell
        self.predicted = options.layer == PREDICTIONS
        self.other_layers: Counter[str] = Counter()
        self.layer_found = False

    def read(self, item: Item) -> Record | None:
        """Reads a task; None if it is left out, which is told."""
        task, line = item.value, item.line
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            raise UserError(
                "There is no task with a 'data' object",
                where=at_line(self.path, line),
                todo='Expected {"data": {"text": "…"}, "annotations": [{"result": […]}]}.',
            )
        record_id = None if task.get("id") is None else str(task["id"])
        where = at_line(self.path, line, record_id)
        found = self._annotations(task, line, where)
        if not found:
            return None
        regions = [region for one in found for region in one.result.regions]
        if not regions and any(one.result.strange for one in found):
            spans = sum(one.result.foreign for one in found)
            self.tell(Notice("not-text", line, "No text of the task is annotated", spans=spans))
            return None
        key = choose_text(task["data"], regions, self.options.text_key, where)
        for one in found:
            self._drop_other_texts(one.result, key, task["data"], line)
            tell_foreign(one.result, line, self.tell)
        return self._record(task, key, found, line, where)

    def _record(
        self, task: dict[str, Any], key: str, found: list[_Annotation], line: int, where: str
    ) -> Record:
        source = text_of(task["data"], key, where)
        regions = [region for one in found for region in one.result.regions]
        text = RegionText(source, regions, where)
        read = [text.spans(one.result.regions) for one in found]
        lost = [region for _, some in read for region in some]
        refuse_lost(len(regions), lost, where)
        tell_lost(lost, line, self.tell)
        meta = self._meta(task, key, found)
        if text.html is not None:
            meta["html"] = source
        if len(found) == 1:
            return Record(text.text, tuple(read[0][0]), line, meta, annotator=found[0].name)
        names = own_names(one.name for one in found)
        versions = {n: tuple(spans) for n, (spans, _) in zip(names, read, strict=True)}
        return Record(text.text, (), line, meta, (), versions)

    def _annotations(self, task: Mapping[str, Any], line: int, where: str) -> list[_Annotation]:
        """The annotations that count, or the predictions if these are asked for."""
        self._tell_drafts(task, line, where)
        found = []
        cancelled = 0
        entries = _entries(task, (PREDICTIONS,) if self.predicted else ANNOTATION_KEYS, where)
        for number, entry in enumerate(entries, start=1):
            result = sort_result(entry.get("result"), where)
            if entry.get("was_cancelled") or entry.get("skipped"):
                cancelled += 1
                note = f"Annotation {entry.get('id', number)} is cancelled"
                self.tell(Notice("left-out", line, note, spans=_count(result)))
                continue
            self._drop_other_layers(result)
            rest = {k: v for k, v in entry.items() if k != "result" and not _is_empty(v)}
            name = _model(entry, number) if self.predicted else _annotator(entry, number)
            found.append(_Annotation(name, rest, result))
        if not found and not cancelled:
            guesses = [] if self.predicted else _entries(task, (PREDICTIONS,), where)
            spans = sum(_count(sort_result(guess.get("result"), where)) for guess in guesses)
            note = "The task has no annotation"
            if guesses:
                note += "; its predictions are read with --layer predictions"
            self.tell(Notice("unannotated", line, note, spans=spans))
        return found

    def _tell_drafts(self, task: Mapping[str, Any], line: int, where: str) -> None:
        drafts = task.get("drafts")
        # Some exports only give the drafts' ids.
        given = [d for d in drafts if isinstance(d, dict)] if isinstance(drafts, list) else []
        spans = sum(_count(sort_result(draft.get("result"), where)) for draft in given)
        if spans:
            self.tell(Notice("left-out", line, "A draft was never submitted", spans=spans))

    def _drop_other_layers(self, result: Result) -> None:
        if self.options.layer is None or self.predicted:
            return
        kept = []
        for region in result.regions:
            if region.meta.get("from_name") == self.options.layer:
                kept.append(region)
                self.layer_found = True
            else:
                self.other_layers[str(region.meta.get("from_name"))] += len(region.labels)
        result.regions = kept

    def _drop_other_texts(
        self, result: Result, key: str, data: Mapping[str, Any], line: int
    ) -> None:
        """Takes out regions that mark another text of the task."""
        several = len({str(region.meta.get("to_name")) for region in result.regions}) > 1
        kept = []
        for region in result.regions:
            own = _source(region, data)
            name = region.meta.get("to_name")
            if own is None and several and isinstance(name, str) and name in data:
                own = name
            if own in (None, key):
                kept.append(region)
                continue
            note = f"A region is of the text under {own!r}; it is read with --text-key {own}"
            self.tell(Notice("not-text", line, note, spans=len(region.labels)))
        result.regions = kept

    def _meta(self, task: Mapping[str, Any], key: str, found: list[_Annotation]) -> dict[str, Any]:
        """All that the task says beside its text and spans, its data's keys as they are."""
        read = (PREDICTIONS,) if self.predicted else ANNOTATION_KEYS
        rest = {
            k: v for k, v in task.items() if k not in ("id", "data", *read) and not _is_empty(v)
        }
        told = []
        for one in found:
            others = {"result": one.result.others} if one.result.others else {}
            told.append({**one.rest, **others})
        own: dict[str, Any] = {}
        if task.get("id") is not None:
            own["id"] = task["id"]
        if rest:
            own["task"] = rest
        if len(told) > 1:
            own["annotations"] = told
        elif told[0]:
            own["annotation"] = told[0]
        data = {k: v for k, v in task["data"].items() if k != key}
        return {**{f"data_{k}" if k in own else k: v for k, v in data.items()}, **own}


def choose_text(
    data: Mapping[str, Any], regions: Iterable[Region], text_key: str, where: str
) -> str:
    """Names the key of a task's data that holds the annotated text.

    The user's key comes first, then the one that regions name as their source (``$key``), then
    ``text``, then a key of the regions' object, then the only value that is text.

    Raises:
        UserError: There is no text, or it cannot be told which it is.
    """
    if text_key != TEXT_KEY:
        return text_key
    given = list(regions)
    sources = [source for region in given if (source := _source(region, data)) is not None]
    if sources:
        return TEXT_KEY if TEXT_KEY in sources else sources[0]
    if isinstance(data.get(TEXT_KEY), str):
        return TEXT_KEY
    for region in given:
        name = region.meta.get("to_name")
        if isinstance(name, str) and isinstance(data.get(name), str):
            return name
    strings = {key: value for key, value in data.items() if isinstance(value, str)}
    texts = [key for key, value in strings.items() if not is_address(value)]
    if len(texts) == 1:
        return texts[0]
    if texts:
        raise UserError(
            f"The task holds several texts: {', '.join(texts)}",
            where=where,
            todo="Name the key of the annotated one with --text-key.",
        )
    shown = f"only an address: {next(iter(strings.values())):.80}" if strings else "no text"
    raise UserError(
        f"The text is not in the file; the task's data holds {shown}",
        where=where,
        todo="Offsets without their text cannot be read. Export the project with its texts, or "
        "name the text's key with --text-key.",
    )


def _source(region: Region, data: Mapping[str, Any]) -> str | None:
    """The key of the data that a region names as its source."""
    source = region.meta.get("source")
    if not isinstance(source, str) or not source.startswith("$"):
        return None
    return source[1:] if isinstance(data.get(source[1:]), str) else None


def _entries(task: Mapping[str, Any], keys: Iterable[str], where: str) -> list[dict[str, Any]]:
    """The annotations or predictions of a task, under whichever of the keys holds them."""
    for key in keys:
        value = task.get(key)
        if _is_empty(value):
            continue
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise UserError(f"{key!r} is no list of objects", where=where)
        return value
    return []


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _count(result: Result) -> int:
    return sum(len(region.labels) for region in result.regions)


def _annotator(entry: Mapping[str, Any], number: int) -> str:
    """Who made an annotation: address or id of the person, or else the annotation's id."""
    person = entry.get("completed_by")
    if isinstance(person, dict):
        person = person.get("email") or person.get("id")
    if isinstance(person, (str, int)) and person != "":
        return str(person)
    return f"annotation-{entry.get('id', number)}"


def _model(entry: Mapping[str, Any], number: int) -> str:
    version = entry.get("model_version")
    if isinstance(version, (str, int)) and version != "":
        return str(version)
    return f"prediction-{number}"


FORMAT = Format(
    name="label-studio",
    title="Label Studio JSON: tasks with data and annotations (also HTML, and predictions)",
    sniff=sniff_label_studio,
    read=read_label_studio,
    # Up to 2020 offsets counted as in JavaScript (HumanSignal/label-studio#1347), now code points.
    unit="auto",
    write=write_label_studio,
)
