"""brat standoff: a ``.txt`` with the text and an ``.ann`` beside it with the annotations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from ...common.errors import UserError, at_line
from ..records import Record, Span
from ..units import CODEPOINT, UNITS, to_codepoints
from ..whitespace import same_words
from .base import BOM, SNIFFED_BYTES, Format, Head, Notice, ReadOptions, Tell, WriteOptions
from .parts.json_source import read_lines
from .parts.writing import named_records, tell_left, tell_note

MAX_TEXT_BYTES = 256 << 20
EXAMPLE = "T1<tab>PER 0 4<tab>Rama"

Parts = list[tuple[int, int]]

_OFFSETS = r"-?\d+ +-?\d+(?:;-?\d+ +-?\d+)*"
# The label runs to the first blank: NBSP and other letters may stand in it.
_TEXT_BOUND = re.compile(rf"(T[^\t ]*)\t([^\t\r\n ]+) +({_OFFSETS}) *(?:\t(.*))?", re.DOTALL)
_OTHER = re.compile(r"(?:[ERAMN][^\t ]+|#[^\t ]*|\*)\t.+", re.DOTALL)
_ONE_LINE = str.maketrans("\t\r\n", "   ")
_LINE_END = re.compile(r"\s*\n\s*")
_REFERENCE = re.compile(r"(?:^|[\s:])([TER]\d+)(?=\s|$)")


def sniff_brat(head: Head) -> bool:
    """Whether a file is an ``.ann`` of brat, or a text with one beside it.

    An empty ``.ann`` beside a ``.txt`` is one too: a text without entities.
    """
    path = head.path
    if is_text_of_ann(path):
        with path.with_suffix(".ann").open("rb") as file:
            return sniff_brat(Head(path.with_suffix(".ann"), file.read(SNIFFED_BYTES)))
    paired = path.suffix == ".ann" and path.with_suffix(".txt").is_file()
    if not head.lines:
        return paired and not head.text.strip()
    known = [bool(_TEXT_BOUND.fullmatch(x) or _OTHER.fullmatch(x)) for x in head.lines]
    return known[0] if paired else all(known) and head.lines[0].startswith("T")


def is_text_of_ann(path: Path) -> bool:
    """Whether the file is the text of an ``.ann`` beside it, and not read by itself."""
    return path.suffix == ".txt" and path.with_suffix(".ann").is_file()


def read_brat(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Reads one text with its annotations; offsets stay as the file gives them.

    Fragments that only white space separates are one span, as brat breaks a span at every line
    end. Lines other than text-bound annotations (events, relations, attributes, normalisations,
    notes) are kept in ``meta["brat"]`` as they are.

    Args:
        path: The ``.ann`` or the ``.txt``; the other one has the same name and lies beside it.
        options: ``offset_unit`` says in which unit to look at the gaps between fragments.
        tell: Told whether the offsets count a byte order mark, and that triggers are spans too.

    Raises:
        UserError: One of the two files is missing, not UTF-8 or too large, or a line of the
            ``.ann`` is no annotation.
    """
    ann, txt = path.with_suffix(".ann"), path.with_suffix(".txt")
    text = _read_text(txt, ann)
    spans: list[Span] = []
    others: list[str] = []
    for number, raw in read_lines(ann):
        line = raw.rstrip("\r")
        match = _TEXT_BOUND.fullmatch(line)
        if match:
            spans.append(_span(match, at_line(ann, number, match[1])))
        elif _OTHER.fullmatch(line):
            others.append(line)
        else:
            raise UserError(
                f"The line is no brat annotation: {line!r:.80}",
                where=at_line(ann, number),
                todo=f"Expected, for example, {EXAMPLE}. A file that was cut off ends so.",
            )
    if text.startswith(BOM):
        text = text.removeprefix(BOM)
        spans = _without_bom(text, spans, tell)
    spans = [_joined(text, span, options.offset_unit) for span in spans]
    _tell_triggers(spans, others, tell)
    meta = {"id": ann.stem, "brat": others} if others else {"id": ann.stem}
    yield Record(text, tuple(spans), 1, meta)


