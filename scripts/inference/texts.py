"""One text of an input, or what is wrong with the place where one should stand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..annotations.formats.parts.json_source import BOM
from ..annotations.formats.span_jsonl import SPANS_KEYS, parse_line
from ..common.errors import UserError

# Keys of what predict itself says of a text, beside ``text`` and ``label``.
ALL_SPANS, UNSEEN = "all_spans", "unseen_tokens"
# What is said of the spans that the input had, and not of those that a model will mark.
OF_SPANS = ("annotated_labels", "filled_labels", "missing", ALL_SPANS, UNSEEN)
# Characters of a bad line that its entry in the side file shows.
SHOWN = 200
# What Python reads as a number that JSON cannot write, or words of a text that look like it.
NOT_FINITE = re.compile(r"NaN|Infinity|[eE]\+?\d{3}")
# Brackets in a line from which on it is tried whether what was read can be written again.
BRACKETS = 200


@dataclass(frozen=True, slots=True)
class Item:
    """A text to mark.

    Args:
        text: The text, as given.
        file: Its file: the path below the folder that is read, or the file's name; ``-`` is stdin.
        line: The line, or the row of a Parquet file, on which it stands, from 1.
        meta: Whatever else its record says, except of earlier spans.
    """

    text: str
    file: str
    line: int
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bad:
    """A line, row or file that holds no text that can be marked.

    Args:
        file: As of an Item.
        line: As of an Item; where a record runs over several lines, the first.
        reason: What is wrong with it.
        raw: Its beginning, what is not UTF-8 as ``\\xNN``.
    """

    file: str
    line: int
    reason: str
    raw: str


class BadTextError(ValueError):
    """A record holds no text that can be marked; its message is the reason."""


def shown(raw: bytes | str) -> str:
    """The beginning of a bad line, for people to recognise it."""
    if isinstance(raw, bytes):
        raw = raw[: 4 * SHOWN].decode("utf8", errors="backslashreplace")
    safe = raw[:SHOWN].encode("utf8", errors="backslashreplace").decode("utf8")
    return safe + ("…" if len(raw) > SHOWN else "")


def decode(raw: bytes, *, first: bool) -> str:
    """Decodes a line, of a file's first one without BOM.

    Raises:
        BadTextError: It is not UTF-8, or holds a NUL character, which no text does.
    """
    try:
        text = raw.decode("utf8")
    except UnicodeDecodeError as error:
        raise BadTextError(f"not UTF-8 (byte {error.start})") from None
    if "\0" in text:
        raise BadTextError("holds a NUL character")
    return text.removeprefix(BOM) if first else text


def from_json(line: str, text_key: str) -> tuple[str, dict[str, Any]]:
    """The text of a JSON object, and whatever else it says.

    Raises:
        BadTextError: It is no object, holds no text, or holds what cannot be written again.
    """
    try:
        value = parse_line(line, Path(), 0)
    except UserError as error:
        raise BadTextError(error.what) from None
    except RecursionError:
        raise BadTextError("nested too deeply") from None
    if line.count("[") + line.count("{") > BRACKETS and _depth(value) > BRACKETS:
        raise BadTextError("nested too deeply")
    if NOT_FINITE.search(line) and _holds_no_json(value):
        raise BadTextError("holds NaN, Infinity or a number too large, which JSON does not have")
    return from_fields(value, text_key)


def from_fields(value: Mapping[str, Any], text_key: str) -> tuple[str, dict[str, Any]]:
    """The text among the named fields of a record, and the others, except of earlier spans.

    Raises:
        BadTextError: There is no text under the key, or another one under ``text``.
    """
    text = value.get(text_key)
    if not isinstance(text, str):
        raise BadTextError(f"has no text under {text_key!r}")
    if "\0" in text:
        raise BadTextError("holds a NUL character")
    # Spans stand in lists; a label of the whole text, say, is carried over under another name.
    meta = {
        f"meta_{k}" if k in SPANS_KEYS else k: v
        for k, v in value.items()
        if k not in (text_key, *OF_SPANS) and not (k in SPANS_KEYS and isinstance(v, list))
    }
    if "text" in meta:
        raise BadTextError(f"has a 'text' beside the text under {text_key!r}: rename it")
    return text, meta


def _holds_no_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return True
    return False


def _depth(value: Any) -> int:
    """How deep lists and objects are nested; no further than BRACKETS is counted."""
    depth, level = 0, [value]
    while level and depth <= BRACKETS:
        depth += 1
        level = [
            item
            for outer in level
            if isinstance(outer, (list, dict))
            for item in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth
