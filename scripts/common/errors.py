"""The one exception that users are meant to see."""

from __future__ import annotations

from pathlib import Path


class UserError(Exception):
    """Something that the user can mend: what is wrong, where, and what to do about it.

    Commands print it and exit with status 1; it never reaches the user as a traceback.

    Args:
        what: One sentence that says what is wrong.
        where: File, and line or record id, in which it was found.
        todo: What to do about it.
    """

    def __init__(self, what: str, *, where: str | None = None, todo: str | None = None) -> None:
        self.what = what
        self.where = where
        self.todo = todo
        super().__init__(" | ".join(part for part in (where, what, todo) if part))


def at_line(path: Path | str, line: int | None = None, record_id: str | None = None) -> str:
    """Names a place in a file: ``path, line 3 (id 17)``; lines count from 1."""
    place = str(path)
    if line is not None:
        place += f", line {line}"
    if record_id is not None:
        place += f" (id {record_id})"
    return place
