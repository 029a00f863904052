"""Tables as data: what functions return and commands print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """A table of results.

    Args:
        title: What it shows.
        header: Names of the columns.
        rows: One sequence of cells a row; numbers are aligned to the right.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
