"""Of spans that share tokens, the entities."""

from __future__ import annotations

import numpy as np
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span, SpanGroup
from spacy.util import filter_spans

from scripts.inference.resolve import (
    longest_first,
    resolve_spans,
    set_entities,
    span_categorizer,
)

WORDS = ["ঢাকা", "মেডিকেল", "কলেজ", "হাসপাতালে", "ড.", "করিম", "উদ্দিন", "এলেন"]
DOC = Doc(spacy.blank("bn").vocab, words=WORDS)

_spans = st.builds(
    lambda a, b, label: Span(DOC, min(a, b), max(a, b) + 1, label=label),
    st.integers(0, len(WORDS) - 1),
    st.integers(0, len(WORDS) - 1),
    st.sampled_from(["ORG", "PER", "LOC"]),
)
_scored = st.lists(st.tuples(_spans, st.sampled_from([0.5, 0.6, 0.75, 0.9, 1.0])), max_size=12)


def _touch(first: Span, second: Span) -> bool:
    return first.start < second.end and second.start < first.end


def _rank(span: Span, score: float) -> tuple[float, int, int, str]:
    return -score, -len(span), span.start, span.label_


@given(_scored)
def test_resolve_never_overlaps_and_leaves_out_nothing_that_is_free(scored):
    spans = [span for span, _ in scored]
    chosen = [spans[i] for i in resolve_spans(spans, [score for _, score in scored])]
    assert [span.start for span in chosen] == sorted(span.start for span in chosen)
    assert not any(_touch(a, b) for i, a in enumerate(chosen) for b in chosen[:i])
    assert all(any(_touch(span, one) for one in chosen) for span in spans)


@given(_scored)
def test_resolve_passes_over_a_span_for_a_better_one_alone(scored):
    spans, scores = [span for span, _ in scored], [score for _, score in scored]
    chosen = resolve_spans(spans, scores)
    for i in set(range(len(spans))) - set(chosen):
        rivals = [j for j in chosen if _touch(spans[i], spans[j])]
        assert any(_rank(spans[j], scores[j]) <= _rank(spans[i], scores[i]) for j in rivals)


@given(_scored, st.randoms(use_true_random=False))
def test_resolve_does_not_depend_on_the_order_of_spans(scored, random):
    def places(pairs):
        spans = [span for span, _ in pairs]
        chosen = resolve_spans(spans, [score for _, score in pairs])
        return [(spans[i].start, spans[i].end, spans[i].label_) for i in chosen]

    mixed = random.sample(scored, len(scored))
    assert places(mixed) == places(scored)


def test_resolve_takes_the_score_then_the_length_then_the_place():
    spans = [Span(DOC, 0, 4, "ORG"), Span(DOC, 0, 1, "LOC"), Span(DOC, 1, 3, "ORG")]
    assert resolve_spans(spans, [0.6, 0.9, 0.8]) == [1, 2]
    assert resolve_spans(spans, [0.9, 0.9, 0.9]) == [0]
    assert resolve_spans([Span(DOC, 5, 7, "PER"), Span(DOC, 4, 6, "PER")], [0.7, 0.7]) == [1]


@given(_scored)
def test_resolve_longest_first_is_filter_spans_but_for_ties(scored):
    spans = [span for span, _ in scored]
    # With one score for all, only length, place and label decide.
    chosen = [spans[i] for i in resolve_spans(spans, [0.5] * len(spans), longest=True)]
    assert [(s.start, s.end) for s in chosen] == [(s.start, s.end) for s in filter_spans(spans)]


def test_resolve_longest_first_takes_the_length_then_the_score():
    spans = [Span(DOC, 0, 4, "ORG"), Span(DOC, 0, 1, "LOC"), Span(DOC, 0, 4, "LOC")]
    assert resolve_spans(spans, [0.6, 0.9, 0.7], longest=True) == [2]
    assert resolve_spans(spans, [0.6, 0.9, 0.7]) == [1]


def test_resolve_is_longest_first_where_the_meta_says_so():
    nlp = spacy.blank("bn")
    assert not longest_first(nlp)
    nlp.meta["trained_on"] = {"entities": "best first"}
    assert not longest_first(nlp)
    nlp.meta["trained_on"] = {"entities": "longest first"}
    assert longest_first(nlp)


def test_resolve_sets_entities_with_their_scores():
    doc = Doc(DOC.vocab, words=WORDS)
    spans = [Span(doc, 4, 7, "PER"), Span(doc, 0, 1, "LOC"), Span(doc, 0, 4, "ORG")]
    group = SpanGroup(doc, name="sc", spans=spans, attrs={"scores": np.array([0.6, 0.8, 0.9])})
    doc.spans["sc"] = group
    assert set_entities(doc, "sc") == (0.9, 0.6)
    assert [(e.start, e.end, e.label_) for e in doc.ents] == [(0, 4, "ORG"), (4, 7, "PER")]


def test_resolve_nothing_suggested_is_no_entity():
    doc = Doc(DOC.vocab, words=[])
    doc.spans["sc"] = SpanGroup(doc, name="sc")
    assert set_entities(doc, "sc") == ()
    assert doc.ents == ()


def test_resolve_a_ner_is_not_a_span_categorizer():
    nlp = spacy.blank("bn")
    assert span_categorizer(nlp) is None
    nlp.add_pipe("spancat", name="names")
    assert span_categorizer(nlp).name == "names"
    nlp.add_pipe("ner")
    assert span_categorizer(nlp) is None
