"""The same training with several seeds: what its score is, give or take chance."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import srsly

from ..common.errors import UserError
from ..common.files import new_directory, new_file, write_json
from ..common.tables import Table
from ..pipelines.resume import BEST, LAST
from .children import Interrupted, Runner, in_parallel, remove
from .setup import (
    Setup,
    check,
    machine,
    made_from,
    read_record,
    refuse_others,
    remove_models,
    write_record,
)
from .summary import percent, summarise

RESULT = "trials.json"
VERSION = 1
GOLDS = ("repaired", "as_given")
# dev.json, test.json and test-NAME.json; other files of a metrics directory are no scores.
DATASET = re.compile(r"(dev|test(-.+)?)\.json")
NOTE = (
    "Chosen by F on dev (repaired gold) alone; its score on dev is therefore optimistic, and the "
    "mean over the seeds, not its score on test, says what the training brings"
)


@dataclass(frozen=True)
class Seed:
    """What became of one seed.

    Args:
        seed: The seed.
        record: Its scores, as ``run.json`` holds them; None if it failed.
        reused: Whether it was finished before.
        error: Why it failed.
    """

    seed: int
    record: dict[str, Any] | None
    reused: bool = False
    error: str | None = None


def run_trials(
    setup: Setup,
    seeds: Sequence[int],
    output: Path,
    *,
    run: Runner,
    jobs: int = 1,
    stop: Callable[[], None] = lambda: None,
    done: Callable[[Seed], None] = lambda seed: None,
) -> dict[str, Any]:
    """Trains and scores with every seed, keeps the best, and writes ``trials.json``.

    A seed that was finished before, with the same config, corpus, encoder and options, is not
    run again. One that fails does not keep the others from being run.

    Args:
        setup: What the trainings have in common.
        seeds: The seeds, all different.
        output: Directory of the trials.
        run: Runs a command.
        jobs: Trainings at a time.
        stop: Ends what runs.
        done: Is told of every seed as it ends.

    Returns:
        What ``trials.json`` holds.

    Raises:
        UserError: Nothing can be trained, the directory holds trials of other settings, or
            every seed failed.
    """
    check(setup)
    origin = made_from(setup)
    refuse_others(output, "seed-*", origin)
    tasks = [lambda seed=seed: _run_seed(setup, seed, output, origin, run) for seed in seeds]
    ended = []
    for result in in_parallel(tasks, jobs, stop):
        done(result)
        ended.append(result)
    results = sorted(ended, key=lambda result: seeds.index(result.seed))
    finished = [result for result in results if result.record is not None]
    if not finished:
        raise UserError("Every seed failed", where=results[0].error)
    best = max(finished, key=lambda result: _score(result.record) or 0.0)
    _keep_best(output, best.seed, [result.seed for result in finished])
    report = _report(results, best.seed, origin)
    with new_file(output / RESULT) as temporary:
        write_json(temporary, report)
    return report


def trials_table(report: dict[str, Any]) -> Table:
    """The seeds, one a row, and what they have in common; F in percent."""
    columns = [(name, gold) for name in report["summary"] for gold in GOLDS]
    header = ["seed", *(f"{name} F, {gold.replace('_', ' ')}" for name, gold in columns), ""]
    rows: list[list[str]] = []
    for row in report["seeds"]:
        scores = row.get("f", {})
        note = "best on dev" if row["seed"] == report["best"]["seed"] else ""
        cells = [percent(scores.get(name, {}).get(gold)) for name, gold in columns]
        rows.append([str(row["seed"]), *cells, "failed" if row["status"] == "failed" else note])
    summaries = [report["summary"][name][gold] for name, gold in columns]
    rows.append(["mean ± sd", *(_mean(summary) for summary in summaries), ""])
    rows.append(["95 % of mean", *(_interval(summary) for summary in summaries), ""])
    return Table(f"F in percent over {report['finished']} seeds", header, rows)


def _run_seed(setup: Setup, seed: int, output: Path, origin: dict[str, Any], run: Runner) -> Seed:
    folder = output / f"seed-{seed}"
    log = output / "logs" / f"seed-{seed}.txt"
    record = read_record(folder)
    if record and (folder / BEST / "meta.json").is_file():
        return Seed(seed, record, reused=True)
    remove(folder)
    remove(log)
    whole = False
    started = time.monotonic()
    try:
        run(setup.train(folder, seed), log)
        run(setup.evaluate(folder / BEST, folder / "metrics"), log)
        remove_models(folder, [LAST])
        record = {
            "seed": seed,
            "made_from": origin,
            "seconds": round(time.monotonic() - started, 1),
            "f": read_scores(folder / "metrics"),
        }
        write_record(folder, record)
        whole = True
    except Interrupted:
        raise
    except UserError as error:
        return Seed(seed, None, error=str(error))
    finally:
        if not whole:
            remove(folder)
    return Seed(seed, record)


def read_scores(metrics: Path) -> dict[str, dict[str, float | None]]:
    """Micro F (strict) of each dataset on each gold, from evaluate's directory.

    Raises:
        UserError: A file is not what evaluate writes.
    """
    scores = {}
    for path in sorted(metrics.glob("*.json")):
        if not DATASET.fullmatch(path.name):
            continue
        try:
            gold = srsly.read_json(path)["gold"]
            scores[path.stem] = {name: gold[name]["micro"]["f"] for name in GOLDS}
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"Not what evaluate writes: {error!r}", where=str(path)) from None
    if "dev" not in scores:
        raise UserError("There are no scores on dev", where=str(metrics))
    return scores


def _score(record: dict[str, Any] | None) -> float | None:
    return None if record is None else record["f"]["dev"]["repaired"]


def _keep_best(output: Path, seed: int, seeds: Sequence[int]) -> None:
    """Copies the best pipeline to ``best`` and says in its meta how it was chosen."""
    with new_directory(output / "best") as folder:
        shutil.copytree(output / f"seed-{seed}" / BEST, folder, dirs_exist_ok=True)
        meta = srsly.read_json(folder / "meta.json")
        meta["selected"] = {"seed": seed, "of_seeds": list(seeds), "note": NOTE}
        write_json(folder / "meta.json", meta)


def _report(results: Sequence[Seed], best: int, origin: dict[str, Any]) -> dict[str, Any]:
    finished = [result.record for result in results if result.record is not None]
    names = list(dict.fromkeys(name for record in finished for name in record["f"]))
    rows = [
        {"seed": r.seed, "status": "failed", "error": r.error}
        if r.record is None
        else {"seed": r.seed, "status": "finished", "seconds": r.record["seconds"],
              "f": r.record["f"]}
        for r in results
    ]  # fmt: skip
    return {
        "version": VERSION,
        "made_from": origin,
        "machine": machine(),
        "finished": len(finished),
        "failed": len(results) - len(finished),
        "seeds": rows,
        "summary": {
            name: {
                gold: summarise([record["f"].get(name, {}).get(gold) for record in finished])
                for gold in GOLDS
            }
            for name in names
        },
        "best": {"seed": best, "pipeline": "best", "note": NOTE},
    }


def _mean(summary: dict[str, Any]) -> str:
    return f"{percent(summary['mean'])} ± {percent(summary['sd'])}"


def _interval(summary: dict[str, Any]) -> str:
    return "–" if summary["ci"] is None else "–".join(percent(edge) for edge in summary["ci"])
