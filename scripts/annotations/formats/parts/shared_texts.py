"""Rows of a file that belong together: several annotators' rows of one text."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Row = TypeVar("Row")


def group_rows(
    rows: Callable[[], Iterable[Row]], key: Callable[[Row], str | None]
) -> Iterator[list[Row]]:
    """Brings the rows of one key together; a group comes where its last row stands.

    The rows are read twice, so that only rows whose key comes again are held in memory.

    Args:
        rows: Reads the rows from the beginning.
        key: Names the group of a row; None leaves it alone.
    """
    counts = Counter(_digest(name) for row in rows() if (name := key(row)) is not None)
    held: dict[bytes, list[Row]] = {}
    for row in rows():
        name = key(row)
        digest = b"" if name is None else _digest(name)
        if counts[digest] < 2:
            yield [row]
            continue
        held.setdefault(digest, []).append(row)
        if len(held[digest]) == counts[digest]:
            yield held.pop(digest)


def own_names(names: Iterable[str]) -> list[str]:
    """The names, made different: the second ``ann`` is ``ann-2``."""
    given = list(names)
    taken = set(given)
    seen: set[str] = set()
    result = []
    for name in given:
        number, own = 1, name
        while own in seen or (own != name and own in taken):
            number += 1
            own = f"{name}-{number}"
        seen.add(own)
        result.append(own)
    return result


def _digest(name: str) -> bytes:
    return hashlib.blake2b(name.encode("utf8"), digest_size=16).digest()
