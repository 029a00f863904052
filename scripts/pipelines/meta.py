"""The meta.json of a packaged pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import srsly

from ..encoders.report import read_report


def package_meta(model: Path, encoder: Path, name: str, version: str) -> dict[str, Any]:
    """A trained pipeline's meta with name, version, and the licence of its encoder.

    Args:
        model: The trained pipeline.
        encoder: The prepared encoder directory; looked at only if the pipeline has a transformer.
        name: Name of the package.
        version: Version of the package.
    """
    meta = srsly.read_json(model / "meta.json")
    meta.update(name=name, version=version)
    if "transformer" in meta["pipeline"]:
        report = read_report(encoder)
        meta["license"] = report.licence
        meta["sources"] = [{"name": report.name, "license": report.licence}]
    return meta
