"""Rasa's markup of entities in a text: ``[words](label)`` and ``[words]{"entity": "label"}``.

Read as Rasa Open Source 2 and 3 read it (its documentation, "Training Data Format"): the words
reach from the first bracket to the next closing one; ``(label:value)`` names a synonym; a list of
objects gives several entities to the same words. Objects are read as JSON, so that a value may
hold a brace.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from ....common.errors import UserError
from ...records import Span
from ..base import Notice, Tell
from .checks import label_of

# The blocks of Rasa's training data; only intents hold annotated texts.
BLOCKS = ("intent", "synonym", "regex", "lookup")
LIKE_MARKUP = re.compile(r"\][ \t]?[({]")
# Escaped inside JSON strings, because Rasa itself ends an object or list at the first of them.
ESCAPED = {"}": "\\u007d", "]": "\\u005d"}


def parse_markup(example: str, where: str) -> tuple[str, list[Span]]:
    """Text and spans of a marked example; offsets are code points of the text.

    Args:
        example: The example with its markup.
        where: Place in the file, for messages.

    Raises:
        UserError: An object after closing brackets is no JSON object with an ``entity``.
    """
    pieces: list[str] = []
    spans: list[Span] = []
    taken, search, length = 0, 0, 0
    while (opening := example.find("[", search)) >= 0:
        closing = example.find("]", opening + 1)
        if closing < 0:
            break
        # Any bracket opened in between ends at the same place, so the search goes on after it.
        search = closing + 1
        found = _attributes(example, closing + 1, where) if closing > opening + 1 else None
        if found is None:
            continue
        entities, search = found
        before, words = example[taken:opening], example[opening + 1 : closing]
        start = length + len(before)
        length = start + len(words)
        pieces += [before, words]
        taken = search
        for entity in entities:
            label = label_of(entity.pop("entity", None), f"The entity {words!r:.40}", where)
            spans.append(Span(start, length, label, meta=entity or None))
    return "".join([*pieces, example[taken:]]), spans


def looks_marked(text: str) -> bool:
    """Whether a text without its markup still holds what was perhaps meant as markup."""
    return LIKE_MARKUP.search(text) is not None


def tell_left_over(passed: Counter[str], doubtful: list[int], tell: Tell) -> None:
    """Says what of a file is no annotated text, and where brackets stayed in the text.

    Args:
        passed: Number of blocks or lines passed over, by kind.
        doubtful: Lines of texts in which something like markup is left.
        tell: Called at most once for each of the two.
    """
    if passed:
        kinds = ", ".join(f"{kind} ({count})" for kind, count in sorted(passed.items()))
        tell(Notice("not-text", 0, f"Parts without annotated texts are left out: {kinds}"))
    if doubtful:
        note = f"Brackets that are no entity markup stay in the text of {len(doubtful)} examples"
        tell(Notice("read-as", doubtful[0], f"{note}, first on this line"))


def _attributes(example: str, at: int, where: str) -> tuple[list[dict[str, Any]], int] | None:
    """The entities that stand after closing brackets and where they end; None if none do."""
    kind = example[at : at + 1]
    if kind == "(":
        end = example.find(")", at)
        label, colon, value = example[at + 1 : end].partition(":")
        if end < 0 or not label or (colon and not value):
            return None
        return [{"entity": label, **({"value": value} if colon else {})}], end + 1
    if kind == "{" and "}" in example[at:]:
        value, end = _json(example, at)
        if not isinstance(value, dict):
            raise UserError(
                f"What follows the brackets is no JSON object: {example[at : at + 60]!r}",
                where=where,
                todo='Expected, for example, [ঢাকায়]{"entity": "city", "value": "ঢাকা"}.',
            )
        return [value], end
    if kind == "[":
        values, end = _json(example, at)
        if isinstance(values, list) and values and all(isinstance(v, dict) for v in values):
            return values, end
    return None


def _json(example: str, at: int) -> tuple[Any, int]:
    """The JSON value that starts at a place and where it ends; None if there is no valid one."""
    try:
        value, end = _DECODER.raw_decode(example, at)
        json.dumps(value, ensure_ascii=False).encode("utf8")
    except (ValueError, RecursionError):
        return None, at
    return value, end


def _without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("A key stands twice")
    return dict(pairs)


_DECODER = json.JSONDecoder(object_pairs_hook=_without_repeated_keys)


def write_markup(text: str, spans: Sequence[Span]) -> str:
    """Marks spans, which must not overlap and be in the order of the text, in a text.

    Spans over the very same words become a list of objects, which Rasa reads from 3.0 on.
    """
    pieces: list[str] = []
    at = 0
    for (start, end), group in groupby(spans, key=lambda span: (span.start, span.end)):
        pieces += [text[at:start], f"[{text[start:end]}]{_entities(list(group))}"]
        at = end
    return "".join([*pieces, text[at:]])


def _entities(spans: list[Span]) -> str:
    first = spans[0]
    if len(spans) > 1:
        return f"[{', '.join(_object(span) for span in spans)}]"
    if _scalars(first) or any(c in first.label for c in ":)\n"):
        return _object(first)
    return f"({first.label})"


def _object(span: Span) -> str:
    inside = json.dumps({"entity": span.label, **_scalars(span)}, ensure_ascii=False)[1:-1]
    for char, escape in ESCAPED.items():
        inside = inside.replace(char, escape)
    return f"{{{inside}}}"


def _scalars(span: Span) -> dict[str, Any]:
    """What the markup can hold of a span's meta: role, group, value and other single values."""
    items = (span.meta or {}).items()
    simple = (str, int, float, bool, type(None))
    return {key: value for key, value in items if key != "entity" and isinstance(value, simple)}
