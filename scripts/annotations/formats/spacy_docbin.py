"""spaCy's DocBin: tokenised Docs with their entities and span groups."""

from __future__ import annotations

import warnings
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import srsly
from spacy.attrs import ENT_ID, ENT_IOB, ENT_KB_ID, ENT_TYPE, ORTH
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from ...common.errors import UserError
from ..records import Record, Span
from .base import MADE, Format, Head, Notice, ReadOptions, Tell, WriteOptions
from .parts.token_rows import Place, touched, without_overlaps
from .parts.writing import tell_left, tell_note

# The spans that lie in an ent, in the corpora that `convert` makes; any that overlap, in ours.
NESTED_KEY = "nested"
MAX_BYTES = 4 << 30
# Zlib packs a thousand zeros in a byte; tokens pack to a twentieth.
MAX_RATIO, UNPACKED_UNCHECKED = 400, 64 << 20
BLOCK = 1 << 20
USED_ATTRS = frozenset((ORTH, ENT_IOB, ENT_TYPE, ENT_KB_ID, ENT_ID))
TODO = "Expected what spaCy's DocBin.to_disk writes. A file that was cut off ends so."


def sniff_spacy_docbin(head: Head) -> bool:
    """Whether a file begins like a DocBin: a map with ``attrs``, in msgpack, packed by zlib."""
    if head.data[:1] != b"\x78":
        return False
    try:
        start = zlib.decompressobj().decompress(head.data, 64)
    except zlib.error:
        return False
    return start[:1] >= b"\x80" and start[:1] <= b"\x8f" and b"\xa5attrs" in start


