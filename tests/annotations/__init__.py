"""What the tests of annotations share: Bangla token edges, and spans by their words."""

from __future__ import annotations

from functools import cache

from scripts.annotations.edges import TokenEdges
from scripts.annotations.records import Span
from scripts.corpora.tokenizer import build_tokenizer, token_edges

tokenizer = cache(build_tokenizer)


def edges_of(text: str) -> TokenEdges:
    return token_edges(tokenizer("bn").make_doc(text))


def at(text: str, surface: str, label: str = "LOC") -> Span:
    start = text.index(surface)
    return Span(start, start + len(surface), label)
