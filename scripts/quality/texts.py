"""The training texts as audited, and which of them must stay together."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..annotations.audit import RecordAudit
from ..annotations.faults import Policies
from ..annotations.formats.base import ReadOptions
from ..annotations.reading import read_records
from ..annotations.records import Record, Span
from ..annotations.survey import Evidence, Survey
from ..common.errors import UserError, at_line
from ..corpora.grouping import clusters, equal_pairs, near_duplicate_pairs
from ..corpora.passes import AuditSettings, Chunk, Worker, chunks
from ..corpora.surveying import conclude
from ..corpora.table import RecordTable
from ..corpora.tokenizer import build_tokenizer

NAME = "train"
Progress = Callable[[Iterable[Any], str], Iterable[Any]]


@dataclass(frozen=True)
class TrainingText:
    """An audited training text.

    Args:
        file: The annotation file.
        audit: What the audit made of its record: ``ents`` are trained on, ``missing`` is not.
        tokens: Its length.
    """

    file: str
    audit: RecordAudit
    tokens: int

    @property
    def record(self) -> Record:
        """The record as the file gives it."""
        return self.audit.record

    @property
    def text(self) -> str:
        """The text."""
        return self.audit.record.text

    @property
    def source(self) -> str:
        """``file:line``."""
        return f"{self.file}:{self.record.line}"

    @property
    def ents(self) -> tuple[Span, ...]:
        """The spans that are trained on: on token edges, sorted, not overlapping."""
        return self.audit.ents

    @property
    def missing(self) -> tuple[tuple[int, int], ...]:
        """Character ranges that are not trained on and cannot be judged."""
        return self.audit.missing

    @property
    def annotated(self) -> frozenset[str] | None:
        """The labels that its annotators looked for; None if all."""
        return self.audit.annotated

    @cached_property
    def given(self) -> dict[Span, Span]:
        """Each trained span to the span of the file, in code points, that it was made of."""
        return {d.span: d.read or d.given for d in self.audit.decisions if d.span is not None}


@dataclass(frozen=True)
class TrainingSet:
    """All training texts.

    Args:
        texts: In the file's order.
        groups: Group number of each; near-duplicates and parts of one document share one.
        left_out: Number of records that the policies drop.
        plain: Whether the file's offsets are code points with exclusive ends.
    """

    texts: list[TrainingText]
    groups: list[int]
    left_out: int
    plain: bool


def read_training_set(
    path: Path,
    options: ReadOptions,
    policies: Policies,
    *,
    near_duplicate: float = 0.8,
    progress: Progress = lambda items, _: items,
) -> TrainingSet:
    """Reads and audits a training file as convert does, and groups what must not be divided.

    Copies of a text stay apart here, each with its own annotation: where they differ, one of
    them is wrong.

    Args:
        path: Annotation file or directory of any known format.
        options: How it is to be read.
        policies: Policy of every fault.
        near_duplicate: Jaccard similarity from which two texts are nearly the same, 0 to 1.
        progress: Wraps an iterable of chunks to show progress; gets the pass's name.

    Raises:
        UserError: The file cannot be read, holds no span, or has a fault that no policy allows.
    """
    nlp = build_tokenizer(options.lang)
    blank = Worker(AuditSettings(options.lang, {}, policies, {}), nlp)
    parts = list(chunks(NAME, read_records(path, options)))
    survey, groups = _survey(progress(parts, "survey"), blank, near_duplicate)
    if not survey.spans:
        raise UserError("The training file holds no span: there is nothing to check",
                        where=str(path))  # fmt: skip
    evidence = conclude({NAME: survey}, {NAME: path}, options)[0]
    labels = frozenset(survey.labels)
    worker = Worker(AuditSettings(options.lang, evidence, policies, {}, labels=labels), nlp)
    texts, kept = [], []
    number = 0
    for part in progress(parts, "audit"):
        for record in part.records:
            doc, edges = worker.edges(record)
            audit = worker.audit_one(record, edges, NAME, NAME)
            _check(audit, path)
            if audit.dropped is None:
                texts.append(TrainingText(record.file or path.as_posix(), audit, len(doc)))
                kept.append(int(groups[number]))
            number += 1
    return TrainingSet(texts, kept, number - len(texts), _plain(evidence[NAME]))


def label_counts(texts: Iterable[TrainingText]) -> list[Counter[int]]:
    """How often each text has each label, labels numbered in sorted order."""
    texts = list(texts)
    labels = sorted({span.label for text in texts for span in text.ents})
    numbers = {label: i for i, label in enumerate(labels)}
    return [Counter(numbers[span.label] for span in text.ents) for text in texts]


def _survey(
    parts: Iterable[Chunk], worker: Worker, near_duplicate: float
) -> tuple[Survey, np.ndarray]:
    """What the records say as a whole, and the group of each."""
    survey = Survey()
    with tempfile.TemporaryDirectory() as folder:
        table = RecordTable(Path(folder))
        try:
            for part in parts:
                surveyed = worker.survey(part)
                survey.update(surveyed.survey)
                for record, print_ in zip(part.records, surveyed.fingerprints, strict=True):
                    table.add(0, print_, [span.label for span in record.spans])
            return survey, _groups(table, near_duplicate)
        finally:
            table.close()


def _groups(table: RecordTable, threshold: float) -> np.ndarray:
    pairs = [equal_pairs(table.column(name)) for name in ("content", "document", "record_id")]
    near = near_duplicate_pairs(table.signatures(), threshold)
    return clusters(len(table), [*pairs, near])


def _check(audit: RecordAudit, path: Path) -> None:
    if audit.stop:
        record = audit.record
        raise UserError(
            f"The record has a fault that no policy allows: {', '.join(audit.stop)}",
            where=at_line(record.file or path, record.line, record.id),
            todo="convert refuses it too. Mend the file, or say what may be done, for example "
            f"--policy {audit.stop[0]}=drop.",
        )


def _plain(evidence: Evidence) -> bool:
    return evidence.unit == "codepoint" and set(evidence.inclusive.values()) == {"no"}
