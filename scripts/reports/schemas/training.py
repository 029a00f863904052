"""``training/log.jsonl``, which spaCy writes."""

from __future__ import annotations

from pydantic import BaseModel


class LogRow(BaseModel):
    """One evaluation in the file that ``spacy.ConsoleLogger.v3`` writes.

    ``losses`` are sums over the updates since the evaluation before; ``scores`` are percentages
    (all but ``speed``), while ``score``, their weighted sum, is a fraction: both as in
    ``spacy/training/loggers.py``.
    """

    epoch: int
    step: int
    losses: dict[str, float]
    scores: dict[str, float]
    score: float
