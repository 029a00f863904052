"""Comparison of two models by their metrics files of one gold, each of one or several runs."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import srsly

from ..common.errors import UserError
from .scores import interval, number
from .significance import Comparison, compare

TODO = "Write it with: python -m scripts.evaluate MODEL --output DIRECTORY"
# As trials writes them.
RUN = re.compile(r"seed-(\d+)")


@dataclass(frozen=True)
class Scored:
    """What a metrics file says of each document, or several of one method's runs together.

    Args:
        path: The file, or the first of several.
        metrics: All of it.
        documents: tp, fp and fn on repaired gold, (documents, 3), summed over the runs.
        labels: The same by label.
        runs: The files that were pooled; empty for a single one.
    """

    path: Path
    metrics: dict[str, Any]
    documents: np.ndarray
    labels: dict[str, np.ndarray]
    runs: tuple[Scored, ...] = ()

    @property
    def f(self) -> float | None:
        """Micro F on repaired gold, from the counts; None where undefined."""
        tp, fp, fn = (int(n) for n in self.documents.sum(axis=0))
        return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None


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


def find_metrics(sides: Sequence[str], dataset: str | None = None) -> list[list[Path]]:
    """The metrics files that the sides of a comparison name.

    Args:
        sides: Of each side one file, several with commas between them, or a directory that trials
            wrote: ``seed-*/metrics/DATASET.json``.
        dataset: Which data set to take from directories; by default test, if every run of every
            directory has it, else dev.

    Raises:
        UserError: A directory has no runs, or a run no metrics of the data set.
    """
    runs = {side: _runs(Path(side)) for side in sides if Path(side).is_dir()}
    folders = [folder for of_side in runs.values() for folder in of_side]
    if dataset is None:
        tested = all((folder / "metrics" / "test.json").is_file() for folder in folders)
        dataset = "test" if tested else "dev"
    found = []
    for side in sides:
        if side in runs:
            found.append([folder / "metrics" / f"{dataset}.json" for folder in runs[side]])
        else:
            found.append([Path(part.strip()) for part in side.split(",") if part.strip()])
            if not found[-1]:
                raise UserError("A side of the comparison names no file", todo=TODO)
    return found


def _runs(directory: Path) -> list[Path]:
    """The runs of a trials directory that have scores, by seed."""
    seeds = {path: RUN.fullmatch(path.name) for path in directory.glob("seed-*")}
    found = [(int(m[1]), path) for path, m in seeds.items() if m and (path / "metrics").is_dir()]
    if not found:
        raise UserError(
            "The directory has no scored runs (seed-*/metrics)",
            where=str(directory),
            todo="Write them with: python -m scripts.trials --output DIRECTORY",
        )
    return [path for _, path in sorted(found)]


def pool_scored(runs: Sequence[Scored]) -> Scored:
    """The runs of one method, such as its seeds, with the counts of each document added up.

    A single run is given back as it is.

    Args:
        runs: At least one.

    Raises:
        UserError: They do not score the same documents on the same gold, or a file is there twice.
    """
    first, *others = runs
    if not others:
        return first
    for other in others:
        check_same_gold(first, other)
    paths = [run.path.resolve() for run in runs]
    if len(set(paths)) < len(paths):
        raise UserError("A metrics file is named twice on one side", where=str(first.path))
    nothing = np.zeros_like(first.documents)
    labels = sorted({label for run in runs for label in run.labels})
    return Scored(
        path=first.path,
        metrics=first.metrics,
        documents=sum((run.documents for run in runs), nothing),
        labels={label: sum((r.labels.get(label, nothing) for r in runs), nothing)
                for label in labels},
        runs=tuple(runs),
    )  # fmt: skip


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
    golds = [
        (scored.documents[:, 0] + scored.documents[:, 2]) // max(len(scored.runs), 1)
        for scored in (first, second)
    ]
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

    Of pooled runs (``pool_scored``) it compares the mean results of each document: the units are
    documents still, and F is that of the counts summed over the seeds. It asks whether these
    runs' difference would hold on other documents; what other seeds would bring, the standard
    deviation over the seeds says, not the test.

    Raises:
        UserError: The files do not score the same documents on the same gold.
    """
    check_same_gold(first, second)
    nothing = np.zeros_like(first.documents)
    labels = sorted({*first.labels, *second.labels})
    # Of sides with unequal numbers of runs each must weigh the same, in whole numbers.
    sizes = [max(len(scored.runs), 1) for scored in (first, second)]
    times_a, times_b = (math.lcm(*sizes) // size for size in sizes)

    def row(a: np.ndarray, b: np.ndarray) -> dict[str, Any]:
        return _written(compare(a * times_a, b * times_b, rounds=rounds, seed=seed))

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
    """Where a side comes from; of several runs each, and mean and standard deviation of F."""
    origin = {"metrics": scored.path.as_posix(), "model": scored.metrics.get("model")}
    if not scored.runs:
        return origin
    known = [run.f for run in scored.runs if run.f is not None]
    return {
        **origin,
        "runs": [{**_origin(run), "f": None if run.f is None else number(run.f)}
                 for run in scored.runs],
        "f_mean": number(float(np.mean(known))) if known else None,
        "f_sd": number(float(np.std(known, ddof=1))) if len(known) > 1 else None,
    }  # fmt: skip


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
