"""Train with several seeds: mean, spread and interval of the scores, and the best kept."""

from __future__ import annotations

from pathlib import Path

import typer
from wasabi import msg

from .common.console import print_table, run
from .common.errors import UserError
from .experiments.children import Children, alone_in
from .experiments.setup import Setup
from .experiments.summary import percent
from .experiments.trials import NOTE, RESULT, Seed, run_trials, trials_table


def main(
    ctx: typer.Context,
    seeds: int = typer.Option(5, min=1, help="Number of seeds"),
    first_seed: int = typer.Option(0, min=0, help="The first; the others follow it"),
    config: Path = typer.Option(Path("configs/ner.cfg"), help="spaCy training config"),
    corpus: Path = typer.Option(Path("corpus"), help="Corpus directory made by convert"),
    output: Path = typer.Option(Path("training/trials"), "--output", "-o", help="Directory"),
    encoder: Path = typer.Option(
        Path("assets/encoders/selected"), help="Encoder directory made by encoder"
    ),
    lang: str = typer.Option("bn", "--lang", "-l", help="Language of the pipeline"),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    jobs: int = typer.Option(1, min=1, help="Trainings at a time"),
    sections: list[str] = typer.Option(
        [], "--with", help="Config section to merge in, see docs/training.md; may be repeated"
    ),
) -> None:
    """Train and evaluate with several seeds: mean, spread and interval of the scores.

    Started again, it runs only the seeds that are not finished. The best by dev is in
    OUTPUT/best. Further options of the form --section.key VALUE override the config.
    """
    setup = Setup(config, corpus, encoder, lang, gpu_id, tuple(ctx.args), tuple(sections))
    numbers = list(range(first_seed, first_seed + seeds))
    with alone_in(output), Children(jobs) as children:
        report = run_trials(setup, numbers, output, run=children.run, jobs=jobs,
                            stop=children.stop, done=_tell)  # fmt: skip
    print_table(trials_table(report))
    msg.good(f"Best on dev: seed {report['best']['seed']}, kept as {output / 'best'}", NOTE + ".")
    msg.text(f"All numbers are in {output / RESULT}")
    if report["failed"]:
        raise UserError(
            f"{report['failed']} of {seeds} seeds failed; the numbers are of the others",
            where=str(output / "logs"),
            todo="Run the same command again: it runs only what failed.",
        )


def _tell(seed: Seed) -> None:
    if seed.record is None:
        msg.fail(f"Seed {seed.seed} failed", seed.error)
        return
    how = "was finished before" if seed.reused else f"took {seed.record['seconds']:.0f} s"
    score = percent(seed.record["f"]["dev"]["repaired"])
    msg.info(f"Seed {seed.seed}: F {score} on dev (repaired gold), {how}")


if __name__ == "__main__":
    run(main, more_options=True)
