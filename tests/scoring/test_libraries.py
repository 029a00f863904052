"""Strict scores are those of seqeval (strict mode, IOB2) and of conlleval.

They differ by definition only where nothing is there to divide by: a score is None here, 0 in
seqeval, and conlleval has P = 1 without predictions and R = 0 without gold.
"""

import random
import sys
import warnings

import conlleval
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.records import Span
from scripts.scoring.scores import score_table
from scripts.scoring.tokens import Tagged, iob_tags, tag_tokens, tally_tags

from .corpora import documents, random_document, tokens_of

# Ten thousand documents.
pytestmark = pytest.mark.project


def _tags(docs):
    gold = [iob_tags(tokens_of(size), spans) for spans, _, size in docs]
    predicted = [iob_tags(tokens_of(size), spans) for _, spans, size in docs]
    return gold, predicted


@pytest.fixture(scope="module", autouse=True)
def scikit_learn():
    """Lets seqeval find scikit-learn, which is hidden from the other tests."""
    if sys.modules.get("sklearn", ...) is None:
        del sys.modules["sklearn"]


def _seqeval(docs):
    from seqeval.metrics import classification_report
    from seqeval.scheme import IOB2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return classification_report(
            *_tags(docs), mode="strict", scheme=IOB2, output_dict=True, zero_division=0
        )


def _conlleval(docs):
    lines = []
    for gold, predicted in zip(*_tags(docs), strict=True):
        lines += [f"w {a} {b}" for a, b in zip(gold, predicted, strict=True)] + [""]
    return conlleval.evaluate(lines)


def _table(docs, strict_sample):
    return score_table(*strict_sample([(gold, predicted) for gold, predicted, _ in docs]))


def _assert_seqeval(docs, table):
    theirs = _seqeval(docs)
    ours = {f"{name} avg": table[name] for name in ("micro", "macro", "weighted")}
    ours |= table["labels"]
    assert set(theirs) == set(ours)
    for name, scores in theirs.items():
        values = [ours[name][key] or 0 for key in "prf"]
        expected = [scores[key] for key in ("precision", "recall", "f1-score")]
        assert values == pytest.approx(expected, abs=1e-6)
    for label, scores in table["labels"].items():
        assert scores["tp"] + scores["fn"] == theirs[label]["support"]


def _assert_conlleval(docs, table):
    theirs = _conlleval(docs)
    chunks = {"micro": theirs["overall"]["chunks"], **theirs["slots"]["chunks"]}
    assert set(chunks) == {"micro", *table["labels"]}
    for name, result in chunks.items():
        ours = table["micro"] if name == "micro" else table["labels"][name]
        stats, evals = result["stats"], result["evals"]
        counts = ours["tp"], ours["tp"] + ours["fp"], ours["tp"] + ours["fn"]
        assert counts == (stats["correct"], stats["pred"], stats["gold"])
        p = 1 if ours["p"] is None else ours["p"]
        assert (p, ours["r"] or 0) == pytest.approx((evals["prec"], evals["rec"]), abs=1e-6)
        assert (ours["f"] or 0) == pytest.approx(evals["f1"], abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=6))
def test_scores_are_those_of_seqeval_and_conlleval(strict_sample, docs):
    table = _table(docs, strict_sample)
    if table["labels"]:
        _assert_seqeval(docs, table)
    _assert_conlleval(docs, table)


def test_scores_are_those_of_seqeval_and_conlleval_on_10_000_documents(strict_sample):
    rng = random.Random(20260101)
    docs = [random_document(rng) for _ in range(10_000)]
    table = _table(docs, strict_sample)
    assert min(table["micro"][name] for name in ("tp", "fp", "fn")) > 1000
    _assert_seqeval(docs, table)
    _assert_conlleval(docs, table)


@settings(max_examples=60, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=6))
def test_token_accuracy_is_that_of_conlleval(docs):
    tagged = tag_tokens([Tagged(tokens_of(n), gold, guess) for gold, guess, n in docs])
    total = tally_tags(tagged).sum(axis=(0, 1))
    theirs = _conlleval(docs)["overall"]["tags"]["stats"]
    assert (total[0], total[1]) == (theirs["correct"], theirs["gold"])


def test_scores_without_predictions_are_undefined_where_the_libraries_have_0_or_1(strict_sample):
    docs = [([Span(0, 1, "PER")], [], 2)]
    ours = _table(docs, strict_sample)["micro"]
    assert (ours["p"], ours["r"], ours["f"]) == (None, 0.0, 0.0)
    theirs = _seqeval(docs)["micro avg"]
    assert (theirs["precision"], theirs["recall"], theirs["f1-score"]) == (0, 0, 0)
    assert _conlleval(docs)["overall"]["chunks"]["evals"] == {"prec": 1, "rec": 0, "f1": 0}
