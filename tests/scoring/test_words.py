from hypothesis import given
from hypothesis import strategies as st

from scripts.annotations.records import Span
from scripts.corpora.gold import GoldRecord
from scripts.scoring.evaluation import Prediction, evaluate_predictions
from scripts.scoring.words import as_words, tally_words, words_of

TEXT = "রহিম  ঢাকা-য় থাকেন।"


def test_words_of_keeps_signs_within_a_word():
    assert [TEXT[start:end] for start, end in words_of(TEXT)] == ["রহিম", "ঢাকা-য়", "থাকেন।"]


@given(st.text())
def test_words_of_are_those_of_split(text):
    assert [text[start:end] for start, end in words_of(text)] == text.split()


def _tallies(gold, predicted, missing=()):
    return tally_words([as_words(TEXT, gold, predicted, missing)]).tolist()[0]


def test_tally_words_counts_all_and_those_not_o():
    gold = [Span(0, 4, "PER"), Span(6, 10, "LOC")]
    assert _tallies(gold, [Span(0, 4, "PER")]) == [[2, 3], [1, 2]]


def test_tally_words_does_not_ask_for_the_edges_within_a_word():
    assert _tallies([Span(6, 10, "LOC")], [Span(6, 12, "LOC")]) == [[3, 3], [1, 1]]


def test_tally_words_knows_no_b_and_i():
    gold, predicted = [Span(0, 12, "PER")], [Span(0, 4, "PER"), Span(6, 12, "PER")]
    assert _tallies(gold, predicted) == [[3, 3], [2, 2]]


def test_tally_words_leaves_out_words_that_touch_missing_annotation():
    assert _tallies([], [Span(6, 10, "LOC")], [(8, 9)]) == [[2, 2], [0, 0]]


def test_evaluation_word_level_does_not_depend_on_the_tokens_of_the_model():
    def scores(*tokens):
        span = Span(6, 10, "LOC")
        gold = GoldRecord(id="1", source="a:1", text=TEXT, ents=(span,), missing=(), given=(span,))
        prediction = Prediction(tokens=tokens, ents=(Span(6, 10, "LOC"),))
        found, _ = evaluate_predictions([gold], [prediction], resamples=100, seed=0)
        return found["word_level"]

    coarse = scores((0, 4), (6, 12), (13, 19))
    assert coarse == scores((0, 4), (6, 10), (10, 12), (13, 18), (18, 19))
    assert (coarse["accuracy"], coarse["words"]) == (1.0, 3)
    assert (coarse["accuracy_not_o"], coarse["words_not_o"]) == (1.0, 1)


def test_evaluation_word_level_without_a_word_is_undefined():
    gold = GoldRecord(id="1", source="a:1", text=" ", ents=(), missing=(), given=())
    found, _ = evaluate_predictions([gold], [Prediction((), ())], resamples=100, seed=0)
    assert found["word_level"]["accuracy"] is None
    assert found["word_level"]["accuracy_not_o"] is None
