import pytest

from scripts.annotations.records import Span
from scripts.quality.judging import judge

GOOD = {"text": "রহিম ঢাকায় থাকেন", "label": [[0, 4, "PER"], [5, 11, "LOC"]]}


def spoilt(*label):
    return {**GOOD, "label": [list(span) for span in label]}


def judged(training_set, taught, record, least=0.5):
    texts = training_set([record]).texts
    return judge([taught], texts, least=least)


def test_judge_finds_nothing_where_the_gold_is_as_learned(training_set, taught):
    assert judged(training_set, taught, GOOD) == []


@pytest.mark.parametrize(
    ("label", "kind", "gold", "suggestion"),
    [
        ([(0, 4, "PER")], "missed", None, Span(5, 11, "LOC")),
        ([(0, 4, "PER"), (5, 11, "LOC"), (12, 17, "LOC")], "spurious", Span(12, 17, "LOC"), None),
        ([(0, 4, "PER"), (5, 11, "PER")], "label", Span(5, 11, "PER"), Span(5, 11, "LOC")),
        ([(0, 4, "PER"), (5, 17, "LOC")], "boundary", Span(5, 17, "LOC"), Span(5, 11, "LOC")),
    ],
)
def test_judge_finds_each_kind_with_the_right_suggestion(
    training_set, taught, label, kind, gold, suggestion
):
    found = judged(training_set, taught, spoilt(*label))
    assert [(s.kind, s.gold, s.suggestion) for s in found] == [(kind, gold, suggestion)]
    assert found[0].confidence > 0.5


def test_judge_does_not_judge_what_is_missing(training_set, taught):
    record = {**spoilt((0, 4, "PER")), "missing": [[5, 11]]}
    assert judged(training_set, taught, record) == []


def test_judge_counts_a_label_unknown_to_the_pipeline_as_improbable(training_set, taught):
    found = judged(training_set, taught, spoilt((0, 4, "PRE"), (5, 11, "LOC")))
    assert [(s.gold, s.suggestion) for s in found] == [(Span(0, 4, "PRE"), Span(0, 4, "PER"))]
    assert found[0].confidence == pytest.approx(1)


def test_judge_averages_several_pipelines(training_set, taught):
    texts = training_set([spoilt((0, 4, "PER"))]).texts
    one, two = judge([taught], texts, least=0), judge([taught, taught], texts, least=0)
    assert [s.suggestion for s in one] == [s.suggestion for s in two]
    assert [s.confidence for s in one] == pytest.approx([s.confidence for s in two])


def test_judge_gives_the_confidence_of_the_worst_token(training_set, taught):
    record = {"text": "রহিম ঢাকায় কাজ করেন", "label": [[0, 4, "PER"], [5, 20, "LOC"]]}
    found = judged(training_set, taught, record, least=0)
    own = next(s for s in found if s.gold == Span(5, 20, "LOC"))
    # Given the wrong beginning, the last token is sure; the mistake is where it began.
    assert own.confidence > 0.5
    assert own.suggestion == Span(5, 11, "LOC")
