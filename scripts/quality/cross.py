"""Cross-prediction: every text judged by pipelines that were trained without it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language

from ..common.errors import UserError
from ..corpora.tokenizer import build_tokenizer
from ..inference.predict import ent_spans
from ..pipelines.config import read_config
from ..scoring.matching import match_spans
from .folds import assign_folds, write_fold_corpus
from .judging import judge
from .suspects import Suspect
from .texts import Progress, TrainingSet, TrainingText, label_counts

PROJECT = Path(__file__).parents[2]
SHOWN = 2000
# Few passes: a pipeline that has learned its texts by heart is sure of everything, errors too.
EPOCHS = 4
LEAST_STEPS, MOST_STEPS = 100, 2000

# Trains on a corpus directory into an output directory with a seed, and gives the pipeline.
Trainer = Callable[[Path, Path, int], Language]


@dataclass(frozen=True)
class CrossSettings:
    """How texts are cross-predicted.

    Args:
        config: Training config.
        lang: Language of the pipelines.
        folds: Number of folds.
        models: Pipelines a fold, with different seeds, whose probabilities are averaged.
        steps: Updates of each training; 0 for about EPOCHS passes over its texts.
        jobs: Trainings at a time.
        gpu_id: Number of the GPU, -1 for the CPU.
        encoder: Prepared encoder directory, for a config with a transformer.
        seed: Of the folds and, counted up, of the trainings.
        least: Doubt below which a token is passed over, 0 to 1.
        options: Further overrides of the config, as the train command takes them.
    """

    config: Path = Path("configs/ner_cpu.cfg")
    lang: str = "bn"
    folds: int = 5
    models: int = 1
    steps: int = 0
    jobs: int = 1
    gpu_id: int = -1
    encoder: Path = Path("assets/encoders/selected")
    seed: int = 0
    least: float = 0.5
    options: tuple[str, ...] = ()


def cross_judge(
    training: TrainingSet,
    settings: CrossSettings,
    train: Trainer | None = None,
    progress: Progress = lambda items, _: items,
) -> tuple[list[Suspect], dict[str, Any]]:
    """Trains pipelines on all folds but one and lets them judge that one.

    Args:
        training: The training set.
        settings: See there.
        train: Trains a pipeline; by default the train command in a process of its own.
        progress: Wraps the trainings to show progress; gets the pass's name.

    Returns:
        The suspects of all folds, and how well the pipelines predict the annotation as it is:
        strict micro P, R and F over all texts, repaired gold.

    Raises:
        UserError: A training fails, or the texts are too few for the folds.
    """
    texts = training.texts
    if train is None:
        tokens = sum(text.tokens for text in texts) * (settings.folds - 1) // settings.folds
        ready = replace(settings, steps=settings.steps or _steps(settings.config, tokens))

        def train(corpus: Path, output: Path, seed: int) -> Language:
            return train_in_process(ready, corpus, output, seed)

    folds = assign_folds(training.groups, label_counts(texts), settings.folds, settings.seed)
    suspects: list[Suspect] = []
    counts: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as name:
        jobs = _write_folds(Path(name), training, folds, settings)
        with ThreadPoolExecutor(settings.jobs) as pool:
            waiting = [pool.submit(train, *job) for job in jobs]
            pipelines = [future.result() for future in progress(waiting, "train")]
    for fold in range(settings.folds):
        mine = pipelines[fold * settings.models : (fold + 1) * settings.models]
        held_out = [text for text, own in zip(texts, folds, strict=True) if own == fold]
        suspects += judge(mine, held_out, least=settings.least)
        counts.update(_count(mine[0], held_out))
    return [_weighed(suspect, counts) for suspect in suspects], _scores(counts)


def _write_folds(
    root: Path, training: TrainingSet, folds: Sequence[int], settings: CrossSettings
) -> list[tuple[Path, Path, int]]:
    """Writes the corpus of each fold, and gives the arguments of each training, by fold."""
    nlp = build_tokenizer(settings.lang)
    jobs = []
    for fold in range(settings.folds):
        outside = [i for i, own in enumerate(folds) if own != fold]
        corpus = root / f"corpus-{fold}"
        write_fold_corpus(
            corpus, [training.texts[i] for i in outside], [training.groups[i] for i in outside],
            nlp, fold=fold, seed=settings.seed,
        )  # fmt: skip
        jobs += [(corpus, root / f"model-{fold}-{n}", settings.seed + n)
                 for n in range(settings.models)]  # fmt: skip
    return jobs


def _steps(config: Path, tokens: int) -> int:
    """Updates for EPOCHS passes over so many tokens, if batches stay as large as at first."""
    size = read_config(config)["training"]["batcher"].get("size")
    words = size.get("start") if isinstance(size, dict) else size
    if not isinstance(words, int):
        return MOST_STEPS
    return min(MOST_STEPS, max(LEAST_STEPS, EPOCHS * tokens // words))


def train_in_process(settings: CrossSettings, corpus: Path, output: Path, seed: int) -> Language:
    """Trains with the train command in a process of its own and loads the best pipeline.

    Raises:
        UserError: The training fails.
    """
    command = [
        sys.executable, "-m", "scripts.train", str(settings.config.resolve()),
        "--corpus", str(corpus), "--output", str(output), "--lang", settings.lang,
        "--encoder", str(settings.encoder.resolve()), "--gpu-id", str(settings.gpu_id),
        "--seed", str(seed), "--training.max_steps", str(settings.steps),
        "--training.eval_frequency", str(max(1, settings.steps // 3)), *settings.options,
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf8", errors="replace",
    )  # fmt: skip
    if done.returncode:
        raise UserError(
            f"The training on {corpus.name} failed",
            where=str(settings.config),
            todo=f"It said:\n{done.stdout[-SHOWN:]}",
        )
    return spacy.load(output / "model-best")


def _count(nlp: Language, texts: Sequence[TrainingText]) -> Counter[tuple[str, str]]:
    """True positives, false positives and false negatives (strict) by label."""
    counts: Counter[tuple[str, str]] = Counter()
    for text, doc in zip(texts, nlp.pipe([t.text for t in texts]), strict=True):
        match = match_spans(text.ents, ent_spans(doc), text.missing, text.annotated)
        for name, spans in (("tp", match.correct), ("fp", match.spurious), ("fn", match.missed)):
            counts.update((span.label, name) for span in spans)
    return counts


def _weighed(suspect: Suspect, counts: Counter[tuple[str, str]]) -> Suspect:
    """The suspect with its confidence multiplied by how far such a pipeline can be believed.

    That it suggests an entity says as much as its precision on the label; that it finds nothing
    where one is marked says as much as its recall.
    """
    if suspect.suggestion is not None:
        label, name, other = suspect.suggestion.label, "precision", "fp"
    else:
        label, name, other = suspect.gold.label, "recall", "fn"
    right = counts[label, "tp"]
    # Add-one smoothing: a label never got right still leaves a little.
    trust = (right + 1) / (right + counts[label, other] + 2)
    confidence = suspect.confidence * trust
    words = f"{suspect.reasons[0]}; its {name} on {label} is {trust:.2f}"
    return replace(suspect, confidence=confidence, evidence={"model": confidence}, reasons=(words,))


def _scores(counts: Counter[tuple[str, str]]) -> dict[str, Any]:
    tp, fp, fn = (sum(n for (_, kind), n in counts.items() if kind == name)
                  for name in ("tp", "fp", "fn"))  # fmt: skip

    def share(part: int, whole: int) -> float | None:
        return round(part / whole, 4) if whole else None

    return {"gold": "repaired", "tp": tp, "fp": fp, "fn": fn, "p": share(tp, tp + fp),
            "r": share(tp, tp + fn), "f": share(2 * tp, 2 * tp + fp + fn)}  # fmt: skip
