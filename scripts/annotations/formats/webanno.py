"""WebAnno TSV 3: the export of WebAnno and INCEpTION with tokens, layers and UTF-16 offsets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record, Span
from .base import Format, Head, Notice, ReadOptions, Tell
from .parts.json_source import read_all_lines
from .parts.layers import Layer, choose_layer, no_layer_note, short_name
from .parts.webanno_text import (
    SIZES,
    Sentence,
    Unit,
    build_text,
    split_stack,
    split_value,
    unescape_text,
)
from .parts.webanno_writer import write_webanno

MAX_FILE_BYTES = 256 << 20
FIRST_LINE = "#FORMAT=WebAnno TSV"

_VERSION = re.compile(r"#FORMAT=WebAnno TSV (\d+)\.(\d+)\s*")
_LAYER = re.compile(r"#T_(SP|RL|CH)=(.+)")
_UNIT = re.compile(r"\d+-\d+(?:\.\d+)*")
_OFFSETS = re.compile(r"(\d{1,18})-(\d{1,18})")
# Version 1 and 2 name their layers, or number their sentences, and have no offsets.
_OLD = re.compile(r"\s?# ?(?:de\.tudarmstadt|webanno)\.\S+ \||#id=\d+$")


def sniff_webanno(head: Head) -> bool:
    """Whether the first line is WebAnno's; old versions are known, too, and refused by name."""
    lines = head.lines
    if not lines:
        return False
    old = _OLD.match(lines[0]) and any(x.startswith("#text=") for x in lines[:3])
    return lines[0].startswith(FIRST_LINE) or bool(old)


@dataclass(frozen=True)
class _Columns:
    """The columns of one layer.

    Args:
        kind: SP for spans, RL for relations, CH for chains.
        name: Full name of the layer.
        features: Names of its columns, in order; "" for a layer without features.
        first: Index of its first column.
    """

    kind: str
    name: str
    features: list[str]
    first: int

    @property
    def last(self) -> int:
        return self.first + len(self.features)


@dataclass
class _Document:
    minor: int
    layers: list[_Columns] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        return self.layers[-1].last if self.layers else 0


