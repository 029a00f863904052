"""The metrics files of a split: ``NAME.json`` and ``NAME.errors.jsonl`` of each data set."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import spacy

from ..common.files import write_json, write_jsonl
from ..corpora.gold import GoldRecord
from .datasets import dataset_rows
from .evaluation import Prediction, evaluate_predictions
from .slices import Surfaces

METRICS_VERSION = 2


def machine(gpu_id: int = -1) -> dict[str, Any]:
    """The machine that a metrics file names.

    Args:
        gpu_id: Number of the GPU that predicted; -1: none.
    """
    gpu = None
    if gpu_id >= 0:
        import torch

        gpu = torch.cuda.get_device_name(gpu_id)
    return {
        "cpu": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "spacy": spacy.__version__,
        "gpu": gpu,
    }


def write_metrics(
    folder: Path,
    split: str,
    gold: Sequence[GoldRecord],
    predictions: Sequence[Prediction],
    head: dict[str, Any],
    *,
    surfaces: Surfaces | None,
    resamples: int,
    seed: int,
) -> list[tuple[str, dict[str, Any]]]:
    """Scores a split and each of its data sets, and writes ``NAME.json`` and the errors of each.

    Args:
        folder: Where to write; it exists.
        split: ``dev`` or ``test``.
        gold: The gold of the split.
        predictions: One for each, in the same order.
        head: What the files say of the predictions' origin.
        surfaces: Entity surfaces of the training corpus.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.

    Returns:
        Names and scores of the data sets, the whole split last.
    """
    written = []
    for name, rows in dataset_rows(gold, split).items():
        scores, errors = evaluate_predictions(
            [gold[row] for row in rows], [predictions[row] for row in rows],
            surfaces=surfaces, resamples=resamples, seed=seed,
        )  # fmt: skip
        own = {"version": METRICS_VERSION, "split": split, "dataset": name, **head, **scores}
        write_json(folder / f"{name}.json", own)
        write_jsonl(folder / f"{name}.errors.jsonl", errors)
        written.append((name, own))
    return written
