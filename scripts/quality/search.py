"""The search for annotation errors from an annotation file to a ranked list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..annotations.faults import Policies
from ..annotations.formats.base import ReadOptions
from ..corpora.tokenizer import build_tokenizer
from .cross import CrossSettings, Trainer, cross_judge
from .surfaces import Surface, find_surfaces, surface_suspects
from .suspects import Suspect, rank
from .texts import Progress, TrainingSet, read_training_set


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Args:
        training: The training set that was searched.
        suspects: Ranked, the surest first.
        surfaces: Surfaces that are not annotated alike, the most one-sided first.
        scores: How well the pipelines of the folds predict the annotation as it is.
    """

    training: TrainingSet
    suspects: list[Suspect]
    surfaces: list[Surface]
    scores: dict[str, Any]


def find_suspects(
    path: Path,
    options: ReadOptions,
    policies: Policies,
    settings: CrossSettings,
    *,
    train: Trainer | None = None,
    progress: Progress = lambda items, _: items,
) -> Found:
    """Searches a training file for likely annotation errors.

    Args:
        path: Annotation file or directory of any known format.
        options: How it is to be read.
        policies: Policy of every fault.
        settings: Of the cross-prediction.
        train: Trains a fold's pipeline; by default the train command.
        progress: Wraps an iterable to show progress; gets the pass's name.

    Raises:
        UserError: The file cannot be read or is too small, or a training fails.
    """
    training = read_training_set(path, options, policies, progress=progress)
    nlp = build_tokenizer(settings.lang)
    surfaces = find_surfaces(training.texts, nlp)
    found = surface_suspects(surfaces, training.texts, nlp)
    judged, scores = cross_judge(training, settings, train, progress)
    return Found(training, rank([*found, *judged]), surfaces, scores)
