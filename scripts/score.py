"""Score another tool's predictions on a corpus, exactly as evaluate scores a pipeline."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import srsly
import typer
from spacy.language import Language
from wasabi import msg

from .annotations import command_options as reading
from .annotations.formats.base import ReadOptions
from .annotations.reading_log import ReadingLog, reading_tables
from .common.console import print_lines, print_scores, print_table, run
from .common.errors import UserError
from .common.files import check_replaceable, md5_of_file, md5_of_path, new_directory
from .corpora.docbins import docbin_files, read_docs
from .corpora.gold import GoldRecord, read_gold
from .corpora.surveying import read_codepoints
from .encoders.texts import load_pipeline as load_tokenizer
from .scoring.foreign import Foreign, place_predictions
from .scoring.metrics_files import machine, write_metrics
from .scoring.slices import read_surfaces
from .scoring.tables import accuracy_line, datasets_table, gold_tables

SPLITS = ("dev", "test")


def main(
    predictions: Path = typer.Argument(..., help="The predictions, in any annotation format"),
    corpus: Path = typer.Option(Path("corpus"), help="Corpus directory made by convert"),
    split: str = typer.Option("test", help="The split they are of: dev or test"),
    output: Path = typer.Option(..., "--output", "-o", help="Metrics directory of this tool"),
    name: str | None = typer.Option(None, help="What to call the tool; else the file's path"),
    seed: int = typer.Option(0, help="Of the bootstrap"),
    resamples: int = typer.Option(10_000, min=100, help="Bootstrap resamples"),
    lang: str = typer.Option("bn", "--lang", "-l", help="Language of the texts"),
    file_format: str | None = reading.FORMAT,
    text_key: str = reading.TEXT_KEY,
    spans_key: str | None = reading.SPANS_KEY,
    offset_unit: str = reading.OFFSET_UNIT,
    spacing: str = reading.SPACING,
    scheme: str = reading.SCHEME,
    columns: str | None = reading.COLUMNS,
    layer: str | None = reading.LAYER,
    label_map: Path | None = reading.LABEL_MAP,
) -> None:
    """Score another tool's predictions on a corpus, exactly as evaluate scores a pipeline.

    Predictions find their gold by the text, in any order; each gold text must have one. The files
    written are those of evaluate, so that compare and report read them. Scores of the other split
    by the same tool stay in the directory.
    """
    options = reading.read_options(
        lang=lang, file_format=file_format, text_key=text_key, spans_key=spans_key,
        offset_unit=offset_unit, spacing=spacing, scheme=scheme, columns=columns, layer=layer,
        annotators="union", label_map=label_map,
    )  # fmt: skip
    gold = _gold(corpus, split)
    head = _head(name or predictions.as_posix(), predictions, corpus)
    kept = _check_output(output, split, head["corpus_md5"])
    nlp = load_tokenizer(corpus)
    found = _read(predictions, options, gold, nlp)
    surfaces = read_surfaces(read_docs(docbin_files(corpus / "train.spacy"), nlp.vocab))
    with new_directory(output) as folder:
        for path in kept:
            shutil.copy2(path, folder)
        written = write_metrics(
            folder, split, gold, found.predictions, head,
            surfaces=surfaces, resamples=resamples, seed=seed,
        )  # fmt: skip
    _print(split, written)
    if found.extra:
        msg.warn(f"{found.extra} predicted texts are none of {split}'s: left out")
    msg.good(f"Scores are in {output}")


def _head(name: str, predictions: Path, corpus: Path) -> dict[str, Any]:
    """What the metrics say of the predictions' origin; what evaluate knows and this does not: None.

    The machine is the one that scores.

    Raises:
        UserError: There are no predictions.
    """
    if not predictions.exists():
        raise UserError("There are no such predictions", where=str(predictions))
    return {
        "model": name,
        "predictions_md5": md5_of_path(predictions),
        "corpus_md5": md5_of_file(corpus / "audit.json"),
        "trained_on_this_corpus": None,
        "machine": machine(),
        "words_per_second": None,
    }


def _gold(corpus: Path, split: str) -> list[GoldRecord]:
    if split not in SPLITS:
        raise UserError(f"There is no split {split!r} to score on", where="--split",
                        todo=f"Possible: {', '.join(SPLITS)}.")  # fmt: skip
    path = corpus / f"{split}.gold.jsonl"
    if not path.is_file():
        raise UserError(
            f"There is no gold of {split}",
            where=str(path),
            todo="Make the corpus first: python -m spacy project run data",
        )
    return list(read_gold(path))


def _read(path: Path, options: ReadOptions, gold: Sequence[GoldRecord], nlp: Language) -> Foreign:
    """The predictions of a file beside their gold; prints how the file was read."""
    log = ReadingLog()
    read = read_codepoints(path, options, nlp, log)
    found = place_predictions(read.records, gold, nlp, path)
    msg.info(f"Format {read.format.name}, offsets are {read.unit}")
    print_lines([*log.as_dict()["assumed"], *(h.reason for h in read.hypotheses if not h.plain)])
    for table in reading_tables({"predictions": log.as_dict()}):
        print_table(table)
    return found


def _check_output(output: Path, split: str, corpus_md5: str) -> list[Path]:
    """The files of the other split that stay in the output.

    Raises:
        UserError: The output holds other files, the scores of a pipeline, or those of the other
            split of another corpus.
    """
    ends = (".json", "-*.json", ".errors.jsonl", "-*.errors.jsonl")
    (other,) = set(SPLITS) - {split}
    check_replaceable(output, [f"{name}{end}" for name in SPLITS for end in ends])
    for path in sorted(output.glob("*.json")):
        known = _read_scores(path)
        if "predictions_md5" not in known:
            raise UserError(
                "The output directory holds the scores of a pipeline",
                where=str(path),
                todo="Name another directory with --output.",
            )
        if known.get("split") == other and known.get("corpus_md5") != corpus_md5:
            raise UserError(
                f"The output directory holds scores of {other} on another corpus",
                where=str(path),
                todo="Remove them, or name another directory with --output.",
            )
    return sorted({path for end in ends for path in output.glob(f"{other}{end}")})


def _read_scores(path: Path) -> dict[str, Any]:
    """What a metrics file holds.

    Raises:
        UserError: It is none.
    """
    try:
        return dict(srsly.read_json(path))
    except (TypeError, ValueError):
        raise UserError("Not a metrics file", where=str(path),
                        todo="Name another directory with --output.") from None  # fmt: skip


def _print(split: str, written: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Prints the strict scores of a split; of several data sets, those of each beside it."""
    _, scores = written[-1]
    for table, measured_on in gold_tables(split, scores):
        print_scores(table)
        msg.text(measured_on)
    if len(written) > 1:
        print_scores(datasets_table(written))
    msg.text(accuracy_line(scores))


if __name__ == "__main__":
    run(main)
