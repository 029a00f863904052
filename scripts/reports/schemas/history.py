"""``reports/history.jsonl``, which ``report`` carries from one report to the next."""

from __future__ import annotations

from pydantic import BaseModel

from .base import Interval


class DatasetScore(BaseModel):
    """F of a run on one data set, on both golds."""

    docs: int
    spans: int
    f: float | None = None
    f_ci: Interval | None = None
    f_as_given: float | None = None


class Run(BaseModel):
    """A run that was reported.

    ``id`` is a hash of the scores; ``date`` is when they were written, in UTC.
    """

    id: str
    date: str
    model: str
    corpus_md5: str | None = None
    datasets: dict[str, DatasetScore]
