"""The worked examples of docs/evaluation.md are what the scorer computes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from spacy.tokens import Doc

from scripts.annotations.records import Span
from scripts.annotations.schemes import encode
from scripts.scoring.matching import match_spans
from scripts.scoring.measures import outcomes
from scripts.scoring.spans import align
from scripts.scoring.words import as_words, share_right, tally_words

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "evaluation.md").read_text(encoding="utf8")
TEXT = "রহিমা খাতুন ঢাকায় জনতা ব্যাংকে কাজ করেন"
GOLD = (Span(0, 11, "PER"), Span(12, 18, "LOC"), Span(19, 31, "ORG"))
PREDICTED = (Span(0, 5, "PER"), Span(12, 18, "LOC"), Span(19, 31, "LOC"))


def _row(start: str) -> list[str]:
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {start} |"))
    return [cell.strip(" *") for cell in line.split("|")[1:-1]]


def _tags(doc: Doc, spans: tuple[Span, ...]) -> list[str]:
    ents = [doc.char_span(span.start, span.end, label=span.label) for span in spans]
    return encode(((ent.start, ent.end, ent.label_) for ent in ents), len(doc), "IOB2")


def test_docs_evaluation_example_is_where_it_says():
    for start, end, surface in re.findall(r"\| (\d+)–(\d+) `([^`]+)`", PAGE):
        assert TEXT[int(start) : int(end)] == surface
    assert TEXT[slice(0, 5)] == "রহিমা"


def test_docs_evaluation_measures_are_those_of_the_scorer():
    found = outcomes(align([match_spans(GOLD, PREDICTED)]))
    for name, outcome in found.items():
        assert _row(name)[-1] == f"{100 * outcome.credit.sum() / 3:.1f}"


def test_docs_evaluation_tags_are_those_of_iob2(nlp):
    doc = nlp(TEXT)
    truth, guess = (_tags(doc, spans) for spans in (GOLD, PREDICTED))
    table = PAGE[PAGE.index("## Tokens and entities") :]
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| ")]
    assert [cell.strip() for cell in rows[1]] == ["gold", *truth]
    assert [cell.strip() for cell in rows[2]] == ["predicted", *guess]
    right = sum(a == b for a, b in zip(truth, guess, strict=True))
    assert f"accuracy {100 * right / len(truth):.1f}" in PAGE


def test_docs_evaluation_word_accuracy_is_that_of_the_scorer():
    found = 100 * share_right(tally_words([as_words(TEXT, GOLD, PREDICTED, ())])[0])
    assert f"accuracy {found[0]:.1f}, {found[1]:.1f} over\nthe five" in PAGE
    nothing = 100 * share_right(tally_words([as_words(TEXT, GOLD, (), ())])[0])
    assert f"has the share of O, here {nothing[0]:.1f}" in PAGE


@pytest.mark.parametrize(("name", "f"), [("micro", 2 * 83 / (2 * 83 + 11 + 17)),
                                         ("macro", (0.9 + 4 / 14) / 2),
                                         ("weighted", 0.9 * 0.9 + 0.1 * 4 / 14)])  # fmt: skip
def test_docs_evaluation_means(name, f):
    assert _row(name)[-1] == f"{100 * f:.1f}"
