"""Where a span categorizer begins."""

from __future__ import annotations

import numpy as np
import pytest
import spacy
from spacy.training import Example
from spacy.util import registry

from scripts.common.errors import UserError
from scripts.training.prior import spancat_prior


def _pipeline(factory: str = "spancat") -> spacy.Language:
    nlp = spacy.blank("bn")
    nlp.add_pipe(factory)
    doc = nlp.make_doc("করিম ঢাকায় থাকেন এবং সেখানেই কাজ করেন")
    doc.spans["sc"] = [doc.char_span(0, 4, label="PER"), doc.char_span(5, 11, label="LOC")]
    nlp.initialize(lambda: [Example(nlp.make_doc(doc.text), doc)])
    return nlp


def _scores(nlp: spacy.Language) -> np.ndarray:
    """Probabilities of all suggestions and labels."""
    pipe = nlp.get_pipe("spancat")
    return pipe.predict([nlp.make_doc("করিম ঢাকায় থাকেন এবং সেখানেই কাজ করেন")])[1]


def test_prior_is_where_the_scores_begin():
    nlp = _pipeline()
    before = _scores(nlp).mean()
    spancat_prior(0.01)(nlp)
    assert before > 0.2
    assert 0.001 < _scores(nlp).mean() < 0.05


def test_prior_leaves_trained_weights_alone():
    nlp = _pipeline()
    spancat_prior(0.2)(nlp)
    trained = _scores(nlp)
    spancat_prior(0.01)(nlp)
    assert np.array_equal(_scores(nlp), trained)


def test_prior_is_registered_for_configs():
    assert registry.callbacks.get("spans.spancat_prior.v1") is spancat_prior


@pytest.mark.parametrize("prior", [0, 1, -0.1, 2])
def test_prior_must_be_a_probability(prior):
    with pytest.raises(UserError, match="probability"):
        spancat_prior(prior)


@pytest.mark.parametrize("factory", ["ner", "spancat_singlelabel"])
def test_prior_needs_a_logistic_output(factory):
    nlp = spacy.blank("bn")
    nlp.add_pipe(factory)
    with pytest.raises(UserError, match="no span categorizer"):
        spancat_prior()(nlp)
