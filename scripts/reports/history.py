"""Earlier runs: carried from report to report, compared where the corpus is the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from ..common.errors import UserError
from ..common.files import json_line
from .inputs import Inputs
from .parsing import read_jsonl
from .schemas.history import DatasetScore, Run

HISTORY = "history.jsonl"
SHOWN = 30
"""Runs shown at most, the latest; the file keeps all."""

# A run measured again on another machine is the same run.
INCIDENTAL = {"words_per_second", "machine"}


@dataclass(frozen=True)
class RunRow:
    """A run beside the one that the report is of.

    Args:
        number: Its number in the history, from 1.
        run: The run.
        current: Whether the report is of it.
        corpus: ``same``, ``other`` or ``unknown``.
        gains: F of the current run minus its F, by data set; only where the corpus is the same.
    """

    number: int
    run: Run
    current: bool
    corpus: str
    gains: dict[str, float]


@dataclass(frozen=True)
class History:
    """The runs reported so far, in order of their dates; the report is of ``current``."""

    runs: list[Run]
    current: Run

    @property
    def datasets(self) -> list[str]:
        """The data sets of the current run."""
        return list(self.current.datasets)

    def rows(self) -> list[RunRow]:
        """The latest runs, beside the current one."""
        rows = [self._row(number, run) for number, run in enumerate(self.runs, 1)]
        return rows[-SHOWN:]

    def _row(self, number: int, run: Run) -> RunRow:
        known = run.corpus_md5 is not None and self.current.corpus_md5 is not None
        same = known and run.corpus_md5 == self.current.corpus_md5
        current = run.id == self.current.id
        gains = {}
        for name, score in self.current.datasets.items() if same and not current else ():
            before = run.datasets.get(name)
            if before and before.f is not None and score.f is not None:
                gains[name] = score.f - before.f
        corpus = "same" if same or current else "other" if known else "unknown"
        return RunRow(number, run, current, corpus, gains)


def run_of(inputs: Inputs) -> Run:
    """The history's line for what a report is made from."""
    metrics = {name: evaluation.metrics for name, evaluation in inputs.evaluations.items()}
    content = {name: m.model_dump(mode="json", exclude=INCIDENTAL) for name, m in metrics.items()}
    text = json.dumps(content, sort_keys=True)
    first = next(iter(metrics.values()))
    return Run(
        id=hashlib.md5(text.encode("utf8"), usedforsecurity=False).hexdigest(),
        date=inputs.date,
        model=first.model,
        corpus_md5=first.corpus_md5,
        datasets={
            name: DatasetScore(
                docs=m.docs,
                spans=m.gold.repaired.spans,
                f=m.gold.repaired.micro.f,
                f_ci=m.gold.repaired.micro.f_ci,
                f_as_given=m.gold.as_given.micro.f,
            )
            for name, m in metrics.items()
        },
    )


def load_history(directory: Path, current: Run) -> History:
    """Reads the history of an earlier report, and puts the current run into it.

    A run that is there already is not counted twice.

    Args:
        directory: The directory of the earlier report; it may be absent.
        current: The run that is reported.

    Raises:
        UserError: If the history cannot be read.
    """
    path = directory / HISTORY
    runs: list[Run] = []
    if path.is_file():
        try:
            runs = [run for _, run in read_jsonl(path, Run, "report")]
        except UserError as error:
            raise UserError(
                f"The history of earlier runs cannot be read: {error.what}",
                where=error.where,
                todo="Mend that line, or move the file away to begin a new history.",
            ) from None
    others = [run for run in runs if run.id != current.id]
    return History(sorted([*others, current], key=lambda run: (run.date, run.id)), current)


def write_history(directory: Path, history: History) -> None:
    """Writes the history beside the report."""
    lines = "".join(json_line(run.model_dump(mode="json")) for run in history.runs)
    # A data set's name may hold lone surrogates, from a file name that is no UTF-8.
    (directory / HISTORY).write_bytes(lines.encode("utf8", errors="replace"))
