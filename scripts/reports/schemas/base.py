"""What several inputs have in common."""

from __future__ import annotations

from collections.abc import Iterable

SPLITS = ("train", "dev", "test")

Region = tuple[int, int]
LabelledSpan = tuple[int, int, str]
Interval = tuple[float | None, float | None]


def in_split_order(names: Iterable[str]) -> list[str]:
    """Sorts names of splits and data sets: train, dev, test, then any others by name."""
    order = {name: index for index, name in enumerate(SPLITS)}
    return sorted(names, key=lambda name: (order.get(name, len(order)), name))
