"""Regions of Label Studio: what its exports call a span, in plain text and in HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ....common.errors import UserError
from ...records import Span
from ...whitespace import same_words
from ..base import Notice, Tell
from .checks import label_of, offset_of
from .html_text import HtmlText, parse_html

SPAN_TYPES = ("labels", "hypertextlabels")
# Results that say something of the task as a whole, or of a region that stands beside them.
_NEUTRAL = "choices datetime number pairwise ranker rating relation taxonomy textarea"
NEUTRAL_TYPES = frozenset(_NEUTRAL.split())
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://|/data/(?:upload|local-files)\b)\S*", re.IGNORECASE)


@dataclass(frozen=True)
class Region:
    """A region with labels.

    Args:
        labels: Its labels; each is a span.
        value: The ``value`` object.
        meta: Everything else the file says of it.
    """

    labels: tuple[str, ...]
    value: Mapping[str, Any]
    meta: dict[str, Any]

    @property
    def surface(self) -> str | None:
        """The words that the region covers, where the file gives them."""
        text = self.value.get("text")
        return text if isinstance(text, str) else None


@dataclass
class Result:
    """The ``result`` list of an annotation, sorted.

    Args:
        regions: Text regions with labels.
        others: Relations, choices and whatever else is no span, as given.
        foreign: Number of labels on something else than text, such as boxes in an image.
        strange: Number of results of objects that are not text, with labels or without.
    """

    regions: list[Region] = field(default_factory=list)
    others: list[Any] = field(default_factory=list)
    foreign: int = 0
    strange: int = 0


def sort_result(items: Any, where: str) -> Result:
    """Sorts a ``result`` list into text regions and everything else.

    Raises:
        UserError: It is no list of objects, or a text region has no offsets or no word as label.
    """
    if items is None:
        items = []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise UserError("'result' is no list of objects", where=where)
    found = Result()
    for index, item in enumerate(items):
        kind, value = item.get("type"), item.get("value")
        name = f"Region {item.get('id', index)!s:.40}"
        if kind is None and isinstance(value, dict) and "labels" in value:
            kind = "labels"
        if not isinstance(kind, str):
            raise UserError(f"{name} has no type", where=where)
        if kind in SPAN_TYPES and isinstance(value, dict) and not _is_sound(item, value):
            region = make_region(value, kind, item, name, where)
            if region.labels:
                found.regions.append(region)
                continue
            kind = "labels"
        elif kind not in NEUTRAL_TYPES:
            found.strange += 1
        found.others.append(item)
        if kind.endswith("labels"):
            labels = value.get(kind) if isinstance(value, dict) else None
            found.foreign += max(1, len(labels) if isinstance(labels, list) else 0)
    return found


def _is_sound(item: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Whether a region marks seconds of a recording: ``labels`` mark these too."""
    return "original_length" in item or "channel" in value or type(value.get("start")) is float


def make_region(
    value: Mapping[str, Any], kind: str, item: Mapping[str, Any], name: str, where: str
) -> Region:
    """Makes a text region of a ``value`` object.

    Args:
        value: The object with offsets and labels.
        kind: Key of the labels; ``labels`` is tried after it.
        item: What the value stands in; its other keys are kept.
        name: Of what the value is, for messages.
        where: Place in the file.

    Raises:
        UserError: A label is no word.
    """
    key = kind if kind in value else "labels"
    labels = value.get(key)
    if isinstance(labels, str):
        labels = [labels]
    if labels is not None and not isinstance(labels, list):
        raise UserError(f"{name} has no list of labels: {labels!r:.80}", where=where)
    words = tuple(label_of(label, name, where) for label in labels or [])
    meta = {k: v for k, v in item.items() if k not in ("value", "type")}
    rest = {k: v for k, v in value.items() if k not in (key, "start", "end", "text")}
    if not isinstance(value.get("text"), str) and "text" in value:
        rest["text"] = value["text"]
    if is_html(value):
        rest |= {"start": value.get("start"), "end": value.get("end")}
        kind = "hypertextlabels"
    if kind == "hypertextlabels":
        meta["type"] = kind
    if rest:
        meta["value"] = rest
    return Region(words, value, meta)


def is_html(value: Mapping[str, Any]) -> bool:
    """Whether a region's place is one in HTML: XPaths and offsets in their nodes."""
    if "startOffset" in value or "globalOffsets" in value:
        return True
    start = value.get("start")
    return isinstance(start, str) and "/" in start


def is_address(text: str) -> bool:
    """Whether a value is only the address of something: a URL, or an uploaded file's path."""
    return _ADDRESS.fullmatch(text.strip()) is not None


