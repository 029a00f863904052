"""The set-up that commands depend on though no variable names it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..common.devices import Device
from ..common.files import md5_of_file, new_file, write_json


def describe_setup(device: Device, encoder: str) -> dict[str, Any]:
    """The device that was found, and the md5 of every file of a local encoder directory."""
    files = sorted(path for path in Path(encoder).glob("*") if path.is_file())
    return {
        "device": asdict(device),
        "encoder": {path.name: md5_of_file(path) for path in files},
    }


def write_setup(path: Path, device: Device, encoder: str) -> None:
    """Writes the set-up; the same set-up gives the same bytes."""
    with new_file(path) as temporary:
        write_json(temporary, describe_setup(device, encoder))
