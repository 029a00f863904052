"""Several test sets of one run: a list of files, or a directory of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ..annotations.formats import format_of
from ..annotations.formats.base import ReadOptions
from ..common.errors import UserError

TEST = "test"
SEPARATOR = ":"


def split_of(name: str) -> str:
    """The split that an input is part of: ``test`` for ``test:news``."""
    return name.partition(SEPARATOR)[0]


def dataset_of(name: str) -> str | None:
    """The name of an input's data set where the split has several, else None."""
    return name.partition(SEPARATOR)[2] or None


def test_inputs(value: str, options: ReadOptions) -> dict[str, Path]:
    """The test sets that a user names, as input names to paths.

    Args:
        value: A path, several with commas between them, or a directory: each entry of it is then
            a set, unless its files are the single documents of one.
        options: How the files are to be read.

    Raises:
        UserError: A path does not exist.
    """
    paths = [Path(part.strip()) for part in value.split(",") if part.strip()]
    for path in paths:
        if not path.exists():
            raise UserError(
                "There is no such test data", where=str(path), todo="Check the path given."
            )
    found = [part for path in paths for part in _sets(path, options)]
    if len(found) == 1:
        return {TEST: found[0]}
    names = [path.stem for path in found]
    counts = Counter(names)
    return {
        f"{TEST}{SEPARATOR}{_name(path, name, counts)}": path
        for path, name in zip(found, names, strict=True)
    }


def _sets(path: Path, options: ReadOptions) -> list[Path]:
    if not path.is_dir():
        return [path]
    entries = sorted(p for p in path.iterdir() if not p.name.startswith("."))
    if any(entry.is_dir() for entry in entries):
        return entries
    return [path] if format_of(path, options).directory else entries


def _name(path: Path, name: str, counts: Counter[str]) -> str:
    """The file's name without ending, or with its folder where two files have it in common."""
    return name if counts[name] == 1 else f"{path.parent.name}-{path.name}"