def read_webanno(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Reads one document; offsets stay as the file gives them, in UTF-16 code units.

    The text is put together from the sentences; what stands between two of them is not in the
    file and read as line ends, so that all offsets hold.

    Args:
        path: A ``.tsv`` of version 3.
        options: ``layer`` names the span layer, and after a colon the feature that is the label;
            ``offset_unit`` is taken for files of tools that count otherwise than WebAnno.
        tell: Told which layer was read, what other layers there are, and of tokens that do not
            stand at their offsets.

    Raises:
        UserError: The file is of version 1 or 2, a line cannot be read, sentences overlap, or
            several layers could be meant.
    """
    document = _parse(path)
    unit = options.offset_unit if options.offset_unit in SIZES else "utf16"
    text, starts = build_text(document.sentences, SIZES[unit], path)
    layers = {x.name: _labelling(x) for x in document.layers if x.kind == "SP"}
    layer = choose_layer(layers, options.layer, str(path))
    spans, unnamed = _spans(document, layer)
    _tell_choice(document, layer, options, unnamed, len(spans), tell)
    _tell_places(document.sentences, text, SIZES[unit], tell)
    ends = [start + len(s.text) for start, s in zip(starts, document.sentences, strict=True)]
    meta: dict[str, Any] = {
        "id": path.stem,
        "sentences": [list(pair) for pair in zip(starts, ends, strict=True)],
    }
    if document.other:
        meta["lines"] = document.other
    yield Record(text, tuple(spans), 1, meta)


def _parse(path: Path) -> _Document:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise UserError(f"The file is larger than {MAX_FILE_BYTES >> 20} MiB", where=str(path))
    document: _Document | None = None
    in_text = False
    for number, raw in read_all_lines(path):
        line = raw.removesuffix("\r")
        if document is None:
            document = _Document(_minor(line, at_line(path, number)))
            continue
        if not line.strip():
            in_text = False
        elif line.startswith("#Text="):
            text = unescape_text(line.removeprefix("#Text="), document.minor)
            if in_text:
                document.sentences[-1].text += f"\n{text}"
            else:
                document.sentences.append(Sentence(number, text))
            in_text = True
        elif (match := _LAYER.fullmatch(line)) and not document.sentences:
            _add_layer(document, match)
        elif line.startswith("#"):
            document.other.append(line)
        else:
            in_text = False
            if not document.sentences:
                raise _unreadable(line, at_line(path, number), "A token stands before #Text=")
            place = at_line(path, number)
            document.sentences[-1].units.append(_unit(line, number, document.width, place))
    if document is None:
        raise UserError("The file is empty", where=str(path))
    return document


def _unreadable(line: str, where: str, what: str) -> UserError:
    return UserError(
        f"{what}: {line!r:.80}",
        where=where,
        todo="Expected WebAnno TSV 3, with token lines such as 1-1<tab>0-4<tab>Rama<tab>PER. A "
        "file that was cut off ends so.",
    )


def _minor(line: str, where: str) -> int:
    match = _VERSION.fullmatch(line)
    if match and match[1] == "3":
        return int(match[2])
    raise UserError(
        f"The file is no WebAnno TSV 3: {line!r:.80}",
        where=where,
        todo="Versions 1 and 2 have no character offsets; export the project again as WebAnno TSV "
        "v3 or UIMA CAS XMI.",
    )


def _add_layer(document: _Document, match: re.Match[str]) -> None:
    name, *features = match[2].split("|")
    # A layer without features still has a column.
    features = [x for x in features if x.strip()] or [""]
    document.layers.append(_Columns(match[1], name, features, document.width))


def _unit(line: str, number: int, width: int, where: str) -> Unit:
    fields = line.split("\t")
    # A tab ends the line, unless an editor took it off.
    if len(fields) > 3 + width and not fields[-1]:
        fields.pop()
    offsets = _OFFSETS.fullmatch(fields[1]) if len(fields) > 1 else None
    if len(fields) < 3 + width or not _UNIT.fullmatch(fields[0]) or offsets is None:
        raise _unreadable(line, where, f"The line is no token with {width} layer columns")
    # The token itself is not escaped: a tab in it makes more fields.
    columns = len(fields) - width
    token = "\t".join(fields[2:columns])
    cells = [split_stack(cell) for cell in fields[columns:]]
    return Unit(number, fields[0], int(offsets[1]), int(offsets[2]), token, cells)


def _labelling(columns: _Columns) -> list[str]:
    """The features of a layer that hold a value of their own: no roles and targets of links."""
    pairs = zip(("", *columns.features), columns.features, strict=False)
    return [x for before, x in pairs if x and "ROLE_" not in (before[:5], x[:5])]


@dataclass
class _Found:
    """An annotation that was read so far, over one unit or several."""

    units: list[Unit]
    values: dict[str, str | None]


def _annotations(document: _Document, columns: _Columns) -> list[_Found]:
    """The annotations of a layer; those over several units are held together by their number."""
    found: list[_Found] = []
    numbered: dict[str, _Found] = {}
    # The target of a link is named by its number, which is not the annotation's own.
    targets = [before.startswith("ROLE_") for before in ("", *columns.features[:-1])]
    for sentence in document.sentences:
        for unit in sentence.units:
            cells = unit.cells[columns.first : columns.last]
            if all(cell == ["_"] for cell in cells):
                continue
            for place in range(max(map(len, cells))):
                pairs = [split_value(x[place]) if place < len(x) else (None, None)
                         for x in cells]  # fmt: skip
                number = next(
                    (n for (_, n), own in zip(pairs, targets, strict=True) if n and not own), None
                )
                values = dict(zip(columns.features, (v for v, _ in pairs), strict=True))
                if number in numbered:
                    numbered[number].units.append(unit)
                    continue
                found.append(_Found([unit], values))
                if number is not None:
                    numbered[number] = found[-1]
    return found


def _spans(document: _Document, layer: Layer | None) -> tuple[list[Span], int]:
    """The spans of the layer, and how many of them have no value."""
    if layer is None:
        return [], 0
    columns = next(x for x in document.layers if x.kind == "SP" and x.name == layer.name)
    spans, unnamed = [], 0
    for one in _annotations(document, columns):
        values = dict(one.values)
        label = values.pop(layer.feature, None) if layer.feature else None
        unnamed += not (label or "").strip()
        rest = {key: value for key, value in values.items() if key and value is not None}
        start, end = min(u.start for u in one.units), max(u.end for u in one.units)
        surface = " ".join(unit.token for unit in one.units)
        label = label if (label or "").strip() else layer.label
        spans.append(Span(start, end, str(label), (), surface, rest or None))
    return spans, unnamed


def _tell_choice(
    document: _Document,
    layer: Layer | None,
    options: ReadOptions,
    unnamed: int,
    spans: int,
    tell: Tell,
) -> None:
    counts = Counter({x.name: 0 for x in document.layers})
    for columns in document.layers:
        counts[columns.name] += len(_annotations(document, columns))
    others = [
        f"{short_name(name)} ({count})"
        for name, count in counts.items()
        if layer is None or name != layer.name
    ]
    if layer is None:
        note = no_layer_note(others, options.layer)
    else:
        label = f"its {layer.feature}" if layer.feature else "the name of the layer"
        note = (
            f"the {spans} annotations of the layer {layer.name} are the entities, {label} the "
            f"label; not read: {', '.join(others) or 'none'}"
        )
        if unnamed and layer.feature:
            note += f"; {unnamed} have no {layer.feature}, and the name of the layer is the label"
    tell(Notice("read-as", 0, note))


def _tell_places(sentences: list[Sentence], text: str, size: Any, tell: Tell) -> None:
    """Tells of tokens that are not what stands at their offsets."""
    positions = [0]
    for char in text:
        positions.append(positions[-1] + size(char))
    where = {position: i for i, position in enumerate(positions)}
    wrong = [
        unit
        for sentence in sentences
        for unit in sentence.units
        if text[where.get(unit.start, -1) : where.get(unit.end, -1)] != unit.token
    ]
    if wrong:
        note = (
            f"{len(wrong)} tokens do not stand at their offsets, first {wrong[0].token!r:.40} at "
            f"{wrong[0].start}"
        )
        tell(Notice("surface-mismatch", wrong[0].line, note))


FORMAT = Format(
    name="webanno",
    title="WebAnno TSV 3 (WebAnno, INCEpTION)",
    sniff=sniff_webanno,
    read=read_webanno,
    unit="utf16",
    write=write_webanno,
    directory=True,
)
