"""Search for better settings with Optuna, on dev alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from wasabi import msg

from .common.console import print_table, run
from .experiments.children import Children
from .experiments.search import DATABASE, NOTE, RESULT, Search, run_search, tune_tables
from .experiments.setup import Setup
from .experiments.summary import percent


def main(
    ctx: typer.Context,
    ranges: Path = typer.Option(Path("configs/tune.yml"), help="Settings to search, see there"),
    trials: int = typer.Option(30, min=1, help="Trials in all, earlier ones included"),
    config: Path = typer.Option(Path("configs/ner.cfg"), help="spaCy training config"),
    corpus: Path = typer.Option(Path("corpus"), help="Corpus directory made by convert"),
    output: Path = typer.Option(Path("training/tune"), "--output", "-o", help="Directory"),
    encoder: Path = typer.Option(
        Path("assets/encoders/selected"), help="Encoder directory made by encoder"
    ),
    lang: str = typer.Option("bn", "--lang", "-l", help="Language of the pipeline"),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    seed: int = typer.Option(0, min=0, help="Of the search, and of every training"),
    jobs: int = typer.Option(1, min=1, help="Trainings at a time"),
    sections: list[str] = typer.Option(
        [], "--with", help="Config section to merge in, see docs/training.md; may be repeated"
    ),
) -> None:
    """Search for better settings with Optuna: F on dev, never test.

    Started again, it goes on; several may work on one OUTPUT at a time. Trials that fall behind
    are ended early. Further options of the form --section.key VALUE hold for all trials.
    """
    setup = Setup(config, corpus, encoder, lang, gpu_id, tuple(ctx.args), tuple(sections))
    search = Search(setup, ranges, trials, seed, output)
    with Children(jobs) as children:
        report = run_search(search, run=children.run, jobs=jobs, stop=children.stop, done=_tell)
    for table in tune_tables(report):
        print_table(table)
    counts = report["counts"]
    msg.text(
        f"{counts['complete']} trials finished, {counts['pruned']} ended early, "
        f"{counts['fail']} failed; {output / DATABASE}, {output / RESULT}"
    )
    own = report["own_settings"]
    against = f"; the config's own settings: F {percent(own['dev_f'])}" if own else ""
    msg.good(f"Best: trial {report['best']['number']}, F {percent(report['best']['dev_f'])} "
             f"on dev (repaired gold){against}", NOTE + ".")  # fmt: skip
    # Not by msg: it would break the line.
    print(f'\n--vars.train_options " {report["train_options"]}"')


def _tell(row: Mapping[str, Any]) -> None:
    name = f"Trial {row['number']}" + (" (the config's own settings)" if row["own"] else "")
    if row["state"] == "fail":
        msg.fail(f"{name} failed", row["error"])
    elif row["state"] == "pruned":
        msg.info(f"{name}: ended at step {row['last_step']}, F {percent(row['dev_f'])} by then")
    else:
        msg.info(f"{name}: F {percent(row['dev_f'])} on dev (repaired gold)")


if __name__ == "__main__":
    run(main, more_options=True)
