import numpy as np
from spacy.tokens import Doc
from spacy.tokens import Span as DocSpan
from spacy.vocab import Vocab

from scripts.annotations.records import Span
from scripts.scoring.matching import match_spans
from scripts.scoring.measures import outcomes
from scripts.scoring.slices import (
    by_entity_length,
    by_surface,
    by_text_length,
    read_surfaces,
    tally_slices,
)
from scripts.scoring.spans import align

TEXT = "করিম ঢাকা যায়"
TOKENS = [(0, 4), (5, 9), (10, 14)]


def _aligned(gold, predicted):
    return align([match_spans(gold, predicted)])


def test_read_surfaces_keeps_every_label_of_a_surface():
    doc = Doc(Vocab(), words=["করিম", "ঢাকা", "করিম"])
    doc.ents = [DocSpan(doc, 0, 1, "PER"), DocSpan(doc, 1, 2, "LOC"), DocSpan(doc, 2, 3, "ORG")]
    assert read_surfaces([doc]) == {"করিম": {"PER", "ORG"}, "ঢাকা": {"LOC"}}


def test_by_surface_tells_seen_from_unseen_and_from_seen_with_another_label():
    aligned = _aligned([Span(0, 4, "PER"), Span(5, 9, "LOC"), Span(10, 14, "LOC")], [])
    surfaces = {"করিম": frozenset({"PER"}), "ঢাকা": frozenset({"ORG"})}
    slicing = by_surface(aligned, [TEXT], surfaces)
    assert [slicing.names[i] for i in slicing.gold] == [
        "seen in train",
        "seen with another label",
        "unseen",
    ]


def test_by_surface_knows_a_letter_written_in_two_ways():
    composed, decomposed = "রা\u09df", "রা\u09af\u09bc"
    aligned = _aligned([Span(0, 3, "PER")], [])
    doc = Doc(Vocab(), words=[decomposed])
    doc.ents = [DocSpan(doc, 0, 1, "PER")]
    slicing = by_surface(aligned, [composed], read_surfaces([doc]))
    assert slicing.gold.tolist() == [0]


def test_by_entity_length_counts_the_models_tokens():
    aligned = _aligned([Span(0, 4, "PER"), Span(5, 14, "LOC")], [Span(0, 14, "PER")])
    slicing = by_entity_length(aligned, [TOKENS])
    lengths = dict(zip(aligned.gold[:, 1].tolist(), slicing.gold.tolist(), strict=True))
    assert {start: slicing.names[i] for start, i in lengths.items()} == {
        0: "1 token",
        5: "2 tokens",
    }
    assert slicing.names[slicing.predicted[0]] == "3 tokens"


def test_by_text_length_bins_texts_at_their_edges():
    docs = [[(i, i + 1) for i in range(size)] for size in (1, 9, 10, 79, 80)]
    aligned = align([match_spans([Span(0, 1, "PER")], []) for _ in docs])
    slicing = by_text_length(aligned, docs)
    assert [slicing.names[i] for i in slicing.gold] == [
        "1–9 tokens", "1–9 tokens", "10–19 tokens", "40–79 tokens", "80+ tokens",
    ]  # fmt: skip


def test_tally_slices_puts_each_span_in_its_own_slice():
    # A gold span of one token, predicted with two: missed among the short, spurious among the long.
    aligned = _aligned([Span(0, 4, "PER")], [Span(0, 9, "PER")])
    slicing = by_entity_length(aligned, [TOKENS])
    tallies = tally_slices(aligned, slicing, outcomes(aligned)["strict"])[0]
    assert tallies[0].tolist() == [0, 1, 0, 0]
    assert tallies[1].tolist() == [0, 0, 0, 1]
    assert np.all(tallies[2:] == 0)
