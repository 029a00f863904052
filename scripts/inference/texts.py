"""Texts to predict: plain text, one a line, or JSONL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..annotations.formats.span_jsonl import SPANS_KEYS, parse_line
from ..common.errors import UserError, at_line

# What is said of the spans that the input had, and not of those that a model will mark.
OF_SPANS = ("annotated_labels", "filled_labels")


def read_texts(path: Path, text_key: str = "text") -> Iterator[tuple[str, dict[str, Any]]]:
    """Streams texts with whatever else their records say, except of earlier spans.

    A file named ``.jsonl`` is read as JSON objects, any other as plain text; blank lines are
    passed over.

    Raises:
        UserError: The file is missing or not UTF-8, or a line holds no text.
    """
    if not path.is_file():
        raise UserError("There is no such file of texts", where=str(path))
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf8").rstrip("\r\n")
            except UnicodeDecodeError:
                raise UserError("The line is not UTF-8", where=at_line(path, number)) from None
            if not line.strip():
                continue
            if path.suffix == ".jsonl":
                yield _from_json(line, path, number, text_key)
            else:
                yield line, {}


def _from_json(line: str, path: Path, number: int, text_key: str) -> tuple[str, dict[str, Any]]:
    value = parse_line(line, path, number)
    text = value.get(text_key)
    if not isinstance(text, str):
        raise UserError(
            f"The line has no text under {text_key!r}",
            where=at_line(path, number),
            todo="Name the text's key with --text-key.",
        )
    meta = {k: v for k, v in value.items() if k not in (text_key, *SPANS_KEYS, *OF_SPANS)}
    if "text" in meta:
        raise UserError(
            f"The line has a 'text' beside the text under {text_key!r}",
            where=at_line(path, number),
            todo="Rename it: the output has the text under 'text'.",
        )
    return text, meta
