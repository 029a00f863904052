"""Assets on disk against the checksums of project.yml, which weasel does not enforce."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..common.files import md5_of_file
from .problems import Problem


def check_assets(root: Path, assets: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Verifies the md5 of every asset that has one.

    An asset that can be downloaded may be absent; one without url belongs to the project and may
    not. ``spacy project assets`` leaves a wrong file in place and exits with 0.

    Args:
        root: Project directory.
        assets: The ``assets`` of project.yml.
    """
    problems = []
    for asset in assets:
        path, checksum = root / asset["dest"], asset.get("checksum")
        if not path.is_file():
            if "url" not in asset:
                problems.append(
                    Problem(f"{asset['dest']} is missing", f"git checkout -- {asset['dest']}")
                )
        elif checksum and md5_of_file(path) != checksum:
            restore = (
                f"Delete it and run: python -m spacy project assets{_extra(asset)}"
                if "url" in asset
                else f"git checkout -- {asset['dest']}, or, if the change is meant, put its md5 "
                "into project.yml"
            )
            problems.append(
                Problem(f"{asset['dest']} is not the file that project.yml names", restore)
            )
    return problems


def _extra(asset: Mapping[str, Any]) -> str:
    return " --extra" if asset.get("extra") else ""