class RegionText:
    """The text that regions of a task refer to: as it stands, or as its HTML shows it.

    Args:
        source: The value in the task's data.
        regions: All regions that refer to it.
        where: Place in the file, for messages.

    Raises:
        UserError: The value is the address of the text that the regions refer to.
    """

    def __init__(self, source: str, regions: Iterable[Region], where: str) -> None:
        given = list(regions)
        self.where = where
        self.html: HtmlText | None = None
        if any(is_html(region.value) for region in given):
            self.html = parse_html(source)
        self.text = source if self.html is None else self.html.text
        if self.html is None and is_address(source) and not self._holds(source, given):
            raise UserError(
                f"The text is not in the file, only its address: {source.strip():.80}",
                where=where,
                todo="Offsets without their text cannot be read. Put the text itself under "
                "'data', or export the project with its texts.",
            )

    def _holds(self, source: str, regions: list[Region]) -> bool:
        """Whether all regions, if there are any, have their words in the address itself."""
        pairs = [(self._offsets(region), region.surface) for region in regions]
        return all(surface == source[a:b] for (a, b), surface in pairs)

    def spans(self, regions: Iterable[Region]) -> tuple[list[Span], list[Region]]:
        """The regions as spans of the text, and those whose place cannot be found in HTML.

        Raises:
            UserError: A region of plain text has no whole numbers as offsets.
        """
        spans: list[Span] = []
        lost: list[Region] = []
        for region in regions:
            place = self._offsets(region) if self.html is None else find_in_html(region, self.html)
            if place is None:
                lost.append(region)
                continue
            surface = self._surface(region)
            meta = region.meta or None
            spans.extend(Span(*place, label, (), surface, meta) for label in region.labels)
        return spans, lost

    def _offsets(self, region: Region) -> tuple[int, int]:
        start, end = (_number(region.value.get(key)) for key in ("start", "end"))
        name = "A region's {}".format
        return offset_of(start, name("start"), self.where), offset_of(end, name("end"), self.where)

    def _surface(self, region: Region) -> str | None:
        return None if region.surface is None else shown_words(region.surface, self.text)


def shown_words(surface: str, text: str) -> str:
    r"""A region's ``text`` with line ends for ``\n``: browsers' selections are stored so.

    Where the annotated text itself holds a backslash and an n, nothing is changed.
    """
    return surface if "\\n" in text else surface.replace("\\n", "\n")


def _number(value: Any) -> Any:
    """An offset; old exports write it in quotes."""
    return int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value


def find_in_html(region: Region, html: HtmlText) -> tuple[int, int] | None:
    """Finds a region in what its HTML shows; None if it cannot be.

    The XPaths are tried with offsets in code points and in UTF-16 code units, then the global
    offsets; the first place that has the region's words is its place. Where the file does not
    give the words, all that is given must say the same.
    """
    places = [place for place in _places(region.value, html) if place is not None]
    places = [(start, end) for start, end in places if start < end]
    if region.surface is None:
        return places[0] if len(set(places)) == 1 else None
    words = shown_words(region.surface, html.text)
    return next((p for p in places if same_words(words, html.text[p[0] : p[1]])), None)


def _places(value: Mapping[str, Any], html: HtmlText) -> list[tuple[int, int] | None]:
    first, last = value.get("start"), value.get("end")
    offsets = _number(value.get("startOffset", 0)), _number(value.get("endOffset", 0))
    places: list[tuple[int, int] | None] = []
    if isinstance(first, str) and isinstance(last, str) and all(type(o) is int for o in offsets):
        for utf16 in (False, True):
            start = html.at_path(first, offsets[0], is_end=False, utf16=utf16)
            end = html.at_path(last, offsets[1], is_end=True, utf16=utf16)
            places.append(None if start is None or end is None else (start, end))
    counted = value.get("globalOffsets")
    if not isinstance(counted, dict):
        counted = value
    first, last = _number(counted.get("start")), _number(counted.get("end"))
    if type(first) is int and type(last) is int:
        start, end = html.at_count(first, is_end=False), html.at_count(last, is_end=True)
        places.append(None if start is None or end is None else (start, end))
    return places


def tell_foreign(result: Result, line: int, tell: Tell) -> None:
    """Tells of labels that are not on text."""
    if result.foreign:
        kinds = sorted({str(i.get("type")) for i in result.others if i.get("type") is not None})
        note = f"{result.foreign} regions have no label or are not text: {', '.join(kinds)}"
        tell(Notice("not-text", line, note, spans=result.foreign))


def tell_lost(lost: Iterable[Region], line: int, tell: Tell) -> None:
    """Tells of regions whose place in the HTML was not found."""
    for region in lost:
        words = "" if region.surface is None else f" {region.surface!r:.60}"
        note = f"The region{words} is not found at its place in the HTML; it is left out"
        tell(Notice("surface-mismatch", line, note, spans=len(region.labels)))


def refuse_lost(total: int, lost: list[Region], where: str) -> None:
    """Refuses a task none of whose regions was found in its HTML.

    Raises:
        UserError: All regions are lost, and there are some.
    """
    if lost and len(lost) == total:
        raise UserError(
            f"None of the {total} regions is found at its place in the HTML",
            where=where,
            todo="Label Studio counts in the page that its browser shows, which cannot be made "
            "from this source. Annotate the plain text of the page instead.",
        )
