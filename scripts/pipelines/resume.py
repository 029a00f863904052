"""Continuing a training that was killed, from the last pipeline that it saved."""

from __future__ import annotations

import shutil
from pathlib import Path

import srsly
from thinc.api import Config

from ..common.errors import UserError
from .scores import noted_f

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
        if not (output / name / "meta.json").is_file():
            continue
        if name == BEST and _beats(staged / name, output / name):
            shutil.rmtree(output / name)
        else:
            shutil.rmtree(staged / name, ignore_errors=True)
            (output / name).rename(staged / name)
    if not (staged / LAST / "meta.json").is_file():
        raise UserError(
            "There is no saved pipeline to continue from",
            where=str(output / LAST),
            todo="Start anew, without --resume.",
        )
    return staged


def unstage(output: Path, staged: Path) -> None:
    """Puts staged pipelines back if the resumed run ended before it saved its own."""
    for name in (LAST, BEST):
        if (staged / name).is_dir() and not (output / name).is_dir():
            (staged / name).rename(output / name)
    if not any(staged.iterdir()):
        staged.rmdir()


def source_components(config: Config, pipeline: Path) -> Config:
    """Makes a config take every trained component from a saved pipeline.

    Weights and labels are continued; the optimizer and the learning rate schedule start anew,
    because spaCy saves neither.
    """
    for name in config["nlp"]["pipeline"]:
        if name != "doc_cleaner":
            config["components"][name] = {"source": pipeline.as_posix()}
    return config


def keep_better(output: Path, staged: Path) -> tuple[float, float | None]:
    """Puts the earlier model-best back if the resumed run did not beat it; clears the stage.

    Returns:
        F of the resumed run's best pipeline, and of the earlier one if there was one.
    """
    new = _score(output / BEST)
    old = _score(staged / BEST) if (staged / BEST).is_dir() else None
    if _beats(staged / BEST, output / BEST):
        shutil.rmtree(output / BEST)
        (staged / BEST).rename(output / BEST)
    shutil.rmtree(staged)
    return new, old


def _beats(first: Path, second: Path) -> bool:
    return (first / "meta.json").is_file() and _score(first) > _score(second)


def _score(pipeline: Path) -> float:
    return float(noted_f(srsly.read_json(pipeline / "meta.json")["performance"]) or 0.0)