def _read_text(txt: Path, ann: Path) -> str:
    for path, other in ((txt, ann), (ann, txt)):
        if not path.is_file():
            raise UserError(
                f"{other.name} has no {path.suffix} beside it",
                where=str(other),
                todo=f"brat keeps text and annotations in two files; {path.name} is missing.",
            )
    if txt.stat().st_size > MAX_TEXT_BYTES:
        raise UserError(f"The text is larger than {MAX_TEXT_BYTES >> 20} MiB", where=str(txt))
    raw = txt.read_bytes()
    try:
        return raw.decode("utf8")
    except UnicodeDecodeError as error:
        raise UserError(
            "The text is not UTF-8",
            where=at_line(txt, raw.count(b"\n", 0, error.start) + 1),
            todo="Save the file as UTF-8.",
        ) from None


def _span(match: re.Match[str], where: str) -> Span:
    try:
        pairs = [tuple(map(int, part.split())) for part in match[3].split(";")]
    except ValueError:
        raise UserError(f"An offset is absurdly large: {match[3]:.60}", where=where) from None
    parts = sorted((start, end) for start, end in pairs)
    # The carriage return of a text with CRLF ends up inside the words (brat #1169).
    surface = None if match[4] is None else match[4].replace("\r", "")
    fragments = tuple(parts) if len(parts) > 1 else ()
    start, end = parts[0][0], max(end for _, end in parts)
    return Span(start, end, match[2], fragments, surface, {"id": match[1]})


def _without_bom(text: str, spans: list[Span], tell: Tell) -> list[Span]:
    """Says by the words of the spans whether the offsets count the mark before the text."""
    moved = [_moved(span, -1) for span in spans]
    given = sum(_stands(text, span) for span in spans)
    counted = sum(_stands(text, span) for span in moved)
    note = (
        f"the text begins with a byte order mark, which is taken off; {given} of {len(spans)} "
        f"spans have their words at the offsets without it, {counted} at those that count it"
    )
    tell(Notice("read-as", 0, note))
    return moved if counted > given else spans


def _moved(span: Span, by: int) -> Span:
    fragments = tuple((start + by, end + by) for start, end in span.fragments)
    return replace(span, start=span.start + by, end=span.end + by, fragments=fragments)


def _stands(text: str, span: Span) -> bool:
    """Whether the words that the file gives for a span stand at its offsets."""
    if span.surface is None or not span.surface.strip():
        return False
    parts = span.fragments or ((span.start, span.end),)
    found = "".join(text[max(start, 0) : max(end, 0)] for start, end in parts)
    return same_words(span.surface, found)


def _joined(text: str, span: Span, unit: str) -> Span:
    """Joins the fragments that only white space separates, or nothing."""
    if not span.fragments or any(start > end for start, end in span.fragments):
        return span
    read = _in_codepoints(text, span, unit)
    if len(read.fragments) != len(span.fragments):
        return span
    parts: Parts = [span.fragments[0]]
    last = read.fragments[0][1]
    for given, (start, end) in zip(span.fragments[1:], read.fragments[1:], strict=True):
        if start <= last or text[max(last, 0) : max(start, 0)].isspace():
            parts[-1] = (parts[-1][0], max(parts[-1][1], given[1]))
        else:
            parts.append(given)
        last = max(last, end)
    return replace(span, fragments=tuple(parts) if len(parts) > 1 else ())


def _in_codepoints(text: str, span: Span, unit: str) -> Span:
    """The span as code points, in the first unit in which it has the words given for it."""
    units = (CODEPOINT, *UNITS) if unit == "auto" else (unit,)
    # One unit after the other: each goes through the whole text, and the first one mostly fits.
    read = (to_codepoints(text, [span], name)[0] for name in units)
    first = next(read) or span
    if span.surface is None or _stands(text, first):
        return first
    return next((one for one in read if one is not None and _stands(text, one)), first)


