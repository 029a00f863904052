"""``metrics/DATASET.json`` and ``metrics/DATASET.errors.jsonl``, which ``evaluate`` writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel

from .base import Interval, LabelledSpan, Region

KINDS = {
    "missed": "gold span that nothing predicted overlaps",
    "spurious": "predicted span that no gold span overlaps",
    "label": "right offsets, wrong label",
    "boundary": "overlaps a gold span, but starts or ends elsewhere",
}

Kind = Literal["missed", "spurious", "label", "boundary"]


class Rates(BaseModel):
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


class Score(Rates):
    """The scores of a label or a mean, whose counts tell its gold spans."""

    @property
    def gold(self) -> int | None:
        """Gold spans: those found and those not."""
        return None if self.tp is None or self.fn is None else self.tp + self.fn


class CountedScore(Score):
    """A score with the counts it comes from, as all have but means."""

    tp: int
    fp: int
    fn: int


class Measure(Rates):
    """One way to match spans (SemEval-2013 task 9.1), its counts, and its scores by label."""

    correct: int | None = None
    incorrect: int | None = None
    partial: int | None = None
    missed: int | None = None
    spurious: int | None = None
    possible: int | None = None
    actual: int | None = None
    labels: dict[str, Rates] = {}


class Gold(BaseModel):
    """The scores on one gold; ``weighted`` and ``measures`` since version 2."""

    description: str
    spans: int
    micro: CountedScore
    macro: Score
    weighted: Score | None = None
    labels: dict[str, CountedScore]
    measures: dict[str, Measure] = {}


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


class TagConfusion(BaseModel):
    """Counts of pairs of IOB2 tags: rows gold, columns predicted."""

    tags: list[str]
    matrix: list[list[int]]


class TokenLevel(BaseModel):
    """Scores over the IOB2 tags of the model's tokens, on repaired gold."""

    accuracy: float | None = None
    accuracy_ci: Interval | None = None
    micro: Rates = Rates()
    labels: dict[str, Rates] = {}
    tags: dict[str, Rates] = {}
    confusion: TagConfusion | None = None


class WordLevel(BaseModel):
    """Accuracy over the words between blanks, on repaired gold."""

    accuracy: float | None = None
    accuracy_ci: Interval | None = None
    words: int
    accuracy_not_o: float | None = None
    accuracy_not_o_ci: Interval | None = None
    words_not_o: int


class Slice(Rates):
    """The scores on a part of the spans.

    Recall is over the gold spans of the slice, precision over its predicted spans, F from both.
    """

    name: str
    gold: int
    predicted: int


class Machine(BaseModel):
    """Where the evaluation ran."""

    cpu: str | None = None
    python: str
    spacy: str
    gpu: str | None = None


class Metrics(BaseModel):
    """``metrics/DATASET.json``; some parts came with version 2.

    ``corpus_md5`` is that of the corpus's ``audit.json``. ``trained_on_this_corpus`` is None where
    the model does not say.
    """

    version: Literal[1, 2]
    split: str
    dataset: str | None = None
    model: str
    corpus_md5: str | None = None
    trained_on_this_corpus: bool | None = None
    docs: int
    tokens: int
    words_per_second: float | None = None
    token_accuracy: float | None = None
    unjudged: int = 0
    machine: Machine
    seed: int
    resamples: int
    gold: Golds
    all_spans: Gold | None = None
    confusion: Confusion
    token_level: TokenLevel | None = None
    word_level: WordLevel | None = None
    slices: dict[str, list[Slice]] = {}

    @property
    def accuracy(self) -> float | None:
        """The token accuracy, wherever the version has it."""
        return self.token_level.accuracy if self.token_level else self.token_accuracy


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
