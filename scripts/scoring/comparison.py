"""Comparison of two metrics files of one gold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import srsly

from ..common.errors import UserError
from .scores import interval, number
from .significance import Comparison, compare

TODO = "Write it with: python -m scripts.evaluate MODEL --output DIRECTORY"


@dataclass(frozen=True)
class Scored:
    """What a metrics file says of each document.

    Args:
        path: The file.
        metrics: All of it.
        documents: tp, fp and fn on repaired gold, (documents, 3).
        labels: The same by label.
    """

    path: Path
    metrics: dict[str, Any]
    documents: np.ndarray
    labels: dict[str, np.ndarray]


def read_scored(path: Path) -> Scored:
    """Reads a metrics file.

    Raises:
        UserError: It is not there, or no metrics file of version 2.
    """
    if not path.is_file():
        raise UserError("There is no such metrics file", where=str(path), todo=TODO)
    try:
        metrics = srsly.read_json(path)
        docs = metrics["docs"]
        documents = np.asarray(metrics["per_document"], dtype=int).reshape(docs, 3)
        stored = metrics["per_document_labels"]
        table = np.zeros((docs, len(stored["labels"]), 3), dtype=int)
        for doc, label, *counts in stored["counts"]:
            table[doc, label] = counts
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(
            f"Not a metrics file of version 2: {error!r}", where=str(path), todo=TODO
        ) from None
    by_label = {label: table[:, i] for i, label in enumerate(stored["labels"])}
    return Scored(path, metrics, documents, by_label)


def check_same_gold(first: Scored, second: Scored) -> None:
    """Checks that two files score the same documents on the same gold.

    Raises:
        UserError: They do not.
    """
    where = f"{first.path}, {second.path}"
    todo = "Evaluate both models on one corpus, and compare the same data set of both."
    for key, what in (
        ("corpus_md5", "corpora"),
        ("split", "splits"),
        ("dataset", "data sets"),
        ("docs", "numbers of documents"),
    ):
        pair = first.metrics.get(key), second.metrics.get(key)
        if pair[0] != pair[1]:
            raise UserError(
                f"The files are of different {what}: {pair[0]}, {pair[1]}", where=where, todo=todo
            )
    golds = [scored.documents[:, 0] + scored.documents[:, 2] for scored in (first, second)]
    if (golds[0] != golds[1]).any():
        at = int(np.argmax(golds[0] != golds[1])) + 1
        raise UserError(
            f"The gold of document {at} has {golds[0][at - 1]} spans in one file and "
            f"{golds[1][at - 1]} in the other",
            where=where,
            todo=todo,
        )


def compare_scored(first: Scored, second: Scored, *, rounds: int, seed: int) -> dict[str, Any]:
    """Compares two models: strict F on repaired gold, micro and by label.

    Labels are tests of their own, and their p-values are not corrected for their number.

    Raises:
        UserError: The files do not score the same documents on the same gold.
    """
    check_same_gold(first, second)
    nothing = np.zeros_like(first.documents)
    labels = sorted({*first.labels, *second.labels})

    def row(a: np.ndarray, b: np.ndarray) -> dict[str, Any]:
        return _written(compare(a, b, rounds=rounds, seed=seed))

    return {
        "version": 1,
        "a": _origin(first),
        "b": _origin(second),
        "split": first.metrics.get("split"),
        "dataset": first.metrics.get("dataset"),
        "corpus_md5": first.metrics.get("corpus_md5"),
        "docs": len(first.documents),
        "gold": "repaired",
        "measure": "strict",
        "rounds": rounds,
        "seed": seed,
        "micro": row(first.documents, second.documents),
        "labels": {
            label: row(first.labels.get(label, nothing), second.labels.get(label, nothing))
            for label in labels
        },
    }


def _origin(scored: Scored) -> dict[str, Any]:
    return {"metrics": scored.path.as_posix(), "model": scored.metrics.get("model")}


def _written(result: Comparison) -> dict[str, Any]:
    return {
        "f_a": number(result.f[0]),
        "f_a_ci": interval(result.f_ci[0]),
        "f_b": number(result.f[1]),
        "f_b_ci": interval(result.f_ci[1]),
        "difference": number(result.difference),
        "difference_ci": interval(result.difference_ci),
        "p_randomisation": number(result.p_randomisation),
        "p_bootstrap": number(result.p_bootstrap),
        "b_ahead": number(result.b_ahead),
    }
