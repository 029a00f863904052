"""CoNLL: one token and its tag a line, blank lines between sentences, whatever the columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...common.errors import UserError
from ..records import Record
from ..schemes import TagCounts, split_tag
from .base import MADE, Format, Head, Notice, ReadOptions, Tell
from .parts.columns import (
    KNOWN_COMMENT,
    DummyTagsError,
    Layout,
    SeveralTagColumnsError,
    find_layout,
    find_separator,
    is_comment,
    split_row,
)
from .parts.conll_writer import write_conll
from .parts.rows import DOCSTART, Row, column_names, layout_of, read_rows
from .parts.sequences import MAX_TOKENS, Tags, Tokens, find_cut, record_of, scheme_of

SNIFFED_SHARE = 0.9
# Labels without prefix, and dummies, are believed to be tags only in so many rows.
SNIFFED_ROWS = 5
# Sentence and token numbers in one, which the rows of WebAnno's formats begin with.
_ADDRESS = re.compile(r"\d+-\d+(\.\d+)?")
_LANGUAGE_PREFIX = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,8})?:")
_DOCUMENT_COMMENT = re.compile(r"#[ \t]*(?:file|document|doc)[ \t]*[:=][ \t]*(.*)", re.DOTALL)
_EMPTY_COLUMN = re.compile(r"-[A-Z]-|[O_]|-")


def sniff_conll(head: Head) -> bool:
    """Whether a file begins like rows of a token and its tag."""
    if head.text.startswith(("<", "{")):
        return False
    lines = [line for line in head.lines if not line.startswith(DOCSTART)]
    names = next(filter(None, map(column_names, lines)), [])
    rows: list[list[str]] = []
    try:
        separator = find_separator(lines)
        rows += (split_row(x, separator) for x in lines if not is_comment(x, None, separator))
        if 2 * sum(bool(_ADDRESS.fullmatch(row[0])) for row in rows) >= max(len(rows), 1):
            return False
        layout = find_layout(rows, separator, names)
    except SeveralTagColumnsError:
        return True
    except DummyTagsError:
        return len(rows) >= SNIFFED_ROWS and len({len(row) for row in rows}) == 1
    except UserError:
        return False
    return _rows_are_tagged(rows[1:] if layout.header else rows, layout)


def _rows_are_tagged(rows: list[list[str]], layout: Layout) -> bool:
    tags = Tags(layout.values)
    fitting = [layout.fit(row) for row in rows]
    good = sum(row is not None and tags.read(row[layout.tag]) is not None for row in fitting)
    sure = layout.values.tagged or layout.declared or layout.header
    return good >= SNIFFED_SHARE * len(rows) and bool(sure or len(rows) >= SNIFFED_ROWS)


def read_conll(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the sentences of a token-per-line file; the offsets come from joining the tokens.

    The file is read three times: for its columns, for its scheme, and for its records, of which
    one at a time is in memory. ``-DOCSTART-``, ``# newdoc id``, ``# doc_id`` and ``# file`` begin
    documents; the text is that of ``# text`` where it is made of the tokens.

    Args:
        path: A UTF-8 file. Columns are parted by tabs, by blanks, or by commas or semicolons.
        options: ``columns`` and ``scheme`` set what is otherwise found by counting; ``lang`` and
            ``spacing`` say how tokens are joined.
        tell: Called with the columns and the scheme, with the counts that decided them, and with
            every tag mended or missing.

    Raises:
        UserError: No column holds tags, several do, or all are dummies; a row has other columns
            than the file. Nothing is skipped.
    """
    layout = layout_of(path, options.columns)
    plan = _make_plan(path, layout, options)
    tell(Notice("read-as", 0, "; ".join(plan.notes)))
    reader = _Reader(path, options, tell, plan)
    for number, line in read_rows(path, layout):
        yield from reader.take(number, line)
    yield from reader.end()


@dataclass
class _Plan:
    """What the first two passes over a file found out."""

    layout: Layout
    tags: Tags
    scheme: str
    prefix: str
    notes: list[str]

    def word_and_tag(self, row: Row) -> tuple[str, str | None]:
        """A row's token and its tag, None if that is missing."""
        tag = self.tags.read(row.value)
        if tag is None and self.layout.separator == " " and self.layout.size == 2:
            # Two words and no tag are one token with a blank, unless the second is a dummy.
            return (row.whole if any(map(str.isalnum, row.value)) else row.word), None
        return row.word.removeprefix(self.prefix), tag


def _make_plan(path: Path, layout: Layout, options: ReadOptions) -> _Plan:
    """The second pass: the scheme, a language prefix of all tokens, and rows without a token."""
    tags, counts = Tags(layout.values), TagCounts()
    prefix: str | None = None
    tokens = empty = ranges = 0
    for _, row in read_rows(path, layout):
        if not isinstance(row, Row):
            if not row:
                counts.end_sequence()
        elif not row.is_word:
            ranges += 1
        elif not row.word:
            empty += 1
        else:
            tokens += 1
            counts.count(tags.read(row.value))
            if prefix is None:
                match = _LANGUAGE_PREFIX.match(row.word)
                prefix = match[0] if match else ""
            elif not row.word.startswith(prefix):
                prefix = ""
    if tokens < 2 or layout.declared or not prefix:
        prefix = ""
    scheme = scheme_of(counts, options)
    notes = [layout.note, f"scheme {scheme} ({counts.summary})"]
    if prefix:
        notes.append(f"{prefix!r} is taken off all {tokens} tokens")
    if empty:
        notes.append(f"{empty} rows without a token are left out")
    if ranges:
        notes.append(f"{ranges} rows that are no single word (1-2, 1.1) are left out")
    notes.append(f"tokens joined by {options.spacing} for language {options.lang}")
    return _Plan(layout, tags, scheme, prefix, notes)


