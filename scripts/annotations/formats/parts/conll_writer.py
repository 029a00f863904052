"""Records written as CoNLL: one token and its tag a line, with the text beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ....common.errors import UserError
from ...records import Record, Span
from ...schemes import TokenSpan, encode
from ..base import Tell, WriteOptions
from .rows import DOCSTART
from .token_rows import touched
from .writing import tell_left

HEADER = "# global.columns = FORM NER\n"
MISSING = "_"
# A value that reads back as it stands, without quotes.
_PLAIN = re.compile(r"(?!null$)[^\s\"\\](?:[^\x00-\x1f]*[^\s])?")


def write_conll(records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell) -> None:
    """Writes records as tokens and tags that ``read_conll`` reads back as they were.

    The text stands before its tokens, so that its white space, line ends included, is kept.
    Tokens that are only white space have no row. A span that other spans overlap is not written
    if one of these is longer, nor is one that begins or ends inside a token.

    Args:
        records: Offsets are code points.
        path: File to write.
        options: ``tokens`` gives the tokens of a text, ``scheme`` the tag scheme.
        tell: Called with every span that is not written.

    Raises:
        UserError: A token cannot stand in a column, or an annotation has no place at all.
    """
    with path.open("w", encoding="utf8", newline="\n") as file:
        file.write(HEADER)
        document: str | None = None
        for record in records:
            if record.document != document:
                document = record.document
                file.write(f"{DOCSTART}\tO\n\n# newdoc id = {_quoted(document)}\n")
            file.writelines(_block(record, options, tell))


def _block(record: Record, options: WriteOptions, tell: Tell) -> Iterator[str]:
    if record.id is not None:
        yield f"# id = {_quoted(record.id)}\n"
    rest = {k: v for k, v in record.meta.items() if k not in ("id", "doc")}
    if rest:
        yield f"# meta = {_json(rest)}\n"
    yield f"# text = {_json(record.text)}\n"
    places = [(a, b) for a, b in options.tokens(record.text) if record.text[a:b].strip()]
    words = [record.text[start:end] for start, end in places]
    tags: list[str] = encode(
        _token_spans(record, places, options, tell), len(places), options.scheme
    )
    for i, missing in enumerate(touched(places, record.missing)):
        tags[i] = MISSING if missing and tags[i] == "O" else tags[i]
    for word, tag in zip(words, tags, strict=True):
        _check(word, record)
        yield f"{word}\t{tag}\n"
    yield "\n"


def _token_spans(
    record: Record, places: Sequence[tuple[int, int]], options: WriteOptions, tell: Tell
) -> list[TokenSpan]:
    """The spans that can be written, in tokens; the longest where they overlap."""
    starts = {start: i for i, (start, _) in enumerate(places)}
    ends = {end: i + 1 for i, (_, end) in enumerate(places)}
    owners: dict[int, Span] = {}
    labels: dict[int, str] = {}
    written: list[TokenSpan] = []

    def refuse(span: Span, why: str) -> None:
        tell_left(record, span, why, tell)

    for name, spans in record.versions.items():
        for span in spans:
            refuse(span, f"one of several versions ({name})")
    for span in sorted(record.spans, key=lambda s: (s.start - s.end, s.start)):
        first, last = starts.get(span.start), ends.get(span.end)
        if span.fragments:
            refuse(span, "it is discontinuous")
        elif first is None or last is None or first >= last:
            refuse(span, "it does not begin and end at the edges of tokens")
        elif not _is_label(span.label):
            refuse(span, "its label cannot stand in a column")
        elif any(i in owners for i in range(first, last)):
            refuse(span, "a span that is as long or longer overlaps it")
        elif options.scheme == "IO" and span.label in (labels.get(first - 1), labels.get(last)):
            refuse(span, "IO cannot part it from the span of its label beside it")
        else:
            owners.update(dict.fromkeys(range(first, last), span))
            labels.update(dict.fromkeys(range(first, last), span.label))
            written.append((first, last, span.label))
    return written


def _is_label(label: str) -> bool:
    return bool(label) and not re.search(r"[\t\r\n]", label) and label == label.strip()


def _check(word: str, record: Record) -> None:
    """Refuses a token that would be read back as something else."""
    if re.search(r"[\t\r\n]", word) or word != word.strip(" ") or word.startswith("# "):
        what = f"The token {word!r:.80} cannot stand in a column"
    elif word.startswith(DOCSTART):
        what = f"The token {word!r:.80} would begin a document"
    else:
        return
    raise UserError(what, where=f"record of line {record.line}", todo="Write another format.")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _quoted(value: str | None) -> str:
    if value is None:
        return "null"
    return value if _PLAIN.fullmatch(value) else _json(value)
