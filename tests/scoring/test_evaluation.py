import json
from dataclasses import replace

import pytest

from scripts.annotations.records import Span
from scripts.common.errors import UserError
from scripts.corpora.gold import GoldRecord
from scripts.scoring.confusion import confusion
from scripts.scoring.datasets import dataset_rows
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


def test_evaluation_per_document_counts_sum_to_micro_and_to_labels():
    gold = [
        _gold(given=[], ents=[Span(0, 6, "PER"), Span(13, 18, "LOC")]),
        _gold(given=[], ents=[]),
        _gold(given=[], ents=[Span(13, 18, "LOC")]),
    ]
    predictions = [_prediction(Span(0, 6, "PER"), Span(7, 12, "LOC")), _prediction(),
                   _prediction(Span(13, 18, "PER"))]  # fmt: skip
    scores, _ = evaluate_predictions(gold, predictions, resamples=100, seed=0)
    assert scores["per_document"] == [[1, 1, 1], [0, 0, 0], [0, 1, 1]]
    stored = scores["per_document_labels"]
    assert stored["labels"] == ["LOC", "PER"]
    assert stored["counts"] == [[0, 0, 0, 1, 1], [0, 1, 1, 0, 0], [2, 0, 0, 0, 1], [2, 1, 0, 1, 0]]
    micro = scores["gold"]["repaired"]["micro"]
    assert [micro[k] for k in ("tp", "fp", "fn")] == [1, 2, 2]


def test_evaluation_strict_measure_slices_and_micro_are_one_score():
    gold = [_gold(given=[Span(0, 6, "PER")], ents=[Span(0, 6, "PER"), Span(13, 18, "LOC")])]
    scores, _ = evaluate_predictions(
        gold, [_prediction(Span(0, 6, "PER"))], surfaces={}, resamples=100, seed=0
    )
    repaired = scores["gold"]["repaired"]
    for name in ("p", "r", "f", "f_ci"):
        assert repaired["measures"]["strict"][name] == repaired["micro"][name]
    for parts in scores["slices"].values():
        assert sum(part["tp"] for part in parts) == repaired["micro"]["tp"]
        assert sum(part["gold"] for part in parts) == repaired["spans"]
    assert scores["slices"]["surface"][0]["name"] == "unseen"


def test_evaluation_has_the_same_bytes_for_the_same_seed():
    gold = [_gold(given=[], ents=[Span(0, 6, "PER")]) for _ in range(9)]
    predictions = [_prediction(*[Span(0, 6, "PER")][: i % 2]) for i in range(9)]
    first, second = (
        json.dumps(evaluate_predictions(gold, predictions, resamples=200, seed=1)) for _ in "ab"
    )
    assert first == second


def test_evaluation_of_no_texts_at_all():
    scores, errors = evaluate_predictions([], [], surfaces={}, resamples=100, seed=0)
    assert scores["gold"]["repaired"]["micro"]["f"] is None
    assert scores["token_level"]["accuracy"] is None
    assert errors == []


def test_dataset_rows_of_one_set_and_of_several():
    assert dataset_rows([_gold([], [])] * 2, "dev") == {"dev": [0, 1]}
    gold = [replace(_gold([], []), dataset=name) for name in ("web a/b", "সংবাদ", "web a/b")]
    assert list(dataset_rows(gold, "test").items()) == [
        ("test-web_a_b", [0, 2]),
        ("test-সংবাদ", [1]),
        ("test", [0, 1, 2]),
    ]


def test_dataset_rows_refuses_names_that_are_one_file():
    gold = [replace(_gold([], []), dataset=name) for name in ("News", "news")]
    with pytest.raises(UserError, match="News, news"):
        dataset_rows(gold, "test")
