"""What helps where there are few texts: variants of a training on small parts of a corpus.

    python -m benchmarks.low_data CORPUS --sizes 50,100,200 --seeds 3

Every seed has parts of its own, the same for all variants. Trains by scripts.trials, into
training/low_data, and compares each variant with the plain one on all of dev. Started again, it
runs only what is not finished. Writes benchmarks/results/low_data.json and prints a table.
"""

from __future__ import annotations

import json
import math
import random
import shutil
from pathlib import Path
from typing import Any

import typer
from wasabi import msg

from benchmarks.augmentation import PLAIN, against, cells, train
from scripts.common.console import print_table, run
from scripts.common.errors import UserError
from scripts.common.files import md5_of_file, new_directory, new_file, write_json
from scripts.common.tables import Table
from scripts.experiments.children import in_parallel
from scripts.experiments.setup import machine
from scripts.experiments.subsets import (
    TrainingSet,
    nested_subsets,
    read_training_set,
    write_subset,
)
from scripts.scoring.comparison import Scored

RESULTS = Path(__file__).parent / "results" / "low_data.json"
VARIANTS: dict[str, tuple[str, ...]] = {
    PLAIN: (),
    "low_data": ("low_data",),
    "augment": ("augment",),
    "low_data + augment": ("low_data", "augment"),
}


def read_sizes(sizes: str, most: int) -> list[int]:
    """The sizes, each once, rising.

    Raises:
        UserError: One is no number from 1 to ``most``.
    """
    try:
        numbers = sorted({int(size) for size in sizes.split(",")})
    except ValueError:
        raise UserError("The sizes are numbers with commas between", where=sizes) from None
    if numbers[0] < 1 or numbers[-1] > most:
        raise UserError(f"The sizes must be from 1 to {most}", where=sizes)
    return numbers


def choose(data: TrainingSet, size: int, seed: int) -> list[int]:
    """Indices of some texts, rising: dealt out by label as in scripts.curve, cut to the size."""
    share = min(100, math.ceil(100 * size / len(data.labels)) + 1)
    part = nested_subsets(data, [share], seed)[share]
    return sorted(random.Random(f"{seed}:{size}").sample(part, min(size, len(part))))


def small_corpus(corpus: Path, data: TrainingSet, size: int, seed: int, target: Path) -> None:
    """Writes a corpus directory with part of the training set and the same dev.

    Raises:
        UserError: There is one already, of another corpus.
    """
    if target.is_dir():
        if md5_of_file(target / "audit.json") != md5_of_file(corpus / "audit.json"):
            raise UserError(
                "There is a part of another corpus",
                where=str(target),
                todo="Name another --output.",
            )
        return
    with new_directory(target) as folder:
        write_subset(corpus / "train.spacy", choose(data, size, seed), folder / "train.spacy")
        for path in (corpus / "audit.json", corpus / "dev.gold.jsonl"):
            shutil.copy(path, folder)
        shutil.copytree(corpus / "tokenizer", folder / "tokenizer")
        dev = corpus / "dev.spacy"
        if dev.is_dir():
            shutil.copytree(dev, folder / dev.name)
        else:
            shutil.copy(dev, folder)


def main(
    corpus: Path = typer.Argument(..., help="Corpus directory made by convert"),
    sizes: str = typer.Option("50,100,200", help="Numbers of training texts"),
    seeds: int = typer.Option(3, min=1),
    config: Path = typer.Option(Path("configs/ner_cpu.cfg")),
    steps: int = typer.Option(1000, min=1, help="Updates at most"),
    evaluate_every: int = typer.Option(
        100, min=1, help="Updates between evaluations, without low_data"
    ),
    jobs: int = typer.Option(1, min=1, help="Trainings at a time"),
    output: Path = typer.Option(Path("training/low_data"), "--output", "-o"),
    name: str = typer.Option("banglaner", help="What to call the corpus in the results"),
) -> None:
    """Measures it on one corpus."""
    data = read_training_set(corpus / "train.spacy")
    numbers = read_sizes(sizes, len(data.labels))
    always = ["--training.max_steps", str(steps)]
    frequency = ["--training.eval_frequency", str(evaluate_every)]  # low_data has its own

    def train_one(size: int, variant: str, seed: int) -> tuple[int, str, int, Scored]:
        part = output / f"corpus-{size}-{seed}"
        folder = output / f"{size}-{variant.replace(' ', '')}-{seed}"
        options = always + ([] if "low_data" in VARIANTS[variant] else frequency)
        (scored,) = train(folder, part, config, VARIANTS[variant], [seed], *options)
        return size, variant, seed, scored

    todo = [(size, variant, seed) for size in numbers for variant in VARIANTS
            for seed in range(seeds)]  # fmt: skip
    for size in numbers:
        for seed in range(seeds):
            small_corpus(corpus, data, size, seed, output / f"corpus-{size}-{seed}")
    runs: dict[tuple[int, str, int], Scored] = {}
    tasks = [lambda one=one: train_one(*one) for one in todo]
    for size, variant, seed, scored in in_parallel(tasks, jobs, lambda: None):
        msg.info(f"{size} texts, {variant}, seed {seed} ({len(runs) + 1} of {len(todo)})")
        runs[size, variant, seed] = scored
    rows: dict[str, dict[str, Any]] = {}
    for size in numbers:
        found = {v: [runs[size, v, seed] for seed in range(seeds)] for v in VARIANTS}
        rows[str(size)] = {v: against(found[PLAIN], scored) for v, scored in found.items()}
    write_results(name, {
        "config": config.as_posix(), "steps": steps, "evaluate_every": evaluate_every,
        "seeds": seeds, "gold": "F on dev, repaired gold, of the best checkpoint, which dev chose",
        "corpus_md5": md5_of_file(corpus / "audit.json"), "machine": machine(), "sizes": rows,
    })  # fmt: skip
    header = ["texts", "variant", "dev F, repaired", "difference", "95 %", "p"]
    body = [
        [size, variant, *cells(row)] for size, of in rows.items() for variant, row in of.items()
    ]
    print_table(Table(f"{name}: F in percent, {seeds} seeds", header, body))


def write_results(name: str, found: dict[str, Any]) -> None:
    """Writes what was found on a corpus beside what was found on others."""
    results = json.loads(RESULTS.read_text(encoding="utf8")) if RESULTS.is_file() else {}
    with new_file(RESULTS) as temporary:
        write_json(temporary, {**results, name: found})


if __name__ == "__main__":
    run(main)
