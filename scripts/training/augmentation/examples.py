"""An Example made anew from a changed text, with the annotation of the original."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab

from .edits import Edit, apply_edits, moved

Tokenize = Callable[[str], Doc]

# With typing noise every epoch brings new words: a scratch vocabulary is given up at this size.
MOST_STRINGS = 100_000
UNKNOWN = 0  # Token.ent_iob of a token whose annotation is missing


def make_example(example: Example, edits: Sequence[Edit], tokenize: Tokenize) -> Example | None:
    """An Example of the changed text with the ents, missing tokens and span groups of the old one.

    Other annotation of the reference (sentence starts, tags, …) is not carried over.

    Args:
        example: The original.
        edits: Changes of its reference's text: rising, none overlapping another.
        tokenize: The pipeline's own tokenizer.

    Returns:
        The new Example; None if one of its spans does not lie on token edges any more.
    """
    old = example.reference
    text = apply_edits(old.text, edits)
    doc = tokenize(text)
    ents = _carried(doc, edits, old.ents)
    missing = _carried(doc, edits, missing_runs(old))
    groups = {key: _carried(doc, edits, group) for key, group in old.spans.items()}
    if ents is None or missing is None or None in groups.values():
        return None
    doc.set_ents(ents, missing=missing, default="outside")
    doc.spans.update(groups)
    return Example(tokenize(text), doc)


def missing_runs(doc: Doc) -> list[Span]:
    """The longest runs of tokens whose annotation is missing."""
    runs = []
    for unknown, tokens in groupby(doc, key=lambda token: token.ent_iob == UNKNOWN):
        if unknown:
            indices = [token.i for token in tokens]
            runs.append(doc[indices[0] : indices[-1] + 1])
    return runs


def scratch_tokenizer(path: Path, vocab: Vocab) -> Language:
    """The tokenizer of a blank pipeline, on a vocabulary of its own.

    Words that only augmentation makes would otherwise be kept in the pipeline's vocabulary, and
    saved with it. Vectors, lookups and lexical attributes are the pipeline's.

    Args:
        path: The blank pipeline.
        vocab: The vocabulary of the pipeline that is trained.
    """
    scratch = Vocab(lex_attr_getters=vocab.lex_attr_getters, lookups=vocab.lookups)
    scratch.vectors = vocab.vectors
    return spacy.load(path, vocab=scratch, exclude=["vocab"])


def _carried(doc: Doc, edits: Sequence[Edit], spans: Sequence[Span]) -> list[Span] | None:
    """The spans on the new Doc; None if not all of them are on token edges."""
    places = [(moved(edits, span.start_char, span.end_char), span.label_) for span in spans]
    carried = [doc.char_span(*place, label=label) for place, label in places if place]
    if len(carried) < len(spans) or None in carried:
        return None
    return carried
