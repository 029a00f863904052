"""The data files of a recipe: which are not there, and how to get them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..common.errors import UserError
from .reading import Recipe


def missing_files(recipe: Recipe, root: Path = Path()) -> list[str]:
    """The recipe's data files that are not there."""
    return [file for file in recipe.files() if not (root / file).exists()]


def require_files(recipe: Recipe, assets: Sequence[Mapping[str, Any]], root: Path = Path()) -> None:
    """Refuses a recipe whose data are not there.

    Args:
        recipe: The recipe.
        assets: The ``assets`` of project.yml.
        root: The project's directory.

    Raises:
        UserError: Files are missing; it names each, and says how to get it.
    """
    missing = missing_files(recipe, root)
    if missing:
        raise UserError(
            f"Data of the recipe are missing: {', '.join(missing)}",
            where=str(recipe.path),
            todo="; ".join(_ways(missing, recipe, assets)),
        )


def _ways(missing: Sequence[str], recipe: Recipe, assets: Sequence[Mapping[str, Any]]) -> list[str]:
    """What each way gets, the files of one way together."""
    downloads = {str(asset["dest"]): bool(asset.get("extra")) for asset in assets if "url" in asset}
    by_way: dict[str, list[str]] = {}
    for file in missing:
        if file in downloads:
            way = "python -m spacy project assets" + (" --extra" if downloads[file] else "")
        else:
            way = recipe.sources.get(file, "put there yourself: the recipe does not say from where")
        by_way.setdefault(" ".join(way.split()), []).append(file)
    return [f"{', '.join(files)}: {way}" for way, files in by_way.items()]
