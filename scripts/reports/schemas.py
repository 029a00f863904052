"""The forms of a report's inputs, as ``convert``, spaCy and ``evaluate`` write them.

Scores and shares are fractions from 0 to 1, except in the training log (see ``LogRow``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel

SPLITS = ("train", "dev", "test")
KINDS = {
    "missed": "gold span that nothing predicted overlaps",
    "spurious": "predicted span that no gold span overlaps",
    "label": "right offsets, wrong label",
    "boundary": "overlaps a gold span, but starts or ends elsewhere",
}

Kind = Literal["missed", "spurious", "label", "boundary"]
Region = tuple[int, int]
LabelledSpan = tuple[int, int, str]
Interval = tuple[float | None, float | None]


def in_split_order(names: Iterable[str]) -> list[str]:
    """Sorts split names: train, dev, test, then any others by name."""
    order = {name: index for index, name in enumerate(SPLITS)}
    return sorted(names, key=lambda name: (order.get(name, len(order)), name))


# --- corpus/audit.json -----------------------------------------------------------------------


class Fates(BaseModel):
    """Numbers of spans by what became of them."""

    kept: int = 0
    repaired: int = 0
    missing: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        """All of them together."""
        return self.kept + self.repaired + self.missing + self.refused


class SplitSpans(Fates):
    """The spans of one split: as given, as trained on, and by fate."""

    given: int
    trainable: int


class TokenLengths(BaseModel):
    """Lengths of a split's Docs in tokens; the mean of no Docs is undefined."""

    mean: float | None = None
    max: int | None = None


class Split(BaseModel):
    """What one split holds after ``convert``."""

    docs: int
    tokens: int
    characters: int
    spans: SplitSpans
    labels: dict[str, int]
    token_lengths: TokenLengths


class InputFile(BaseModel):
    """An annotation file that ``convert`` read."""

    path: str
    md5: str
    records: int


class RecordCounts(BaseModel):
    """Records with a fault, how many of them were dropped, and the spans these held."""

    records: int = 0
    dropped: int = 0
    spans: int = 0

    @property
    def total(self) -> int:
        """The records with the fault."""
        return self.records


class _FaultBase(BaseModel):
    fault: str
    description: str
    policy: str
    splits: dict[str, Any]

    def found_in(self, splits: Sequence[str]) -> list[str]:
        """Those of some splits in which the fault was found."""
        return [name for name in splits if name in self.splits and self.splits[name].total]


class Fault(_FaultBase):
    """A fault of spans, and per split the fates of the spans that had it."""

    splits: dict[str, Fates]


class RecordFault(_FaultBase):
    """A fault of whole records, such as a train text that also stands in dev."""

    splits: dict[str, RecordCounts]


class Hypothesis(BaseModel):
    """A question about a whole file, and how many spans speak for each answer."""

    path: str
    question: str
    chosen: str
    counts: dict[str, int]
    reason: str


class Audit(BaseModel):
    """``corpus/audit.json``."""

    version: Literal[1]
    lang: str
    seed: int
    inputs: dict[str, InputFile]
    splits: dict[str, Split]
    faults: list[Fault]
    record_faults: list[RecordFault]
    hypotheses: list[Hypothesis]
    split_method: str
    policies: dict[str, str]

    @property
    def split_names(self) -> list[str]:
        """The splits in reading order."""
        return in_split_order(self.splits)

    @property
    def labels(self) -> list[str]:
        """All labels, the one with most spans over all splits first."""
        counts: dict[str, int] = {}
        for split in self.splits.values():
            for label, count in split.labels.items():
                counts[label] = counts.get(label, 0) + count
        return sorted(counts, key=lambda label: (-counts[label], label))


# --- training/log.jsonl ----------------------------------------------------------------------


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


# --- metrics/SPLIT.json and metrics/SPLIT.errors.jsonl ----------------------------------------


class Score(BaseModel):
    """Precision, recall and F with bootstrap intervals; None where undefined."""

    p: float | None = None
    r: float | None = None
    f: float | None = None
    p_ci: Interval | None = None
    r_ci: Interval | None = None
    f_ci: Interval | None = None
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None

    @property
    def gold(self) -> int | None:
        """Gold spans: those found and those not."""
        return None if self.tp is None or self.fn is None else self.tp + self.fn


class CountedScore(Score):
    """A score with the counts it comes from, as all have but means."""

    tp: int
    fp: int
    fn: int


class Gold(BaseModel):
    """The scores on one gold."""

    description: str
    spans: int
    micro: CountedScore
    macro: Score
    labels: dict[str, CountedScore]


class Golds(BaseModel):
    """The scores on both golds: after the audited repairs, and character-exact as given."""

    repaired: Gold
    as_given: Gold

    def titled(self) -> list[tuple[str, Gold]]:
        """Pairs of what a gold is called and the scores on it."""
        return [("repaired gold", self.repaired), ("gold as given", self.as_given)]


class Confusion(BaseModel):
    """Counts of label pairs: rows gold, columns predicted, the last of each means no span."""

    labels: list[str]
    matrix: list[list[int]]


class Machine(BaseModel):
    """Where the evaluation ran."""

    cpu: str | None = None
    python: str
    spacy: str
    gpu: str | None = None


class Metrics(BaseModel):
    """``metrics/SPLIT.json``."""

    version: Literal[1]
    split: str
    model: str
    docs: int
    tokens: int
    words_per_second: float | None = None
    token_accuracy: float | None = None
    machine: Machine
    seed: int
    resamples: int
    gold: Golds
    confusion: Confusion


class SpanError(BaseModel):
    """One error: a gold span, a predicted span, or the two that do not agree."""

    kind: Kind
    gold: LabelledSpan | None = None
    predicted: LabelledSpan | None = None

    @property
    def labels(self) -> list[str]:
        """The labels concerned, sorted."""
        return sorted({span[2] for span in (self.gold, self.predicted) if span})


class ErrorRecord(BaseModel):
    """A text with errors: character offsets, half-open."""

    id: str | int | None = None
    source: str = ""
    text: str
    gold: list[LabelledSpan]
    predicted: list[LabelledSpan]
    ignored: list[Region] = []
    errors: list[SpanError]

    def regions(self) -> Iterator[Region]:
        """Start and end of everything that refers to the text."""
        for span in [*self.gold, *self.predicted]:
            yield span[0], span[1]
        yield from self.ignored
        for error in self.errors:
            for span in (error.gold, error.predicted):
                if span:
                    yield span[0], span[1]
