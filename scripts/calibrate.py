"""Find out how far a trained pipeline's confidences can be believed, and calibrate them on dev."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from spacy.language import Language
from tqdm import tqdm
from wasabi import msg

from .common.console import print_table, run
from .common.devices import find_device
from .common.errors import UserError
from .common.files import md5_of_file, new_file, write_json
from .common.tables import Table
from .corpora.gold import GoldRecord, read_gold
from .inference.confidence import predict_with_confidence, raw_confidence
from .inference.predict import ent_spans, load_pipeline
from .pipelines.meta import check_corpus, ner_md5
from .scoring.assessment import Assessed, PredictedSplit, assess_splits
from .scoring.calibration import BINS, RAW, Choice, keep_above

CALIBRATION_VERSION = 1
THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def main(
    model: Path = typer.Argument(Path("training/model-best"), help="Trained pipeline"),
    corpus: Path = typer.Option(Path("corpus"), help="Corpus directory made by convert"),
    output: Path = typer.Option(
        Path("metrics"), "--output", "-o", help="Directory for calibration.json"
    ),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    seed: int = typer.Option(0, help="Of the division of dev into folds"),
    other_corpus: bool = typer.Option(
        False, help="Calibrate though the model was trained on another corpus than this"
    ),
) -> None:
    """Calibrate the confidences of predict on dev, and measure them on dev and test.

    Run it after evaluate, which replaces the metrics directory. An entity is right if the
    repaired gold has it with the same offsets and label. Numbers after calibration are
    cross-validated on dev; test is not fitted on.
    """
    if not (corpus / "dev.gold.jsonl").is_file():
        raise UserError(
            "There is no dev gold to calibrate on",
            where=str(corpus),
            todo="Make the corpus first: python -m spacy project run data",
        )
    known = check_corpus(model, corpus, other=other_corpus)
    if known is None:
        msg.warn("The model does not say on which corpus it was trained: leaks cannot be excluded")
    nlp = load_pipeline(model, find_device(gpu_id).gpu_id)
    splits = {
        split: _predict_split(nlp, list(read_gold(corpus / f"{split}.gold.jsonl")), split)
        for split in ("dev", "test")
        if (corpus / f"{split}.gold.jsonl").is_file()
    }
    choice, datasets = assess_splits(splits, seed)
    origin = {
        "model": model.as_posix(),
        "ner_md5": ner_md5(model),
        "corpus_md5": md5_of_file(corpus / "audit.json"),
        "trained_on_this_corpus": known,
        "seed": seed,
        "confidence": raw_confidence(nlp),
    }
    path = output / "calibration.json"
    with new_file(path) as temporary:
        write_json(temporary, _content(choice, datasets, origin))
    _print(choice, datasets)
    if choice.calibration == RAW:
        msg.warn("Nothing was calibrated: predict --confidence gives the confidences raw")
    msg.good(f"The calibration is in {path}")


def _predict_split(nlp: Language, gold: Sequence[GoldRecord], split: str) -> PredictedSplit:
    docs = tqdm(predict_with_confidence(nlp, (g.text for g in gold)), total=len(gold), desc=split,
                unit="doc", disable=None)  # fmt: skip
    predicted = [dict(zip(ent_spans(doc), values, strict=True)) for doc, values in docs]
    return PredictedSplit(gold, predicted)


def _content(
    choice: Choice, datasets: Mapping[str, Assessed], origin: Mapping[str, Any]
) -> dict[str, Any]:
    """What ``calibration.json`` holds."""
    return {
        "version": CALIBRATION_VERSION,
        **origin,
        "method": choice.calibration.method,
        "reason": choice.reason,
        "log_loss": {name: round(loss, 6) for name, loss in choice.losses.items()},
        "fitted_on": "dev",
        "gold": "repaired",
        "spans": datasets["dev"].scores["spans"],
        "ece_bins": {"count": BINS, "kind": "equal mass; ece_width: equal width"},
        "beam": None,
        "map": choice.calibration.to_json(),
        "datasets": {name: data.scores for name, data in datasets.items()},
    }


def _print(choice: Choice, datasets: Mapping[str, Assessed]) -> None:
    losses = ", ".join(f"{name} {loss:.4f}" for name, loss in choice.losses.items())
    msg.info(f"Method: {choice.calibration.method} ({choice.reason})", losses or None)
    rows = [_row(name, data.scores) for name, data in datasets.items() if data.scores["spans"]]
    header = ("", "entities", "right", "mean", "after", "ECE", "after", "Brier", "after", "AURC")
    print_table(
        Table(
            "Repaired gold, strict; before and after calibration (dev: cross-validated)",
            header,
            rows,
        )
    )
    for name, data in datasets.items():
        if len(data.after):
            _print_thresholds(name, data)


def _row(name: str, values: dict[str, Any]) -> tuple[str, ...]:
    pairs = [
        f"{values[f'{key}_{when}']:.3f}"
        for key in ("confidence", "ece", "brier")
        for when in ("before", "after")
    ]
    return name, str(values["spans"]), f"{values['precision']:.3f}", *pairs, f"{values['aurc']:.3f}"


def _print_thresholds(name: str, data: Assessed) -> None:
    rows = []
    for threshold in THRESHOLDS:
        kept = keep_above(data.judged, data.after, threshold)
        shares = ["–" if kept[key] is None else f"{kept[key]:.1%}" for key in "pr"]
        rows.append((f"{threshold:g}", str(kept["kept"]), *shares))
    print_table(
        Table(
            f"{name}, repaired gold: what --threshold keeps",
            ("at least", "entities", "P", "R"),
            rows,
        )
    )


if __name__ == "__main__":
    run(main)
