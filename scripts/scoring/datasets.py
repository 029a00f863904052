"""Several data sets in one split: which texts are of which, and the name of each set's metrics."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from ..common.errors import UserError
from ..corpora.gold import GoldRecord


def dataset_rows(gold: Sequence[GoldRecord], split: str) -> dict[str, list[int]]:
    """The texts of each data set of a split, and of the whole split.

    Args:
        gold: The gold of the split.
        split: Its name.

    Returns:
        Numbers of the texts by the name of the metrics: ``split-NAME`` for each data set where
        there are several, in order of appearance, and last ``split`` for all of them.

    Raises:
        UserError: Two data sets would have their metrics in one file.
    """
    found: defaultdict[str, list[int]] = defaultdict(list)
    for row, record in enumerate(gold):
        found[record.dataset or "unnamed"].append(row)
    parts: dict[str, list[int]] = {}
    if len(found) > 1:
        parts = {f"{split}-{_file_name(name)}": rows for name, rows in found.items()}
        # Some file systems do not tell a from A.
        if len({name.casefold() for name in parts}) < len(found):
            raise UserError(
                f"Data sets of {split} have names that are one as file names: {', '.join(found)}",
                todo="Rename their files and run convert again.",
            )
    return {**parts, split: list(range(len(gold)))}


def _file_name(name: str) -> str:
    """A data set's name without what file systems refuse in names."""
    return re.sub(r'[\s<>:"/\\|?*\x00-\x1f]+', "_", name)
