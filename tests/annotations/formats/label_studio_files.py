"""Label Studio files for the tests, written and read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.annotations.formats.base import Notice, ReadOptions
from scripts.annotations.formats.label_studio import FORMAT
from scripts.annotations.records import Record
from scripts.common.errors import UserError


def file_of(folder: Path, value: Any) -> Path:
    path = folder / "tasks.json"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    path.write_bytes(text.encode("utf8"))
    return path


def read_path(path: Path, **options: Any) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(**options), notices.append)), notices


def read(folder: Path, value: Any, **options: Any) -> tuple[list[Record], list[Notice]]:
    return read_path(file_of(folder, value), **options)


def error(folder: Path, value: Any, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        read(folder, value, **options)
    return caught.value


def region(start: Any, end: Any, *labels: str, **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": list(labels), **more.pop("value", {})}
    return {"type": "labels", "from_name": "label", "to_name": "text", "value": value, **more}
