"""The measures of SemEval-2013 task 9.1, against values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.records import Span
from scripts.scoring.bootstrap import Sample
from scripts.scoring.matching import match_spans
from scripts.scoring.measures import MEASURES, outcomes, tally_labels
from scripts.scoring.scores import measure_table
from scripts.scoring.spans import align

PER, LOC = "PER", "LOC"


def S(start, end, label=PER):
    return Span(start, end, label)


def table(*docs):
    aligned = align([match_spans(gold, predicted) for gold, predicted in docs])
    judged = {n: (o, tally_labels(aligned, o)) for n, o in outcomes(aligned).items()}
    counts = np.stack([tallies.sum(axis=1) for _, tallies in judged.values()], axis=1)
    return measure_table(aligned, judged, Sample(counts, counts.sum(axis=0, keepdims=True)))


def counts(scores):
    return tuple(scores[k] for k in ("correct", "incorrect", "partial", "missed", "spurious"))


@pytest.mark.parametrize(
    ("gold", "predicted", "strict", "exact", "partial", "type_"),
    [
        ([S(0, 4)], [S(0, 4)], (1, 0, 0), (1, 0, 0), (1, 0, 0), (1, 0, 0)),
        ([S(0, 4)], [S(0, 4, LOC)], (0, 1, 0), (1, 0, 0), (1, 0, 0), (0, 1, 0)),
        ([S(0, 4)], [S(0, 6)], (0, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 0)),
        ([S(0, 4)], [S(2, 6, LOC)], (0, 1, 0), (0, 1, 0), (0, 0, 1), (0, 1, 0)),
    ],
)
def test_measures_of_one_pair(gold, predicted, strict, exact, partial, type_):
    scores = table((gold, predicted))
    expected = {"strict": strict, "exact": exact, "partial": partial, "type": type_}
    for name, triple in expected.items():
        assert counts(scores[name]) == (*triple, 0, 0)


def test_measures_of_a_worked_example():
    # Two documents. First: right; label wrong; boundary wrong; missed. Second: boundary and
    # label wrong; spurious.
    first = ([S(0, 2), S(4, 6, LOC), S(8, 12), S(14, 15)], [S(0, 2), S(4, 6), S(8, 10)])
    second = ([S(0, 4)], [S(1, 4, LOC), S(6, 7)])
    scores = table(first, second)
    assert counts(scores["strict"]) == (1, 3, 0, 1, 1)
    assert counts(scores["exact"]) == (2, 2, 0, 1, 1)
    assert counts(scores["partial"]) == (2, 0, 2, 1, 1)
    assert counts(scores["type"]) == (2, 2, 0, 1, 1)
    assert counts(scores["left"]) == (2, 0, 0, 3, 3)
    assert counts(scores["right"]) == (1, 0, 0, 4, 4)
    assert (scores["partial"]["possible"], scores["partial"]["actual"]) == (5, 5)
    # (2 + 2 / 2) / 5
    assert (scores["partial"]["p"], scores["partial"]["r"]) == (0.6, 0.6)
    # LOC: its gold span was found by a PER, and the LOC predicted overlaps a PER.
    assert scores["exact"]["labels"][LOC] == {"p": 0.0, "r": 1.0, "f": 0.0}
    assert scores["partial"]["labels"][LOC]["p"] == 0.5


def test_measures_partial_of_two_documents_is_that_of_one():
    # nervaluate 1.1 has F 0.5 for one document here and 0.0 for two.
    half = ([S(0, 4)], [S(0, 6)])
    assert table(half)["partial"]["f"] == table(half, half)["partial"]["f"] == 0.5


def test_measures_pair_spans_within_a_document_only():
    scores = table(([S(0, 4)], []), ([], [S(0, 4)]))
    for name in MEASURES:
        assert scores[name]["f"] == 0


def test_measures_pair_a_span_once():
    scores = table(([S(0, 10)], [S(0, 4), S(5, 10)]))
    assert counts(scores["partial"]) == (0, 0, 1, 0, 1)
    assert scores["left"]["correct"] == scores["right"]["correct"] == 1


def test_measures_left_of_overlapping_gold_counts_each_span_once():
    scores = table(([S(0, 4), S(0, 8)], [S(0, 6)]))
    assert scores["left"]["correct"] == 1


def test_measures_left_predictions_on_missing_annotation_unjudged():
    aligned = align([match_spans([S(0, 4)], [S(6, 9)], missing=[(8, 11)])])
    assert len(aligned.predicted) == 0


spans = st.lists(
    st.builds(lambda s, n, label: S(s, s + n, label), st.integers(0, 20), st.integers(1, 6),
              st.sampled_from([PER, LOC])),
    max_size=7,
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=4))
def test_measures_keep_their_order_and_their_sums(docs):
    scores = table(*docs)
    gold = sum(len(set(g)) for g, _ in docs)
    predicted = sum(len(set(p)) for _, p in docs)
    for values in scores.values():
        right = values["correct"] + values["incorrect"] + values["partial"]
        assert right + values["missed"] == values["possible"] == gold
        assert right + values["spurious"] == values["actual"] == predicted
    correct = {name: scores[name]["correct"] for name in MEASURES}
    for looser in ("exact", "type", "left", "right"):
        assert correct["strict"] <= correct[looser]
    if gold or predicted:
        assert scores["exact"]["f"] <= scores["partial"]["f"]
