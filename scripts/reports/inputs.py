"""Reads what a report is made from, and says which command makes what is not there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..common.errors import UserError, at_line
from .schemas import Audit, ErrorRecord, LogRow, Metrics

MAX_RECORDS = 300
"""Records with errors shown per split; the file holds the rest."""

EVALUATED = ("dev", "test")

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class TrainingLog:
    """The evaluations of a training.

    Args:
        rows: At least one, in the file's order.
        truncated: Whether the file's last line was cut off, and is left out.
    """

    rows: list[LogRow]
    truncated: bool

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


@dataclass(frozen=True)
class Evaluation:
    """The scores of one split and the records with errors.

    Args:
        metrics: The scores.
        records: The first ``MAX_RECORDS`` records with errors, in the file's order.
        total: How many records with errors the file holds.
        tally: Errors in all of them, by kind and labels (gold first where two differ).
        errors_path: The file with all of them.
    """

    metrics: Metrics
    records: list[ErrorRecord]
    total: int
    tally: Counter[tuple[str, str]]
    errors_path: Path

    def count_kind(self, kind: str) -> int:
        """How many errors are of a kind."""
        return sum(number for (k, _), number in self.tally.items() if k == kind)

    def frequent(self, most: int = 5) -> list[tuple[tuple[str, str], int]]:
        """The most frequent pairs of kind and labels, with their numbers."""
        return sorted(self.tally.items(), key=lambda item: (-item[1], item[0]))[:most]


@dataclass(frozen=True)
class Inputs:
    """Everything that a report shows; ``evaluations`` by split, dev before test."""

    audit: Audit
    log: TrainingLog
    log_path: Path
    evaluations: dict[str, Evaluation]


def load_inputs(audit: Path, log: Path, metrics: Path) -> Inputs:
    """Reads the audit, the training log and the metrics of dev, test, or both.

    Args:
        audit: The ``audit.json`` that ``convert`` writes.
        log: The JSONL file that ``spacy.ConsoleLogger.v3`` writes.
        metrics: The directory of ``SPLIT.json`` and ``SPLIT.errors.jsonl``.

    Raises:
        UserError: If a file is not there or does not have its form.
    """
    _require(audit, "convert")
    _require(log, "train", " with spacy.ConsoleLogger.v3 and its output_file in the config")
    splits = [split for split in EVALUATED if (metrics / f"{split}.json").is_file()]
    if not splits:
        wanted = " or ".join(f"{split}.json" for split in EVALUATED)
        raise UserError(f"No scores: no {wanted}", where=str(metrics), todo=_make("evaluate"))
    return Inputs(
        audit=_read_json(audit, Audit, "convert"),
        log=load_log(log),
        log_path=log,
        evaluations={split: load_evaluation(metrics, split) for split in splits},
    )


def load_log(path: Path) -> TrainingLog:
    """Reads a training log; a last line that was cut off is left out.

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
                    todo=_make("train", " with --force"),
                ) from None
            truncated = True
        else:
            rows.append(_parse(data, LogRow, at_line(path, number), "train"))
    if not rows:
        raise UserError(
            "The training log holds no evaluation", where=str(path), todo=_make("train")
        )
    return TrainingLog(rows, truncated)


def load_evaluation(directory: Path, split: str) -> Evaluation:
    """Reads the scores and the errors of one split.

    Raises:
        UserError: If a file is not there or does not have its form, or if an offset lies
            outside its text.
    """
    path = directory / f"{split}.json"
    errors_path = directory / f"{split}.errors.jsonl"
    metrics = _read_json(path, Metrics, "evaluate")
    side = len(metrics.confusion.labels) + 1
    if [len(row) for row in metrics.confusion.matrix] != [side] * side:
        raise UserError(
            f"The confusion matrix is not {side} by {side}", where=str(path), todo=_make("evaluate")
        )
    _require(errors_path, "evaluate")
    records: list[ErrorRecord] = []
    total = 0
    tally: Counter[tuple[str, str]] = Counter()
    for record in _read_errors(errors_path):
        total += 1
        if len(records) < MAX_RECORDS:
            records.append(record)
        for error in record.errors:
            spans = [span[2] for span in (error.gold, error.predicted) if span]
            tally[error.kind, " → ".join(dict.fromkeys(spans))] += 1
    return Evaluation(metrics, records, total, tally, errors_path)


def _read_errors(path: Path) -> Iterator[ErrorRecord]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            where = at_line(path, number)
            record = _parse(_decode(line, where, "evaluate"), ErrorRecord, where, "evaluate")
            for start, end in record.regions():
                if not 0 <= start < end <= len(record.text):
                    raise UserError(
                        f"Offsets {start} to {end} do not lie in the text of "
                        f"{len(record.text)} characters",
                        where=at_line(path, number, None if record.id is None else str(record.id)),
                        todo=_make("evaluate"),
                    )
            yield record


def _read_json(path: Path, model: type[Model], command: str) -> Model:
    return _parse(_decode(path.read_bytes(), str(path), command), model, str(path), command)


def _decode(data: bytes, where: str, command: str) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise UserError(f"This is no JSON: {error}", where=where, todo=_make(command)) from None


def _parse(data: Any, model: type[Model], where: str, command: str) -> Model:
    if not isinstance(data, dict):
        raise UserError("This is no JSON object", where=where, todo=_make(command))
    try:
        return model(**data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"This is not what {command} writes: {field}: {first['msg']}",
            where=where,
            todo=_make(command),
        ) from None


def _require(path: Path, command: str, how: str = "") -> None:
    if not path.is_file():
        raise UserError(
            "A file that the report needs is not there", where=str(path), todo=_make(command, how)
        )


def _make(command: str, how: str = "") -> str:
    return f"Make it with: python -m spacy project run {command}{how}"
