"""Remove what the project generates."""

from __future__ import annotations

import shutil
from pathlib import Path

import typer
from wasabi import msg

from .common.console import run

GENERATED = (
    "corpus", "training", "metrics", "reports", "packages", "suspects", "assets/encoders",
    "assets/recipes", ".predictions.jsonl.parts",
)  # fmt: skip
FILES = (
    "project.lock", "predictions.jsonl", "predictions.jsonl.findings.jsonl",
    "predictions.jsonl.bad.jsonl", "assets/inputs.json",
)  # fmt: skip


def main(
    keep_encoders: bool = typer.Option(False, help="Keep prepared encoders"),
) -> None:
    """Remove what the project generates: corpus, training, metrics, reports, packages, suspects,
    encoders, mixed data of recipes, predictions.

    Downloaded assets stay. With reports goes their history of earlier runs.
    """
    for name in GENERATED:
        if name == "assets/encoders" and keep_encoders:
            continue
        if Path(name).is_dir():
            shutil.rmtree(name)
            msg.info(f"Removed {name}")
    for name in FILES:
        Path(name).unlink(missing_ok=True)
    msg.good("Clean")


if __name__ == "__main__":
    run(main)
