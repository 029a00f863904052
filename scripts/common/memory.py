"""Memory that the C library holds on to."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache


def give_back_memory() -> bool:
    """Gives freed memory back to the system, where the C library can (glibc); says whether it did.

    A long-lived process that computes on arrays of ever other sizes keeps freed pieces that fit no
    later array: it grows, though nothing leaks.
    """
    trim = _malloc_trim()
    if trim is None:
        return False
    trim(0)
    return True


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    # Windows loads no library without a name; macOS and musl have no such function.
    except (TypeError, OSError, AttributeError):
        return None
