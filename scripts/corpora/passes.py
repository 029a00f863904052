"""The two passes over the records, a chunk at a time, in this process or in several."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, DocBin

from ..annotations.audit import Copies, RecordAudit, audit_record, leave_unannotated
from ..annotations.edges import TokenEdges
from ..annotations.faults import Policies
from ..annotations.records import Record
from ..annotations.survey import Evidence, Survey
from .docs import to_doc
from .fingerprints import Fingerprint, fingerprint
from .tokenizer import build_tokenizer, token_edges

CHUNK = 500
TRAIN = "train"
# Context counts grow with the vocabulary; this many records say enough.
CONTEXT_RECORDS = 50_000


@dataclass(frozen=True)
class Chunk:
    """Some consecutive records of one file; ``first`` is the index of the first in the file."""

    file: str
    first: int
    records: list[Record]


@dataclass(frozen=True)
class SurveyedChunk:
    """What pass one says of a chunk: counts, and the keys of each record."""

    survey: Survey
    fingerprints: list[Fingerprint]


@dataclass(frozen=True)
class AuditedChunk:
    """What pass two makes of a chunk: an audit and the number of tokens per record.

    ``docs`` is a serialised DocBin of all its Docs, in order, if they were wanted.
    """

    audits: list[RecordAudit]
    tokens: list[int]
    docs: dict[str, bytes]


@dataclass(frozen=True)
class AuditSettings:
    """What every worker of pass two knows.

    Args:
        lang: Language of the tokenizer.
        evidence: File to what it says as a whole.
        policies: Policy of every fault.
        contested: (split, text) to what its copies come to, where they differ.
        annotated: (split, text) to the labels that were looked for in some of its copies.
        spans_key: Key of the span group with all trainable spans; None if there is to be none.
        labels: All labels of the training set.
    """

    lang: str
    evidence: dict[str, Evidence]
    policies: Policies
    contested: dict[tuple[str, str], Copies]
    spans_key: str | None = None
    labels: frozenset[str] = frozenset()
    annotated: dict[tuple[str, str], frozenset[str] | None] = field(default_factory=dict)


class Worker:
    """Surveys and audits chunks; one in each process.

    Args:
        settings: What the worker knows.
        nlp: The tokenizer of ``settings.lang``.
    """

    def __init__(self, settings: AuditSettings, nlp: Language) -> None:
        self.settings = settings
        self.nlp = nlp

    def survey(self, chunk: Chunk) -> SurveyedChunk:
        """Pass one: counts and keys of a chunk."""
        survey, prints = Survey(), []
        with self.nlp.memory_zone():
            for i, record in enumerate(chunk.records):
                edges = self.edges(record)[1]
                survey.add(record, edges, contexts=chunk.first + i < CONTEXT_RECORDS)
                prints.append(fingerprint(record))
        return SurveyedChunk(survey, prints)

    def audit(self, job: tuple[Chunk, list[str], list[bool]]) -> AuditedChunk:
        """Pass two: audits of a chunk, and DocBins by split of the records that are wanted.

        Args:
            job: The chunk, the split of each record, and whether a Doc of it is wanted.
        """
        chunk, splits, wanted = job
        bins: dict[str, DocBin] = {}
        audits, tokens = [], []
        # Without a zone the vocabulary would keep every word of every text.
        with self.nlp.memory_zone():
            for record, split, keep in zip(chunk.records, splits, wanted, strict=True):
                doc, edges = self.edges(record)
                audit = self.audit_one(record, edges, chunk.file, split)
                audits.append(audit)
                tokens.append(len(doc))
                if keep and not audit.stop and audit.dropped is None:
                    made = to_doc(doc, audit, self.settings.spans_key)
                    docbin = bins.setdefault(split, DocBin())
                    for _ in range(record.weight if split == TRAIN else 1):
                        docbin.add(made)
            docs = {split: docbin.to_bytes() for split, docbin in bins.items()}
        return AuditedChunk(audits, tokens, docs)

    def audit_one(self, record: Record, edges: TokenEdges, file: str, split: str) -> RecordAudit:
        """Audits one record of a file, as part of a split."""
        settings, key = self.settings, (split, record.text)
        copies = settings.contested.get(key)
        audit = audit_record(record, edges, settings.evidence[file], settings.policies, copies)
        if key in settings.annotated:
            audit = replace(audit, annotated=settings.annotated[key])
        if split != TRAIN:
            return audit
        return leave_unannotated(audit, settings.labels, edges, settings.policies)

    def edges(self, record: Record) -> tuple[Doc, TokenEdges]:
        """Tokenises a record's text."""
        doc = self.nlp.make_doc(record.text)
        return doc, token_edges(doc)


def chunks(file: str, records: Iterable[Record]) -> Iterator[Chunk]:
    """Cuts a stream of records into chunks."""
    stream, first = iter(records), 0
    while part := list(islice(stream, CHUNK)):
        yield Chunk(file, first, part)
        first += len(part)


_worker: Worker | None = None


def _start(settings: AuditSettings) -> None:
    global _worker
    _worker = Worker(settings, build_tokenizer(settings.lang))


def _call(task: tuple[str, Any]) -> Any:
    method, argument = task
    return getattr(_worker, method)(argument)


Mapper = Callable[[str, Iterable[Any]], Iterator[Any]]


@contextmanager
def mapper(settings: AuditSettings, nlp: Language, n_process: int) -> Iterator[Mapper]:
    """Gives ``map(method, jobs)`` that runs a Worker's method over jobs, results in order.

    Args:
        settings: What the workers know.
        nlp: The tokenizer, for work in this process; other processes build their own.
        n_process: Number of processes; 1 stays in this one.
    """
    if n_process <= 1:
        worker = Worker(settings, nlp)
        yield lambda method, jobs: map(getattr(worker, method), jobs)
        return
    with multiprocessing.get_context("spawn").Pool(n_process, _start, (settings,)) as pool:
        yield lambda method, jobs: _bounded(pool, method, jobs, 2 * n_process)


def _bounded(pool: Any, method: str, jobs: Iterable[Any], ahead: int) -> Iterator[Any]:
    """Like ``pool.imap``, which would read the whole input ahead of slow workers."""
    waiting: list[Any] = []
    for job in jobs:
        waiting.append(pool.apply_async(_call, ((method, job),)))
        if len(waiting) > ahead:
            yield waiting.pop(0).get()
    for result in waiting:
        yield result.get()
