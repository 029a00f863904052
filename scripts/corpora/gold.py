"""The gold of dev and test as convert writes it beside the DocBins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import srsly

from ..annotations.audit import RecordAudit
from ..annotations.records import Span
from ..common.errors import UserError


@dataclass(frozen=True)
class GoldRecord:
    """A text with its gold: repaired (``ents``, ``missing``) and as given.

    Args:
        source: ``file:line`` of the annotation file.
        id: The record's id, if it has one.
        text: The text.
        given: Spans as the file gives them, in code points, faults included.
        ents: Spans after the audit: on token edges, not overlapping.
        missing: Character ranges whose annotation is missing after the audit.
        dataset: The test set it is of, where there are several.
        spans: In the corpus of a span categorizer, ``ents`` and the spans that share tokens with
            them; else None.
        annotated: Labels that its annotators, or those of a copy of the text, looked for; None if
            all.
        annotated_here: Those that its own annotators looked for, where they are fewer; else None.
    """

    source: str
    id: str | None
    text: str
    given: tuple[Span, ...]
    ents: tuple[Span, ...]
    missing: tuple[tuple[int, int], ...]
    dataset: str | None = None
    spans: tuple[Span, ...] | None = None
    annotated: frozenset[str] | None = None
    annotated_here: frozenset[str] | None = None

    @property
    def annotated_as_given(self) -> frozenset[str] | None:
        """The labels that the spans in ``given`` are complete in; None if all."""
        return self.annotated if self.annotated_here is None else self.annotated_here


def gold_line(
    audit: RecordAudit, file: str, dataset: str | None, *, spans: bool = False
) -> dict[str, Any]:
    """A record's line in ``<split>.gold.jsonl``; ``read_gold`` reads it back.

    Args:
        audit: The record's audit.
        file: The annotation file.
        dataset: The test set it is of, where there are several.
        spans: Whether to write the spans that overlap, too.
    """
    record = audit.record
    everything = {"spans": [[s.start, s.end, s.label] for s in audit.trainable]} if spans else {}
    line: dict[str, Any] = {} if dataset is None else {"dataset": dataset}
    if audit.annotated is not None:
        line["annotated_labels"] = sorted(audit.annotated)
    if record.annotated_labels not in (None, audit.annotated):
        line["annotated_here"] = sorted(record.annotated_labels)
    return {
        **line,
        "source": f"{file}:{record.line}",
        "id": record.id,
        "text": record.text,
        "meta": record.meta,
        "given": [[s.start, s.end, s.label] for s in sorted(set(audit.read))],
        "ents": [[s.start, s.end, s.label] for s in audit.ents],
        **everything,
        "missing": [list(span) for span in audit.missing],
    }


def read_gold(path: Path) -> Iterator[GoldRecord]:
    """Streams the gold records of a split.

    Raises:
        UserError: The file was not written by this version of convert.
    """
    for line in srsly.read_jsonl(path):
        try:
            yield GoldRecord(
                source=line["source"],
                id=line["id"],
                text=line["text"],
                given=tuple(Span(*span) for span in line["given"]),
                ents=tuple(Span(*span) for span in line["ents"]),
                missing=tuple((start, end) for start, end in line["missing"]),
                dataset=line.get("dataset"),
                spans=_spans(line.get("spans")),
                annotated=_labels(line.get("annotated_labels")),
                annotated_here=_labels(line.get("annotated_here")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"A line of the gold cannot be read: {error!r}",
                where=str(path),
                todo="Make the corpus anew: python -m spacy project run data",
            ) from None


def _spans(rows: list[list[Any]] | None) -> tuple[Span, ...] | None:
    return None if rows is None else tuple(Span(*row) for row in rows)


def _labels(value: list[str] | None) -> frozenset[str] | None:
    return None if value is None else frozenset(value)
