"""The annotation files of a run, which weasel cannot watch: it takes no list of files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..common.files import md5_of_path, new_file, write_json


def describe_inputs(words: Iterable[str]) -> dict[str, str]:
    """The md5 of every file or directory that is named, alone or in a list with commas.

    Args:
        words: Values of variables and options; what names no file is passed over.
    """
    paths = [Path(part) for word in words for part in word.split(",") if part.strip()]
    return {path.as_posix(): md5_of_path(path) for path in sorted(paths) if path.exists()}


def write_inputs(path: Path, words: Iterable[str]) -> None:
    """Writes the md5s; the same files give the same bytes."""
    found = describe_inputs(words)
    with new_file(path) as temporary:
        write_json(temporary, found)
