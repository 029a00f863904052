"""Score a trained pipeline on dev and test."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from spacy.language import Language
from tqdm import tqdm
from wasabi import msg

from .common.console import print_scores, run
from .common.devices import find_device
from .common.errors import UserError
from .common.files import check_replaceable, md5_of_file, new_directory
from .corpora.docbins import docbin_files, read_docs
from .corpora.gold import GoldRecord, read_gold
from .inference.predict import load_pipeline, predict, to_prediction
from .inference.resolve import span_categorizer
from .pipelines.meta import check_corpus
from .scoring.evaluation import Prediction
from .scoring.metrics_files import machine, write_metrics
from .scoring.slices import read_surfaces
from .scoring.tables import (
    accuracy_line,
    datasets_table,
    gold_tables,
    measure_table,
    slices_table,
    tags_table,
)

# What an older evaluation left, and what is made from it: all of it is replaced.
OURS = ["dev.json", "test.json", "dev-*.json", "test-*.json", "*.errors.jsonl", "calibration.json"]


def main(
    model: Path = typer.Argument(Path("training/model-best"), help="Trained pipeline"),
    corpus: Path = typer.Option(Path("corpus"), help="Corpus directory made by convert"),
    output: Path = typer.Option(Path("metrics"), "--output", "-o", help="Metrics directory"),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    seed: int = typer.Option(0, help="Of the bootstrap"),
    resamples: int = typer.Option(10_000, min=100, help="Bootstrap resamples"),
    other_corpus: bool = typer.Option(
        False, help="Score though the model was trained on another corpus than this"
    ),
) -> None:
    """Score a trained pipeline on dev and test, on repaired gold and on gold as given.

    Every table says on which gold it was measured; intervals are 95 % bootstrap intervals over
    documents. Where test has several data sets, each is scored, and their mixture as test. A span
    categorizer is scored on its entities, the spans that are left of those that share tokens, and
    on all its spans if the corpus has such.
    """
    splits = _splits(corpus)
    check_replaceable(output, OURS)
    known = check_corpus(model, corpus, other=other_corpus)
    if known is None:
        msg.warn("The model does not say on which corpus it was trained: leaks cannot be excluded")
    device = find_device(gpu_id)
    nlp = load_pipeline(model, device.gpu_id)
    surfaces = read_surfaces(read_docs(docbin_files(corpus / "train.spacy"), nlp.vocab))
    origin = {
        "model": model.as_posix(),
        "corpus_md5": md5_of_file(corpus / "audit.json"),
        "trained_on_this_corpus": known,
        "machine": machine(device.gpu_id),
    }
    with new_directory(output) as folder:
        for split in splits:
            gold = list(read_gold(corpus / f"{split}.gold.jsonl"))
            predictions, seconds = _predict(nlp, gold, split)
            speed = round(sum(len(p.tokens) for p in predictions) / seconds, 1)
            written = write_metrics(
                folder, split, gold, predictions, {**origin, "words_per_second": speed},
                surfaces=surfaces, resamples=resamples, seed=seed,
            )  # fmt: skip
            _print_split(written)
    msg.good(f"Scores are in {output}, errors in {output / '*.errors.jsonl'}")


def _splits(corpus: Path) -> list[str]:
    splits = [name for name in ("dev", "test") if (corpus / f"{name}.gold.jsonl").is_file()]
    if not splits:
        raise UserError(
            "There is no gold to score on",
            where=str(corpus),
            todo="Make the corpus first: python -m spacy project run data",
        )
    return splits


def _predict(
    nlp: Language, gold: Sequence[GoldRecord], split: str
) -> tuple[list[Prediction], float]:
    """Predictions for the texts of a split, and the seconds that they took."""
    started = time.perf_counter()
    docs = tqdm(predict(nlp, (g.text for g in gold)), total=len(gold), desc=split, unit="doc",
                disable=None)  # fmt: skip
    component = span_categorizer(nlp)
    key = None if component is None else component.key
    predictions = [to_prediction(doc, key) for doc in docs]
    return predictions, time.perf_counter() - started


def _print_split(written: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Prints the tables of a split; of several data sets, those of the mixture."""
    split, scores = written[-1]
    for table, measured_on in gold_tables(split, scores):
        print_scores(table)
        msg.text(measured_on)
    print_scores(measure_table(scores))
    print_scores(slices_table(scores))
    if len(written) > 1:
        print_scores(datasets_table(written))
    print_scores(tags_table(scores))
    msg.text(f"{accuracy_line(scores)}; {scores['words_per_second']:,.0f} words per second")


if __name__ == "__main__":
    run(main)
