"""The data files of a recipe: which are not there, and how to get them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..common.tables import Table
from .reading import Recipe


def missing_files(recipe: Recipe, root: Path = Path()) -> list[str]:
    """The recipe's data files that are not there."""
    return [file for file in recipe.files() if not (root / file).exists()]


def ways(recipe: Recipe, assets: Sequence[Mapping[str, Any]], root: Path = Path()) -> Table:
    """The recipe's data files that are not there, and how to get each.

    Args:
        recipe: The recipe.
        assets: The ``assets`` of project.yml.
        root: The project's directory.
    """
    downloads = {str(asset["dest"]): bool(asset.get("extra")) for asset in assets if "url" in asset}
    rows = []
    for file in missing_files(recipe, root):
        if file in downloads:
            way = "python -m spacy project assets" + (" --extra" if downloads[file] else "")
        else:
            way = recipe.sources.get(file, "put it there: the recipe does not say where it is from")
        rows.append((file, way))
    return Table("Data that are not there", ("file", "how to get it"), rows)
