"""Snips NLU data sets: utterances in chunks of text, some of them slots.

Two shapes: that of the public benchmark (sonos/nlu-benchmark on GitHub),
``{"GetWeather": [{"data": [{"text": …, "entity": …}]}]}``, and that of the snips-nlu library (its
documentation, "Training Dataset Format"), ``{"intents": {"getWeather": {"utterances": […]}}}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record, Span
from .base import MADE, Format, Head, Notice, ReadOptions, Tell
from .parts.checks import label_of, text_of
from .parts.json_nested import LineOf, read_located

LAYERS = ("entity", "slot_name")
EXAMPLE = '{"GetWeather": [{"data": [{"text": "in "}, {"text": "ঢাকা", "entity": "city"}]}]}'


def sniff_snips(head: Head) -> bool:
    """Whether a file begins with an object of intents, each with utterances in chunks."""
    values = head.values
    if not values or not isinstance(values[0], dict):
        return False
    named = "intents" in values[0]
    intents = values[0]["intents"] if named else values[0]
    if not isinstance(intents, dict):
        return False
    lists = [v.get("utterances") if named and isinstance(v, dict) else v for v in intents.values()]
    if not all(isinstance(utterances, list) for utterances in lists):
        return False
    utterances = [utterance for items in lists for utterance in items]
    return bool(utterances) and all(map(_is_utterance, utterances))


def _is_utterance(value: Any) -> bool:
    chunks = value.get("data") if isinstance(value, dict) else None
    return isinstance(chunks, list) and all(isinstance(c, dict) and "text" in c for c in chunks)


def read_snips(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Reads the utterances; the text is the chunks put together, so offsets are right by nature.

    The intent stands in the record's meta, everything else that a chunk says in the span's meta.

    Args:
        path: A UTF-8 file with one JSON object.
        options: ``layer`` says whether a chunk's ``entity`` (the default) or its ``slot_name`` is
            the label.
        tell: Called once if slots are named differently from their entities.

    Raises:
        UserError: The file is no such object, or a chunk has no text.
    """
    layer = options.layer or LAYERS[0]
    if layer not in LAYERS:
        raise UserError(
            f"There is no layer {layer!r} in Snips data",
            where="--layer",
            todo=f"Known: {', '.join(LAYERS)}.",
        )
    differing = 0
    for value, line, line_of in read_located(path):
        for intent, utterance in _utterances(value, path, line, line_of, tell):
            number = line_of(utterance)
            record = _record(utterance, intent, layer, number, at_line(path, number))
            differing += sum("slot_name" in (s.meta or {}) for s in record.spans)
            differing += sum("entity" in (s.meta or {}) for s in record.spans)
            yield record
    if differing:
        note = f"{differing} slots are named differently from their entities; the label is the"
        tell(Notice("read-as", 0, f"{note} {layer!r}, the other name is kept beside it"))


def _utterances(
    value: Any, path: Path, line: int, line_of: LineOf, tell: Tell
) -> Iterator[tuple[str, Any]]:
    where = at_line(path, line)
    if not isinstance(value, dict):
        raise _unexpected(f"A JSON {type(value).__name__} stands in place of an object", where)
    intents = value
    if "intents" in value:
        intents = value["intents"]
        entities = value.get("entities")
        if isinstance(entities, dict) and entities:
            note = f"The word lists of {len(entities)} entities hold no annotated texts"
            tell(Notice("not-text", line_of(entities), f"{note}; they are left out"))
    if not isinstance(intents, dict):
        raise _unexpected("'intents' is no object", where)
    for intent, utterances in intents.items():
        if isinstance(utterances, dict):
            utterances = utterances.get("utterances")
        if not isinstance(utterances, list):
            raise _unexpected(f"The intent {intent!r:.40} has no list of utterances", where)
        for utterance in utterances:
            yield intent, utterance


def _unexpected(what: str, where: str) -> UserError:
    return UserError(what, where=where, todo=f"Expected {EXAMPLE}.")


def _record(utterance: Any, intent: str, layer: str, line: int, where: str) -> Record:
    chunks = utterance.get("data") if isinstance(utterance, dict) else None
    if not isinstance(chunks, list):
        raise _unexpected("An utterance has no list of chunks under 'data'", where)
    pieces: list[str] = []
    spans: list[Span] = []
    length = 0
    for index, chunk in enumerate(chunks):
        if not isinstance(chunk, dict):
            raise _unexpected(f"Chunk {index} is no object: {chunk!r:.80}", where)
        words = text_of(chunk, "text", where)
        rest = {k: v for k, v in chunk.items() if k != "text"}
        if any(rest.get(key) is not None for key in LAYERS):
            spans.append(_span(rest, layer, length, length + len(words), index, where))
        pieces.append(words)
        length += len(words)
    meta = {"intent": intent, **{k: v for k, v in utterance.items() if k != "data"}}
    return Record("".join(pieces), tuple(spans), line, meta)


def _span(rest: dict[str, Any], layer: str, start: int, end: int, index: int, where: str) -> Span:
    other = LAYERS[layer == LAYERS[0]]
    named = layer if rest.get(layer) is not None else other
    label = label_of(rest.pop(named), f"Chunk {index}", where)
    if rest.get(other) == label:
        del rest[other]
    return Span(start, end, label, meta=rest or None)


FORMAT = Format(
    name="snips",
    title="Snips NLU data set, JSON",
    sniff=sniff_snips,
    read=read_snips,
    unit=MADE,
)
