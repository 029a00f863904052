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
    """

    source: str
    id: str | None
    text: str
    given: tuple[Span, ...]
    ents: tuple[Span, ...]
    missing: tuple[tuple[int, int], ...]
    dataset: str | None = None


def gold_line(audit: RecordAudit, file: str, dataset: str | None) -> dict[str, Any]:
    """A record's line in ``<split>.gold.jsonl``; ``read_gold`` reads it back."""
    record = audit.record
    line = {} if dataset is None else {"dataset": dataset}
    return {
        **line,
        "source": f"{file}:{record.line}",
        "id": record.id,
        "text": record.text,
        "meta": record.meta,
        "given": [[s.start, s.end, s.label] for s in sorted(set(audit.read))],
        "ents": [[s.start, s.end, s.label] for s in audit.ents],
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
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"A line of the gold cannot be read: {error!r}",
                where=str(path),
                todo="Make the corpus anew: python -m spacy project run data",
            ) from None
