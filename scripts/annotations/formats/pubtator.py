"""PubTator: title and abstract of a paper, then its annotations, one a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record, Span
from ..whitespace import same_words
from .base import Format, Head, Notice, ReadOptions, Tell, WriteOptions
from .parts.checks import label_of
from .parts.json_source import read_lines
from .parts.writing import tell_dropped_keys, tell_left, tell_missing, tell_note, tell_renamed

EXAMPLE = "123<tab>0<tab>4<tab>BRCA<tab>Gene<tab>672"

_PASSAGE = re.compile(r"([^|\t\s][^|\t]*)\|([ta])\|(.*)", re.DOTALL)
_INTEGER = re.compile(r"-?\d{1,18}")


def sniff_pubtator(head: Head) -> bool:
    """Whether a file begins with a title, and every line is a passage or an annotation."""
    if not head.lines:
        return False
    first = _PASSAGE.fullmatch(head.lines[0])
    return bool(first and first[2] == "t") and all(
        _PASSAGE.fullmatch(line) or line.count("\t") >= 3 for line in head.lines[:50]
    )


@dataclass
class _Paper:
    """What was read so far of one paper."""

    own_id: str
    line: int
    title: str
    abstract: str | None = None
    spans: list[Span] = field(default_factory=list)
    relations: list[list[str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.title if self.abstract is None else f"{self.title}\n{self.abstract}"

    def record(self) -> Record:
        meta: dict[str, Any] = {"id": self.own_id}
        if self.relations:
            meta["relations"] = self.relations
        return Record(self.text, tuple(self.spans), self.line, meta)


@dataclass
class _Counts:
    papers: int = 0
    spans: int = 0
    standing: int = 0

    def add(self, record: Record) -> Record:
        """Counts the spans of the abstract, which tell what joins it to the title."""
        title_end = record.text.find("\n")
        self.papers += 1
        for span in record.spans:
            if 0 <= title_end < span.start:
                self.spans += 1
                found = record.text[span.start : max(span.end, 0)]
                self.standing += same_words(span.surface or "", found)
        return record


def read_pubtator(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the papers of a PubTator file; offsets stay as the file gives them.

    Offsets count one character between title and abstract; a line end stands for it. Concept ids
    are kept in ``Span.meta`` as given, relations in ``meta["relations"]``.

    Args:
        path: A UTF-8 file.
        options: Unused: the format leaves nothing open.
        tell: Told, at the end, how many spans of the abstracts have their words at their offsets.

    Raises:
        UserError: A line is neither a passage nor an annotation of the paper before it.
    """
    counts = _Counts()
    paper: _Paper | None = None
    for number, raw in read_lines(path):
        line = raw.removesuffix("\r")
        passage = _PASSAGE.fullmatch(line)
        if passage and passage[2] == "t":
            if paper is not None:
                yield counts.add(paper.record())
            paper = _Paper(passage[1], number, passage[3])
        elif paper is None:
            raise _unreadable(line, at_line(path, number), "A paper begins with its title")
        elif passage:
            _add_abstract(paper, passage, at_line(path, number, passage[1]))
        else:
            _add_annotation(paper, line, at_line(path, number, paper.own_id))
    if paper is not None:
        yield counts.add(paper.record())
    note = (
        f"title and abstract joined by a line end; so {counts.standing} of {counts.spans} spans of "
        "the abstracts have their words at their offsets"
    )
    tell(Notice("read-as", 0, note))


def _unreadable(line: str, where: str, what: str) -> UserError:
    return UserError(
        f"{what}: {line!r:.80}",
        where=where,
        todo=f"Expected 123|t|title, 123|a|abstract, then lines such as {EXAMPLE}. A file that "
        "was cut off ends so.",
    )


def _add_abstract(paper: _Paper, passage: re.Match[str], where: str) -> None:
    if passage[1] != paper.own_id:
        raise _unreadable(passage[0], where, f"The abstract follows the title of {paper.own_id!r}")
    if paper.abstract is not None or paper.spans or paper.relations:
        raise _unreadable(passage[0], where, "The abstract does not follow its title")
    paper.abstract = passage[3]


