"""Files that are either whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from .errors import UserError


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Gives a temporary path beside ``path``, renamed to it when the block ends well.

    On any exception the temporary file is removed and ``path`` stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private; give the result the permissions of an ordinary new file.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def check_replaceable(path: Path, ours: Sequence[str]) -> None:
    """Refuses a directory with files that ``new_directory`` would take away with our own.

    Args:
        path: The directory; it may be absent or empty.
        ours: Name patterns of what we put there; hidden files may go too.

    Raises:
        UserError: The path is a file, or a directory that holds something else.
    """
    if path.exists() and not path.is_dir():
        raise UserError("The output is a file, not a directory", where=str(path))
    names = sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []
    others = [name for name in names if not any(fnmatch(name, p) for p in (".*", *ours))]
    if others:
        raise UserError(
            f"The output directory holds other files: {', '.join(others[:5])}",
            where=str(path),
            todo="It is replaced as a whole. Name another one, or move them away.",
        )


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """Gives a temporary directory beside ``path`` that takes its place when the block ends well.

    The old directory is moved aside first and removed last, so that an interruption leaves the
    old one or the new one, and ``recover_directory`` can mend the moment between two renames.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    recover_directory(path)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.new.", dir=path.parent))
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        old = _aside(path)
        if path.exists():
            path.rename(old)
        temporary.rename(path)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def recover_directory(path: Path) -> None:
    """Puts back a directory that an interrupted ``new_directory`` had just moved aside.

    Also removes the temporary directories that a killed run left behind.
    """
    path = Path(path)
    old = _aside(path)
    if old.exists():
        if path.exists():
            shutil.rmtree(old)
        else:
            old.rename(path)
    for leftover in path.parent.glob(f".{path.name}.new.*"):
        shutil.rmtree(leftover, ignore_errors=True)


def json_line(value: Any) -> str:
    """A value as one line of JSONL; letters of every script stay readable, unlike in srsly's."""
    return json.dumps(value, ensure_ascii=False) + "\n"


def write_jsonl(path: Path, values: Iterable[Any]) -> None:
    """Writes values as JSONL, with readable letters and the same bytes on every platform."""
    with path.open("w", encoding="utf8", newline="\n") as file:
        file.writelines(json_line(value) for value in values)


def write_json(path: Path, value: Any) -> None:
    """Writes a value as indented JSON, with readable letters."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf8", newline="\n")


def md5_of_file(path: Path) -> str:
    """The md5 of a file's bytes in hexadecimal, as weasel's asset checksums are."""
    digest = hashlib.md5(usedforsecurity=False)
    with Path(path).open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def md5_of_path(path: Path) -> str:
    """The md5 of a file, or of the names and contents of all files of a directory."""
    if not path.is_dir():
        return md5_of_file(path)
    files = sorted(p for p in path.rglob("*") if p.is_file())
    listing = "".join(f"{p.relative_to(path).as_posix()} {md5_of_file(p)}\n" for p in files)
    return hashlib.md5(listing.encode("utf8"), usedforsecurity=False).hexdigest()


def _aside(path: Path) -> Path:
    return path.parent / f".{path.name}.old"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
