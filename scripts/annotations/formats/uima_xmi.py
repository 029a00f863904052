"""UIMA CAS XMI, as INCEpTION, WebAnno, DKPro Core and cTAKES write it.

The XML is read as it stands, not with dkpro-cassis: that needs a type system, drops annotations of
types it does not know, and maps offsets to code points with those left unmapped that are outside
the text or inside a character (0.12), so that the audit could no longer tell them from right ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from ...common.errors import UserError, at_line
from ..records import Record, Span
from .base import Format, Head, Notice, ReadOptions, Tell
from .parts.layers import NAMED_ENTITY, Layer, choose_layer, no_layer_note, short_name
from .parts.xml_source import read_xml

XMI_ID = "{http://www.omg.org/XMI}id"
PLACE = ("begin", "end", "sofa")
TYPE_SYSTEM = "typesystem.xml"
SNIFFED_TYPE_SYSTEM = 4096

_TYPE = re.compile(r"\{http:///(.*)\.ecore\}(.+)", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]+:)?XMI[\s>]")
_INTEGER = re.compile(r"-?\d{1,18}")
_NUMBERS = re.compile(r"[-+\d.eE\s]*")


def sniff_uima_xmi(head: Head) -> bool:
    """Whether the file is XML whose root is an XMI, with UIMA's own namespace."""
    text = head.text.lstrip()
    return text.startswith("<") and bool(_ROOT.search(text)) and "http:///uima/" in text


def is_type_system(path: Path) -> bool:
    """Whether the file is a UIMA type system, which has no text of its own."""
    if path.suffix.lower() != ".xml":
        return False
    with path.open("rb") as file:
        return b"<typeSystemDescription" in file.read(SNIFFED_TYPE_SYSTEM)


@dataclass
class _Cas:
    """The parts of a CAS: its texts by sofa, their members, and all annotations by type."""

    sofas: dict[str, Element] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    annotations: dict[str, list[Element]] = field(default_factory=dict)


