"""Which spans a span categorizer's suggestions reach, against spaCy's own suggester."""

from __future__ import annotations

import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.pipeline.spancat import build_ngram_range_suggester
from spacy.tokens import Doc, Span

from scripts.corpora.coverage import by_label, by_length, count_lengths

VOCAB = spacy.blank("bn").vocab
WORDS = ["ঢাকা", "বিশ্ববিদ্যালয়ের", "বাংলা", "বিভাগ", "ও", "করিম", "উদ্দিন", "আহমেদ"]


@st.composite
def _docs(draw):
    docs = []
    for _ in range(draw(st.integers(1, 4))):
        doc = Doc(VOCAB, words=WORDS[: draw(st.integers(1, len(WORDS)))])
        places = draw(
            st.lists(st.tuples(st.integers(0, len(doc) - 1), st.integers(0, len(doc) - 1),
                               st.sampled_from(["ORG", "PER"])), max_size=6)
        )  # fmt: skip
        doc.spans["sc"] = [Span(doc, min(a, b), max(a, b) + 1, label) for a, b, label in places]
        docs.append(doc)
    return docs


@given(_docs(), st.integers(1, 9))
def test_coverage_counts_what_the_suggester_suggests(docs, max_length):
    suggested = build_ngram_range_suggester(1, max_length)(docs)
    lengths = count_lengths(docs, "sc")
    assert lengths.suggestions(max_length) == len(suggested.dataXd)
    reached, total = 0, 0
    for i, doc in enumerate(docs):
        places = {(int(a), int(b)) for a, b in suggested[i].dataXd}
        reached += sum((s.start, s.end) in places for s in doc.spans["sc"])
        total += len(doc.spans["sc"])
    assert (lengths.reached(max_length), lengths.spans.total()) == (reached, total)


@given(_docs(), st.integers(1, 9))
def test_coverage_rows_add_up_to_the_whole(docs, max_length):
    lengths = count_lengths(docs, "sc")
    for rows in (by_length(lengths, max_length), by_label(lengths, max_length)):
        assert sum(row.spans for row in rows) == lengths.spans.total()
        assert sum(row.reached for row in rows) == lengths.reached(max_length)
        assert max((row.longest for row in rows), default=0) == lengths.longest


def test_coverage_rows_name_what_is_out_of_reach():
    doc = Doc(VOCAB, words=WORDS)
    doc.spans["sc"] = [Span(doc, 0, 4, "ORG"), Span(doc, 0, 1, "LOC"), Span(doc, 5, 8, "PER")]
    lengths = count_lengths([doc], "sc")
    assert [(r.name, r.spans, r.reached) for r in by_length(lengths, 3)] == [
        ("1", 1, 1), ("3", 1, 1), ("4", 1, 0),
    ]  # fmt: skip
    assert [(r.name, r.share) for r in by_label(lengths, 3)] == [
        ("LOC", 1.0), ("ORG", 0.0), ("PER", 1.0),
    ]  # fmt: skip


def test_coverage_of_a_corpus_for_ner_counts_entities():
    doc = Doc(VOCAB, words=WORDS, ents=["B-ORG", "I-ORG", "O", "O", "O", "B-PER", "O", "O"])
    lengths = count_lengths([doc], None)
    assert lengths.spans == {("ORG", 2): 1, ("PER", 1): 1}
