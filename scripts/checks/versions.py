"""Installed versions against the pins of requirements.txt."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from .problems import Problem

PYTHON_FROM, PYTHON_BELOW = (3, 10), (3, 14)
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;#]+)")


def read_pins(path: Path) -> dict[str, str]:
    """The exact pins of a requirements file: package to version."""
    lines = path.read_text(encoding="utf8").splitlines()
    return {m[1]: m[2] for line in lines if (m := PIN.match(line.strip()))}


def check_versions(pins: dict[str, str], python: tuple[int, int] | None = None) -> list[Problem]:
    """Compares Python and the installed packages with what the project was tested with.

    Args:
        pins: Package to version.
        python: Python's version; None is the running one.
    """
    problems = list(_check_python(python or sys.version_info[:2]))
    for package, wanted in pins.items():
        try:
            installed = metadata.version(package)
        except metadata.PackageNotFoundError:
            installed = None
        # A local build such as 2.13.0+cpu or +cu130 is that version.
        if installed is None or installed.partition("+")[0] != wanted:
            problems.append(
                Problem(
                    f"{package} {wanted} is needed, "
                    + (f"{installed} is installed" if installed else "it is not installed"),
                    "python -m pip install -r requirements.txt",
                )
            )
    return problems


def _check_python(version: tuple[int, ...]) -> Iterable[Problem]:
    if not PYTHON_FROM <= tuple(version) < PYTHON_BELOW:
        first, last = "3.10", "3.13"
        yield Problem(
            f"Python {version[0]}.{version[1]} is not among those tested ({first} to {last})",
            "Make a virtual environment with one of them, e.g. python3.12 -m venv .venv",
        )
