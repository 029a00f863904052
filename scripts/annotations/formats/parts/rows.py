"""The lines of a token-per-line file: rows, comments, and the ends of sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ....common.errors import UserError, at_line
from .columns import (
    KNOWN_COMMENT,
    WHITE,
    Layout,
    find_layout,
    find_separator,
    is_comment,
    split_row,
)
from .json_source import read_all_lines

DOCSTART = "-DOCSTART-"


@dataclass(frozen=True, slots=True)
class Row:
    """A token's row.

    Args:
        word: The token; empty if the row has none.
        value: What stands in the tag column; empty if nothing does.
        whole: All columns, with single blanks between them.
        sentence: What stands in the sentence column.
        is_word: Whether it is one token, not the range of several that CoNLL-U has (``1-2``) nor
            its word that is not in the text (``1.1``).
    """

    word: str
    value: str
    whole: str
    sentence: str = ""
    is_word: bool = True


def column_names(line: str) -> list[str]:
    """The names of the columns, if the line is the comment of CoNLL-U Plus that gives them."""
    match = KNOWN_COMMENT.fullmatch(line)
    return (match[2] or "").split() if match and match[1] == "global.columns" else []


def layout_of(path: Path, columns: tuple[int, int] | None) -> Layout:
    """Finds the columns of a file; every row counts.

    Args:
        path: The file.
        columns: Token and tag column, if the user says which.

    Raises:
        UserError: No column holds tags, several do, or all tags are dummies.
    """
    names = next(filter(None, (column_names(line) for _, line in _lines(path))), [])
    separator = find_separator(line for _, line in _lines(path))
    rows = (
        split_row(line, separator)
        for _, line in _lines(path)
        if not is_comment(line, None, separator)
    )
    try:
        return find_layout(rows, separator, names, columns)
    except UserError as error:
        if error.where:
            # A line that cannot be read says where it is.
            raise
        raise type(error)(error.what, where=str(path), todo=error.todo) from None


def read_rows(path: Path, layout: Layout) -> Iterator[tuple[int, Row | str]]:
    """Streams the lines of a file with their numbers.

    A row is a Row; a comment and a ``-DOCSTART-`` line are a string, a blank line an empty one.

    Raises:
        UserError: A row has other columns than the file.
    """
    header = layout.header
    for number, line in read_all_lines(path):
        line = line.removesuffix("\r")
        if not line.strip(WHITE):
            yield number, ""
        elif line.startswith(DOCSTART) or is_comment(line, layout):
            yield number, line
        elif header:
            header = False
        else:
            yield number, _row(line, layout, path, number)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that hold rows or comments."""
    for number, line in read_all_lines(path):
        line = line.removesuffix("\r")
        if line.strip(WHITE) and not line.startswith(DOCSTART):
            yield number, line


def _row(line: str, layout: Layout, path: Path, number: int) -> Row:
    cells = split_row(line, layout.separator)
    whole = " ".join(cells)
    if len(cells) == 1 and layout.token == 0:
        return Row(cells[0], "", whole)
    fitting = layout.fit(cells)
    if fitting is None:
        raise UserError(
            f"The row has {len(cells)} columns, the file's others have {layout.size}",
            where=at_line(path, number),
            todo="Which of them is the tag cannot be told. A token with blanks needs tabs between "
            "the columns.",
        )
    is_word = not layout.numbered or fitting[0].isdigit()
    sentence = fitting[layout.sentence] if layout.sentence is not None else ""
    return Row(fitting[layout.token], fitting[layout.tag], whole, sentence, is_word)
