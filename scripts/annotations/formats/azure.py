"""Azure AI Language (Text Analytics) entity recognition: JSON results beside their texts.

The shape is that of the REST reference of "analyze-text", entity recognition:
``{"text", "entities": [{"text", "category", "subcategory", "offset", "length"}]}``, alone or under
``documents``; ``stringIndexType`` says what offsets count. The service's answers hold no texts:
they are read if the request's documents stand beside them, joined by id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record, Span
from .base import MADE, Format, Head, Notice, ReadOptions, Tell
from .parts.azure_offsets import INDEX_TYPES, Ruler, rulers_of
from .parts.checks import label_of, offset_of, text_of
from .parts.json_nested import LineOf, read_located

EXAMPLE = (
    '{"text": "ঢাকা", "entities": [{"text": "ঢাকা", "category": "Location", "offset": 0, '
    '"length": 4}], "stringIndexType": "UnicodeCodePoint"}'
)
CATEGORY_KEYS = ("category", "type")


def sniff_azure(head: Head) -> bool:
    """Whether a file begins with texts whose entities have a category, an offset and a length."""
    documents = [d for value in head.values for d in _documents(value)]
    lists = [d.get("entities") for d in documents if isinstance(d, dict)]
    if len(lists) != len(documents) or not all(isinstance(items, list) for items in lists):
        return False
    entities = [entity for items in lists for entity in items]
    return bool(entities) and all(
        isinstance(e, dict) and {"offset", "length", "category"} <= e.keys() for e in entities
    )


def _documents(value: Any) -> list[Any]:
    """The documents with entities of a value: itself, or those listed in it."""
    if not isinstance(value, dict):
        return [value]
    results = value.get("results")
    for holder in (results if isinstance(results, dict) else {}, value):
        if isinstance(holder.get("documents"), list):
            return holder["documents"]
    return [value]


def read_azure(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Reads the documents; offsets are made code points here, since each names its own unit.

    Text elements (grapheme clusters) are not the same in all Unicode versions: Indic conjuncts
    were joined in 15.1. Each edge is placed where the entity's own text is found; where it is
    found at neither, where the older clusters put it. An entity whose start is confirmed but not
    its end, ends where its text does.

    Args:
        path: A UTF-8 file.
        options: Unused: the format has fixed keys.
        tell: Called once with how offsets were read, and with the texts without index type.

    Raises:
        UserError: The file is no such JSON, a document has no text, the index type is unknown, or
            an offset cannot be read.
    """
    counts: Counter[str] = Counter()
    for value, line, line_of in read_located(path):
        yield from _records(value, path, line, line_of, counts)
    placed = [f"{count} {how}" for how, count in sorted(counts.items())]
    if placed:
        tell(Notice("read-as", 0, f"Offsets were placed by: {', '.join(placed)}"))


def _records(
    value: Any, path: Path, line: int, line_of: LineOf, counts: Counter[str]
) -> Iterator[Record]:
    texts = _request_texts(value)
    outer = _index_type(value) if isinstance(value, dict) else None
    for document in _documents(value):
        number = line if document is value else line_of(document)
        if not isinstance(document, dict):
            raise UserError(
                f"A document is a JSON {type(document).__name__}, not an object",
                where=at_line(path, number),
                todo=f"Expected {EXAMPLE}.",
            )
        identity = document.get("id")
        where = at_line(path, number, None if identity is None else str(identity))
        if "text" not in document and str(identity) in texts:
            document = {**texts[str(identity)], **document}
        yield _record(document, _index_type(document) or outer, number, where, counts)


def _request_texts(value: Any) -> dict[str, dict[str, Any]]:
    """The documents of a request that was saved with its answer, by id."""
    holder = value.get("analysisInput") if isinstance(value, dict) else None
    documents = holder.get("documents") if isinstance(holder, dict) else None
    return {
        str(document.get("id")): document
        for document in (documents if isinstance(documents, list) else [])
        if isinstance(document, dict)
    }


def _index_type(value: dict[str, Any]) -> Any:
    parameters = value.get("parameters")
    inner = parameters.get("stringIndexType") if isinstance(parameters, dict) else None
    return value.get("stringIndexType", inner)


def _record(
    document: dict[str, Any], index_type: Any, line: int, where: str, counts: Counter[str]
) -> Record:
    text = text_of(document, "text", where)
    entities = document.get("entities")
    if not isinstance(entities, list):
        raise UserError("The document has no list of entities", where=where, todo=f"{EXAMPLE}.")
    if index_type is not None and index_type not in INDEX_TYPES:
        raise UserError(
            f"There is no stringIndexType {index_type!r:.40}",
            where=where,
            todo=f"Known: {', '.join(INDEX_TYPES)}.",
        )
    given = [_entity(entity, i, where) for i, entity in enumerate(entities)]
    ruler = rulers_of(text, index_type, [(s.start, s.end, s.surface) for s in given])
    if index_type is None and given:
        counts[f"{ruler.name}, because stringIndexType is missing"] += 1
    spans = tuple(_placed(span, ruler, counts) for span in given)
    meta = {k: v for k, v in document.items() if k not in ("text", "entities")}
    return Record(text, spans, line, meta)


def _entity(entity: Any, index: int, where: str) -> Span:
    """An entity with its offsets as given."""
    name = f"Entity {index}"
    if not isinstance(entity, dict):
        raise UserError(f"{name} is no object: {entity!r:.80}", where=where)
    rest = dict(entity)
    offset = offset_of(rest.pop("offset", None), f"{name}: offset", where)
    length = offset_of(rest.pop("length", None), f"{name}: length", where)
    category = next((rest.pop(key) for key in CATEGORY_KEYS if key in rest), None)
    surface = rest.pop("text") if isinstance(rest.get("text"), str) else None
    label = label_of(category, name, where)
    return Span(offset, offset + length, label, (), surface, rest or None)


def _placed(span: Span, ruler: Ruler, counts: Counter[str]) -> Span:
    start, end, how = ruler.place(span.start, span.end, span.surface)
    counts[how] += 1
    return Span(start, end, span.label, (), span.surface, span.meta)


FORMAT = Format(
    name="azure",
    title="Azure AI Language entities, JSON",
    sniff=sniff_azure,
    read=read_azure,
    unit=MADE,
)
