"""Annotation files of any format to span JSONL, and records to any format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from spacy.language import Language

from ..annotations.formats import get_format
from ..annotations.formats.base import Format, ReadOptions, WriteOptions
from ..annotations.reading_log import ReadingLog
from ..annotations.records import Record, Span
from ..annotations.survey import label_variants
from ..annotations.whitespace import same_words
from ..common.errors import UserError
from ..common.files import check_replaceable, json_line, new_directory, new_file
from .surveying import agreements, read_codepoints
from .tokenizer import build_tokenizer, token_edges

Progress = Callable[[Iterable[Record]], Iterable[Record]]


@dataclass(frozen=True)
class Transferred:
    """What became of a file that was read in one format and written in another.

    Args:
        source: Name of the format read.
        target: Name of the format written.
        unit: What the offsets of the file count.
        reasons: How the unit was decided, if not plainly for code points.
        log: What reading and writing assumed or left out, as ``ReadingLog.as_dict`` gives it.
        agreement: Pairwise agreement of annotators, if any text has several.
        labels: Number of spans by label.
        variants: Label to the more frequent one from which it differs in case or separator alone.
        records: Number of records written.
        findings: Number of lines in ``findings_path``; without any there is no such file.
        findings_path: What was left out or does not fit, one a line.
    """

    source: str
    target: str
    unit: str
    reasons: list[str]
    log: dict[str, Any]
    agreement: list[dict[str, object]]
    labels: Counter[str]
    variants: dict[str, str]
    records: int
    findings: int
    findings_path: Path

    @property
    def spans(self) -> int:
        """Number of spans read."""
        return self.labels.total()


def transfer(
    source: Path,
    output: Path,
    target: str,
    options: ReadOptions,
    write: tuple[str, bool],
    progress: Progress = lambda records: records,
) -> Transferred:
    """Reads annotations in any format and writes them in another, offsets and all.

    Nothing is repaired. The output appears when it is whole, findings beside it.

    Args:
        source: Annotation file or directory.
        output: What to write: a file, or a directory for formats of many files.
        target: Name of the format to write.
        options: How the source is to be read.
        write: Tag scheme to write, and whether the spans are a model's predictions.
        progress: Wraps the records to show progress.

    Raises:
        UserError: Something cannot be read, or the format cannot be written.
    """
    known = _writable(target)
    path = output.with_name(f"{output.name}.findings.jsonl")
    _check_output(source, output, path, known.directory)
    nlp = build_tokenizer(options.lang)
    with _new_lines(path) as findings:
        counted = _Counted(source, lambda line: findings.write(json_line(line)))
        reading = read_codepoints(source, options, nlp, counted.log)
        settings = WriteOptions(lambda text: _ranges(nlp.make_doc(text)), *write)
        with (new_directory if known.directory else new_file)(output) as place:
            records = _traced(counted(progress(reading.records)), source, reading.format)
            known.write(records, place, settings, counted.log.tell)
            _check_records(counted, source)
    if not counted.findings:
        path.unlink()
    return Transferred(
        source=reading.format.name,
        target=target,
        unit=reading.unit,
        reasons=[h.reason for h in reading.hypotheses if not h.plain],
        log=counted.log.as_dict(),
        agreement=_agreement(counted, source, options, reading.unit, nlp),
        labels=counted.labels,
        variants=label_variants(counted.labels),
        records=counted.records,
        findings=counted.findings,
        findings_path=path,
    )


@contextmanager
def _new_lines(path: Path) -> Iterator[TextIO]:
    """A text file to write, which appears when it is whole."""
    with new_file(path) as temporary, temporary.open("w", encoding="utf8", newline="\n") as file:
        yield file


def _writable(target: str) -> Format:
    known = get_format(target)
    if known.write is None:
        raise UserError(f"The format {target} can only be read", where="--to")
    return known


def _check_output(source: Path, output: Path, findings: Path, directory: bool) -> None:
    for place in (output, findings):
        if place.exists() and place.resolve() == source.resolve():
            raise UserError("The output is the input", where=str(place), todo="Name another file.")
        if source.is_dir() and place.resolve().is_relative_to(source.resolve()):
            raise UserError(
                "The output lies in the directory that is read",
                where=str(place),
                todo="It could replace an input, or be read as one; name a place elsewhere.",
            )
    if directory:
        check_replaceable(output, ())
    elif output.is_dir():
        raise UserError("The output is a directory, not a file", where=str(output))


def _check_records(counted: _Counted, source: Path) -> None:
    if not counted.records:
        left = ", ".join(f"{n} × {code}" for code, n in counted.log.notices.items())
        raise UserError(
            f"Nothing in the file can be used{f': {left}' if left else ''}",
            where=str(source),
            todo="docs/formats.md says what each of these means.",
        )


def _agreement(
    counted: _Counted, source: Path, options: ReadOptions, unit: str, nlp: Language
) -> list[dict[str, object]]:
    if not counted.log.notices["several-annotators"]:
        return []
    return agreements(source, options, unit, nlp)


def _ranges(doc: Any) -> list[tuple[int, int]]:
    edges = token_edges(doc)
    return list(zip(edges.starts, edges.ends, strict=True))


class _Counted:
    """Counts records on their way through, and lists the spans whose words stand elsewhere."""

    def __init__(self, source: Path, sink: Callable[[dict[str, Any]], Any]) -> None:
        self.source, self.sink = source, sink
        self.records = self.findings = 0
        self.labels: Counter[str] = Counter()
        self.log = ReadingLog(self._write)

    def _write(self, line: dict[str, Any]) -> None:
        self.findings += 1
        self.sink({**line, "file": line["file"] or str(self.source)})

    def __call__(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            self.records += 1
            self.labels.update(span.label for span in record.spans)
            yield replace(record, spans=tuple(self._checked(s, record) for s in record.spans))

    def _checked(self, span: Span, record: Record) -> Span:
        """The span, with the words that the file gives only where they are not those there."""
        if span.surface is None:
            return span
        parts = span.fragments or ((span.start, span.end),)
        found = " ".join(record.text[max(start, 0) : max(end, 0)] for start, end in parts)
        if same_words(span.surface, found):
            return replace(span, surface=None)
        self.log.notices["surface-mismatch"] += 1
        self._write(
            {"scope": "span", "file": record.file, "line": record.line, "id": record.id,
             "faults": ["surface-mismatch"], "given": [span.start, span.end, span.label],
             "words": span.surface, "found": found}
        )  # fmt: skip
        return span


def _traced(records: Iterable[Record], source: Path, known: Format) -> Iterator[Record]:
    """Adds to each record of another format where it comes from, unless it says so itself."""
    if known.name == "span-jsonl":
        yield from records
        return
    for record in records:
        place = f"{record.file or source.as_posix()}:{record.line}"
        yield replace(record, meta={**record.meta, "source": record.meta.get("source", place)})
