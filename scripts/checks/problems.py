"""A problem that a check found, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Something wrong with the set-up.

    Args:
        what: What is wrong.
        mend: What to do about it.
        fatal: Whether the workflow cannot go on with it.
    """

    what: str
    mend: str
    fatal: bool = True
