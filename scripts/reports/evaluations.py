"""The scores of each data set and the records with errors."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from ..common.errors import UserError, at_line
from .boundaries import Boundaries
from .parsing import make, read_json, read_jsonl, require
from .schemas.base import in_split_order
from .schemas.metrics import ErrorRecord, Metrics

MAX_RECORDS = 2000
"""Records with errors shown per data set; the file holds the rest."""

EVALUATED = ("dev", "test")


@dataclass(frozen=True)
class Evaluation:
    """The scores of one data set and the records with errors.

    Args:
        metrics: The scores.
        records: The records with errors that are shown, at most ``MAX_RECORDS``, in file order.
        total: How many records with errors the file holds.
        tally: Errors in all of them, by kind and labels (gold first where two differ).
        boundaries: The boundary errors in all of them.
        errors_path: The file with all of them.
        shown_by_parts: Whether the records are shown with the sets that this one is made of.
    """

    metrics: Metrics
    records: list[ErrorRecord]
    total: int
    tally: Counter[tuple[str, str]]
    boundaries: Boundaries
    errors_path: Path
    shown_by_parts: bool = False

    def count_kind(self, kind: str) -> int:
        """How many errors are of a kind."""
        return sum(number for (k, _), number in self.tally.items() if k == kind)

    def frequent(self, most: int = 5) -> list[tuple[tuple[str, str], int]]:
        """The most frequent pairs of kind and labels, with their numbers."""
        return sorted(self.tally.items(), key=lambda item: (-item[1], item[0]))[:most]


def is_part(name: str) -> bool:
    """Whether a data set is one of those that a split is made of, such as ``test-news``."""
    return name not in EVALUATED


def load_evaluations(directory: Path) -> dict[str, Evaluation]:
    """Reads the scores of dev and test, and of the sets ``SPLIT-NAME`` that one is made of.

    Args:
        directory: The directory of ``DATASET.json`` and ``DATASET.errors.jsonl``.

    Returns:
        Evaluations by data set: dev, test, then the parts by name.

    Raises:
        UserError: If there is none, or a file does not have its form.
    """
    names = {name for name in EVALUATED if (directory / f"{name}.json").is_file()}
    if not names:
        wanted = " or ".join(f"{name}.json" for name in EVALUATED)
        raise UserError(f"No scores: no {wanted}", where=str(directory), todo=make("evaluate"))
    names |= {path.stem for name in sorted(names) for path in directory.glob(f"{name}-*.json")}
    found = {name: load_evaluation(directory, name) for name in in_split_order(names)}
    for name in EVALUATED:
        if any(part.startswith(f"{name}-") for part in found):
            # Each of its records stands in one of the parts, too.
            found[name] = replace(found[name], records=[], shown_by_parts=True)
    return found


def load_evaluation(directory: Path, name: str) -> Evaluation:
    """Reads the scores and the errors of one data set.

    Raises:
        UserError: If a file is not there or does not have its form, or if an offset lies
            outside its text.
    """
    path = directory / f"{name}.json"
    metrics = read_json(path, Metrics, "evaluate")
    _check_square(metrics.confusion.matrix, len(metrics.confusion.labels) + 1, path)
    if metrics.token_level and metrics.token_level.confusion:
        tags = metrics.token_level.confusion
        _check_square(tags.matrix, len(tags.tags), path)
    errors_path = directory / f"{name}.errors.jsonl"
    require(errors_path, "evaluate")
    records: list[ErrorRecord] = []
    total = 0
    tally: Counter[tuple[str, str]] = Counter()
    boundaries = Boundaries()
    for number, record in read_jsonl(errors_path, ErrorRecord, "evaluate"):
        _check_offsets(record, errors_path, number)
        total += 1
        if len(records) < MAX_RECORDS:
            records.append(record)
        for error in record.errors:
            spans = [span[2] for span in (error.gold, error.predicted) if span]
            tally[error.kind, " → ".join(dict.fromkeys(spans))] += 1
            boundaries.add(error, record.text)
    return Evaluation(metrics, records, total, tally, boundaries, errors_path)


def written_at(directory: Path, names: list[str]) -> str:
    """When the newest scores were written, in UTC, to the minute."""
    newest = max((directory / f"{name}.json").stat().st_mtime for name in names)
    return datetime.fromtimestamp(newest, tz=timezone.utc).strftime("%Y-%m-%d %H:%M")


def _check_offsets(record: ErrorRecord, path: Path, line: int) -> None:
    for start, end in record.regions():
        if not 0 <= start < end <= len(record.text):
            raise UserError(
                f"Offsets {start} to {end} do not lie in the text of {len(record.text)} characters",
                where=at_line(path, line, None if record.id is None else str(record.id)),
                todo=make("evaluate"),
            )


def _check_square(matrix: list[list[int]], side: int, path: Path) -> None:
    if [len(row) for row in matrix] != [side] * side:
        raise UserError(
            f"The confusion matrix is not {side} by {side}", where=str(path), todo=make("evaluate")
        )
