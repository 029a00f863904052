"""The log of a training, and the learning rate that its config schedules."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from types import GeneratorType

from thinc.api import Config, registry

from ..common.errors import UserError, at_line
from ..training import schedules  # noqa: F401  # the config may name them
from .parsing import make, parse
from .schemas.training import LogRow

CURVE = 240
"""Points of the learning rate's curve, so that a warm-up between two evaluations is seen."""


@dataclass(frozen=True)
class TrainingLog:
    """The evaluations of a training.

    Args:
        rows: At least one, in the file's order.
        truncated: Whether the file's last line was cut off, and is left out.
        rates: Learning rate by step, at the rows' steps and at others between; None if it is not
            known.
    """

    rows: list[LogRow]
    truncated: bool
    rates: dict[int, float] | None = None

    @property
    def segments(self) -> list[list[LogRow]]:
        """The rows, divided where the step does not grow: there another run begins."""
        segments = [[self.rows[0]]]
        for before, row in pairwise(self.rows):
            if row.step <= before.step:
                segments.append([])
            segments[-1].append(row)
        return segments

    @property
    def components(self) -> list[str]:
        """The components whose losses are logged, in the pipeline's order."""
        return list(dict.fromkeys(name for row in self.rows for name in row.losses))

    @property
    def score_names(self) -> list[str]:
        """The scores that are logged, as the config names them; the speed is none."""
        names = dict.fromkeys(name for row in self.rows for name in row.scores)
        return [name for name in names if name != "speed"]

    @property
    def best(self) -> LogRow:
        """The evaluation that model-best was saved at.

        spaCy removes an old model-best when a run begins, and within a run saves anew on a tie
        (``spacy/training/loop.py``): the last of the best rows of the last segment.
        """
        return max(self.segments[-1], key=lambda row: (row.score, row.step))


def load_log(path: Path, config: Path | None = None) -> TrainingLog:
    """Reads a training log; a last line that was cut off is left out.

    Args:
        path: The log.
        config: The config of the pipeline that was trained, for the learning rate.

    Raises:
        UserError: If another line is no evaluation, or none is left.
    """
    lines = [(n, line) for n, line in enumerate(path.read_bytes().split(b"\n"), 1) if line.strip()]
    rows: list[LogRow] = []
    truncated = False
    for number, line in lines:
        try:
            data = json.loads(line)
        except ValueError as error:  # a cut may also fall inside a character's bytes
            if number != lines[-1][0]:
                raise UserError(
                    f"A line of the training log is no JSON: {error}",
                    where=at_line(path, number),
                    todo=make("train", " with --force"),
                ) from None
            truncated = True
        else:
            rows.append(parse(data, LogRow, at_line(path, number), "train"))
    if not rows:
        raise UserError("The training log holds no evaluation", where=str(path), todo=make("train"))
    last = max(row.step for row in rows)
    steps = {row.step for row in rows} | {last * n // CURVE for n in range(CURVE + 1)}
    rates = learning_rates(config, steps) if config and config.is_file() else None
    return TrainingLog(rows, truncated, rates)


def learning_rates(config: Path, steps: Collection[int]) -> dict[int, float] | None:
    """The learning rates at some steps, as the config's schedule gives them.

    thinc's optimizer takes a schedule's first value for the first update and the next one after
    each update (``thinc/optimizers.py``).

    Args:
        config: A pipeline's ``config.cfg``.
        steps: The steps (updates), from 0, at least one.

    Returns:
        Rates by step, in order; None where the config cannot be read without its own code or names
        no rate.
    """
    try:
        optimizer = Config().from_disk(config)["training"]["optimizer"]
        rate = registry.resolve({"rate": optimizer["learn_rate"]})["rate"]
    except Exception:  # a function of the user's own may raise anything
        return None
    if isinstance(rate, int | float):
        return {step: float(rate) for step in sorted(steps)}
    if not isinstance(rate, GeneratorType | list):
        return None
    values = list(islice(rate, max(steps) + 1))
    last = len(values) - 1
    return {step: float(values[min(step, last)]) for step in sorted(steps)} if values else None
