"""The columns of a token-per-line file: separator, token and tag column, found by counting."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ....common.errors import UserError
from ...schemes import is_tag

# The only white space that parts columns: NBSP, U+FE0F, U+200D and U+FEFF are tokens.
WHITE = " \t"
SEPARATORS = {"\t": "tab", " ": "blanks", ",": "comma", ";": "semicolon"}
PLACEHOLDERS = frozenset(("O", "o", "_", "-", "X", "?", ""))
LETTERS = frozenset("BIESLUM")
# Chunk labels of CoNLL-2000 and -2003 (English and German), which are no entities.
CHUNKS = frozenset(
    ("NP", "VP", "PP", "ADVP", "SBAR", "ADJP", "PRT", "CONJP", "INTJ", "LST", "UCP")
    + ("NC", "VC", "PC", "NX", "VX", "PX", "ADVX", "ADJX")
)
TOKEN_NAMES = frozenset(("form", "token", "tokens", "word", "words", "text"))
TAG_NAMES = frozenset(
    ("ne", "ner", "tag", "tags", "label", "labels", "ner_tag", "ner_tags", "entity", "iob", "bio")
)
SENTENCE_NAMES = re.compile(r"(?i)sent(ence)?([ _]?(#|id|no|nr|number|idx))?")
SEPARATOR_ROWS = 2000
MAX_COLUMNS = 64
MAX_DISTINCT = 500
# Of CoNLL-U (Plus): a key and its value, or the beginning of a document or paragraph.
KNOWN_COMMENT = re.compile(
    r"#[ \t]+(global\.columns|text|sent_id|id|doc_id|newdoc id|newpar id|meta|newdoc|newpar)"
    r"(?:[ \t]*=[ \t]?(.*)|(?<=newdoc|newpar))",
    re.DOTALL,
)
_ROW_ID = re.compile(r"\d+([-.]\d+)?")
_BLANKS = re.compile(r"[ \t]+")


class DummyTagsError(UserError):
    """The tags of a file are there, but nobody set them."""


class SeveralTagColumnsError(UserError):
    """More than one column holds entity tags."""


@dataclass(frozen=True)
class Layout:
    """Where a file's tokens and tags stand.

    Args:
        separator: What parts the columns, a key of SEPARATORS; blanks may be many.
        size: Number of columns.
        token: Index of the token column.
        tag: Index of the tag column.
        sentence: Index of a column that is filled, or changes, where a sentence begins.
        numbered: Whether the first column numbers the tokens, as in CoNLL-U.
        header: Whether the first row names the columns.
        declared: Whether the file names its tag column, so that only O is a statement too.
        seen: Values of the columns that are neither token nor tag, if these are few.
        values: What stands in the tag column.
        note: What was found, with the counts that decided it.
    """

    separator: str
    size: int
    token: int
    tag: int
    sentence: int | None = None
    numbered: bool = False
    header: bool = False
    declared: bool = False
    seen: dict[int, frozenset[str]] = field(default_factory=dict)
    values: ValueCounts = field(default_factory=lambda: ValueCounts())
    note: str = ""

    def fit(self, cells: Sequence[str]) -> list[str] | None:
        """The columns of a row that was split; None if it has others than the file.

        A row with more blanks than the file has columns holds a token with blanks: what is left
        when the other columns are counted from the edges. That is believed only if these hold
        values that they hold elsewhere.
        """
        fields = list(cells)
        extra = len(fields) - self.size
        if extra <= 0:
            return fields if not extra else None
        if self.separator != " ":
            filled = [cell for cell in fields if cell]
            while len(fields) > self.size and not fields[-1]:
                fields.pop()
            fields = fields if len(fields) == self.size else filled
            return fields if len(fields) == self.size else None
        token = " ".join(fields[self.token : self.token + extra + 1])
        fields[self.token : self.token + extra + 1] = [token]
        others = (i for i in range(self.size) if i not in (self.token, self.tag))
        known = all(fields[i] in self.seen.get(i, ()) for i in others)
        return fields if known and (self.size > 2 or is_tag(fields[self.tag])) else None


def split_row(line: str, separator: str) -> list[str]:
    """Splits a row at a separator, without the blanks around its columns.

    A row that cannot be read as comma-separated values is one column.
    """
    if separator == "\t":
        return [cell.strip(" ") for cell in line.split("\t")]
    if separator == " ":
        return _BLANKS.split(line.strip(WHITE))
    try:
        return next(csv.reader([line], delimiter=separator), []) or [line]
    except csv.Error:
        return [line]


def is_comment(line: str, layout: Layout | None = None, separator: str = "\t") -> bool:
    """Whether a line is a comment; ``# O`` and ``#topic O`` are rows with a token.

    Args:
        line: The line.
        layout: The file's columns, once they are known.
        separator: The separator to try while they are not.
    """
    if not line.startswith("#"):
        return False
    if KNOWN_COMMENT.fullmatch(line):
        return True
    if line[1:2] not in (" ", "\t") or not line.strip(WHITE + "#"):
        return False
    cells = split_row(line, layout.separator if layout else separator)
    if layout:
        tag = cells[layout.tag] if len(cells) == layout.size else "#"
        return not is_tag(tag) and tag not in PLACEHOLDERS
    return not any(map(is_tag, cells[1:]))


@dataclass
class ValueCounts:
    """What stands in a column."""

    outside: int = 0
    tagged: int = 0
    labels: set[str] = field(default_factory=set)
    others: Counter[str] = field(default_factory=Counter)
    many: bool = False

    def add(self, value: str) -> None:
        """Counts a value; after MAX_DISTINCT different ones that are no tags, only their number."""
        if value in ("O", "o"):
            self.outside += 1
        elif is_tag(value):
            self.tagged += 1
            if len(self.labels) < MAX_DISTINCT:
                self.labels.add(value[2:])
        elif not self.many:
            self.others[value] += 1
            self.many = len(self.others) > MAX_DISTINCT

    @property
    def total(self) -> int:
        """Number of values, if they are not too many different ones."""
        return self.outside + self.tagged + self.others.total()

    @property
    def seen(self) -> frozenset[str]:
        """The values, if these are few."""
        return frozenset() if self.many else frozenset(self.others) | self.labels | {"O"}

    @property
    def is_dummy(self) -> bool:
        """Whether all are O, or all are one placeholder."""
        if self.tagged or self.many:
            return False
        filled = self.others.keys() - {""}
        return not filled or (not self.outside and len(filled) == 1 and filled <= PLACEHOLDERS)

    @property
    def holds_tags(self) -> bool:
        """Whether these are tags: with prefixes, single letters, or labels among many O."""
        if self.many:
            return False
        if self.tagged:
            return 2 * (self.outside + self.tagged) >= self.total
        filled = self.others.keys() - PLACEHOLDERS
        if filled and filled <= LETTERS:
            return self.outside > 0
        words = all(re.fullmatch(r"[A-Za-z][\w.-]*", value) for value in filled)
        return bool(filled) and words and len(filled) <= 100 and 2 * self.outside >= self.total

    @property
    def are_chunks(self) -> bool:
        """Whether the tags mark phrases, not entities."""
        return bool(self.labels) and self.labels <= CHUNKS


@dataclass
class ColumnCounts:
    """The rows of a file by number of columns, and what stands in each column."""

    rows: Counter[int] = field(default_factory=Counter)
    values: dict[tuple[int, int], ValueCounts] = field(default_factory=dict)
    numbered: Counter[int] = field(default_factory=Counter)

    def add(self, cells: Sequence[str]) -> None:
        """Counts a row."""
        size = len(cells)
        self.rows[size] += 1
        if size > MAX_COLUMNS:
            return
        for i, cell in enumerate(cells):
            if (size, i) not in self.values:
                self.values[size, i] = ValueCounts()
            self.values[size, i].add(cell)
        self.numbered[size] += bool(_ROW_ID.fullmatch(cells[0]))

    def size(self, separator: str) -> int:
        """The number of columns that the file has; 0 if it has but one.

        The most frequent one; where blanks part the columns and tokens may hold blanks, the least
        one that a tenth of the rows have.
        """
        rows = {size: n for size, n in self.rows.items() if 2 <= size <= MAX_COLUMNS}
        if not rows:
            return 0
        if separator == " ":
            total = sum(rows.values())
            least = min(
                size for size, n in rows.items() if 10 * n >= total or n == max(rows.values())
            )
            if least > 2 or 2 * rows[least] >= total:
                return least
        return max(rows, key=lambda size: (rows[size], -size))


def find_separator(lines: Iterable[str]) -> str:
    """What parts the columns in the first rows of a file: the tab if most rows have one.

    Otherwise blanks, unless only commas or semicolons give every row as many columns, one of
    which holds tags.
    """
    rows = list(
        islice((line for line in lines if not is_comment(line, None, "\t")), SEPARATOR_ROWS)
    )
    if 2 * sum("\t" in line for line in rows) >= max(len(rows), 1):
        return "\t"
    for separator in (" ", ",", ";"):
        counts = ColumnCounts()
        for line in rows:
            if not is_comment(line, None, separator):
                counts.add(split_row(line, separator))
        size = counts.size(separator)
        shown = [counts.values[size, i] for i in range(size)]
        if any(values.holds_tags for values in shown):
            return separator
    return " "


def find_layout(
    rows: Iterable[list[str]],
    separator: str,
    names: Sequence[str] = (),
    columns: tuple[int, int] | None = None,
) -> Layout:
    """Finds the token and the tag column of a file.

    Args:
        rows: All rows of the file, split.
        separator: What they were split at.
        names: The columns' names, if the file gives them (``# global.columns``).
        columns: Token and tag column, if the user says which.

    Raises:
        UserError: No column holds tags, several do, or all tags are dummies.
    """
    counts, header = _count_rows(rows)
    names = names or header
    size = len(names) if header else counts.size(separator) or len(names)
    if columns and not all(-size <= column < size for column in columns):
        raise UserError(
            f"The rows have {size} columns; there are no columns {columns[0]} and {columns[1]}",
            todo="--columns counts from 0, or with a minus from the end.",
        )
    values = [counts.values.get((size, i), ValueCounts()) for i in range(size)]
    names = [name.strip().lower() for name in names] if len(names) == size else [""] * size
    tag = _tag_column(values, names, columns)
    declared = names[tag] in TAG_NAMES and not header
    if values[tag].is_dummy and not declared:
        raise _dummies()
    numbered = size > 2 and counts.numbered[size] == counts.rows[size] and tag > 0
    first_word = 1 if numbered or tag == 0 else 0
    named = next((i for i, name in enumerate(names) if name in TOKEN_NAMES), first_word)
    token = columns[0] % size if columns else named
    return Layout(
        separator=separator,
        size=size,
        token=token,
        tag=tag,
        sentence=next((i for i, n in enumerate(names) if SENTENCE_NAMES.fullmatch(n)), None),
        numbered=numbered and token == 1,
        header=bool(header),
        declared=declared,
        seen={i: v.seen for i, v in enumerate(values) if i not in (token, tag)},
        values=values[tag],
        note=f"columns parted by {SEPARATORS[separator]}: {size} in {counts.rows[size]} of "
        f"{counts.rows.total()} rows; token column {token}, tag column {tag} "
        f"({values[tag].outside} O, {values[tag].tagged} with prefix)",
    )


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row names the columns: one is the token's, one the tag's."""
    names = [cell.strip().lower() for cell in cells]
    return any(n in TOKEN_NAMES for n in names) and any(n in TAG_NAMES for n in names)


