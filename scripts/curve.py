"""Draw a learning curve and project it to twice the data."""

from __future__ import annotations

from pathlib import Path

import typer
from wasabi import msg

from .common.console import print_table, run
from .common.errors import UserError
from .experiments.children import Children, alone_in
from .experiments.curve import RESULT, Point, curve_table, run_curve, sentence
from .experiments.setup import Setup
from .experiments.summary import percent


def main(
    ctx: typer.Context,
    sizes: str = typer.Option("10,25,50,100", help="Parts of the training texts, in percent"),
    seeds: int = typer.Option(3, min=1, help="Trainings at each size"),
    config: Path = typer.Option(Path("configs/ner.cfg"), help="spaCy training config"),
    corpus: Path = typer.Option(Path("corpus"), help="Corpus directory made by convert"),
    output: Path = typer.Option(Path("training/curve"), "--output", "-o", help="Directory"),
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
    """Draw a learning curve over parts of the training texts and project it to twice the data.

    Started again, it runs only the trainings that are not finished. F is on dev; test is not
    looked at. Further options of the form --section.key VALUE override the config.
    """
    try:
        percents = [int(size) for size in sizes.split(",")]
    except ValueError:
        raise UserError(
            f"Not a list of percentages: {sizes!r}", todo="Such as 10,25,50,100."
        ) from None
    setup = Setup(config, corpus, encoder, lang, gpu_id, tuple(ctx.args), tuple(sections))
    with alone_in(output), Children(jobs) as children:
        report = run_curve(setup, percents, range(seeds), output, run=children.run, jobs=jobs,
                           stop=children.stop, done=_tell)  # fmt: skip
    print_table(curve_table(report))
    (msg.warn if report["projection"]["doubts"] else msg.good)(f"{sentence(report)}.")
    for doubt in report["projection"]["doubts"]:
        msg.text(f"- {doubt}")
    msg.text(f"Plots and numbers: {output / 'curve.png'}, curve.svg, {RESULT}")
    if report["failed"]:
        raise UserError(
            f"{len(report['failed'])} trainings failed; the numbers are of the others",
            where=str(output / "logs"),
            todo="Run the same command again: it runs only what failed.",
        )


def _tell(point: Point) -> None:
    name = f"{point.percent} %, seed {point.seed}"
    if point.record is None:
        msg.fail(f"{name} failed", point.error)
        return
    how = "was finished before" if point.reused else f"took {point.record['seconds']:.0f} s"
    msg.info(f"{name}: F {percent(point.record['f'])} on dev (repaired gold), {how}")


if __name__ == "__main__":
    run(main, more_options=True)
