"""Lists of tokens and tags in JSON: objects, columns, and ``[text, [tags]]`` pairs."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import spacy

from ...common.errors import UserError, at_line
from ...common.files import write_jsonl
from ..records import Record
from ..schemes import TagCounts, decode, split_tag
from .base import MADE, Format, Head, Notice, ReadOptions, Tell, WriteOptions
from .parts.json_source import read_items
from .parts.token_rows import (
    TAGS_KEYS,
    TOKENS_KEYS,
    Place,
    Row,
    RowReader,
    choose_scheme,
    is_row,
    read_row,
    write_row,
)

INFO_FILE = "dataset_info.json"
# So many texts decide which tokenisation is tried first.
COMPARED_TEXTS = 1000

Tokenise = Callable[[str], list[Place]]
# A value that holds one row, its features if it has any, and its line.
Found = tuple[Any, Any, int]


def sniff_token_lists(head: Head) -> bool:
    """Whether a file begins with rows of tokens and tags, columns of them, or tagged texts."""
    values = head.values
    if len(values) == 1 and _columns(values[0]) is not None:
        return True
    if len(values) == 1 and _is_page(values[0]):
        return is_row(values[0]["rows"][0]["row"])
    pairs = [value for value in values if _is_pair(value)]
    if pairs:
        return len(pairs) == len(values) and any(tags for _, tags in pairs)
    return bool(values) and all(map(is_row, values))


def _is_pair(value: Any) -> bool:
    """Whether a value is a text with the tags of tokens that are not in the file."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], list)
        and all(isinstance(tag, str) and split_tag(tag)[0] for tag in value[1])
    )


def _columns(value: Any) -> dict[str, list[Any]] | None:
    """The columns of an object that holds a list of rows under each key, or None."""
    if not isinstance(value, dict):
        return None
    tokens = next((value[key] for key in TOKENS_KEYS if isinstance(value.get(key), list)), [])
    if not tokens or not all(isinstance(row, list) for row in tokens):
        return None
    columns = {
        key: column
        for key, column in value.items()
        if isinstance(column, list) and len(column) == len(tokens)
    }
    return columns if any(key in columns for key in TAGS_KEYS) else None


def _is_page(value: Any) -> bool:
    """Whether a value is what the Hugging Face datasets server gives for ``/rows``."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("features"), list)
        and isinstance(value.get("rows"), list)
        and bool(value["rows"])
        and all(isinstance(r, dict) and isinstance(r.get("row"), dict) for r in value["rows"])
    )


def read_token_lists(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the records of a file of token and tag lists.

    The file is read twice: the tags of all of it decide the scheme. Numbers get their names from
    a ``features`` block in the file or from dataset_info.json beside it. A ``[text, [tags]]``
    pair does not say what its tokens are: the tokenisation is taken that gives as many.

    Args:
        path: A UTF-8 file: one object or pair a line, one list of these, or one object of columns.
        options: ``spans_key`` or ``layer`` names the tags' key; ``lang`` the tokenizer of pairs.
        tell: Called with the scheme, with how texts were made or tokenised, and with pairs that
            no tokenisation fits, which are left out.

    Raises:
        UserError: A record has no tokens or tags, or not as many of one as of the other.
    """
    features = read_features(path)
    counts = TagCounts()
    tagged_texts: list[tuple[str, int]] = []
    for value, own, line in _find_rows(path):
        if _is_pair(value):
            counts.add(value[1])
            if len(tagged_texts) < COMPARED_TEXTS:
                tagged_texts.append((value[0], len(value[1])))
        else:
            row = read_row(value, own or features, options, at_line(path, line), line)
            counts.add(row.tags)
    scheme = choose_scheme(counts, options, tell)
    rows = RowReader(options, scheme, tell)
    pairs = _PairReader(rows, tagged_texts)
    for value, own, line in _find_rows(path):
        if _is_pair(value):
            yield from pairs.records(value[0], value[1], line)
        else:
            yield rows.record(read_row(value, own or features, options, at_line(path, line), line))
    rows.finish()
    pairs.finish()


def _find_rows(path: Path) -> Iterator[Found]:
    for item in read_items(path):
        value, line = item.value, item.line
        columns = _columns(value)
        if columns is not None:
            rest = {k: v for k, v in value.items() if k not in columns and k != "features"}
            for cells in zip(*columns.values(), strict=True):
                row = {**rest, **dict(zip(columns, cells, strict=True))}
                yield row, value.get("features"), line
        elif _is_page(value):
            named = {f.get("name"): f.get("type") for f in value["features"] if isinstance(f, dict)}
            for row in value["rows"]:
                yield row["row"], named, line
        elif isinstance(value, dict) or _is_pair(value):
            yield value, None, line
        else:
            raise UserError(
                "The record is neither an object with tokens and tags nor [text, [tags]]",
                where=at_line(path, line),
                todo='Expected {"tokens": ["…"], "ner_tags": ["O"]}.',
            )


