"""``corpus/audit.json``, which ``convert`` writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel

from .base import in_split_order


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
    """The spans of one split: as given, as trained on, and by fate.

    ``taken_out`` counts the spans of records that were dropped, whatever their fates.
    """

    given: int
    trainable: int
    taken_out: int = 0


class TokenLengths(BaseModel):
    """Lengths of a split's Docs in tokens; the mean of no Docs is undefined."""

    mean: float | None = None
    max: int | None = None


class Split(BaseModel):
    """What one split holds after ``convert``."""

    records: int | None = None
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
    plain: bool = False


class Notices(BaseModel):
    """How often a reader mended or left out something, and the spans that are thereby not read."""

    count: int
    spans: int = 0


class LabelUse(BaseModel):
    """A label of the file and the one used for it, None where its spans are dropped."""

    label: str
    used: str | None = None
    spans: int


class Agreement(BaseModel):
    """How far two annotators agree: F over exact spans, Cohen's kappa over tokens."""

    annotators: list[str]
    texts: int
    spans: list[int]
    both: int
    f: float | None = None
    kappa: float | None = None


class Reading(BaseModel):
    """What reading one input came to."""

    format: str
    unit: str
    assumed: list[str] = []
    notices: dict[str, Notices] = {}
    labels: list[LabelUse] = []
    agreement: list[Agreement] = []

    @property
    def renamed(self) -> list[LabelUse]:
        """The labels that are used under another name, or dropped."""
        return [use for use in self.labels if use.label != use.used]


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
    reading: dict[str, Reading] = {}

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
