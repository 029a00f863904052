"""Score a trained pipeline on dev and test."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from typing import Any

import spacy
import typer
from tqdm import tqdm
from wasabi import msg

from .common.console import run
from .common.devices import find_device
from .common.errors import UserError
from .common.files import check_replaceable, md5_of_file, new_directory, write_json, write_jsonl
from .corpora.gold import read_gold
from .inference.predict import load_pipeline, predict, to_prediction
from .pipelines.meta import corpus_of
from .scoring.evaluation import evaluate_predictions

METRICS_VERSION = 1


def main(
    model: Path = typer.Argument(Path("training/model-best"), help="Trained pipeline"),
    corpus: Path = typer.Option(Path("corpus"), help="Corpus directory made by convert"),
    output: Path = typer.Option(Path("metrics"), "--output", "-o", help="Metrics directory"),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    seed: int = typer.Option(0, help="Of the bootstrap"),
    resamples: int = typer.Option(2000, min=100, help="Bootstrap resamples"),
    other_corpus: bool = typer.Option(
        False, help="Score though the model was trained on another corpus than this"
    ),
) -> None:
    """Score a trained pipeline on dev and test, on repaired gold and on gold as given.

    Every table says on which gold it was measured; intervals are 95 % bootstrap intervals over
    documents.
    """
    splits = [name for name in ("dev", "test") if (corpus / f"{name}.gold.jsonl").is_file()]
    if not splits:
        raise UserError(
            "There is no gold to score on",
            where=str(corpus),
            todo="Make the corpus first: python -m spacy project run convert",
        )
    check_replaceable(output, ["dev.json", "test.json", "*.errors.jsonl"])
    known = _check_corpus(model, corpus, other_corpus)
    device = find_device(gpu_id)
    nlp = load_pipeline(model, device.gpu_id)
    with new_directory(output) as folder:
        for split in splits:
            gold = list(read_gold(corpus / f"{split}.gold.jsonl"))
            started = time.perf_counter()
            docs = tqdm(predict(nlp, (g.text for g in gold)), total=len(gold), desc=split,
                        unit="doc", disable=None)  # fmt: skip
            predictions = [to_prediction(doc) for doc in docs]
            seconds = time.perf_counter() - started
            scores, errors = evaluate_predictions(gold, predictions, resamples=resamples, seed=seed)
            scores = {
                "version": METRICS_VERSION,
                "split": split,
                "model": model.as_posix(),
                "corpus_md5": md5_of_file(corpus / "audit.json"),
                "trained_on_this_corpus": known,
                "words_per_second": round(scores["tokens"] / seconds, 1),
                "machine": _machine(device.gpu_id),
                **scores,
            }
            write_json(folder / f"{split}.json", scores)
            write_jsonl(folder / f"{split}.errors.jsonl", errors)
            _print(scores)
    msg.good(f"Scores are in {output}, errors in {output / '*.errors.jsonl'}")


def _check_corpus(model: Path, corpus: Path, other_corpus: bool) -> bool | None:
    """Whether the model was trained on this corpus; None if it does not say."""
    trained_on = corpus_of(model)
    if trained_on is None:
        msg.warn("The model does not say on which corpus it was trained: leaks cannot be excluded")
        return None
    same = trained_on == md5_of_file(corpus / "audit.json")
    if not same and not other_corpus:
        raise UserError(
            "The model was trained on another corpus than this one",
            where=f"{model}, {corpus}",
            todo="Texts of dev or test may have been trained on. Train anew, or, if you know that "
            "they were not, add --other-corpus.",
        )
    return same


def _machine(gpu_id: int) -> dict[str, Any]:
    gpu = None
    if gpu_id >= 0:
        import torch

        gpu = torch.cuda.get_device_name(gpu_id)
    return {
        "cpu": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "spacy": spacy.__version__,
        "gpu": gpu,
    }


def _print(scores: dict[str, Any]) -> None:
    for name, gold in scores["gold"].items():
        msg.divider(f"{scores['split']}, {name.replace('_', ' ')} gold")
        msg.text(f"{gold['description']}. {scores['docs']} texts, {gold['spans']} spans.")
        rows = [_row("all (micro)", gold["micro"]), _row("all (macro)", gold["macro"])]
        rows += [_row(label, values) for label, values in gold["labels"].items()]
        header = ("", "P", "R", "F", "F 95 %", "TP", "FP", "FN")
        msg.table(rows, header=header, divider=True, aligns=["l", *"r" * 7])
    accuracy = scores["token_accuracy"]
    msg.text(
        f"Token accuracy {'–' if accuracy is None else f'{accuracy:.4f}'} (IOB2 tags, repaired "
        f"gold); {scores['words_per_second']:,.0f} words per second"
    )


def _row(name: str, values: dict[str, Any]) -> tuple[str, ...]:
    interval = values.get("f_ci")
    return (
        name,
        *(_percent(values[key]) for key in "prf"),
        "–" if interval is None else f"{interval[0]:.1%}–{interval[1]:.1%}",
        *(str(values.get(key, "")) for key in ("tp", "fp", "fn")),
    )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


if __name__ == "__main__":
    run(main)
