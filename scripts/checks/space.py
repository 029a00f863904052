"""Disk space for what a training writes."""

from __future__ import annotations

import shutil
from pathlib import Path

from .problems import Problem

GIB = 1 << 30
# model-last, model-best and the copy between them, for a tok2vec or the embedded encoder,
SMALL = 1 * GIB
# and for a base-sized encoder of 0.5 GiB, its download included; a large one needs three times it.
LARGE = 8 * GIB


def check_space(root: Path, *, large: bool, free: int | None = None) -> list[Problem]:
    """Whether the disk holds what a run writes.

    Args:
        root: Project directory.
        large: Whether a pretrained encoder is trained.
        free: Free bytes; None asks the disk.
    """
    available = shutil.disk_usage(root).free if free is None else free
    wanted = LARGE if large else SMALL
    if available >= wanted:
        return []
    return [
        Problem(
            f"{available / GIB:.1f} GiB are free, a run may write {wanted / GIB:.0f} GiB",
            "Make room, or set --output of train to another disk.",
            fatal=False,
        )
    ]
