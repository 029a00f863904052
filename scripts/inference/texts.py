"""Texts to predict: plain text, one a line, or JSONL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..common.errors import UserError, at_line


def read_texts(path: Path, text_key: str = "text") -> Iterator[tuple[str, dict[str, Any]]]:
    """Streams texts with whatever else their records say, except earlier spans under ``label``.

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
                yield _from_json(line, at_line(path, number), text_key)
            else:
                yield line, {}


def _from_json(line: str, where: str, text_key: str) -> tuple[str, dict[str, Any]]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise UserError(f"The line is not valid JSON: {error}", where=where) from None
    if not isinstance(value, dict) or not isinstance(value.get(text_key), str):
        raise UserError(
            f"The line has no text under {text_key!r}",
            where=where,
            todo="Name the text's key with --text-key.",
        )
    return value[text_key], {k: v for k, v in value.items() if k not in (text_key, "label")}
