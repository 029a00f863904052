"""JSON documents whose records stand deep inside: the lines on which their objects start."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .json_source import read_items

# A string is taken whole, so that braces in it are not counted.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|\{')

LineOf = Callable[[Any], int]


def read_located(path: Path) -> Iterator[tuple[Any, int, LineOf]]:
    """Streams the JSON values of a file like ``read_items``, and can say where objects start.

    Yields:
        The value, its line, and a function that gives the line, from 1, of each object in it.

    Raises:
        UserError: As ``read_items``.
    """
    lines = _object_lines(path)
    for item in read_items(path):
        places = {id(found): next(lines, item.line) for found in _objects(item.value)}
        yield item.value, item.line, lambda v, p=places, n=item.line: p.get(id(v), n)


def _object_lines(path: Path) -> Iterator[int]:
    """The line of each ``{`` that opens an object, in the order of the file."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as file:
        for number, line in enumerate(file, 1):
            for token in _TOKEN.finditer(line):
                if token[0] == "{":
                    yield number


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a value, in the order in which they open in the file."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += reversed(value.values())
        elif isinstance(value, list):
            waiting += reversed(value)
