"""GLiNER's training data: tokens, and entities by the numbers of their first and last token."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record, Span
from ..spacing import join_tokens
from .base import MADE, Format, Head, Notice, ReadOptions, Tell, WriteOptions
from .parts.checks import label_of, offset_of
from .parts.json_source import Item, read_items
from .parts.sequences import place_tokens
from .parts.token_rows import Place, spans_on_tokens, visible_places
from .parts.writing import tell_missing

TOKENS_KEY, SPANS_KEY = "tokenized_text", "ner"
EXAMPLE = '{"tokenized_text": ["…"], "ner": [[0, 1, "PER"]]}'


def sniff_gliner(head: Head) -> bool:
    """Whether a file begins with objects that have ``tokenized_text`` and ``ner``."""
    return bool(head.values) and all(
        isinstance(value, dict)
        and isinstance(value.get(TOKENS_KEY), list)
        and isinstance(value.get(SPANS_KEY), list)
        for value in head.values
    )


def read_gliner(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the records of a GLiNER file; the number of the last token is inclusive.

    Args:
        path: A UTF-8 file: one list of objects, or one object a line.
        options: ``lang`` and ``spacing`` decide how tokens are joined where there is no text.
        tell: Called with entities whose tokens are not there, which are left out, and with how
            many texts were joined of tokens.

    Raises:
        UserError: A record is no object with both lists, or an entity is no
            ``[first, last, label]``.
    """
    joined = 0
    for item in read_items(path):
        where = at_line(path, item.line)
        tokens = _tokens(item.value, where)
        rest = {k: v for k, v in item.value.items() if k not in (TOKENS_KEY, SPANS_KEY)}
        text = rest.get("text")
        places = place_tokens(text, tokens) if isinstance(text, str) else None
        if places is None:
            joined += 1
            text, places = join_tokens(tokens, options.lang, options.spacing)
        else:
            del rest["text"]
        spans = tuple(_spans(item, places, where, tell))
        yield Record(text, spans, item.line, rest)
    if joined:
        how = "by blanks" if options.spacing == "blanks" else f"as {options.lang} writes"
        tell(Notice("read-as", 0, f"{joined} texts were joined of tokens {how}"))


def _tokens(value: Any, where: str) -> list[str]:
    tokens = value.get(TOKENS_KEY) if isinstance(value, dict) else None
    if (
        not isinstance(tokens, list)
        or not all(isinstance(token, str) for token in tokens)
        or not isinstance(value.get(SPANS_KEY), list)
    ):
        raise UserError(
            f"The record has no lists of words under {TOKENS_KEY!r} and of entities under "
            f"{SPANS_KEY!r}",
            where=where,
            todo=f"Expected objects such as {EXAMPLE}.",
        )
    return tokens


def _spans(item: Item, places: list[Place], where: str, tell: Tell) -> Iterator[Span]:
    for i, entity in enumerate(item.value[SPANS_KEY]):
        name = f"Entity {i}"
        if not isinstance(entity, list) or len(entity) != 3:
            raise UserError(
                f"{name} is not [first token, last token, label]: {entity!r:.80}", where=where
            )
        first = offset_of(entity[0], f"{name}: first token", where)
        last = offset_of(entity[1], f"{name}: last token", where)
        label = label_of(entity[2], name, where)
        if 0 <= first < len(places) and 0 <= last < len(places):
            yield Span(places[first][0], places[last][1], label)
        else:
            note = f"[{first}, {last}, {label!r}]: there are {len(places)} tokens"
            tell(Notice("not-text", item.line, note, 1))


def write_gliner(records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell) -> None:
    """Writes one list, a record a line, with the text beside the tokens; GLiNER passes over it.

    Nested and overlapping spans are kept. Discontinuous ones, and those that do not begin and
    end with a token, are told.
    """
    with path.open("w", encoding="utf8", newline="\n") as file:
        file.write("[")
        for i, record in enumerate(records):
            line = json.dumps(_item(record, options, tell), ensure_ascii=False)
            file.write(f"{',' if i else ''}\n{line}")
        file.write("\n]\n")


def _item(record: Record, options: WriteOptions, tell: Tell) -> dict[str, Any]:
    tell_missing(record, tell)
    places = visible_places(record.text, options)
    item: dict[str, Any] = {
        TOKENS_KEY: [record.text[start:end] for start, end in places],
        SPANS_KEY: [
            [first, last - 1, span.label]
            for first, last, span in spans_on_tokens(record, places, tell)
        ],
        "text": record.text,
    }
    return {**item, **{k: v for k, v in record.meta.items() if k not in item}}


FORMAT = Format(
    name="gliner",
    title="GLiNER training data: tokenized_text and ner by token numbers",
    sniff=sniff_gliner,
    read=read_gliner,
    unit=MADE,
    write=write_gliner,
)