def _add_annotation(paper: _Paper, line: str, where: str) -> None:
    own_id, *columns = line.split("\t")
    if len(columns) < 3:
        raise _unreadable(line, where, "The line is neither a passage nor an annotation")
    if own_id != paper.own_id:
        raise _unreadable(line, where, f"The annotation follows the text of {paper.own_id!r}")
    if not (_INTEGER.fullmatch(columns[0]) and _INTEGER.fullmatch(columns[1])):
        paper.relations.append(columns)
        return
    if len(columns) < 4:
        raise _unreadable(line, where, "The annotation has no type")
    start, end, surface, label, *more = columns
    meta: dict[str, Any] = {}
    if more:
        meta["concept"] = more[0]
    if more[1:]:
        meta["columns"] = more[1:]
    label = label_of(label, f"The annotation {surface!r:.60}", where)
    paper.spans.append(Span(int(start), int(end), label, (), surface, meta or None))


def write_pubtator(
    records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell
) -> None:
    """Writes a PubTator file: the first line of a text as title, the second as abstract.

    Args:
        records: Records whose offsets are code points.
        path: The file.
        options: Unused: PubTator needs no tokens.
        tell: Told of discontinuous spans, of labels with tabs or line ends, of unknown ranges and
            of changed ids, which the format cannot hold.

    Raises:
        UserError: A text has more than two lines; to join them would change it.
    """
    with path.open("w", encoding="utf8", newline="\n") as file:
        for number, record in enumerate(records, 1):
            own_id = re.sub(r"[|\s]", "_", record.id or str(number))
            tell_renamed(record, own_id, tell)
            tell_missing(record, tell)
            tell_dropped_keys(record, tell)
            file.writelines(f"{x}\n" for x in _passages(record, own_id))
            file.writelines("\t".join(x) + "\n" for x in _annotations(record, own_id, tell))
            file.write("\n")


def _passages(record: Record, own_id: str) -> list[str]:
    lines = record.text.split("\n")
    if len(lines) > 2 or any(line.endswith("\r") for line in lines):
        raise UserError(
            f"PubTator holds a title and an abstract of one line each; the text has {len(lines)}",
            where=f"line {record.line} (id {own_id})",
            todo="Choose a format that keeps line ends, such as span-jsonl or brat.",
        )
    return [f"{own_id}|{kind}|{line}" for kind, line in zip("ta", lines, strict=False)]


def _annotations(record: Record, own_id: str, tell: Tell) -> Iterator[list[str]]:
    for span in record.spans:
        why = ""
        if span.fragments:
            why = "it is discontinuous"
        elif re.search(r"[\t\r\n]", span.label) or not span.label.strip():
            why = "the label is blank, or there is a tab or line end in it"
        if why:
            tell_left(record, span, why, tell)
            continue
        surface = re.sub(r"[\t\r\n]", " ", record.text[span.start : span.end])
        yield [own_id, str(span.start), str(span.end), surface, span.label, *_columns(span)]
    relations = record.meta.get("relations")
    for columns in relations if isinstance(relations, list) else []:
        if _is_relation(columns):
            yield [own_id, *columns]
        else:
            tell_note(record, f"no PubTator relation: {columns!r:.80}", tell)


def _columns(span: Span) -> list[str]:
    meta = span.meta or {}
    values = [meta.get("concept"), *(meta.get("columns") or ())]
    kept = [re.sub(r"[\t\r\n]", " ", value) for value in values if isinstance(value, str)]
    return kept if isinstance(values[0], str) else []


def _is_relation(columns: Any) -> bool:
    return (
        isinstance(columns, list)
        and len(columns) >= 3
        and all(isinstance(x, str) and not re.search(r"[\t\r\n]", x) for x in columns)
        and not all(_INTEGER.fullmatch(x) for x in columns[:2])
    )


FORMAT = Format(
    name="pubtator",
    title="PubTator: title, abstract and annotations of papers",
    sniff=sniff_pubtator,
    read=read_pubtator,
    unit="auto",
    write=write_pubtator,
)
