"""GATE XML documents: a text with nodes in it, and annotation sets between nodes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from ...common.errors import UserError, at_line
from ..records import Record, Span
from ..units import UNITS
from .base import Format, Head, Notice, ReadOptions, Tell
from .parts.xml_source import read_xml

KEY = "Key"
DEFAULT_SET = "(default)"
# Markup of the file that was loaded into GATE.
MARKUP_SET = "Original markups"
# What ANNIE and TwitIE mark beside entities.
LINGUISTIC = frozenset((
    "Token", "SpaceToken", "DEFAULT_TOKEN", "Sentence", "Split", "Paragraph", "paragraph", "Text",
    "Document", "SectionHeading", "NounChunk", "VG", "Lookup", "Unknown", "TempDate", "Temp",
    "FirstPerson", "Title", "JobTitle", "Hashtag", "URL", "UserID", "Emoticon",
))  # fmt: skip

_INTEGER = re.compile(r"-?\d{1,18}")


def sniff_gate_xml(head: Head) -> bool:
    """Whether the file is XML whose root is a GateDocument."""
    start = re.sub(r"<\?.*?\?>|<!--.*?-->", "", head.text[:4096], flags=re.DOTALL).lstrip()
    return start.startswith(("<GateDocument>", "<GateDocument "))


@dataclass(frozen=True)
class _Text:
    """The text, the UTF-16 offset at which each node stands, and where that is not its id."""

    text: str
    nodes: Mapping[str, int]
    moved: int


def read_gate_xml(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Reads a GATE document; offsets are UTF-16, as GATE defines its node ids.

    Args:
        path: The XML file.
        options: ``layer`` names the annotation set, or ``set:type``; ``(default)`` is the set
            without a name. Without it, the set Key is read, or else the only one with entities.
        tell: Told how many annotations of which type there are in every set, which were read, and
            whether nodes stand elsewhere in the text than their ids say.

    Raises:
        UserError: The file is no well-formed GATE document, an annotation lacks its type or nodes,
            or several sets could be meant.
    """
    root = read_xml(path)
    content = root.find("TextWithNodes")
    if root.tag != "GateDocument" or content is None:
        raise UserError(
            "The file is no GATE document with a text",
            where=str(path),
            todo="Expected <GateDocument> with <TextWithNodes> in it.",
        )
    text = _text(content)
    sets: dict[str, list[Element]] = {}
    for found in root.findall("AnnotationSet"):
        sets.setdefault(found.get("Name") or DEFAULT_SET, []).extend(found.findall("Annotation"))
    name, types = _choose(sets, options.layer, path)
    spans = [_span(e, text, path) for e in sets.get(name, ()) if e.get("Type") in types]
    _tell_choice(sets, name, types, tell)
    if text.moved:
        note = (
            f"{text.moved} of {len(text.nodes)} nodes stand elsewhere in the text than their ids "
            "say; they are taken where they stand"
        )
        tell(Notice("read-as", 0, note))
    meta = {"id": path.stem, "features": _features(root.find("GateDocumentFeatures"))}
    yield Record(text.text, tuple(spans), 1, meta)


def _text(content: Element) -> _Text:
    parts = [content.text or ""]
    before: list[tuple[str, int]] = []
    at = len(parts[0])
    for node in content:
        before.append((node.get("id", ""), at))
        parts.append(node.tail or "")
        at += len(parts[-1])
    text = "".join(parts)
    positions = UNITS["utf16"].positions(text)
    nodes = {own_id: positions[place] for own_id, place in before}
    return _Text(text, nodes, sum(own_id != str(place) for own_id, place in nodes.items()))


def _choose(
    sets: Mapping[str, list[Element]], wanted: str | None, path: Path
) -> tuple[str, frozenset[str]]:
    """The annotation set to read, and its types that are entities."""
    types = {name: {e.get("Type", "") for e in found} for name, found in sets.items()}
    if wanted is not None:
        name, _, own = wanted.partition(":")
        name = name or DEFAULT_SET
        return name, frozenset((own,) if own else types.get(name, set()) - LINGUISTIC)
    entities = {name: found - LINGUISTIC for name, found in types.items() if name != MARKUP_SET}
    named = [name for name, found in entities.items() if found]
    if KEY in sets:
        # The set of the gold annotations, also where it holds none.
        named = [KEY]
    if len(named) > 1:
        shown = "; ".join(f"{name}: {', '.join(sorted(entities[name]))}" for name in named)
        raise UserError(
            f"Several annotation sets hold entities: {shown}",
            where=str(path),
            todo="Say which with --layer SET or --layer SET:TYPE.",
        )
    return (named[0], frozenset(entities[named[0]])) if named else ("", frozenset())


def _tell_choice(
    sets: Mapping[str, list[Element]], name: str, types: frozenset[str], tell: Tell
) -> None:
    counts = {key: Counter(e.get("Type", "") for e in found) for key, found in sets.items()}
    read = ", ".join(f"{t} ({counts[name][t]})" for t in sorted(types)) if name in sets else ""
    others = []
    for key, found in counts.items():
        rest = [f"{t} ({n})" for t, n in sorted(found.items()) if key != name or t not in types]
        if rest:
            others.append(f"{key}: {', '.join(rest)}")
    which = f"the set {name}" if name else "any set"
    note = f"entities are {read or 'none'} of {which}; not read: {'; '.join(others) or 'nothing'}"
    tell(Notice("read-as", 0, note))


def _span(element: Element, text: _Text, path: Path) -> Span:
    # The feature "string" is no witness of the words: TwitIE takes the @ off user names in it.
    own_id = element.get("Id")
    where = at_line(path, None, own_id)
    label = element.get("Type", "").strip()
    if not label:
        raise UserError("The annotation has no type", where=where)
    features = _features(element)
    start, end = (_offset(element, key, text, where) for key in ("StartNode", "EndNode"))
    return Span(start, end, label, meta={"id": own_id, **features})


def _offset(element: Element, key: str, text: _Text, where: str) -> int:
    """Where a node stands; the offset that its id says if it is not in the text."""
    node = element.get(key, "").strip()
    if node in text.nodes:
        return text.nodes[node]
    if not _INTEGER.fullmatch(node):
        raise UserError(f"{key} is no node of the text: {node!r:.60}", where=where)
    return int(node)


def _features(element: Element | None) -> dict[str, str]:
    found = element.findall("Feature") if element is not None else []
    return {(f.findtext("Name") or "").strip(): f.findtext("Value") or "" for f in found}


FORMAT = Format(
    name="gate-xml",
    title="GATE XML documents",
    sniff=sniff_gate_xml,
    read=read_gate_xml,
    unit="utf16",
    directory=True,
)