def read_spacy_docbin(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Reads the Docs of a DocBin as records; a Doc's number is its line.

    Ents and the spans of the group ``nested`` are the spans; ``options.layer`` takes a span group
    instead. Where no Doc has ents, the only group there is is taken. The other groups, ``cats``
    and what of ``user_data`` is JSON stand in the record's meta.

    Args:
        path: The file; the whole of it is held in memory.
        options: ``layer`` names a span group.
        tell: Called with the group that was taken where nothing has ents.

    Raises:
        UserError: The file is no DocBin, or the group does not exist.
    """
    _check_size(path)
    try:
        docbin = DocBin().from_disk(path)
        group = _choose_group(docbin, options, path, tell)
        _keep_entity_columns(docbin)
        vocab = Vocab()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for number, doc in enumerate(docbin.get_docs(vocab), 1):
                yield _record(doc, number, group)
    except UserError:
        raise
    except Exception as error:  # msgpack, numpy and spaCy raise many kinds on a broken file
        raise UserError(
            f"The file is no DocBin that can be read: {type(error).__name__}: {error!s:.120}",
            where=str(path),
            todo=TODO,
        ) from error


def _check_size(path: Path) -> None:
    """Unpacks a file block by block, keeping nothing: a few bytes can unpack to terabytes."""
    packed, unpacked = 0, 0
    stream = zlib.decompressobj()
    try:
        with path.open("rb") as file:
            while not stream.eof and (block := stream.unconsumed_tail or file.read(BLOCK)):
                packed += 0 if stream.unconsumed_tail else len(block)
                unpacked += len(stream.decompress(block, BLOCK))
                bomb = unpacked > max(UNPACKED_UNCHECKED, MAX_RATIO * packed)
                if bomb or unpacked > MAX_BYTES:
                    raise UserError(
                        f"The file unpacks to more than {unpacked >> 20} MiB",
                        where=str(path),
                        todo="A DocBin of real text does not; save a large corpus in shards.",
                    )
    except zlib.error as error:
        raise UserError(f"The file is no DocBin: {error}", where=str(path), todo=TODO) from None
    if not stream.eof:
        raise UserError("The file ends early", where=str(path), todo=TODO)


def _choose_group(docbin: DocBin, options: ReadOptions, path: Path, tell: Tell) -> str | None:
    """The span group that holds the entities; None for the ents."""
    groups = Counter(name for data in docbin.span_groups for name in _group_names(data))
    if options.layer is not None:
        if options.layer not in groups:
            raise UserError(
                f"No Doc has a span group {options.layer!r}",
                where=str(path),
                todo=f"Span groups found: {', '.join(sorted(groups)) or 'none'}.",
            )
        return options.layer
    if _has_column(docbin, ENT_TYPE) and not _has_column(docbin, ENT_IOB):
        raise UserError(
            "The DocBin has entity types, but not where entities begin and end",
            where=str(path),
            todo="Save it with the attribute ENT_IOB.",
        )
    if not groups or _has_column(docbin, ENT_IOB):
        return None
    if len(groups) > 1:
        raise UserError(
            f"No Doc has ents, but there are several span groups: {', '.join(sorted(groups))}",
            where=str(path),
            todo="Say which holds the entities with --layer.",
        )
    [(name, count)] = groups.items()
    tell(Notice("read-as", 0, f"no Doc has ents: the span group {name!r} of {count} is read"))
    return name


def _group_names(data: bytes) -> list[str]:
    groups = srsly.msgpack_loads(data) if data else []
    if isinstance(groups, dict):
        return [str(name) for names in groups.values() for name in names]
    return [str(srsly.msgpack_loads(group)["name"]) for group in groups]


def _has_column(docbin: DocBin, attr: int) -> bool:
    """Whether an attribute is saved and set on any token."""
    column = docbin.attrs.index(attr) if attr in docbin.attrs else None
    return column is not None and any(tokens[:, column].any() for tokens in docbin.tokens)


def _keep_entity_columns(docbin: DocBin) -> None:
    """Leaves out what is no annotation of entities: a parse that contradicts itself is no fault."""
    kept = [i for i, attr in enumerate(docbin.attrs) if attr in USED_ATTRS]
    docbin.attrs = [docbin.attrs[i] for i in kept]
    docbin.tokens = [tokens[:, kept] for tokens in docbin.tokens]


def _record(doc: Doc, number: int, group: str | None) -> Record:
    groups = {
        name: tuple(_span(span) for span in spans) for name, spans in sorted(doc.spans.items())
    }
    if group is None:
        spans = (*map(_span, doc.ents), *groups.pop(NESTED_KEY, ()))
        missing = _missing(doc)
    else:
        spans, missing = groups.pop(group, ()), ()
    meta = _user_data(doc.user_data)
    if doc.cats:
        meta["cats"] = _plain(doc.cats)
    if any(groups.values()):
        meta["spans"] = {
            name: [[s.start, s.end, s.label] for s in own] for name, own in groups.items() if own
        }
    return Record(doc.text, spans, number, meta, missing)


def _span(span: Any) -> Span:
    ids = {"kb_id": span.kb_id_, "id": span.id_}
    meta = {name: value for name, value in ids.items() if value}
    return Span(span.start_char, span.end_char, span.label_, meta=meta or None)


def _missing(doc: Doc) -> tuple[Place, ...]:
    """The character ranges of tokens whose entity is unknown, one a run of tokens."""
    ranges: list[Place] = []
    previous = False
    for token in doc:
        unknown = token.ent_iob == 0
        place = (token.idx, token.idx + len(token))
        if unknown and previous:
            ranges[-1] = (ranges[-1][0], place[1])
        elif unknown:
            ranges.append(place)
        previous = unknown
    return tuple(ranges)


def _user_data(data: Mapping[Any, Any]) -> dict[str, Any]:
    """What of a Doc's ``user_data`` is JSON; extension attributes of the Doc under their name."""
    meta = {}
    for key, value in data.items():
        if isinstance(key, tuple) and len(key) == 4 and key[0] == "._." and key[2:] == (None, None):
            key = key[1]
        plain = _plain(value)
        if isinstance(key, str) and srsly.is_json_serializable(plain):
            meta[key] = plain
    return meta


def _plain(value: Any) -> Any:
    """A value with lists for the tuples that msgpack makes of them."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def write_spacy_docbin(
    records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell
) -> None:
    """Writes a DocBin as ``convert`` does: ents, and in the group ``nested`` what overlaps one.

    Tokens of missing ranges are unknown to training. So are those of a span that does not begin
    and end with a token or is discontinuous, which is told. The meta stands in ``user_data``.

    Raises:
        UserError: The DocBin becomes larger than spaCy can write.
    """
    vocab = Vocab()
    docbin = DocBin(store_user_data=True)
    for record in records:
        docbin.add(_doc(record, vocab, options, tell))
    try:
        docbin.to_disk(path)
    except ValueError as error:
        raise UserError(f"spaCy cannot write the DocBin: {error}", where=str(path)) from None


def _doc(record: Record, vocab: Vocab, options: WriteOptions, tell: Tell) -> Doc:
    words, spaces = words_and_spaces(record.text, options.tokens(record.text))
    doc = Doc(vocab, words=words, spaces=spaces)
    found, unknown = [], list(record.missing)
    for span in record.spans:
        ids = {
            k: str((span.meta or {}).get(m, "")) for k, m in (("kb_id", "kb_id"), ("span_id", "id"))
        }
        own = None if span.fragments else doc.char_span(span.start, span.end, span.label, **ids)
        if own is not None and len(own):
            found.append((own.start, own.end, own))
            continue
        why = "it is discontinuous" if span.fragments else "it is not on token edges"
        tell_left(record, span, why, tell)
        unknown += span.fragments or [(span.start, span.end)]
    flat, nested = without_overlaps(found)
    ents = [own for _, _, own in flat]
    taken = {i for own in ents for i in range(own.start, own.end)}
    places = [(token.idx, token.idx + len(token)) for token in doc]
    missing = [
        doc[i : i + 1] for i, hit in enumerate(touched(places, unknown)) if hit and i not in taken
    ]
    doc.set_ents(ents, missing=missing, default="outside")
    if nested:
        doc.spans[NESTED_KEY] = [own for _, _, own in nested]
    _set_user_data(doc, record, tell)
    return doc


def _set_user_data(doc: Doc, record: Record, tell: Tell) -> None:
    try:
        srsly.msgpack_dumps(record.meta)
    except (OverflowError, ValueError, TypeError) as error:
        tell_note(record, f"the meta: {error}", tell)
    else:
        doc.user_data.update(record.meta)


def words_and_spaces(text: str, places: Iterable[Place]) -> tuple[list[str], list[bool]]:
    """A text as the words and spaces of a Doc whose text it is.

    What stands between tokens and is no single blank becomes a token of its own.
    """
    words: list[str] = []
    spaces: list[bool] = []
    at = 0
    for start, end in (*places, (len(text), len(text))):
        between = text[at:start]
        if between and words and between[0] == " ":
            spaces[-1] = True
            between = between[1:]
        if between:
            words.append(between)
            spaces.append(False)
        if end > start:
            words.append(text[start:end])
            spaces.append(False)
        at = end
    return words, spaces


FORMAT = Format(
    name="spacy-docbin",
    title="spaCy's binary .spacy files (DocBin)",
    sniff=sniff_spacy_docbin,
    read=read_spacy_docbin,
    unit=MADE,
    write=write_spacy_docbin,
)