@dataclass
class _Reader:
    """Brings rows together to records, in the order of the file."""

    path: Path
    options: ReadOptions
    tell: Tell
    plan: _Plan
    tokens: Tokens = field(default_factory=Tokens)
    meta: dict[str, Any] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    document: str | None = None
    documents: int = 0
    sentence: str = ""
    start: int = 0
    parts: int = 0

    def take(self, number: int, line: Row | str) -> Iterator[Record]:
        """Takes the next line; gives the record that it ends, if any."""
        if isinstance(line, Row):
            if line.sentence and line.sentence != self.sentence:
                yield from self.end()
                self.sentence = line.sentence
            self.start = self.start or number
            self._add(line, number)
            # Searched again only after as many tokens: an entity may be long.
            if len(self.tokens) % MAX_TOKENS == 1 and len(self.tokens) > 1 and not self.texts:
                yield from self._cut()
        elif not line:
            yield from self.end()
        elif line.startswith(DOCSTART):
            yield from self.end()
            self._begin_document(_id_of_docstart(line))
        else:
            if self.tokens:
                # A comment inside a sentence of a corpus without blank lines begins a document.
                yield from self.end() if _document_of(line) else ()
            self.start = self.start or number
            self._comment(line)

    def end(self) -> Iterator[Record]:
        """Ends the sentence."""
        if self.tokens or (self.texts and not self.texts[0].strip()):
            yield self._record(self.tokens)
            self.tokens, self.meta, self.texts = Tokens(), {}, []
            self.start = self.parts = 0

    def _add(self, row: Row, number: int) -> None:
        word, tag = self.plan.word_and_tag(row)
        if word and row.is_word:
            self.tokens.add(word, tag, number)
        elif tag is not None and tag not in ("O", "o"):
            opens = split_tag(tag)[0] not in ("I", "E", "L", "M")
            note = f"the tag {tag!r:.80} stands in a row that has no token"
            self.tell(Notice("not-text", number, note, spans=int(opens)))

    def _cut(self) -> Iterator[Record]:
        size = find_cut(self.tokens, self.plan.scheme, self.path)
        if size:
            self.parts += 1
            if self.document is None:
                self._begin_document(f"line {self.start}")
            note = f"cut after {size} tokens; the parts have the document id {self.document!r}"
            yield self._record(self.tokens.take(size))
            self.start = self.tokens.lines[0]
            self.tell(Notice("sequence-cut", self.start, note))

    def _record(self, tokens: Tokens) -> Record:
        meta = dict(self.meta)
        if self.document is not None:
            meta["doc"] = self.document
        if self.parts:
            meta["part"] = self.parts if tokens is not self.tokens else self.parts + 1
        return record_of(
            tokens,
            self.plan.scheme,
            self.options,
            self.tell,
            meta=meta,
            texts=self.texts,
            line=self.start,
        )

    def _begin_document(self, name: str | None) -> None:
        self.documents += 1
        self.document = name or str(self.documents)

    def _comment(self, line: str) -> None:
        document = _document_of(line)
        match = KNOWN_COMMENT.fullmatch(line)
        if document is not None:
            self.document = document[0]
        elif not match or match[1] in ("newpar", "newpar id"):
            self.meta.setdefault("comments", []).append(line)
        elif match[1] == "newdoc":
            self._begin_document(None)
        elif match[1] == "text":
            value = _value(match[2])
            self.texts = [value] if value == match[2] else [value, match[2]]
        elif match[1] == "meta":
            self.meta |= _object(match[2])
        elif match[1] in ("id", "sent_id"):
            self.meta["id" if "id" not in self.meta else match[1]] = _value(match[2])


def _id_of_docstart(line: str) -> str | None:
    """The id on a ``-DOCSTART-`` line, beside columns that are empty."""
    cells = re.split(r"[ \t]+", line.removeprefix(DOCSTART).strip(" \t"))
    return " ".join(c for c in cells if c and not _EMPTY_COLUMN.fullmatch(c)).strip("()") or None


def _document_of(line: str) -> tuple[str | None] | None:
    """The document that begins with a comment, in a tuple; None if it begins none.

    The document is None where the comment says that the texts are of no document (``null``).
    """
    known = KNOWN_COMMENT.fullmatch(line)
    if known and known[1] in ("newdoc id", "doc_id"):
        value = known[2].strip(" \t")
        return (None if value == "null" else _value(value),)
    other = _DOCUMENT_COMMENT.fullmatch(line)
    return (other[1].strip(" \t"),) if other else None


def _value(value: str) -> str:
    """The value of a comment: a JSON string, or what stands there."""
    try:
        decoded = json.loads(value) if value.lstrip(" \t").startswith('"') else value
    except ValueError:
        return value
    return decoded if isinstance(decoded, str) else value


def _object(value: str) -> dict[str, Any]:
    """The JSON object of a comment; under ``meta`` as it stands if it is none."""
    try:
        decoded = json.loads(value)
    except (ValueError, RecursionError):
        decoded = None
    return decoded if isinstance(decoded, dict) else {"meta": value}


FORMAT = Format(
    name="conll",
    title="CoNLL: one token and its tag a line (IO, IOB1, IOB2, IOBES, BILOU, BMES)",
    sniff=sniff_conll,
    read=read_conll,
    unit=MADE,
    write=write_conll,
)
