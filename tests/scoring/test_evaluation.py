from scripts.annotations.records import Span
from scripts.corpora.gold import GoldRecord
from scripts.scoring.confusion import confusion
from scripts.scoring.evaluation import Prediction, evaluate_predictions
from scripts.scoring.matching import match_spans

TEXT = "করিমের বাড়ি ঢাকায়"


def _gold(given, ents, missing=()):
    return GoldRecord("dev.jsonl:1", "7", TEXT, tuple(given), tuple(ents), tuple(missing))


def _prediction(*ents):
    return Prediction(tokens=((0, 6), (7, 12), (13, 18)), ents=ents)


def test_evaluation_scores_repaired_gold_and_gold_as_given_apart():
    # The annotator stopped before the case suffix: repaired to the token, as given not reachable.
    gold = _gold(given=[Span(0, 4, "PER")], ents=[Span(0, 6, "PER")])
    scores, errors = evaluate_predictions(
        [gold], [_prediction(Span(0, 6, "PER"))], resamples=100, seed=0
    )
    assert scores["gold"]["repaired"]["micro"]["f"] == 1.0
    assert scores["gold"]["as_given"]["micro"]["f"] == 0.0
    assert scores["token_accuracy"] == 1.0
    assert errors == []


def test_evaluation_leaves_missing_tokens_out_of_token_accuracy():
    gold = _gold(given=[], ents=[], missing=[(0, 6)])
    scores, errors = evaluate_predictions(
        [gold], [_prediction(Span(0, 6, "PER"))], resamples=100, seed=0
    )
    assert scores["token_accuracy"] == 1.0
    assert scores["unjudged"] == 1
    assert errors == []


def test_evaluation_lists_errors_with_their_kind():
    gold = _gold(given=[Span(13, 18, "LOC")], ents=[Span(13, 18, "LOC")])
    _, errors = evaluate_predictions(
        [gold], [_prediction(Span(13, 18, "ORG"), Span(0, 6, "PER"))], resamples=100, seed=0
    )
    assert [error["kind"] for error in errors[0]["errors"]] == ["spurious", "label"]
    assert errors[0]["text"] == TEXT


def test_confusion_counts_label_missed_and_spurious():
    matches = [
        match_spans([Span(0, 1, "A"), Span(2, 3, "A")], [Span(0, 1, "B"), Span(5, 6, "B")]),
        match_spans([Span(0, 1, "A")], [Span(0, 1, "A")]),
    ]
    assert confusion(matches) == {"labels": ["A", "B"], "matrix": [[1, 1, 1], [0, 0, 0], [0, 1, 0]]}
