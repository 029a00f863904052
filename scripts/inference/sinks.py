"""What predictions are written as: the parts of blocks, and the outputs put together from them."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language

from ..annotations.formats import FORMATS
from ..annotations.formats.base import Notice, WriteOptions
from ..annotations.records import Record, Span
from ..common.errors import UserError
from ..common.files import json_line
from ..corpora.docbins import SHARD_DOCS
from .marking import Entity, Marked
from .texts import ALL_SPANS, UNSEEN, Item

JSON_LINES, TABLE, DOCBIN = "jsonl", "csv", "spacy-docbin"
# Forms of parts, which put end to end are the output; all other formats are made from JSONL.
PART_FORMS = (JSON_LINES, TABLE)
COLUMNS = ("file", "line", "start", "end", "label", "text", "confidence")
TARGETS = (
    JSON_LINES, TABLE,
    *(name for name, f in FORMATS.items() if f.write is not None and name != "span-jsonl"),
)  # fmt: skip
SUFFIXES = {".jsonl": JSON_LINES, ".csv": TABLE, ".conll": "conll", ".iob": "conll",
            ".spacy": DOCBIN}  # fmt: skip
SOURCE, OTHER_SOURCE = "source", "predict_source"


def target_of(output: str, to: str | None) -> str:
    """The format of an output: the one set, or that of the suffix, or span JSONL.

    Raises:
        UserError: There is no such format, or it can only be read.
    """
    if to == "span-jsonl":
        return JSON_LINES
    if to is not None and to not in TARGETS:
        raise UserError(
            f"The format {to!r} cannot be written", where="--to",
            todo=f"Possible: {', '.join(TARGETS)}.",
        )  # fmt: skip
    return to or SUFFIXES.get(Path(output).suffix.lower(), JSON_LINES)


def write_part(path: Path, pairs: Iterable[tuple[Item, Marked]], form: str, sources: bool) -> None:
    """Writes the part of a block.

    Args:
        path: File to write.
        pairs: Texts with their entities.
        form: One of PART_FORMS.
        sources: Whether each record of JSONL says its file and line.
    """
    with path.open("w", encoding="utf8", newline="") as file:
        if form == JSON_LINES:
            file.writelines(json_line(record_of(*pair, sources)) for pair in pairs)
        else:
            rows = csv.writer(file, lineterminator="\n")
            for item, marked in pairs:
                rows.writerows(_rows(item, marked))


def record_of(item: Item, marked: Marked, sources: bool) -> dict[str, Any]:
    """A marked text as span JSONL has it, with whatever else its record said."""
    record: dict[str, Any] = dict(item.meta)
    if sources:
        record[OTHER_SOURCE if SOURCE in record else SOURCE] = f"{item.file}:{item.line}"
    record["text"] = item.text
    record["label"] = [_span(ent, "confidence") for ent in marked.ents]
    if marked.all_spans is not None:
        record[ALL_SPANS] = [_span(ent, "score") for ent in marked.all_spans]
    if marked.unseen:
        record[UNSEEN] = marked.unseen
    return record


def _span(ent: Entity, name: str) -> list[Any] | dict[str, Any]:
    if ent.confidence is None:
        return [ent.start, ent.end, ent.label]
    return {"start": ent.start, "end": ent.end, "label": ent.label, name: ent.confidence}


def _rows(item: Item, marked: Marked) -> Iterator[list[Any]]:
    for ent in marked.ents:
        words = marked.text[ent.start : ent.end]
        value = "" if ent.confidence is None else ent.confidence
        yield [item.file, item.line, ent.start, ent.end, ent.label, words, value]


def header_of(target: str) -> bytes:
    """What stands before the first part of an output."""
    return (",".join(COLUMNS) + "\n").encode() if target == TABLE else b""


@dataclass(frozen=True)
class Made:
    """What an output was made into.

    Args:
        unwritten: Spans that the format cannot hold.
        notices: How often each reason for that was given.
    """

    unwritten: int = 0
    notices: tuple[tuple[str, int], ...] = ()


def make_output(parts: Iterable[Path], place: Path, target: str, model: Path) -> Made:
    """Puts the parts of an input together.

    JSONL, CSV and CoNLL are written in constant memory, DocBins in shards of SHARD_DOCS; other
    formats as their writers do it.

    Args:
        parts: The parts, in order: CSV for ``csv``, JSONL for all others.
        place: File to write; an empty directory for formats of many files. A DocBin of more than
            one shard becomes a directory.
        target: One of TARGETS.
        model: The pipeline, whose tokenizer gives token formats their tokens.
    """
    if target in PART_FORMS:
        with place.open("wb") as file:
            file.write(header_of(target))
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, file, 1 << 20)
        return Made()
    notices: Counter[str] = Counter()
    spans = 0

    def tell(notice: Notice) -> None:
        nonlocal spans
        spans += notice.spans
        notices[notice.note.split(": ")[-1]] += 1

    options = WriteOptions(_tokens(tokenizer_of(model)), predicted=True)
    records = _records(parts)
    if target == DOCBIN:
        _write_docbins(records, place, options, tell)
    else:
        FORMATS[target].write(records, place, options, tell)
    return Made(spans, tuple(notices.most_common()))


def tokenizer_of(model: Path) -> Language:
    """A trained pipeline without any of its components: its tokenizer."""
    config = spacy.util.load_config(model / "config.cfg")
    return spacy.load(model, exclude=list(config["components"]))


def _tokens(nlp: Language) -> Callable[[str], list[tuple[int, int]]]:
    # Each token is a range of characters; make_doc refuses texts beyond max_length, which only
    # guards the memory of components.
    def ranges(text: str) -> list[tuple[int, int]]:
        # Otherwise the vocabulary keeps every word that it ever saw.
        with nlp.memory_zone():
            return [(t.idx, t.idx + len(t)) for t in nlp.tokenizer(text)]

    return ranges


def _records(parts: Iterable[Path]) -> Iterator[Record]:
    for number, line in enumerate(_lines(parts), start=1):
        value = json.loads(line)
        text, spans = value.pop("text"), value.pop("label")
        yield Record(text, tuple(map(_as_span, spans)), number, value)


def _lines(parts: Iterable[Path]) -> Iterator[str]:
    for part in parts:
        with part.open(encoding="utf8", newline="\n") as file:
            yield from file


def _as_span(value: list[Any] | dict[str, Any]) -> Span:
    if isinstance(value, list):
        return Span(*value)
    start, end, label = (value.pop(key) for key in ("start", "end", "label"))
    return Span(start, end, label, meta=value)


def _write_docbins(
    records: Iterator[Record], place: Path, options: WriteOptions, tell: Callable[[Notice], None]
) -> None:
    write = FORMATS[DOCBIN].write
    first = list(islice(records, SHARD_DOCS))
    following = next(records, None)
    if following is None:
        write(first, place, options, tell)
        return
    place.unlink(missing_ok=True)
    place.mkdir()
    write(first, place / "00000.spacy", options, tell)
    del first
    number = 1
    while following is not None:
        shard = chain([following], islice(records, SHARD_DOCS - 1))
        write(shard, place / f"{number:05d}.spacy", options, tell)
        number, following = number + 1, next(records, None)
