"""Fill labels that some texts' annotators did not look for, with a model that knows them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer
from tqdm import tqdm
from wasabi import msg

from .annotations.formats.base import ReadOptions, WriteOptions
from .annotations.formats.span_jsonl import write_span_jsonl
from .annotations.reading_log import ReadingLog, reading_tables
from .common.console import print_lines, print_table, run
from .common.devices import find_device
from .common.errors import UserError
from .common.files import new_file
from .common.tables import Table
from .corpora.surveying import read_codepoints
from .corpora.tokenizer import build_tokenizer
from .inference.confidence import find_calibration
from .inference.filling import Tally, Thresholds, fill, known_labels
from .inference.predict import load_pipeline

FATES = ("added", "missing", "dropped", "conflict")


def main(
    model: Path = typer.Argument(..., help="Trained pipeline that knows the labels"),
    source: Path = typer.Argument(..., help="Span JSONL with annotated_labels, as mix writes it"),
    output: Path = typer.Argument(..., help="Span JSONL to write"),
    keep: float = typer.Option(0.9, min=0.0, max=1.0, help="Least confidence of an entity"),
    missing: float = typer.Option(
        0.1, min=0.0, max=1.0, help="From here up to --keep, its place is left unannotated"
    ),
    calibration: Path = typer.Option(
        Path("metrics/calibration.json"), help="What calibrate wrote for the model"
    ),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
) -> None:
    """Fill labels that some texts' annotators did not look for, with a model that knows them.

    Only texts with "annotated_labels" are touched, and only for labels that these lack. What is
    given is never changed. For training texts: dev and test are to be judged by people's work.
    """
    thresholds = Thresholds(keep, missing)
    if output.exists() and source.exists() and output.samefile(source):
        raise UserError("The output is the input", where=str(output), todo="Name another file.")
    nlp = load_pipeline(model, find_device(gpu_id).gpu_id)
    known, words = find_calibration(calibration, model)
    log, tally = ReadingLog(), Tally()
    tokenizer = build_tokenizer(nlp.lang)
    reading = read_codepoints(source, ReadOptions(lang=nlp.lang), tokenizer, log)
    options = WriteOptions(lambda text: [(t.idx, t.idx + len(t)) for t in tokenizer.make_doc(text)])
    shown = tqdm(reading.records, unit=" records", disable=None)
    with new_file(output) as temporary:
        filled = fill(nlp, shown, thresholds, known, tally)
        write_span_jsonl(filled, temporary, options, lambda notice: None)
    print_lines(log.as_dict()["assumed"])
    for table in reading_tables({"input": log.as_dict()}):
        print_table(table)
    msg.info(f"Confidences are {words}")
    _print(tally, known_labels(nlp))
    msg.good(f"{tally.filled} of {tally.records} texts were filled: {output}")


def _print(tally: Tally, known: Iterable[str]) -> None:
    """Prints what became of the entities of each filled label."""
    rows = [
        (label, tally.labels[label], *(tally.fates.get(label, {}).get(fate, 0) for fate in FATES))
        for label in sorted(tally.labels)
    ]
    if rows:
        header = ("label", "texts", "added", "left missing", "dropped", "against what is given")
        print_table(Table("Filled labels", header, rows))
    else:
        msg.warn(
            "There was nothing to fill",
            f"The model knows {', '.join(sorted(known))}; every text says, or does not deny, that "
            "its annotators looked for these.",
        )


if __name__ == "__main__":
    run(main)
