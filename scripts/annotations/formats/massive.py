"""MASSIVE: JSON lines with an utterance and the same with its slots as ``[label : words]``.

The shape is that of the data set's own README (Amazon, MASSIVE 1.0 and 1.1): ``annot_utt`` is
``utt`` with brackets around the slots; in some locales it also has blanks that ``utt`` has not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ...common.files import write_jsonl
from ..records import Record, Span
from .base import MADE, Format, Head, Notice, ReadOptions, Tell, WriteOptions
from .parts.checks import text_of
from .parts.inline import inline_spans, markup_that_reads_back
from .parts.json_source import read_items
from .parts.writing import tell_missing

LABEL = r"[^\[\]:\s](?:[^\[\]:]*[^\[\]:\s])?"
SLOT = re.compile(rf"\[({LABEL}) : ([^\[\]]*)\]")
OPENING = re.compile(rf"\[({LABEL}) : ")
LOOSE_OPENING = re.compile(rf"\[\s*({LABEL})\s*:\s*")
EXAMPLE = '{"utt": "আজ ঢাকায়", "annot_utt": "[date : আজ] ঢাকায়"}'
# Brackets that are text and brackets that are markup are told apart by trying; a line that needs
# more tries than this is no utterance.
MAX_TRIES = 5000


def sniff_massive(head: Head) -> bool:
    """Whether a file begins with JSON objects that have an ``annot_utt``."""
    values = head.values
    return bool(values) and all(
        isinstance(value, dict) and isinstance(value.get("annot_utt"), str) for value in values
    )


def read_massive(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the records of a MASSIVE file; offsets are code points of ``utt``.

    The bracketed text is laid over ``utt`` character by character; where they differ in white
    space, the span runs from the first to the last character of its words, and ``annot_utt`` is
    kept in the record's meta, because its blanks are a segmentation into words.

    Args:
        path: A UTF-8 file, one object a line.
        options: Unused: the format has fixed keys.
        tell: Called once with the number of texts whose white space differs.

    Raises:
        UserError: A line is no such object, or the bracketed text is not ``utt``, or is it in more
            than one way.
    """
    differing = 0
    for item in read_items(path):
        value = item.value
        where = at_line(path, item.line, _id(value))
        if not isinstance(value, dict) or not isinstance(value.get("annot_utt"), str):
            raise UserError(
                "The line is no object with a text under 'annot_utt'",
                where=where,
                todo=f"Expected one object a line, such as {EXAMPLE}.",
            )
        marked = value["annot_utt"]
        meta = {k: v for k, v in value.items() if k not in ("utt", "annot_utt")}
        if "utt" not in value:
            text, spans = _unmarked(marked, where)
        else:
            text = text_of(value, "utt", where)
            spans, exact = _spans_of(marked, text, where)
            if not exact:
                differing += 1
                meta["annot_utt"] = marked
        yield Record(text, tuple(spans), item.line, meta)
    if differing:
        note = f"'annot_utt' differs from 'utt' in white space alone in {differing} texts"
        tell(Notice("read-as", 0, f"{note}; the text is 'utt'"))


def _id(value: Any) -> str | None:
    return str(value["id"]) if isinstance(value, dict) and value.get("id") is not None else None


def _simple(marked: str) -> tuple[str, list[Span]] | None:
    """Text and spans if all brackets are slots' brackets, or None."""
    pieces: list[str] = []
    spans: list[Span] = []
    at, length = 0, 0
    for slot in SLOT.finditer(marked):
        before, words = marked[at : slot.start()], slot[2]
        start = length + len(before)
        length = start + len(words)
        spans.append(Span(start, length, slot[1]))
        pieces += [before, words]
        at = slot.end()
    pieces.append(marked[at:])
    if marked.count("[") != len(spans) or marked.count("]") != len(spans):
        return None
    return "".join(pieces), spans


def _unmarked(marked: str, where: str) -> tuple[str, list[Span]]:
    """Text and spans of a line that has no ``utt`` to compare with."""
    found = _simple(marked)
    if found is None:
        raise UserError(
            f"'annot_utt' has brackets that are no slot: {marked!r:.80}",
            where=where,
            todo="Without the text under 'utt' it cannot be told whether they are text or markup.",
        )
    return found


