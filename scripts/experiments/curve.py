"""The same training on parts of the data: what more data would bring."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..common.errors import UserError
from ..common.files import new_file, write_json
from ..common.tables import Table
from .children import Interrupted, Runner, in_parallel, remove
from .plot import draw_curve
from .projection import project
from .setup import (
    Setup,
    check,
    dev_score,
    machine,
    made_from,
    read_record,
    refuse_others,
    remove_models,
    write_record,
)
from .subsets import TrainingSet, nested_subsets, read_training_set, write_subset
from .summary import percent, summarise

RESULT = "curve.json"
VERSION = 1
TEMPORARY = ".subsets."


@dataclass(frozen=True)
class Point:
    """What became of one training.

    Args:
        percent: Size in percent of the training texts.
        seed: Seed of the training, and of the choice of the texts.
        record: Its result, as ``run.json`` holds it; None if it failed.
        reused: Whether it was finished before.
        error: Why it failed.
    """

    percent: int
    seed: int
    record: dict[str, Any] | None
    reused: bool = False
    error: str | None = None


def run_curve(
    setup: Setup,
    percents: Sequence[int],
    seeds: Sequence[int],
    output: Path,
    *,
    run: Runner,
    jobs: int = 1,
    stop: Callable[[], None] = lambda: None,
    done: Callable[[Point], None] = lambda point: None,
) -> dict[str, Any]:
    """Trains on parts of the data with every seed; writes ``curve.json``, ``.png`` and ``.svg``.

    A training that was finished before, with the same config, corpus, encoder and options, is
    not run again. Dev is the same for all; test is not looked at; no pipeline is kept.

    Args:
        setup: What the trainings have in common.
        percents: Sizes in percent of the training texts.
        seeds: Seeds, each with a choice of texts of its own.
        output: Directory of the curve.
        run: Runs a command.
        jobs: Trainings at a time.
        stop: Ends what runs.
        done: Is told of every training as it ends.

    Returns:
        What ``curve.json`` holds.

    Raises:
        UserError: The sizes are none, nothing can be trained, the directory holds runs of other
            settings, or no training on all data ended well.
    """
    sizes = _check_sizes(percents)
    check(setup)
    origin = made_from(setup)
    refuse_others(output / "runs", "*", origin)
    data = read_training_set(setup.corpus / "train.spacy")
    parts = {seed: _checked_parts(nested_subsets(data, sizes, seed)) for seed in seeds}
    points = []
    with _subset_folder(output) as folder:
        training = _Training(setup, data, folder, output, origin, run)
        # Small ones first: what is wrong shows soon.
        tasks = [partial(training.run_point, n, s, parts[s][n]) for n in sizes for s in seeds]
        for point in in_parallel(tasks, jobs, stop):
            done(point)
            points.append(point)
    report = _report(points, sizes, data, origin)
    _write(report, output)
    return report


def curve_table(report: Mapping[str, Any]) -> Table:
    """The sizes, one a row; F in percent."""
    rows = []
    for size in report["sizes"]:
        summary = size["summary"]
        ci = summary["ci"]
        rows.append([
            f"{size['percent']} %",
            f"{size['docs']:,.0f}",
            f"{size['ents']:,.0f}",
            str(summary["n"]),
            f"{percent(summary['mean'])} ± {percent(summary['sd'])}",
            "–" if ci is None else "–".join(percent(edge) for edge in ci),
        ])  # fmt: skip
    header = ["data", "texts", "spans", "seeds", "dev F ± sd", "95 % of mean"]
    return Table("F on dev (repaired gold), percent", header, rows)


def sentence(report: Mapping[str, Any]) -> str:
    """What twice the data would bring, in one sentence."""
    projection = report["projection"]
    if projection["gain"] is None:
        return "Too few sizes were measured to project the curve"
    ci = projection["gain_ci"]
    interval = "no interval" if ci is None else " to ".join(f"{100 * edge:.1f}" for edge in ci)
    said = f"Twice the data would bring about {100 * projection['gain']:+.1f} F ({interval})"
    reached = f"{said}, to F {percent(projection['at_twice'])}"
    return f"{reached}; this cannot be trusted" if projection["doubts"] else reached


@dataclass(frozen=True)
class _Training:
    """What the trainings of a curve have in common.

    Args:
        setup: Their options.
        data: The training set.
        folder: For the parts of the training set, each as long as it is needed.
        output: Directory of the curve.
        origin: What decides their outcome, beside size and seed.
        run: Runs a command.
    """

    setup: Setup
    data: TrainingSet
    folder: Path
    output: Path
    origin: dict[str, Any]
    run: Runner

    def run_point(self, size: int, seed: int, chosen: Sequence[int]) -> Point:
        """Trains on the chosen texts, or finds that this was done before."""
        name = f"{size:03d}-seed-{seed}"
        target, log = self.output / "runs" / name, self.output / "logs" / f"{name}.txt"
        if record := read_record(target):
            return Point(size, seed, record, reused=True)
        remove(target)
        remove(log)
        subset = self.folder / f"{name}.spacy"
        more: list[str] = []
        whole = False
        started = time.monotonic()
        try:
            if size < 100:
                write_subset(self.setup.corpus / "train.spacy", chosen, subset)
                more = ["--paths.train", str(subset)]
            self.run(self.setup.train(target, seed, *more), log)
            record = {
                "percent": size,
                "seed": seed,
                "docs": len(chosen),
                "ents": sum(self.data.ents[index] for index in chosen),
                "made_from": self.origin,
                "seconds": round(time.monotonic() - started, 1),
                "f": round(dev_score(target), 6),
            }
            remove_models(target)
            write_record(target, record)
            whole = True
        except Interrupted:
            raise
        except UserError as error:
            return Point(size, seed, None, error=str(error))
        finally:
            remove(subset)
            if not whole:
                remove(target)
        return Point(size, seed, record)


@contextmanager
def _subset_folder(output: Path) -> Iterator[Path]:
    """A folder for parts of the training set, without those that a killed run left."""
    output.mkdir(parents=True, exist_ok=True)
    for leftover in output.glob(f"{TEMPORARY}*"):
        remove(leftover)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=output) as folder:
        yield Path(folder)


def _check_sizes(percents: Sequence[int]) -> list[int]:
    """The sizes, each once, rising."""
    sizes = sorted(set(percents))
    if len(sizes) < 2 or sizes[0] < 1 or sizes[-1] != 100:
        raise UserError("The sizes must be two or more percentages from 1 to 100, 100 included")
    return sizes


def _write(report: dict[str, Any], output: Path) -> None:
    draw_curve(report, output)
    with new_file(output / RESULT) as temporary:
        write_json(temporary, report)


def _checked_parts(parts: dict[int, list[int]]) -> dict[int, list[int]]:
    """The parts of a seed: every one holds more texts than the one before."""
    sizes = [len(parts[percent]) for percent in sorted(parts)]
    if sizes[0] == 0 or len(set(sizes)) < len(sizes):
        raise UserError(
            f"The corpus is too small for such parts: they have {sizes} texts",
            todo="Name larger percentages, further apart. Near-duplicates stay together.",
        )
    return parts


def _report(
    points: Sequence[Point], sizes: Sequence[int], data: TrainingSet, origin: dict[str, Any]
) -> dict[str, Any]:
    rows = []
    for size in sizes:
        found = sorted((p.seed, p.record) for p in points if p.percent == size and p.record)
        if not found:
            continue
        records = [record for _, record in found]
        scores = {str(seed): record["f"] for seed, record in found}
        rows.append({
            "percent": size,
            "docs": sum(record["docs"] for record in records) / len(records),
            "ents": sum(record["ents"] for record in records) / len(records),
            "f": scores,
            "summary": summarise(list(scores.values())),
        })  # fmt: skip
    failed = [point for point in points if point.record is None]
    if not rows or rows[-1]["percent"] != 100:
        raise UserError("No training on all data ended well", where=failed[0].error)
    total = len(data.labels)
    measured = {row["docs"] / total: list(row["f"].values()) for row in rows}
    projection = project(measured)
    if failed:
        projection["doubts"].append(f"{len(failed)} of {len(points)} trainings failed")
    return {
        "version": VERSION,
        "made_from": origin,
        "machine": machine(),
        "gold": "F on dev, repaired gold, of the best checkpoint, which dev chose",
        "docs": total,
        "ents": sum(data.ents),
        "sizes": rows,
        "projection": projection,
        "failed": [
            {"percent": p.percent, "seed": p.seed, "error": p.error} for p in failed
        ],
    }  # fmt: skip
