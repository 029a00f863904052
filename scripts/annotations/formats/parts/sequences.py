"""Tokens and their tags as records: tags read, tokens joined, long sequences cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ....common.errors import UserError, at_line
from ...records import Record, Span
from ...schemes import Decoded, TagCounts, decode, find_scheme, is_tag
from ...spacing import join_tokens
from ..base import Notice, ReadOptions, Tell
from .columns import LETTERS, ValueCounts

MAX_TOKENS = 2000
# An entity that is longer than this is none; without this limit it would be kept in memory.
MAX_UNCUT = 100_000
SENTENCE_FINAL = frozenset(".!?…۔।॥。！？")
LABEL_WITHOUT_NAME = "ENTITY"
_WORD = re.compile(r"[A-Z][A-Z_]+")


class Tags:
    """What a value of the tag column says, as all values of the file together decide it.

    Tags without label, such as a plain ``B``, mark one kind of entity, here called
    LABEL_WITHOUT_NAME. A label without prefix is believed where it is frequent, in capitals, or
    the label of other tags; other values (``_``, ``-``, ``???``) say that the tag is missing.
    """

    def __init__(self, values: ValueCounts) -> None:
        filled = {value for value in values.others if any(map(str.isalnum, value))}
        self.bare = bool(filled) and filled <= LETTERS and not values.tagged
        self.labels = values.labels | {
            value
            for value in filled
            if not values.tagged
            or 1000 * values.others[value] >= values.total
            or _WORD.fullmatch(value)
        }

    def read(self, value: str) -> str | None:
        """The tag, or None if the value is none."""
        if is_tag(value):
            return value
        if value not in self.labels:
            return None
        return f"{value}-{LABEL_WITHOUT_NAME}" if self.bare else value


@dataclass
class Tokens:
    """The tokens of a sequence, each with its tag (None: missing) and its line."""

    words: list[str] = field(default_factory=list)
    tags: list[str | None] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(self, word: str, tag: str | None, line: int) -> None:
        """Adds a token."""
        self.words.append(word)
        self.tags.append(tag)
        self.lines.append(line)

    def take(self, size: int) -> Tokens:
        """Takes the first tokens out."""
        taken = Tokens(self.words[:size], self.tags[:size], self.lines[:size])
        del self.words[:size], self.tags[:size], self.lines[:size]
        return taken

    def __len__(self) -> int:
        return len(self.words)


def scheme_of(counts: TagCounts, options: ReadOptions) -> str:
    """The tag scheme that the user sets, or the one that the counts speak for."""
    return find_scheme(counts) if options.scheme == "auto" else options.scheme


def find_cut(tokens: Tokens, scheme: str, path: Path) -> int:
    """Where to cut a sequence that is too long: after the last sentence, outside entities.

    Without a sentence's end, or with entities all over, outside the last entity; 0 if there is
    nothing but an entity, so that more of the sequence has to be read.

    Raises:
        UserError: An entity is absurdly long.
    """
    inside: set[int] = set()
    for start, end, _ in decode(tokens.tags, scheme).spans:
        inside.update(range(start + 1, end))
    # The last token may continue in what is not read yet, so that the cut is before it at most.
    places = [i for i in range(1, min(len(tokens), MAX_TOKENS + 1)) if i not in inside]
    ends = [i for i in places if _ends_sentence(tokens.words[i - 1])]
    if not places and len(tokens) > MAX_UNCUT:
        raise UserError(
            f"An entity is longer than {MAX_UNCUT} tokens",
            where=at_line(path, tokens.lines[0]),
            todo="Are the columns found the right ones? Name them with --columns.",
        )
    return (ends or places or [0])[-1]


def _ends_sentence(word: str) -> bool:
    return word in SENTENCE_FINAL or word[-1:] in "।॥。"


def record_of(
    tokens: Tokens,
    scheme: str,
    options: ReadOptions,
    tell: Tell,
    *,
    meta: dict[str, Any],
    texts: Sequence[str] = (),
    line: int | None = None,
) -> Record:
    """Makes a record of tokens and tags; says which tags had to be mended and which are missing.

    Args:
        tokens: The tokens; none is empty.
        scheme: How the tags are read.
        options: ``lang`` and ``spacing`` say how the tokens are joined.
        tell: Called with every tag mended or missing.
        meta: What else the file says of the record.
        texts: What the text may be; the first one that is the tokens with only white space
            between is it. The tokens are joined where none is.
        line: Line on which the record starts; the first token's without it.
    """
    text, places = _text_of(tokens, options, texts)
    decoded: Decoded = decode(tokens.tags, scheme)
    for i, note in decoded.repairs:
        tell(Notice("tag-repaired", tokens.lines[i], f"{note}; read as conlleval reads it"))
    missing = []
    for word, tag, place, number in zip(
        tokens.words, tokens.tags, places, tokens.lines, strict=True
    ):
        if tag is None:
            missing.append(place)
            tell(Notice("tag-missing", number, f"the token {word!r:.80} has no tag"))
    spans = tuple(
        Span(places[first][0], places[last - 1][1], label) for first, last, label in decoded.spans
    )
    start = line if line is not None else tokens.lines[0]
    if texts and len(tokens) and text not in texts:
        note = "the text given is not made of the tokens; these are joined instead"
        tell(Notice("read-as", start, note))
        meta = {**meta, "text": texts[-1]}
    return Record(text, spans, start, meta, tuple(missing))


def _text_of(
    tokens: Tokens, options: ReadOptions, texts: Sequence[str]
) -> tuple[str, list[tuple[int, int]]]:
    for text in texts:
        places = place_tokens(text, tokens.words)
        if places is not None:
            return text, places
    return join_tokens(tokens.words, options.lang, options.spacing)


def place_tokens(text: str, words: Sequence[str]) -> list[tuple[int, int]] | None:
    """Where tokens stand in a text that is made of them, in order, and white space.

    None if the text holds anything else: it is walked through, not searched.
    """
    places = []
    at = 0
    for word in words:
        while not text.startswith(word, at):
            if not text[at : at + 1].isspace():
                return None
            at += 1
        places.append((at, at + len(word)))
        at += len(word)
    return None if text[at:].strip() else places