def _spans_of(marked: str, text: str, where: str) -> tuple[list[Span], bool]:
    """The spans of a marked text, and whether it is the text to the last blank."""
    simple = _simple(marked)
    if simple is not None and simple[0] == text:
        return simple[1], True
    for exact in (True, False):
        found = _align(marked, text, exact=exact)
        if len(found) > 1:
            raise UserError(
                f"The brackets of 'annot_utt' can be read in several ways: {marked!r:.80}",
                where=where,
                todo="Some are text, some markup, and 'utt' does not tell which.",
            )
        if found:
            return found[0], exact
    raise UserError(
        f"'annot_utt' without its brackets is not 'utt': {marked!r:.120} against {text!r:.80}",
        where=where,
        todo="They may differ in white space only; correct one of them.",
    )


@dataclass(frozen=True, slots=True)
class _State:
    """A way to have read ``marked[:i]`` as ``text[:j]``; ``last`` ends the last character read."""

    i: int
    j: int
    last: int
    label: str | None
    start: int
    spans: tuple[Span, ...]


def _align(marked: str, text: str, *, exact: bool) -> list[list[Span]]:
    """The ways, two at most, in which a marked text is a text with slots.

    Args:
        marked: The text with brackets.
        text: The text.
        exact: Whether white space must be the same; if not, it is passed over in both.
    """
    found: list[list[Span]] = []
    states = [_State(0, 0, 0, None, 0, ())]
    tries = 0
    while states and len(found) < 2 and tries < MAX_TRIES:
        tries += 1
        state = states.pop()
        while True:
            if not exact:
                i, j = _past_white(marked, state.i), _past_white(text, state.j)
                state = replace(state, i=i, j=j)
            if state.i == len(marked):
                if state.j == len(text) and state.label is None:
                    found.append(list(state.spans))
                break
            ways = _steps(marked, text, state, exact)
            if not ways:
                break
            state, *others = ways
            states += others
    return found


def _steps(marked: str, text: str, state: _State, exact: bool) -> list[_State]:
    """What the next character can be: that of the text, or where a slot opens or closes."""
    ways: list[_State] = []
    i, j, char = state.i, state.j, marked[state.i]
    if text[j : j + 1] == char:
        ways.append(replace(state, i=i + 1, j=j + 1, last=j + 1))
    if char == "[" and state.label is None:
        opening = (OPENING if exact else LOOSE_OPENING).match(marked, i)
        if opening:
            ways.append(replace(state, i=opening.end(), label=opening[1], start=j))
    if char == "]" and state.label is not None:
        span = Span(state.start, max(state.start, state.last), state.label)
        ways.append(replace(state, i=i + 1, label=None, spans=(*state.spans, span)))
    return ways


def _past_white(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def write_massive(records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell) -> None:
    """Writes MASSIVE lines: the record's meta, ``utt`` and ``annot_utt``.

    Overlapping, discontinuous and outlying spans are told as not written.
    """
    write_jsonl(path, (_line(record, tell) for record in records))


def _line(record: Record, tell: Tell) -> dict[str, Any]:
    tell_missing(record, tell)

    def read(marked: str) -> tuple[str, list[Span]] | None:
        try:
            found, exact = _spans_of(marked, record.text, "")
        except UserError:
            return None
        return (record.text, found) if exact else None

    spans = inline_spans(record, tell, empty=True)
    marked = markup_that_reads_back(
        record, spans, _mark, read, tell, todo="Write span-jsonl instead."
    )
    meta = {k: v for k, v in record.meta.items() if k not in ("utt", "annot_utt")}
    return {**meta, "utt": record.text, "annot_utt": marked}


def _mark(text: str, spans: Sequence[Span]) -> str:
    pieces: list[str] = []
    at = 0
    for span in spans:
        words = text[span.start : span.end]
        pieces += [text[at : span.start], f"[{span.label} : {words}]"]
        at = span.end
    return "".join([*pieces, text[at:]])


FORMAT = Format(
    name="massive",
    title="MASSIVE: JSON lines with the slots of an utterance in brackets",
    sniff=sniff_massive,
    read=read_massive,
    unit=MADE,
    write=write_massive,
)