def read_uima_xmi(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Reads the views of a CAS, one record each; offsets are UTF-16, as UIMA defines them.

    Args:
        path: The ``.xmi``; a ``TypeSystem.xml`` beside it, if there is one, tells which types are
            kinds of the type chosen.
        options: ``layer`` names the type, and after a colon the feature that holds the label.
        tell: Told which type was read, how many annotations there are of every type, which are in
            no index of their view, and which views have no text.

    Raises:
        UserError: The file is no well-formed XMI, has no text, or an offset of the type chosen is
            no number; or several types could be meant.
    """
    cas = _parse(read_xml(path), path)
    layer, kinds = _choose(cas, path, options.layer)
    _tell_choice(cas, layer, kinds, options, tell)
    unnamed = 0
    texts = 0
    for sofa_id, sofa in cas.sofas.items():
        own = [e for kind in kinds for e in cas.annotations[kind] if e.get("sofa") == sofa_id]
        text, view = sofa.get("sofaString"), sofa.get("sofaID", sofa_id)
        if text is None:
            tell(Notice("not-text", 0, f"the view {view} has no text", len(own)))
            continue
        texts += 1
        indexed = [e for e in own if e.get(XMI_ID) in cas.members.get(sofa_id, {e.get(XMI_ID)})]
        if len(indexed) < len(own):
            note = f"the view {view} does not index them, which is how UIMA deletes annotations"
            tell(Notice("left-out", 0, note, len(own) - len(indexed)))
        unnamed += sum(_label(e, layer) is None for e in indexed)
        spans = tuple(_span(e, layer, path) for e in indexed)
        yield Record(text, spans, 1, _meta(cas, sofa_id, view, path))
    if not texts:
        raise UserError("The XMI holds no text", where=str(path), todo="Expected a sofaString.")
    if unnamed and layer and layer.feature:
        note = f"{unnamed} annotations have no {layer.feature}; the name of their type is the label"
        tell(Notice("read-as", 0, note))


def _parse(root: Element, path: Path) -> _Cas:
    if not root.tag.endswith("}XMI"):
        raise UserError("The root of the file is no XMI", where=str(path))
    cas = _Cas()
    for element in root:
        name = type_of(element)
        if name == "uima.cas.Sofa":
            cas.sofas[element.get(XMI_ID, "")] = element
        elif name == "uima.cas.View":
            members = (element.get("members") or "").split()
            cas.members.setdefault(element.get("sofa", ""), set()).update(members)
        elif all(key in element.attrib for key in PLACE):
            cas.annotations.setdefault(name, []).append(element)
    for name, elements in cas.annotations.items():
        lost = [e for e in elements if e.get("sofa") not in cas.sofas]
        if lost:
            where = at_line(path, None, lost[0].get(XMI_ID))
            raise UserError(f"{short_name(name)} is of a text that is not in the file", where=where)
    return cas


def type_of(element: Element) -> str:
    """The UIMA type of an XMI element: its XML namespace, read as a package, and its name."""
    match = _TYPE.fullmatch(str(element.tag))
    if not match:
        return str(element.tag).rsplit("}", 1)[-1]
    package = match[1].replace("/", ".")
    return match[2] if package == "uima.noNamespace" else f"{package}.{match[2]}"


def _choose(cas: _Cas, path: Path, wanted: str | None) -> tuple[Layer | None, list[str]]:
    """The type to read, and the types that are of its kind, itself included."""
    parents = _supertypes(path)
    kinds: dict[str, list[str]] = {}
    for name in cas.annotations:
        for kind in (name, *_ancestors(name, parents)):
            kinds.setdefault(kind, []).append(name)
    if wanted is None:
        # A supertype without annotations of its own is only meant if it is the named entity.
        kinds = {
            kind: names
            for kind, names in kinds.items()
            if kind in cas.annotations or short_name(kind) == short_name(NAMED_ENTITY)
        }
    every = ":" in (wanted or "")
    layers = {kind: _labelling(cas, names, every=every) for kind, names in kinds.items()}
    layer = choose_layer(
        layers,
        wanted,
        str(path),
        lambda kind: f"{kind} ({sum(len(cas.annotations[name]) for name in kinds[kind])})",
    )
    return layer, kinds[layer.name] if layer else []


def _labelling(cas: _Cas, names: list[str], *, every: bool) -> list[str]:
    """The features of the types; but for ``every``, those alone whose values can be labels.

    A number is a reference to another annotation, a count or a confidence.
    """
    found: dict[str, None] = {}
    for name in names:
        for element in cas.annotations[name]:
            for key, value in _features(element).items():
                if every or (isinstance(value, str) and not _NUMBERS.fullmatch(value)):
                    found.setdefault(key)
    return list(found)


def _supertypes(path: Path) -> dict[str, str]:
    """Every type's supertype, if a type system lies beside the file."""
    beside = (p for p in path.parent.glob("*.[xX][mM][lL]") if p.name.lower() == TYPE_SYSTEM)
    found = sorted(p for p in beside if is_type_system(p))
    parents: dict[str, str] = {}
    for description in read_xml(found[0]).iter() if found else ():
        if description.tag.rsplit("}", 1)[-1] == "typeDescription":
            texts = {e.tag.rsplit("}", 1)[-1]: (e.text or "").strip() for e in description}
            parents[texts.get("name", "")] = texts.get("supertypeName", "")
    return parents


def _ancestors(name: str, parents: dict[str, str]) -> list[str]:
    result: list[str] = []
    while (name := parents.get(name, "")) and name not in result:
        result.append(name)
    return [x for x in result if not x.startswith("uima.")]


def _features(element: Element) -> dict[str, Any]:
    """The features of an annotation; arrays of strings are elements inside it."""
    features: dict[str, Any] = {
        key: value for key, value in element.attrib.items() if key not in (*PLACE, XMI_ID)
    }
    for child in element:
        features.setdefault(child.tag, []).append(child.text or "")
    return features


def _label(element: Element, layer: Layer | None) -> str | None:
    """The value of the feature that holds the label; None if there is none."""
    value = _features(element).get(layer.feature) if layer and layer.feature else None
    return value if isinstance(value, str) and value.strip() else None


def _span(element: Element, layer: Layer | None, path: Path) -> Span:
    where = at_line(path, None, element.get(XMI_ID))
    start, end = _offset(element, "begin", where), _offset(element, "end", where)
    label = _label(element, layer) or short_name(type_of(element))
    skipped = layer.feature if layer else None
    rest = {key: value for key, value in _features(element).items() if key != skipped}
    return Span(start, end, label, meta={"id": element.get(XMI_ID), **rest})


def _offset(element: Element, key: str, where: str) -> int:
    value = element.get(key, "").strip()
    if not _INTEGER.fullmatch(value):
        raise UserError(f"{key} is no whole number: {value!r:.60}", where=where)
    return int(value)


def _meta(cas: _Cas, sofa_id: str, view: str, path: Path) -> dict[str, Any]:
    meta: dict[str, Any] = {"id": path.stem, "doc": path.stem}
    for name, elements in cas.annotations.items():
        for element in elements:
            if short_name(name) == "DocumentMetaData" and element.get("sofa") == sofa_id:
                meta["doc"] = meta["id"] = element.get("documentId") or path.stem
                meta["DocumentMetaData"] = _features(element)
    if len(cas.sofas) > 1:
        meta.update(id=f"{meta['doc']}.{view}", view=view)
    return meta


def _tell_choice(
    cas: _Cas, layer: Layer | None, kinds: list[str], options: ReadOptions, tell: Tell
) -> None:
    counts = Counter({name: len(elements) for name, elements in cas.annotations.items()})
    others = [f"{short_name(n)} ({c})" for n, c in counts.most_common() if n not in kinds]
    if layer is None:
        note = no_layer_note(others, options.layer)
    else:
        spans = sum(counts[kind] for kind in kinds)
        label = f"its {layer.feature}" if layer.feature else "the name of the type"
        note = (
            f"the {spans} annotations of the type {layer.name} are the entities, {label} the "
            f"label; not read: {', '.join(others) or 'none'}"
        )
    tell(Notice("read-as", 0, note + "; offsets are UTF-16, as UIMA defines them"))


FORMAT = Format(
    name="uima-xmi",
    title="UIMA CAS XMI (INCEpTION, WebAnno, DKPro Core, cTAKES)",
    sniff=sniff_uima_xmi,
    read=read_uima_xmi,
    unit="utf16",
    directory=True,
    companion=is_type_system,
)
