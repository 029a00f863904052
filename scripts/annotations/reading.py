"""Annotation files as plain records: labels mapped, annotators brought together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ..common.errors import UserError, at_line
from .annotators import WAYS, merge
from .formats import read_files
from .formats.base import MADE, Format, Notice, ReadOptions, Tell
from .labels import map_label
from .records import Record, Span
from .units import CODEPOINT

# (label in the file, label used or None if dropped) to the number of spans.
LabelUse = Counter[tuple[str, str | None]]


def unit_of(known: Format, options: ReadOptions) -> str:
    """The offset unit that the user sets or the format defines; ``auto`` where evidence decides."""
    if known.unit == MADE:
        return CODEPOINT
    return known.unit if options.offset_unit == "auto" else options.offset_unit


def read_records(
    path: Path,
    options: ReadOptions | None = None,
    tell: Tell = lambda notice: None,
    used: LabelUse | None = None,
) -> Iterator[Record]:
    """Streams the records of an annotation file or directory, in any known format.

    Offsets are still in the file's unit.

    Args:
        path: The file or directory.
        options: What the user says of it.
        tell: Called with everything that was assumed, mended or left out.
        used: Counts every span by the label it had and the one it has.

    Raises:
        UserError: The path, or a line of a file, cannot be read; says which.
    """
    options = options or ReadOptions()
    names: set[str] = set()
    for record in read_versions(path, options, tell, used):
        names.update(record.versions or {record.annotator} - {None})
        if record.versions:
            note = f"by {options.annotators}: {', '.join(record.versions)}"
            tell(Notice("several-annotators", record.line, note, file=record.file))
        merged = merge(record, options.annotators)
        if merged.record is None:
            note = f"{options.annotators} did not annotate it"
            tell(Notice("unannotated", record.line, note, len(merged.left_out), record.file))
            continue
        for span, who in merged.left_out:
            note = f"[{span.start}, {span.end}, {span.label!r}] marked by {', '.join(who)} alone"
            tell(Notice("annotators-differ", record.line, note, 1, record.file))
        yield merged.record
    _check_name(options.annotators, names, path, tell)


def _check_name(how: str, names: set[str], path: Path, tell: Tell) -> None:
    """Refuses an annotator's name that does not occur where others do."""
    if how in WAYS or how in names:
        return
    if names:
        raise UserError(
            f"There is no annotator {how!r} in the file",
            where=str(path),
            todo=f"Its annotators: {', '.join(sorted(names)[:20])}.",
        )
    tell(Notice("read-as", 0, f"the file names no annotators; all of it is taken for {how}'s"))


def read_versions(
    path: Path, options: ReadOptions, tell: Tell, used: LabelUse | None = None
) -> Iterator[Record]:
    """Like ``read_records``, with the annotators of a text still side by side."""
    counts = Counter() if used is None else used
    for record in read_files(path, options, tell):
        where = Path(record.file) if record.file else path

        def mapped(
            spans: tuple[Span, ...], record: Record = record, where: Path = where
        ) -> tuple[Span, ...]:
            return _map_labels(spans, record, where, options.labels, tell, counts)

        versions = {who: mapped(spans) for who, spans in record.versions.items()}
        found = replace(record, spans=mapped(record.spans), versions=versions)
        yield _declared(found, where, options.labels)


def _declared(record: Record, path: Path, labels: Mapping[str, str | None]) -> Record:
    """Maps the labels that a record says were annotated, as its spans' labels were mapped.

    Raises:
        UserError: What it says of labels or weight cannot be read, or a span has another label.
    """
    named = replace(record, file=str(path))
    annotated, _ = named.annotated_labels, named.weight
    if annotated is None:
        return record
    used = {labels.get(label, label) for label in annotated} - {None}
    spans = (*record.spans, *(s for version in record.versions.values() for s in version))
    others = sorted({span.label for span in spans} - used)
    if others:
        raise UserError(
            f"Spans have labels that 'annotated_labels' does not name: {', '.join(others)}",
            where=at_line(path, record.line, record.id),
            todo="Name every label there that the text's annotators looked for.",
        )
    return replace(record, meta={**record.meta, "annotated_labels": sorted(used)})


def _map_labels(
    spans: tuple[Span, ...],
    record: Record,
    path: Path,
    labels: Mapping[str, str | None],
    tell: Tell,
    used: LabelUse,
) -> tuple[Span, ...]:
    result = []
    for span in spans:
        label = map_label(span, labels, path, record.line)
        used[span.label, label] += 1
        if label is None:
            note = f"[{span.start}, {span.end}, {span.label!r}]"
            tell(Notice("label-dropped", record.line, note, 1, record.file))
        else:
            result.append(span if label == span.label else replace(span, label=label))
    return tuple(result)
