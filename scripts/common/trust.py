"""Whether every user of the machine could have changed a model.

Loading a pipeline can run code that stands in its files (docs/security.md says which), so whoever
may write them may run code as the user who loads them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from .errors import UserError

SHOWN = 3


def refuse_world_writable(model: Path) -> None:
    """Refuses a model that every user of the machine could have changed.

    Looked at are the model's directory, all that is in it, what symbolic links lead to, and the
    directories that hold the model and every link on the way to it: who may write one of those may
    put another model in the place of this one. It may be world-writable if it is sticky, as
    ``/tmp`` is, where only the owner can move what is his. A group may write: its members were
    chosen. Directories further up are not looked at: who may write those may change this program
    as well.

    On Windows nothing is checked: the mode bits that Python shows there are not the rights that
    hold.

    Args:
        model: A pipeline directory; one that does not exist passes, for whoever reads it to
            complain.

    Raises:
        UserError: Something of it is world-writable; says what.
    """
    if os.name != "posix":
        return
    found = sorted(set(_world_writable(Path(model))))
    if not found:
        return
    shown = [str(path) for path in found[:SHOWN]]
    more = [f"{len(found) - SHOWN} more"] if len(found) > SHOWN else []
    raise UserError(
        "Every user of this machine can change the model, and so run code as whoever loads it",
        where=", ".join([*shown, *more]),
        todo="If you know that nobody did, take the right away and run this again: "
        f"chmod -R o-w {_to_mend(Path(model), found)} (where that changes nothing, the file "
        "system keeps no rights: copy the model to another). See docs/security.md.",
    )


def _world_writable(model: Path) -> Iterator[Path]:
    """What of a model is world-writable, and what holds it and is so without being sticky."""
    waiting, seen = [model], set()
    while waiting:
        given = waiting.pop()
        # The rights of a link say nothing: what counts is where it leads.
        path = given.resolve()
        if not path.exists():
            continue
        if given == model or given.is_symlink():
            for holder in _holders(given):
                mode = holder.stat().st_mode
                if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                    yield holder
        if path in seen:
            continue
        seen.add(path)
        mode = path.stat().st_mode
        if mode & stat.S_IWOTH:
            yield path
        if stat.S_ISDIR(mode):
            waiting += path.iterdir()


def _holders(given: Path) -> set[Path]:
    """The directories that hold what exists at a path, and every link on the way to it."""
    found = {given.resolve().parent}
    # Never normalised: after a link, ".." is not what stands before it.
    waiting = [given.absolute()]
    while waiting:
        place = waiting.pop()
        found.add(place.parent.resolve())
        for link in (place, *place.parents):
            if link.is_symlink():
                found.add(link.parent.resolve())
                waiting.append(link.parent / os.readlink(link))
    return found


def _to_mend(model: Path, found: list[Path]) -> str:
    """What chmod is to be given: the model, and what is world-writable outside of it."""
    inside = model.resolve()
    outside = [str(path) for path in found if not path.is_relative_to(inside)]
    return " ".join([str(inside), *outside] if len(outside) < len(found) else outside)
