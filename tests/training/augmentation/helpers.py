"""Annotated Docs and Examples for the tests of augmentation."""

from __future__ import annotations

from collections.abc import Sequence

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example


def annotated(
    nlp: Language,
    text: str,
    names: Sequence[tuple[str, str]],
    missing: Sequence[str] = (),
    group: Sequence[tuple[str, str]] = (),
) -> Doc:
    """A Doc whose ents (and span group ``sc``) are the first occurrences of the given words."""
    doc = nlp.make_doc(text)
    ents = [_find(doc, words, label) for words, label in names]
    doc.set_ents(ents, missing=[_find(doc, words) for words in missing], default="outside")
    if group:
        doc.spans["sc"] = [_find(doc, words, label) for words, label in group]
    return doc


def example(nlp: Language, doc: Doc) -> Example:
    """The Example that spaCy's corpus makes of a Doc."""
    return Example(nlp.make_doc(doc.text), doc)


def _find(doc: Doc, words: str, label: str = "") -> Span:
    start = doc.text.index(words)
    span = doc.char_span(start, start + len(words), label=label)
    assert span is not None, words
    return span
