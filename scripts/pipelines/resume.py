"""Continuing a training that was killed, from the last pipeline that it saved."""

from __future__ import annotations

import shutil
from pathlib import Path

import srsly
from thinc.api import Config

from ..common.errors import UserError

LAST, BEST = "model-last", "model-best"


def stage(output: Path) -> Path:
    """Moves the saved pipelines of a killed run out of spaCy's way, which wipes them at its start.

    Returns:
        The folder that holds model-last and, if there was one, model-best.

    Raises:
        UserError: There is nothing to continue from.
    """
    staged = output / ".resumed"
    staged.mkdir(parents=True, exist_ok=True)
    for name in (LAST, BEST):
        # What is staged already comes from a resumed run that was killed before its first save.
        if (output / name / "meta.json").is_file():
            shutil.rmtree(staged / name, ignore_errors=True)
            (output / name).rename(staged / name)
    if not (staged / LAST / "meta.json").is_file():
        raise UserError(
            "There is no saved pipeline to continue from",
            where=str(output / LAST),
            todo="Start anew, without --resume.",
        )
    return staged


def source_components(config: Config, pipeline: Path) -> Config:
    """Makes a config take every trained component from a saved pipeline.

    Weights and labels are continued; the optimizer and the learning rate schedule start anew,
    because spaCy saves neither.
    """
    for name in config["nlp"]["pipeline"]:
        if name != "doc_cleaner":
            config["components"][name] = {"source": pipeline.as_posix()}
    return config


def keep_better(output: Path, staged: Path, metric: str = "ents_f") -> tuple[float, float | None]:
    """Puts the earlier model-best back if the resumed run did not beat it; clears the stage.

    Returns:
        The metric of the resumed run's best pipeline, and of the earlier one if there was one.
    """
    new = _score(output / BEST, metric)
    old = _score(staged / BEST, metric) if (staged / BEST).is_dir() else None
    if old is not None and old > new:
        shutil.rmtree(output / BEST)
        (staged / BEST).rename(output / BEST)
    shutil.rmtree(staged)
    return new, old


def _score(pipeline: Path, metric: str) -> float:
    return float(srsly.read_json(pipeline / "meta.json")["performance"].get(metric) or 0.0)