def _count_rows(rows: Iterable[list[str]]) -> tuple[ColumnCounts, list[str]]:
    """Counts rows, but for a first one that names the columns: that is given back, or none."""
    counts, header = ColumnCounts(), []
    for number, row in enumerate(rows):
        if number == 0 and is_header(row):
            header = row
        elif row or number:
            counts.add(row)
    return counts, header


def _tag_column(
    values: Sequence[ValueCounts], names: Sequence[str], columns: tuple[int, int] | None
) -> int:
    if columns:
        return columns[1] % len(values)
    named = [i for i, name in enumerate(names) if name in TAG_NAMES]
    if len(named) == 1:
        return named[0]
    found = [i for i, column in enumerate(values) if column.holds_tags]
    last = len(values) - 1
    found = [i for i in found if not values[i].are_chunks or found == [last]]
    # Labels without prefix are believed only where no column has prefixes.
    found = [i for i in found if values[i].tagged] or found
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(f"{i} ({values[i].tagged} entity tags)" for i in found)
        raise SeveralTagColumnsError(
            f"Several columns hold entity tags: {shown}",
            todo="Say which columns are the token and the gold tag with --columns, such as 0,2.",
        )
    if values and values[last].is_dummy:
        raise _dummies()
    raise UserError(
        "No column holds entity tags such as O, B-PER and I-PER",
        todo="Expected one token and its tag a line, parted by a tab or blanks; name the columns "
        "with --columns if they are there.",
    )


def _dummies() -> DummyTagsError:
    return DummyTagsError(
        "The file has dummy tags only (all O, or one placeholder): nobody labelled it",
        todo="A test file without labels cannot be used for training or scores; take the "
        "labelled one.",
    )
