"""What a format is: how a file of it is recognised, read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..records import Record
from .parts.json_source import BOM, Item, sniff_items

SNIFFED_BYTES = 1 << 16
# Unit of formats whose offsets the reader makes; no option changes it.
MADE = "made"

# Everything a reader or writer can have to say of a file, by code.
NOTICES: dict[str, str] = {
    "read-as": "What the file does not say was assumed",
    "left-out": "The tool marks the record as rejected, ignored or skipped; it is left out",
    "unannotated": "Nobody annotated the text; it is left out",
    "not-text": "The annotation is not of text, or not a span; it is left out",
    "no-label": "The span has no label; it is left out",
    "tag-repaired": "A tag that cannot follow the one before it opens an entity, as in conlleval",
    "tag-missing": "The token has no tag; it is left unannotated",
    "tokens-differ": "The tags' tokens cannot be found in the text; the record is left out",
    "sequence-cut": "A sequence of tokens was too long for a record and was cut between sentences",
    "several-annotators": "Several people annotated the text; their spans were brought together",
    "annotators-differ": "A span that not enough annotators marked is left out",
    "label-dropped": "The label map drops the label",
    "surface-mismatch": "The words that the file gives for the span are not those at its offsets",
    "file-passed-over": "The file is of no known format",
    "not-written": "The format cannot hold this",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a reader or writer assumed, mended or left out.

    Args:
        code: Key of ``NOTICES``.
        line: Line of the file, from 1; 0 if it is of the file as a whole.
        note: What was seen and done, in words.
        spans: Number of spans that are thereby not in the records.
        file: The file, where a directory is read.
    """

    code: str
    line: int
    note: str
    spans: int = 0
    file: str | None = None


Tell = Callable[[Notice], None]


@dataclass(frozen=True)
class ReadOptions:
    """What a user can tell a reader about a file.

    Args:
        format: Name of the format; None recognises it by content.
        text_key: Key that holds the text (JSON).
        spans_key: Key that holds the spans (JSON); None looks for the usual ones.
        offset_unit: ``auto``, or a name of ``units.UNITS`` or ``codepoint``.
        lang: Language of the texts; decides how tokens are joined to a text.
        spacing: ``auto`` joins tokens as the language writes them, ``blanks`` by single blanks.
        scheme: Tag scheme of token formats: ``auto`` or a name of ``schemes.SCHEMES``.
        columns: Indices of the token and tag columns (from 0, negative from the end); None finds
            them.
        layer: Which of several layers, annotation sets or types holds the entities.
        annotators: union, majority, agree, or an annotator's name.
        labels: Label of the file to the label to use, or to None to drop its spans.
    """

    format: str | None = None
    text_key: str = "text"
    spans_key: str | None = None
    offset_unit: str = "auto"
    lang: str = "xx"
    spacing: str = "auto"
    scheme: str = "auto"
    columns: tuple[int, int] | None = None
    layer: str | None = None
    annotators: str = "union"
    labels: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class WriteOptions:
    """What a writer has to know.

    Args:
        tokens: Gives the character ranges of a text's tokens, for token formats.
        scheme: Tag scheme of token formats, a name of ``schemes.SCHEMES``.
        predicted: Whether the spans are a model's, in formats that keep these apart.
    """

    tokens: Callable[[str], list[tuple[int, int]]]
    scheme: str = "IOB2"
    predicted: bool = False


@dataclass(frozen=True)
class Head:
    """The beginning of a file, for recognising its format.

    Args:
        path: The file; only to find files that belong to it, never to judge by its name.
        data: Its first bytes, SNIFFED_BYTES at most.
    """

    path: Path
    data: bytes

    @cached_property
    def text(self) -> str:
        """The bytes as UTF-8 without BOM; what cannot be read is replaced."""
        return self.data.decode("utf8", errors="replace").removeprefix(BOM)

    @cached_property
    def lines(self) -> list[str]:
        """The whole lines of the text that are not blank."""
        lines = self.text.split("\n")
        if len(self.data) == SNIFFED_BYTES:
            del lines[-1]
        return [line.rstrip("\r") for line in lines if line.strip()]

    @cached_property
    def items(self) -> list[Item]:
        """The first JSON values (lines, or items of a list); empty if the file is not JSON."""
        return sniff_items(self.path) if self.text.lstrip()[:1] in ("{", "[") else []

    @property
    def values(self) -> list[Any]:
        """The values of ``items``."""
        return [item.value for item in self.items]


Reader = Callable[[Path, ReadOptions, Tell], Iterator[Record]]
Writer = Callable[[Iterable[Record], Path, WriteOptions, Tell], None]


@dataclass(frozen=True)
class Format:
    """An annotation format.

    Args:
        name: What the user calls it.
        title: What it is, in one line, for help and docs.
        sniff: Whether a file that begins so is of this format.
        read: Streams the records of a file, offsets as the file gives them, and tells what it
            assumed, mended or left out. Raises UserError if something cannot be read.
        unit: What its offsets count by its definition: ``codepoint``, ``utf16``, MADE where the
            reader makes them (in code points), or ``auto`` where it is decided by evidence.
        write: Writes records whose offsets are code points, and tells what it cannot hold; None
            if the format is only read.
        directory: Whether each file is one document, so that a corpus of them is a directory;
            that is then what ``write`` fills.
        companion: Whether a file found in a directory belongs to another one and is not read by
            itself.
    """

    name: str
    title: str
    sniff: Callable[[Head], bool]
    read: Reader
    unit: str = "codepoint"
    write: Writer | None = None
    directory: bool = False
    companion: Callable[[Path], bool] = lambda path: False