def read_features(path: Path) -> Any:
    """The ``features`` block of a dataset_info.json beside a file; None if there is none.

    Raises:
        UserError: It is there but cannot be read.
    """
    info = path.parent / INFO_FILE
    if not info.is_file():
        return None
    try:
        value = json.loads(info.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"It is not valid JSON: {error}", where=str(info)) from None
    return value.get("features") if isinstance(value, dict) else None


class _PairReader:
    """Finds the tokens of texts whose tags are all that the file gives."""

    def __init__(self, rows: RowReader, texts: list[tuple[str, int]]) -> None:
        self.rows = rows
        self.used: Counter[str] = Counter()
        ways = tokenisations(rows.options.lang) if texts else {}
        fits = {
            name: sum(len(tokenise(text)) == tags for text, tags in texts)
            for name, tokenise in ways.items()
        }
        self.ways = {name: ways[name] for name in sorted(ways, key=lambda n: -fits[n])}

    def records(self, text: str, tags: list[str], line: int) -> Iterator[Record]:
        """The one record of a pair; none, which is told, if no tokenisation fits."""
        sizes = {}
        for name, tokenise in self.ways.items():
            places = tokenise(text)
            sizes[name] = len(places)
            if len(places) == len(tags):
                self.used[name] += 1
                tokens = [text[start:end] for start, end in places]
                yield self.rows.record(Row(tokens, list(tags), text, {}, line))
                return
        found = ", ".join(f"{size} by {name}" for name, size in sizes.items())
        spans = len(decode(tags, self.rows.scheme).spans)
        note = f"{len(tags)} tags, but tokens: {found}"
        self.rows.tell(Notice("tokens-differ", line, note, spans))

    def finish(self) -> None:
        """Tells which tokenisation gave as many tokens as there are tags, how often."""
        if self.used:
            used = ", ".join(f"{name} in {n} texts" for name, n in self.used.most_common())
            self.rows.tell(Notice("read-as", 0, f"tokens are those of {used}"))


def tokenisations(lang: str) -> dict[str, Tokenise]:
    """The ways in which texts may have been tokenised before they were tagged, by name.

    They are spaCy's own tokenizers of the language and of ``xx``, words between white space, and
    spaCy's with every punctuation character apart, as its older versions split brackets.

    Raises:
        UserError: spaCy has no tokenizer of the language, or it needs a package that is missing.
    """
    try:
        own, general = spacy.blank(lang), spacy.blank("xx")
    except ImportError as error:
        raise UserError(
            f"spaCy cannot tokenise {lang!r}: {str(error).splitlines()[0]}",
            where="--lang",
            todo="Install what it names, or set another language: the file has tags, no tokens.",
        ) from None

    def by(nlp: spacy.Language) -> Tokenise:
        return lambda text: [(t.idx, t.idx + len(t)) for t in nlp.make_doc(text)]

    ways = {f"spaCy's {lang} tokenizer": by(own), "spaCy's xx tokenizer": by(general)}
    ways["white space"] = _split_at_white
    apart = by(own)
    ways[f"spaCy's {lang} tokenizer with punctuation apart"] = lambda text: [
        part for place in apart(text) for part in _punctuation_apart(text, place)
    ]
    return ways


def _split_at_white(text: str) -> list[Place]:
    places = []
    at = 0
    for word in text.split():
        at = text.index(word, at)
        places.append((at, at + len(word)))
        at += len(word)
    return places


def _punctuation_apart(text: str, place: Place) -> list[Place]:
    """A token's place, cut before and after every punctuation character."""
    parts: list[Place] = []
    after_mark = True
    for i in range(*place):
        mark = unicodedata.category(text[i]).startswith("P")
        if mark or after_mark:
            parts.append((i, i + 1))
        else:
            parts[-1] = (parts[-1][0], i + 1)
        after_mark = mark
    return parts


def write_token_lists(
    records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell
) -> None:
    """Writes one object a line: id, text, tokens, ner_tags (words) and meta (JSON in a string).

    ``datasets.load_dataset("json", …)`` reads it. Spans that overlap another, are discontinuous
    or do not begin and end with a token are told; tokens of missing ranges have the tag null.
    """
    rows = (write_row(record, options, tell) for record in records)
    write_jsonl(path, ({k: v for k, v in row.items() if v is not None} for row in rows))


FORMAT = Format(
    name="token-lists",
    title="JSON with lists of tokens and tags, or of texts and tags",
    sniff=sniff_token_lists,
    read=read_token_lists,
    unit=MADE,
    write=write_token_lists,
    companion=lambda path: path.name == INFO_FILE,
)
