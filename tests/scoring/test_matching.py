import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.annotations.records import Span
from scripts.scoring.matching import disagreements, match_spans

PER, LOC = "PER", "LOC"


def S(start, end, label=PER):
    return Span(start, end, label)


spans = st.builds(
    lambda start, size, label: S(start, start + size, label),
    st.integers(0, 30), st.integers(1, 6), st.sampled_from([PER, LOC]),
)  # fmt: skip


@given(st.lists(spans, max_size=8), st.lists(spans, max_size=8))
def test_match_spans_accounts_for_every_span_once(gold, predicted):
    match = match_spans(gold, predicted)
    assert sorted(match.correct + match.missed) == sorted(set(gold))
    assert sorted(match.correct + match.spurious) == sorted(set(predicted))


@given(st.lists(spans, max_size=8), st.lists(spans, max_size=8))
def test_disagreements_use_every_wrong_span_once(gold, predicted):
    match = match_spans(gold, predicted)
    pairs = disagreements(match)
    assert sorted(p.gold for p in pairs if p.gold) == list(match.missed)
    assert sorted(p.predicted for p in pairs if p.predicted) == list(match.spurious)


@pytest.mark.parametrize(
    ("gold", "predicted", "kinds"),
    [
        ([S(0, 4)], [S(0, 4, LOC)], ["label"]),
        ([S(0, 4)], [S(0, 6)], ["boundary"]),
        ([S(0, 4)], [S(2, 6, LOC)], ["boundary"]),
        ([S(0, 4)], [S(4, 6)], ["missed", "spurious"]),
        ([S(0, 4), S(5, 9)], [S(0, 9)], ["boundary", "missed"]),
        ([S(0, 4)], [S(0, 4)], []),
    ],
)
def test_disagreements_kinds(gold, predicted, kinds):
    assert [p.kind for p in disagreements(match_spans(gold, predicted))] == kinds


def test_match_spans_does_not_judge_predictions_on_missing_annotation():
    match = match_spans([S(0, 4)], [S(0, 4), S(6, 9), S(12, 14)], missing=[(8, 11)])
    assert match.unjudged == (S(6, 9),)
    assert match.spurious == (S(12, 14),)


def test_match_spans_counts_a_gold_span_that_touches_missing_annotation():
    assert match_spans([S(0, 4)], [S(0, 4)], missing=[(2, 8)]).correct == (S(0, 4),)


def test_disagreements_prefer_the_same_label_where_overlaps_are_equal():
    pairs = disagreements(match_spans([S(0, 4, LOC)], [S(0, 2), S(2, 4, LOC)]))
    assert [(p.kind, p.predicted) for p in pairs] == [
        ("spurious", S(0, 2)),
        ("boundary", S(2, 4, LOC)),
    ]
