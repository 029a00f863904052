"""Sentences of tagged tokens, one a line: ``token|TAG`` or ``token|POS|TAG`` parted by blanks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ...common.errors import UserError, at_line
from ..records import Record
from ..schemes import TagCounts, is_tag
from .base import MADE, Format, Head, Notice, ReadOptions, Tell
from .parts.columns import ValueCounts, split_row
from .parts.json_source import read_lines
from .parts.sequences import Tags, Tokens, record_of, scheme_of

BAR = "|"
SNIFFED_SHARE = 0.9


def sniff_iob_sentences(head: Head) -> bool:
    """Whether every line begins with a tagged token and nearly all its tokens are tagged."""
    items = [split_row(line, " ") for line in head.lines]
    if not items or not all(_is_tagged(line[0]) for line in items):
        return False
    tagged = [_is_tagged(item) for line in items for item in line]
    return sum(tagged) >= SNIFFED_SHARE * len(tagged)


def _is_tagged(item: str) -> bool:
    word, bar, tag = item.rpartition(BAR)
    return bool(word and bar) and is_tag(tag)


def read_iob_sentences(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the sentences of a file with one a line; offsets come from joining the tokens.

    The least number of bars that many tagged tokens have tells whether there is a part of speech;
    further bars belong to the token.

    Args:
        path: A UTF-8 file; blank lines are passed over.
        options: ``scheme``, ``lang`` and ``spacing``.
        tell: Called with the scheme and its counts, and with every tag mended or missing.

    Raises:
        UserError: The tags are no tags, or all O.
    """
    bars: Counter[int] = Counter()
    for _, items in _sentences(path):
        bars.update(item.count(BAR) for item in items if _is_tagged(item))
    # More bars are of tokens that hold bars themselves, fewer of single mistakes.
    columns = min((n for n in bars if 10 * bars[n] >= bars.total()), default=1)
    values, counts = ValueCounts(), TagCounts()
    for _, items in _sentences(path):
        for item in items:
            values.add(_parts(item, columns)[1])
    if not values.holds_tags:
        dummies = "the tags are dummies (all O, or one placeholder)"
        raise UserError(
            f"Nobody labelled the file: {dummies}" if values.is_dummy else "There are no tags",
            where=str(path),
            todo="Expected token|TAG or token|POS|TAG, such as Dhaka|B-LOC.",
        )
    tags = Tags(values)
    for _, items in _sentences(path):
        counts.add(tags.read(_parts(item, columns)[1]) for item in items)
    scheme = scheme_of(counts, options)
    note = (
        f"{columns} bars in {bars[columns]} of {bars.total()} tokens; scheme {scheme} "
        f"({counts.summary}); tokens joined by {options.spacing} for language {options.lang}"
    )
    tell(Notice("read-as", 0, note))
    for number, items in _sentences(path):
        tokens = Tokens()
        for item in items:
            word, value = _parts(item, columns)
            if not word:
                raise UserError(f"There is no token in {item!r:.80}", where=at_line(path, number))
            tokens.add(word, tags.read(value), number)
        yield record_of(tokens, scheme, options, tell, meta={})


def _sentences(path: Path) -> Iterator[tuple[int, list[str]]]:
    for number, line in read_lines(path):
        yield number, split_row(line.removesuffix("\r"), " ")


def _parts(item: str, columns: int) -> tuple[str, str]:
    """The token and the tag of an item; the tag is empty where bars are lacking."""
    parts = item.rsplit(BAR, columns)
    return (parts[0], parts[-1]) if len(parts) == columns + 1 else (item, "")


FORMAT = Format(
    name="iob-sentences",
    title="One sentence a line, its tokens as token|TAG or token|POS|TAG (spaCy's .iob)",
    sniff=sniff_iob_sentences,
    read=read_iob_sentences,
    unit=MADE,
)
