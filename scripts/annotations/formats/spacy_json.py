"""spaCy v2's training JSON: documents of paragraphs of sentences of tagged tokens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record
from ..schemes import TagCounts
from .base import MADE, Format, Head, Notice, ReadOptions, Tell
from .parts.checks import label_of
from .parts.json_source import Item, read_items
from .parts.token_rows import Row, RowReader, choose_scheme

EXAMPLE = '[{"id": 0, "paragraphs": [{"sentences": [{"tokens": [{"orth": "…", "ner": "O"}]}]}]}]'
NO_TAG = ("", "-", None)
# What the Penn Treebank writes for characters that its own notation uses.
TREEBANK = {"``": '"', "''": '"', "-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]"}


def sniff_spacy_json(head: Head) -> bool:
    """Whether a file begins with documents whose paragraphs hold sentences."""
    return bool(head.values) and all(_is_document(value) for value in head.values)


def _is_document(value: Any) -> bool:
    paragraphs = value.get("paragraphs") if isinstance(value, dict) else None
    return (
        isinstance(paragraphs, list)
        and bool(paragraphs)
        and all(isinstance(p, dict) and isinstance(p.get("sentences"), list) for p in paragraphs)
    )


def read_spacy_json(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the paragraphs as records; the document's id stands in the meta under ``doc``.

    The tags are BILUO if the file does not speak for another scheme; a token without ``ner``, or
    with ``-``, is missing. With ``raw`` the tokens are found in it, else they are joined.

    Args:
        path: A UTF-8 file with one list of documents, one document, or one a line.
        options: ``lang`` and ``spacing`` decide how tokens are joined; ``scheme`` sets the scheme.
        tell: Called with the scheme, tags mended or missing, and how texts were made.

    Raises:
        UserError: A value is no such document.
    """
    counts = TagCounts()
    for row in _rows(path):
        counts.add(row.tags)
    rows = RowReader(options, choose_scheme(counts, options, tell), tell)
    for row in _rows(path):
        if row.tokens and row.tags.count(None) == len(row.tags):
            tell(Notice("unannotated", row.line, "no token of the paragraph has a tag"))
        else:
            yield rows.record(row)
    rows.finish()


def _rows(path: Path) -> Iterator[Row]:
    for item in read_items(path):
        where = at_line(path, item.line)
        if not isinstance(item.value, dict) or not isinstance(item.value.get("paragraphs"), list):
            raise UserError(
                "The value is no document with paragraphs", where=where, todo=f"Expected {EXAMPLE}."
            )
        for i, paragraph in enumerate(item.value["paragraphs"]):
            yield _row(item, i, paragraph, f"{where}, paragraph {i}")


def _row(item: Item, index: int, paragraph: Any, where: str) -> Row:
    words: list[str] = []
    tags: list[str | None] = []
    for token in _tokens(paragraph, where):
        word = token.get("orth") if isinstance(token, dict) else None
        if not isinstance(word, str):
            raise UserError(
                f"Token {len(words)} has no word under 'orth': {token!r:.80}", where=where
            )
        tag = token.get("ner")
        words.append(word)
        tags.append(None if tag in NO_TAG else label_of(tag, f"Token {len(words) - 1}", where))
    meta = {k: v for k, v in paragraph.items() if k not in ("raw", "sentences")}
    doc = item.value.get("id")
    if isinstance(doc, (str, int)):
        meta = {"id": f"{doc}-{index}", "doc": doc, **meta}
    raw = paragraph.get("raw")
    if not isinstance(raw, str):
        return Row(words, tags, None, meta, item.line)
    return Row(_as_in_text(words, raw), tags, raw, meta, item.line)


def _as_in_text(words: list[str], text: str) -> list[str]:
    """The words as the text has them, where the tokens are those of a treebank."""
    result: list[str] = []
    at = 0
    for word in words:
        while text[at : at + 1].isspace() and not text.startswith(word, at):
            at += 1
        own = TREEBANK.get(word, word)
        result.append(own if not text.startswith(word, at) and text.startswith(own, at) else word)
        at += len(result[-1])
    return result


def _tokens(paragraph: Any, where: str) -> Iterator[Any]:
    sentences = paragraph.get("sentences") if isinstance(paragraph, dict) else None
    if not isinstance(sentences, list):
        raise UserError("The paragraph has no list of sentences", where=where)
    for sentence in sentences:
        tokens = sentence.get("tokens") if isinstance(sentence, dict) else None
        if not isinstance(tokens, list):
            raise UserError("A sentence has no list of tokens", where=where)
        yield from tokens


FORMAT = Format(
    name="spacy-json",
    title="spaCy v2 training JSON (paragraphs, sentences, tokens with BILUO tags)",
    sniff=sniff_spacy_json,
    read=read_spacy_json,
    unit=MADE,
)
