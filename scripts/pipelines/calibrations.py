"""Calibration files as ``calibrate`` writes them, and the model that each was made for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..common.errors import UserError
from .meta import ner_md5


def read_calibration(path: Path, model: Path) -> tuple[dict[str, Any], bool]:
    """The content of a calibration file, and whether it was made for a model.

    Args:
        path: What ``calibrate`` wrote.
        model: The trained pipeline.

    Raises:
        UserError: The file is not what ``calibrate`` writes.
    """
    try:
        content = json.loads(path.read_bytes())
        return content, content["ner_md5"] == ner_md5(model)
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> UserError:
    """The error of a file that is not what ``calibrate`` writes."""
    return UserError(
        f"The calibration cannot be read: {error!r}",
        where=str(path),
        todo="Make it anew: python -m scripts.calibrate",
    )
