"""What augmentation brings: the same training without it and with each kind of it.

    python -m benchmarks.augmentation CORPUS --seeds 3 --steps 3000 --jobs 2

Trains every variant with the same seeds by scripts.trials, into training/augmentation, and compares
each with the plain one on dev. Started again, it runs only what is not finished. Writes
benchmarks/results/augmentation.json and prints a table.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from wasabi import msg

from scripts.common.console import print_table, run
from scripts.common.errors import UserError
from scripts.common.files import new_file, write_json
from scripts.common.tables import Table
from scripts.experiments.setup import machine
from scripts.experiments.summary import percent, summarise
from scripts.scoring.comparison import Scored, compare_scored, pool_scored, read_scored
from scripts.scoring.significance import ROUNDS

RESULTS = Path(__file__).parent / "results" / "augmentation.json"
PLAIN = "plain"
VARIANTS: dict[str, tuple[str, ...]] = {
    PLAIN: (),
    "entity swap": ("augment",),
    "typing noise": ("typing_noise",),
    "spacing noise": ("spacing_noise",),
    "all three": ("augment", "typing_noise", "spacing_noise"),
}
NEEDS_AUGMENTY = {"typing_noise", "spacing_noise"}


def variants(names: str | None = None) -> dict[str, tuple[str, ...]]:
    """The variants that can be trained here, by name, with their config sections.

    Args:
        names: Those to train beside the plain one, with commas; all by default.

    Raises:
        UserError: One is unknown, or needs augmenty, which is not installed.
    """
    possible = VARIANTS
    if importlib.util.find_spec("augmenty") is None:
        possible = {name: s for name, s in VARIANTS.items() if not NEEDS_AUGMENTY & {*s}}
    if names is None:
        return possible
    wanted = [PLAIN, *(name.strip() for name in names.split(","))]
    unknown = sorted({*wanted} - {*possible})
    if unknown:
        raise UserError(f"There is no variant {unknown[0]!r} here", where="--variants",
                        todo=f"Possible: {', '.join(possible)}.")  # fmt: skip
    return {name: possible[name] for name in wanted}


def train(
    output: Path, corpus: Path, config: Path, sections: Sequence[str], seeds: Sequence[int],
    *more: str,
) -> list[Scored]:  # fmt: skip
    """Trains with some seeds by scripts.trials, and reads what each scores on dev.

    Raises:
        UserError: A training failed.
    """
    words = ["--corpus", corpus, "--config", config, "--output", output, "--gpu-id", "-1",
             "--seeds", len(seeds), "--first-seed", min(seeds)]  # fmt: skip
    words += [word for section in sections for word in ("--with", section)]
    command = [sys.executable, "-m", "scripts.trials", *map(str, words), *more]
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode != 0:
        raise UserError("A training failed", where=str(output / "logs"))
    return [read_scored(output / f"seed-{seed}" / "metrics" / "dev.json") for seed in seeds]


def against(plain: Sequence[Scored], other: Sequence[Scored]) -> dict[str, Any]:
    """F of the runs of one variant, and how it differs from the plain one's.

    The test is paired over documents, with the counts of all seeds summed for each.
    """
    scores = [scored.metrics["gold"]["repaired"]["micro"]["f"] for scored in other]
    row = {"f": scores, "summary": summarise(scores)}
    if other is plain:
        return row
    result = compare_scored(pool_scored(plain), pool_scored(other), rounds=ROUNDS, seed=0)
    keys = ("difference", "difference_ci", "p_randomisation", "p_bootstrap")
    return {**row, **{key: result["micro"][key] for key in keys}}


def cells(row: dict[str, Any]) -> list[str]:
    """Mean ± sd, difference, its interval and p, as they are printed; F in percent."""
    summary = row["summary"]
    sd = "" if summary["sd"] is None else f" ± {percent(summary['sd'])}"
    if "difference" not in row:
        return [percent(summary["mean"]) + sd, "", "", ""]
    low, high = row["difference_ci"]
    return [
        percent(summary["mean"]) + sd,
        f"{100 * row['difference']:+.1f}",
        f"{100 * low:+.1f} to {100 * high:+.1f}",
        f"{row['p_randomisation']:.4f}",
    ]


def main(
    corpus: Path = typer.Argument(..., help="Corpus directory made by convert"),
    seeds: int = typer.Option(3, min=1),
    config: Path = typer.Option(Path("configs/ner_cpu.cfg")),
    steps: int = typer.Option(3000, min=1, help="Updates at most"),
    evaluate_every: int = typer.Option(200, min=1, help="Updates between evaluations"),
    jobs: int = typer.Option(1, min=1, help="Trainings at a time"),
    only: str | None = typer.Option(None, "--variants", help="With commas; all by default"),
    output: Path = typer.Option(Path("training/augmentation"), "--output", "-o"),
    name: str = typer.Option("banglaner", help="What to call the corpus in the results"),
) -> None:
    """Measures it on one corpus."""
    more = ["--training.max_steps", str(steps), "--training.eval_frequency", str(evaluate_every),
            "--jobs", str(jobs)]  # fmt: skip
    runs: dict[str, list[Scored]] = {}
    for variant, sections in variants(only).items():
        msg.info(f"{variant}: {seeds} trainings")
        folder = output / variant.replace(" ", "_")
        runs[variant] = train(folder, corpus, config, sections, range(seeds), *more)
    rows = {variant: against(runs[PLAIN], found) for variant, found in runs.items()}
    results = json.loads(RESULTS.read_text(encoding="utf8")) if RESULTS.is_file() else {}
    results[name] = {
        "config": config.as_posix(), "steps": steps, "evaluate_every": evaluate_every,
        "seeds": seeds, "corpus_md5": runs[PLAIN][0].metrics["corpus_md5"],
        "gold": "F on dev, repaired gold, of the best checkpoint, which dev chose",
        "machine": machine(), "variants": rows,
    }  # fmt: skip
    with new_file(RESULTS) as temporary:
        write_json(temporary, results)
    header = ["variant", "dev F, repaired", "difference", "95 %", "p"]
    body = [[variant, *cells(row)] for variant, row in rows.items()]
    print_table(Table(f"{name}: F in percent, {seeds} seeds, {steps} steps", header, body))


if __name__ == "__main__":
    run(main)
