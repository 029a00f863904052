"""Rows of tokens and tags, as tables and JSON hold them: read as records, written from records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....common.errors import UserError
from ...records import Record, Span
from ...schemes import TagCounts, encode
from ..base import Notice, ReadOptions, Tell, WriteOptions
from .checks import label_of
from .sequences import Tokens, record_of, scheme_of
from .writing import tell_left

TOKENS_KEYS = ("tokens", "words")
TAGS_KEYS = ("ner_tags", "tags", "labels", "ner")
TEXT_KEYS = ("text", "sentence")
META_KEY = "meta"
# What loss functions and data sets put where a token has no tag.
MISSING_TAGS = (-1, -100)

Place = tuple[int, int]
Tag = str | None


@dataclass(frozen=True)
class Row:
    """A text as tokens, each with its tag.

    Args:
        tokens: The tokens.
        tags: One a token; None where it is missing.
        text: The text that the tokens are of, if the file gives it.
        meta: Everything else the row says.
        line: Line of the file, or number of the row, from 1.
    """

    tokens: list[str]
    tags: list[Tag]
    text: str | None
    meta: dict[str, Any]
    line: int


def is_row(value: Any) -> bool:
    """Whether a JSON value is an object with as many tags as tokens."""
    if not isinstance(value, dict):
        return False
    tokens = next((value[key] for key in TOKENS_KEYS if key in value), None)
    tags = next((value[key] for key in TAGS_KEYS if key in value), None)
    return (
        isinstance(tokens, list)
        and isinstance(tags, list)
        and len(tokens) == len(tags)
        and all(isinstance(token, str) for token in tokens)
        and all(tag is None or type(tag) in (str, int) for tag in tags)
    )


def read_row(
    value: Mapping[str, Any], features: Any, options: ReadOptions, where: str, line: int
) -> Row:
    """Reads an object with tokens and tags.

    Args:
        value: The object.
        features: The ``features`` block of a Hugging Face data set; gives numbers their names.
        options: ``spans_key`` or ``layer`` names the tags' key, ``labels`` the numbers that have
            no name.
        where: Place in the file, for messages.
        line: Line of the file or number of the row.

    Raises:
        UserError: There are no tokens or tags, not as many of one as of the other, or of a wrong
            type.
    """
    rest = dict(value)
    tokens_key = _key(rest, TOKENS_KEYS, "tokens", where)
    wanted = options.spans_key or options.layer
    tags_key = _key(rest, (wanted,) if wanted else TAGS_KEYS, "tags", where)
    tokens, tags = rest.pop(tokens_key), rest.pop(tags_key)
    if not all(isinstance(token, str) for token in tokens):
        raise UserError(f"{tokens_key!r} holds something that is no word", where=where)
    if len(tokens) != len(tags):
        raise UserError(
            f"The record has {len(tokens)} tokens and {len(tags)} tags",
            where=where,
            todo="Expected one tag a token.",
        )
    names = class_names(features.get(tags_key)) if isinstance(features, dict) else None
    read = [_tag(tag, i, names, options.labels, where) for i, tag in enumerate(tags)]
    text_keys = (options.text_key, *TEXT_KEYS)
    text_key = next((key for key in text_keys if isinstance(rest.get(key), str)), None)
    text = rest.pop(text_key) if text_key else None
    return Row(list(tokens), read, text, _unpack_meta(rest), line)


def _key(value: Mapping[str, Any], keys: Sequence[str], name: str, where: str) -> str:
    for key in keys:
        if isinstance(value.get(key), list):
            return key
    raise UserError(
        f"The record has no list of {name} under {' or '.join(map(repr, keys))}",
        where=where,
        todo=f"Keys found: {', '.join(map(repr, value))}.",
    )


def class_names(feature: Any) -> list[str] | None:
    """The names of a ClassLabel, or of a list of them, in a data set's ``features``; else None.

    Read are the forms of dataset_info.json and the Arrow schema (``Sequence``, ``List``, a list
    of one) and that of a dataset card (``sequence: class_label: names``).
    """
    if isinstance(feature, list) and len(feature) == 1:
        return class_names(feature[0])
    if not isinstance(feature, dict):
        return None
    names = feature.get("names")
    if isinstance(names, dict) and all(str(key).isdecimal() for key in names):
        names = [names[key] for key in sorted(names, key=int)]
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return names
    inner = (feature.get(key) for key in ("feature", "sequence", "list", "class_label"))
    return next((found for value in inner if (found := class_names(value))), None)


def _tag(
    value: Any, index: int, names: list[str] | None, labels: Mapping[str, str | None], where: str
) -> Tag:
    """A tag as a word: a number by its name, or by the label map.

    A number that the map drops stays one: the spans that it makes are then dropped and listed.
    """
    if value is None or value == "-" or (type(value) is int and value in MISSING_TAGS):
        return None
    if type(value) is int and names is not None:
        if not 0 <= value < len(names):
            raise UserError(
                f"Token {index} has the tag {value}, but only {len(names)} tags have names",
                where=where,
            )
        return names[value]
    if type(value) is int and labels.get(str(value)) is not None:
        return labels[str(value)]
    return label_of(value, f"Token {index}", where)


def _unpack_meta(rest: dict[str, Any]) -> dict[str, Any]:
    """The other keys as meta: what ``write_row`` packed, unpacked, the document under ``doc``."""
    rest = {k: v for k, v in rest.items() if v is not None or k not in ("id", META_KEY)}
    packed = rest.get(META_KEY)
    if isinstance(packed, str):
        try:
            meta = json.loads(packed)
        except (ValueError, RecursionError):
            meta = None
        if isinstance(meta, dict):
            del rest[META_KEY]
            rest = {**rest, **meta}
    if "document_id" in rest and "doc" not in rest:
        rest["doc"] = rest["document_id"]
    return rest


class RowReader:
    """Makes records of rows, and counts what has to be told once a file.

    Args:
        options: ``lang`` and ``spacing`` decide how tokens without a text are joined.
        scheme: Tag scheme, a name of ``schemes.SCHEMES``.
        tell: Called with what was assumed or mended.
    """

    def __init__(self, options: ReadOptions, scheme: str, tell: Tell) -> None:
        self.options, self.scheme, self.tell = options, scheme, tell
        self._joined = 0

    def record(self, row: Row) -> Record:
        """A row as a record: the tokens found in the text, or joined to one."""
        if not row.tokens:
            return Record(row.text or "", (), row.line, row.meta)
        tokens = Tokens(row.tokens, row.tags, [row.line] * len(row.tokens))
        texts = () if row.text is None else (row.text,)
        self._joined += not texts
        return record_of(
            tokens, self.scheme, self.options, self.tell,
            meta=row.meta, texts=texts, line=row.line,
        )  # fmt: skip

    def finish(self) -> None:
        """Tells how many texts had to be made of their tokens."""
        if self._joined:
            how = f"as {self.options.lang} writes"
            how = "by blanks" if self.options.spacing == "blanks" else how
            self.tell(Notice("read-as", 0, f"{self._joined} texts were joined of tokens {how}"))


def choose_scheme(counts: TagCounts, options: ReadOptions, tell: Tell) -> str:
    """The tag scheme that the user sets, or that the tags of the file speak for, which is told."""
    scheme = scheme_of(counts, options)
    if options.scheme == "auto":
        tell(Notice("read-as", 0, f"tags are {scheme}: {counts.summary}"))
    return scheme


def visible_places(text: str, options: WriteOptions) -> list[Place]:
    """The places of a text's tokens without those of white space, and without such edges.

    So ``sequences.place_tokens`` finds them again by their words alone.
    """
    places: list[Place] = []
    for start, end in options.tokens(text):
        token = text[start:end]
        word = token.strip()
        if word:
            start += len(token) - len(token.lstrip())
            places.append((start, start + len(word)))
    return places


def spans_on_tokens(
    record: Record, places: Sequence[Place], tell: Tell
) -> list[tuple[int, int, Span]]:
    """The spans that begin and end with a token: (first token, token after the last, span).

    The others are told: they cannot be written in tokens.
    """
    starts = {start: i for i, (start, _) in enumerate(places)}
    ends = {end: i + 1 for i, (_, end) in enumerate(places)}
    result = []
    for span in record.spans:
        first, last = starts.get(span.start), ends.get(span.end)
        if span.fragments:
            tell_left(record, span, "it is discontinuous", tell)
        elif first is None or last is None or first >= last:
            tell_left(record, span, "it does not begin and end with a token", tell)
        else:
            result.append((first, last, span))
    return result


def without_overlaps(
    found: Sequence[tuple[int, int, Span]],
) -> tuple[list[tuple[int, int, Span]], list[tuple[int, int, Span]]]:
    """Parts spans into those that can stand side by side, longest first, and the rest.

    Both keep their order; of equally long ones the first in the text stays, as in spaCy's
    ``filter_spans``.
    """
    taken: set[int] = set()
    kept: set[int] = set()
    order = sorted(range(len(found)), key=lambda i: (found[i][0] - found[i][1], found[i][0], i))
    for i in order:
        tokens = range(found[i][0], found[i][1])
        if taken.isdisjoint(tokens):
            taken.update(tokens)
            kept.add(i)
    flat = [item for i, item in enumerate(found) if i in kept]
    return flat, [item for i, item in enumerate(found) if i not in kept]


def touched(places: Sequence[Place], ranges: Sequence[Place]) -> list[bool]:
    """Whether each token, in the order of the text, shares a character with one of the ranges."""
    result = []
    waiting = sorted(ranges, reverse=True)
    reach = -1
    for start, end in places:
        while waiting and waiting[-1][0] < end:
            reach = max(reach, waiting.pop()[1])
        result.append(start < reach)
    return result


def write_row(record: Record, options: WriteOptions, tell: Tell) -> dict[str, Any]:
    """A record as a row that ``read_row`` reads back: text, tokens and string tags.

    Overlapping, discontinuous and misaligned spans are told. ``id`` is there if it is a word;
    the other meta is JSON in one string, so that a column of it has one type.
    """
    places = visible_places(record.text, options)
    flat, rest = without_overlaps(spans_on_tokens(record, places, tell))
    for _, _, span in rest:
        tell_left(record, span, "it overlaps another", tell)
    spans = [(first, last, span.label) for first, last, span in flat]
    tags: list[Tag] = list(encode(spans, len(places), options.scheme))
    for i, missing in enumerate(touched(places, record.missing)):
        if missing and tags[i] == "O":
            tags[i] = None
    meta = dict(record.meta)
    row_id = meta.pop("id") if isinstance(meta.get("id"), str) else None
    return {
        "id": row_id,
        "text": record.text,
        "tokens": [record.text[start:end] for start, end in places],
        "ner_tags": tags,
        META_KEY: json.dumps(meta, ensure_ascii=False) if meta else None,
    }
