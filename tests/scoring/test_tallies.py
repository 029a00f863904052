import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.scorer import PRFScore

from scripts.annotations.records import Span
from scripts.scoring.scores import score_table
from scripts.scoring.tallies import prf

spans = st.lists(
    st.builds(
        lambda start, size, label: Span(start, start + size, label),
        st.integers(0, 12), st.integers(1, 3), st.sampled_from(["PER", "LOC"]),
    ),
    max_size=6,
)  # fmt: skip


@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=6))
def test_score_table_micro_is_that_of_spacys_scorer(strict_sample, docs):
    scorer = PRFScore()
    for gold, predicted in docs:
        scorer.score_set(set(predicted), set(gold))
    micro = score_table(*strict_sample(docs))["micro"]
    assert (micro["tp"], micro["fp"], micro["fn"]) == (scorer.tp, scorer.fp, scorer.fn)
    for ours, theirs in ((micro["p"], scorer.precision), (micro["r"], scorer.recall),
                         (micro["f"], scorer.fscore)):  # fmt: skip
        assert ours is None or ours == pytest.approx(theirs, abs=1e-6)


def test_prf_is_undefined_without_spans():
    assert np.isnan(prf(np.zeros(4))).all()


def test_prf_takes_found_and_right_apart():
    # Two of four gold spans found, one of two predictions right: P and R are both a half.
    assert prf(np.array([2.0, 4.0, 1.0, 2.0])).tolist() == [0.5, 0.5, 0.5]
    # Gold of the label was found, under another label only.
    assert prf(np.array([1.0, 1.0, 0.0, 0.0]))[2] == 0


def test_score_table_macro_is_the_mean_over_labels_and_weighted_that_over_gold_spans(strict_sample):
    gold = [Span(0, 1, "PER"), Span(2, 3, "PER"), Span(4, 5, "LOC")]
    predicted = [Span(0, 1, "PER"), Span(2, 3, "PER"), Span(6, 7, "LOC")]
    table = score_table(*strict_sample([(gold, predicted)]))
    assert table["labels"]["PER"]["f"] == 1.0
    assert table["labels"]["LOC"]["f"] == 0.0
    assert table["macro"]["f"] == 0.5
    assert table["weighted"]["f"] == pytest.approx(2 / 3, abs=1e-6)
    assert table["micro"]["f"] == pytest.approx(2 / 3, abs=1e-6)


def test_score_table_without_any_span(strict_sample):
    table = score_table(*strict_sample([([], [])]))
    assert table["micro"]["f"] is None
    assert table["macro"]["f"] is None
    assert table["labels"] == {}
