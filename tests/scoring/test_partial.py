"""Scores on texts whose annotators looked for some labels only."""

from __future__ import annotations

import pytest
from hypothesis import given

from scripts.annotations.records import Span
from scripts.corpora.gold import GoldRecord
from scripts.scoring.calibration import judge
from scripts.scoring.evaluation import Prediction, evaluate_predictions
from scripts.scoring.matching import match_spans
from scripts.scoring.partial import judgeable

from .corpora import LABELS, documents

TEXT = "করিম ঈদে ঢাকায় গেল"
TOKENS = ((0, 4), (5, 8), (9, 15), (16, 19))
PER, FEAST, PLACE = Span(0, 4, "PER"), Span(5, 8, "MISC"), Span(9, 15, "LOC")


def _gold(ents, annotated):
    return GoldRecord("test.jsonl:1", None, TEXT, tuple(ents), tuple(ents), (),
                      annotated=annotated)  # fmt: skip


def _scores(ents, annotated, *predicted):
    record = _gold(ents, annotated)
    return evaluate_predictions([record], [Prediction(TOKENS, predicted)], resamples=100, seed=0)


@pytest.mark.parametrize("gold", ["repaired", "as_given"])
def test_partial_label_that_was_not_annotated_is_not_judged_on_either_gold(gold):
    scores, errors = _scores([PER], frozenset({"PER"}), PER, FEAST)
    assert scores["gold"][gold]["micro"]["p"] == 1.0
    assert scores["unjudged"] == 1
    assert errors == []


def test_partial_annotated_label_counts_as_usual():
    scores, errors = _scores([PER], frozenset({"PER", "MISC"}), PER, FEAST)
    assert scores["gold"]["repaired"]["micro"]["p"] == 0.5
    assert scores["unjudged"] == 0
    assert [error["kind"] for error in errors[0]["errors"]] == ["spurious"]


def test_partial_tokens_of_an_unjudged_prediction_are_left_out():
    scores, _ = _scores([PER], frozenset({"PER"}), PER, FEAST)
    assert scores["token_accuracy"] == 1.0
    assert scores["token_level"]["micro"]["p"] == 1.0
    assert "MISC" not in scores["token_level"]["labels"]
    assert scores["word_level"]["accuracy"] == 1.0


def test_partial_entity_under_an_unjudged_prediction_is_missed():
    wide = Span(0, 8, "MISC")
    scores, _ = _scores([PER], frozenset({"PER"}), wide)
    assert scores["gold"]["repaired"]["micro"]["r"] == 0.0
    assert scores["token_level"]["micro"]["r"] == 0.0
    # Three tokens are judged: the name, which is not found, and two that are no entity.
    assert scores["token_accuracy"] == pytest.approx(2 / 3, abs=1e-6)


def test_partial_calibration_does_not_learn_from_what_is_not_judged():
    found = judge([_gold([PER], frozenset({"PER"}))], [{PER: 0.9, FEAST: 0.8, PLACE: 0.7}])
    assert found.confidence.tolist() == [0.9]
    assert found.unjudged == 2


@given(documents())
def test_partial_scores_are_those_without_the_other_labels(document):
    gold, predicted, size = document
    annotated = frozenset(LABELS[:2])
    own = [span for span in gold if span.label in annotated]
    match = match_spans(own, predicted, (), annotated)
    plain = match_spans(own, [span for span in predicted if span.label in annotated])
    assert (match.correct, match.missed, match.spurious) == (
        plain.correct, plain.missed, plain.spurious,
    )  # fmt: skip
    assert {span.label for span in match.unjudged} <= {LABELS[2]}
    record = GoldRecord("x:1", None, "ক" * size, tuple(own), tuple(own), (), annotated=annotated)
    kept, places = judgeable(record, predicted)
    marked = {i for span in own for i in range(span.start, span.end)}
    other = {i for s in predicted if s.label == LABELS[2] for i in range(s.start, s.end)}
    assert set(kept) == {span for span in predicted if span.label in annotated}
    assert {i for a, b in places for i in range(a, b)} == other - marked
