"""Reads JSON into the forms of ``schemas``, and says which command makes what is not so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..common.errors import UserError, at_line

Model = TypeVar("Model", bound=BaseModel)


def read_json(path: Path, model: type[Model], command: str) -> Model:
    """Reads a JSON file.

    Raises:
        UserError: If it is no JSON, or not what the command writes.
    """
    return parse(decode(path.read_bytes(), str(path), command), model, str(path), command)


def read_jsonl(path: Path, model: type[Model], command: str) -> Iterator[tuple[int, Model]]:
    """Streams a JSONL file as pairs of line, from 1, and value; blank lines are passed over.

    Raises:
        UserError: If a line is no JSON, or not what the command writes.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                where = at_line(path, number)
                yield number, parse(decode(line, where, command), model, where, command)


def decode(data: bytes, where: str, command: str) -> Any:
    """Decodes JSON.

    Raises:
        UserError: If it is none.
    """
    try:
        return json.loads(data)
    except ValueError as error:
        raise UserError(f"This is no JSON: {error}", where=where, todo=make(command)) from None


def parse(data: Any, model: type[Model], where: str, command: str) -> Model:
    """Checks decoded JSON against a form.

    Raises:
        UserError: If it does not have the form; the field is named.
    """
    if not isinstance(data, dict):
        raise UserError("This is no JSON object", where=where, todo=make(command))
    try:
        return model(**data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"This is not what {command} writes: {field}: {first['msg']}",
            where=where,
            todo=make(command),
        ) from None


def require(path: Path, command: str, how: str = "") -> None:
    """Refuses to go on without a file.

    Raises:
        UserError: If it is not there.
    """
    if not path.is_file():
        raise UserError(
            "A file that the report needs is not there", where=str(path), todo=make(command, how)
        )


def make(command: str, how: str = "") -> str:
    """Says which command makes a file."""
    return f"Make it with: python -m spacy project run {command}{how}"