def _tell_triggers(spans: Sequence[Span], others: Sequence[str], tell: Tell) -> None:
    events = (line.split("\t", 1)[1] for line in others if line.startswith("E"))
    triggers = {match[1] for event in events if (match := re.match(r"[^\s:]+:(T\d+)", event))}
    count_of = sum((span.meta or {}).get("id") in triggers for span in spans)
    if count_of:
        note = f"{count_of} of {len(spans)} spans are triggers of events, read as entities"
        tell(Notice("read-as", 0, note))


def write_brat(records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell) -> None:
    """Writes a ``.txt`` and an ``.ann`` for every record, named by its id.

    A span over a line end is written as fragments, as brat does, and comes back as one.

    Args:
        records: Records whose offsets are code points.
        path: An empty directory.
        options: Unused: brat needs no tokens.
        tell: Told of labels with white space, which the format cannot hold, of unknown ranges, of
            lines about spans that are gone, and of ids that are no file names.
    """
    for name, record in named_records(records, tell):
        text = BOM + record.text if record.text.startswith(BOM) else record.text
        _write(path / f"{name}.txt", text)
        _write(path / f"{name}.ann", "".join(f"{x}\n" for x in _ann_lines(record, tell)))


def _write(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf8", newline="")


def _ann_lines(record: Record, tell: Tell) -> list[str]:
    lines, ids = [], _text_bound_ids(record.spans)
    written: set[str] = set()
    for span, own in zip(record.spans, ids, strict=True):
        if not span.label or re.search(r"[ \t\r\n]", span.label):
            tell_left(record, span, "brat ends a label at white space", tell)
            continue
        parts = [p for part in _given(span) for p in _lines_of(record.text, *part)]
        words = " ".join(record.text[start:end] for start, end in parts)
        words = words.translate(_ONE_LINE)
        offsets = ";".join(f"{start} {end}" for start, end in parts)
        lines.append(f"{own}\t{span.label} {offsets}\t{words}")
        written.add(own)
    return lines + _other_lines(record, written, tell)


def _given(span: Span) -> Sequence[tuple[int, int]]:
    return span.fragments or ((span.start, span.end),)


def _text_bound_ids(spans: Sequence[Span]) -> list[str]:
    """The spans' own ids where brat gave them, so that relations still name them; else new ones."""
    taken: set[str] = set()
    ids = []
    for span in spans:
        own = str((span.meta or {}).get("id", ""))
        ids.append(own if re.fullmatch(r"T\d+", own) and own not in taken else "")
        taken.add(own)
    free = (own for number in count(1) if (own := f"T{number}") not in taken)
    return [x or next(free) for x in ids]


def _lines_of(text: str, start: int, end: int) -> Parts:
    """Splits a range at the line ends inside it, without the white space beside them."""
    inner = text[start:end]
    first, last = len(inner) - len(inner.lstrip()), len(inner.rstrip())
    parts, at = [], start
    for match in _LINE_END.finditer(inner, first, last):
        parts.append((at, start + match.start()))
        at = start + match.end()
    return [*parts, (at, end)]


def _other_lines(record: Record, written: set[str], tell: Tell) -> list[str]:
    """The lines that brat gave beside the spans, as far as what they name is still there."""
    given = record.meta.get("brat")
    lines = [x for x in given if isinstance(x, str)] if isinstance(given, list) else []
    kept = [x for x in lines if _OTHER.fullmatch(x) and "\n" not in x]
    while True:
        known = written | {line.split("\t", 1)[0] for line in kept}
        still = [x for x in kept if known.issuperset(_REFERENCE.findall(x.split("\t")[1]))]
        if len(still) == len(kept):
            break
        kept = still
    left = set(kept)
    for line in lines:
        if line not in left:
            tell_note(record, f"what it names is not written: {line!r:.80}", tell)
    return kept


FORMAT = Format(
    name="brat",
    title="brat standoff: .txt with the text, .ann with the annotations",
    sniff=sniff_brat,
    read=read_brat,
    unit="auto",
    write=write_brat,
    directory=True,
    companion=is_text_of_ann,
)
