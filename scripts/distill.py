"""Train a small pipeline on what a large one says of raw texts, and compare the two."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import srsly
import typer
from tqdm import tqdm
from wasabi import msg

from .common.console import print_scores, print_table, run
from .common.errors import UserError
from .common.tables import Table
from .experiments.children import Children, alone_in
from .experiments.distilling import RESULT, Request, distillation_table, run_distillation
from .experiments.setup import Setup
from .experiments.summary import percent
from .experiments.trials import Seed
from .inference.filling import Thresholds


def main(
    ctx: typer.Context,
    teacher: Path = typer.Argument(..., help="Trained pipeline that marks the texts"),
    texts: Path = typer.Argument(..., help="Raw texts: a file or folder that predict reads"),
    output: Path = typer.Argument(..., help="Directory for all that is made"),
    config: Path = typer.Option(Path("configs/ner_cpu.cfg"), help="Training config of the student"),
    corpus: Path = typer.Option(Path("corpus"), help="Gold corpus directory made by convert"),
    keep: float = typer.Option(0.5, min=0.0, max=1.0, help="Least confidence of an entity"),
    missing: float = typer.Option(
        0.1, min=0.0, max=1.0, help="From here up to --keep, its place is left unannotated"
    ),
    calibration: Path | None = typer.Option(
        None, help="What calibrate wrote for the teacher; by default in its directory, or metrics"
    ),
    seeds: int = typer.Option(1, min=1, help="Number of students, with seeds from 0"),
    encoder: Path = typer.Option(
        Path("assets/encoders/selected"), help="Encoder directory, if the student has one"
    ),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    sections: list[str] = typer.Option(
        [], "--with", help="Config section to merge in, see docs/training.md; may be repeated"
    ),
    other_corpus: bool = typer.Option(
        False, help="Go on though the teacher was trained on another corpus than this"
    ),
) -> None:
    """Train a small pipeline on what a large one says of raw texts, and compare the two.

    The student learns from the gold training texts and from the raw texts as the teacher marks
    them; a second one, from gold alone, shows what that brought. Texts of dev and test are taken
    out. Started again, it goes on where it stopped. Further options of the form --section.key VALUE
    override the config.
    """
    thresholds = Thresholds(keep, missing)
    lang = _language(corpus)
    setup = Setup(config, corpus, encoder, lang, gpu_id, tuple(ctx.args), tuple(sections))
    request = Request(teacher, texts, setup, thresholds, range(seeds), calibration, other_corpus)
    with alone_in(output), Children() as children:
        report = run_distillation(request, output, run=children.run, tell=msg.info, done=_tell,
                                  progress=_progress)  # fmt: skip
    _print_silver(report)
    print_scores(distillation_table(report))
    msg.good(f"The student is {output / 'student' / 'best'}; all numbers are in {output / RESULT}")
    if report["failed"]:
        raise UserError(
            f"{report['failed']} trainings failed; the numbers are of the others",
            where=str(output),
            todo="Run the same command again: it runs only what failed.",
        )


def _language(corpus: Path) -> str:
    path = corpus / "audit.json"
    if not path.is_file():
        raise UserError(
            "There is no gold corpus",
            where=str(corpus),
            todo="Make it first: python -m spacy project run data",
        )
    return srsly.read_json(path)["lang"]


def _progress(items: Iterable[Any]) -> Iterable[Any]:
    return tqdm(items, disable=None)


def _tell(seed: Seed) -> None:
    if seed.record is None:
        msg.fail(f"Seed {seed.seed} failed", seed.error)
        return
    how = "was finished before" if seed.reused else f"took {seed.record['seconds']:.0f} s"
    msg.info(
        f"Seed {seed.seed}: F {percent(seed.record['f']['dev']['repaired'])} on dev "
        f"(repaired gold), {how}"
    )


def _print_silver(report: dict[str, Any]) -> None:
    """Prints what became of every raw text and of every entity that the teacher found."""
    silver, limits = report["silver"], report["thresholds"]
    fates, leaks = silver["fates"], silver["leaks"]
    docs = silver["train_docs"]
    rows = [
        ("texts read", silver["texts"]),
        ("lines without a text", silver["bad"]),
        ("left out: in the gold training texts", silver["gold"]),
        ("left out: repeated", silver["repeated"]),
        ("marked by the teacher", silver["marked"]),
        (f"entities kept (from {limits['keep']:g})", fates["kept"]),
        (f"entities left missing (from {limits['missing']:g})", fates["missing"]),
        ("entities dropped", fates["dropped"]),
        ("taken out: in dev or test", leaks["leak"]),
        ("taken out: nearly in dev or test", leaks["near-leak"]),
        ("training texts, gold alone", docs["gold"]),
        ("training texts, gold and silver", docs["gold_and_silver"]),
    ]
    print_table(Table("The raw texts", ("", "number"), rows))
    raw = silver["confidences"].startswith("raw")
    (msg.warn if raw else msg.info)(f"Confidences are {silver['confidences']}")


if __name__ == "__main__":
    run(main, more_options=True)
