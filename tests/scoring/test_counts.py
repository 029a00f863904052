import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.scorer import PRFScore

from scripts.annotations.records import Span
from scripts.scoring.counts import bootstrap, count_matches, prf, score_table
from scripts.scoring.matching import match_spans

spans = st.lists(
    st.builds(
        lambda start, size, label: Span(start, start + size, label),
        st.integers(0, 12), st.integers(1, 3), st.sampled_from(["PER", "LOC"]),
    ),
    max_size=6,
)  # fmt: skip


@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=6))
def test_score_table_micro_is_that_of_spacys_scorer(docs):
    scorer = PRFScore()
    for gold, predicted in docs:
        scorer.score_set(set(predicted), set(gold))
    counts = count_matches([match_spans(g, p) for g, p in docs])
    micro = score_table(counts, resamples=100, seed=0)["micro"]
    assert (micro["tp"], micro["fp"], micro["fn"]) == (scorer.tp, scorer.fp, scorer.fn)
    for ours, theirs in ((micro["p"], scorer.precision), (micro["r"], scorer.recall),
                         (micro["f"], scorer.fscore)):  # fmt: skip
        assert ours is None or ours == pytest.approx(theirs, abs=1e-6)


def test_prf_is_undefined_without_spans():
    assert np.isnan(prf(np.array(0.0), np.array(0.0), np.array(0.0))).all()


def test_score_table_macro_is_the_mean_over_labels():
    gold = [Span(0, 1, "PER"), Span(2, 3, "PER"), Span(4, 5, "LOC")]
    predicted = [Span(0, 1, "PER"), Span(2, 3, "PER"), Span(6, 7, "LOC")]
    table = score_table(count_matches([match_spans(gold, predicted)]), resamples=100, seed=0)
    assert table["labels"]["PER"]["f"] == 1.0
    assert table["labels"]["LOC"]["f"] == 0.0
    assert table["macro"]["f"] == 0.5
    assert table["micro"]["f"] == pytest.approx(2 / 3, abs=1e-6)


def test_bootstrap_interval_of_known_width():
    # One span a document, found with probability 0.7: recall is binomial, so that the interval
    # must be near 0.7 ± 1.96 sqrt(0.7 · 0.3 / 400) = 0.7 ± 0.045.
    found, lost = [Span(0, 1, "PER")], []
    docs = [match_spans(found, found if i % 10 < 7 else lost) for i in range(400)]
    low, high = score_table(count_matches(docs), resamples=4000, seed=0)["micro"]["r_ci"]
    assert low == pytest.approx(0.655, abs=0.008)
    assert high == pytest.approx(0.745, abs=0.008)


def test_bootstrap_draws_as_many_documents_and_depends_on_the_seed_alone():
    docs = [match_spans([Span(0, 1, "PER")], []) for _ in range(17)]
    counts = count_matches(docs)
    drawn = bootstrap(counts, 300, seed=3)
    assert (drawn[:, 0, 2] == 17).all()
    assert (drawn == bootstrap(counts, 300, seed=3)).all()


def test_score_table_without_any_span():
    table = score_table(count_matches([match_spans([], [])]), resamples=100, seed=0)
    assert table["micro"]["f"] is None
    assert table["labels"] == {}
