"""Rasa NLU training data as Markdown (Rasa 0 to 2; its documentation, "Markdown Format")."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...common.errors import UserError, at_line
from ..records import Record
from .base import MADE, Format, Head, ReadOptions, Tell
from .parts.json_source import read_all_lines
from .parts.rasa_markup import BLOCKS, looks_marked, parse_markup, tell_left_over

HEADING = re.compile(r"##\s*([^:]+?)\s*:\s*(.*)")
RASA_HEADING = re.compile(rf"##\s*(?:{'|'.join(BLOCKS)})\s*:")
COMMENT_END = re.compile(r"--!*>")


def sniff_rasa_md(head: Head) -> bool:
    """Whether a file begins with Markdown that has headings such as ``## intent:greet``."""
    headings = (line for line in head.lines if line.startswith("##"))
    return RASA_HEADING.match(next(headings, "")) is not None


def read_rasa_md(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the list items under intents; spans come from the markup, offsets are code points.

    Comments are taken out and white space at the ends of an example is stripped, as Rasa does.

    Args:
        path: A UTF-8 file.
        options: Unused: the format has no choices.
        tell: Called once with the parts that hold no annotated text, and once with the texts in
            which brackets were left that look like markup.

    Raises:
        UserError: A section is not Rasa's, a comment does not end, or markup cannot be read.
    """
    section, title = "", ""
    passed: Counter[str] = Counter()
    doubtful: list[int] = []
    for number, row in _without_comments(read_all_lines(path), path):
        line = row.strip()
        heading = HEADING.match(line)
        if heading:
            section, title = heading[1], heading[2]
            _check_section(section, path, number)
        elif not line or line.startswith("#"):
            continue
        elif section != "intent":
            passed[f"line under {section}" if section else "line before the first section"] += 1
        elif line[0] not in "-*+":
            passed["line that is no list item"] += 1
        elif example := line[1:].strip():
            text, spans = parse_markup(example, at_line(path, number))
            if looks_marked(text):
                doubtful.append(number)
            yield Record(text, tuple(spans), number, {"intent": title} if title else {})
    tell_left_over(passed, doubtful, tell)


def _check_section(section: str, path: Path, number: int) -> None:
    if section not in BLOCKS:
        raise UserError(
            f"There is no section {section!r:.40} in Rasa's training data",
            where=at_line(path, number),
            todo=f"Known: {', '.join(BLOCKS)}, as in '## intent:greet'.",
        )


def _without_comments(lines: Iterable[tuple[int, str]], path: Path) -> Iterator[tuple[int, str]]:
    """The lines without ``<!-- … -->``, which may reach over several."""
    opened = 0
    for number, line in lines:
        kept, rest = "", line
        while rest:
            if opened:
                end = COMMENT_END.search(rest)
                opened, rest = (0, rest[end.end() :]) if end else (opened, "")
            else:
                before, mark, rest = rest.partition("<!--")
                kept += before
                opened = number if mark else 0
        yield number, kept
    if opened:
        raise UserError(
            "The comment that begins here does not end",
            where=at_line(path, opened),
            todo="Close it with -->. A file that was cut off ends so.",
        )


FORMAT = Format(
    name="rasa-md",
    title="Rasa NLU training data, Markdown",
    sniff=sniff_rasa_md,
    read=read_rasa_md,
    unit=MADE,
)
