from types import SimpleNamespace

import numpy as np
import pytest
from spacy.tokens import Doc

from scripts.inference.unseen import unseen_tokens, watch_encoder


class _Pipe:
    """As much of a transformer as is watched."""

    def __init__(self, limit):
        self.model = SimpleNamespace(tokenizer=SimpleNamespace(model_max_length=limit))
        self.called = 0

    def set_extra_annotations(self, docs, batch):
        self.called += 1


@pytest.fixture
def doc(nlp):
    if not Doc.has_extension("trf_data"):
        Doc.set_extension("trf_data", default=None)
    made = nlp.make_doc("করিম ঢাকায়  থাকেন আজ")
    # Four words and the white space between two of them; the last two words have no wordpiece.
    made._.trf_data = SimpleNamespace(
        wordpieces=SimpleNamespace(attention_mask=np.ones((1, 6)), lengths=[99]),
        align=SimpleNamespace(lengths=np.array([2, 2, 0, 0, 0])),
    )
    return made


def test_marking_counts_the_tokens_that_a_full_encoder_did_not_see(doc):
    pipe = _Pipe(limit=6)
    for _ in range(2):
        watch_encoder(SimpleNamespace(pipeline=[("transformer", pipe), ("ner", object())]))
    pipe.set_extra_annotations([doc], None)
    assert [t.text.isspace() for t in doc] == [False, False, True, False, False]
    assert unseen_tokens(doc) == 2 and pipe.called == 1


def test_marking_takes_no_dropped_sign_for_one_that_was_cut_off(doc):
    pipe = _Pipe(limit=7)
    watch_encoder(SimpleNamespace(pipeline=[("transformer", pipe)]))
    pipe.set_extra_annotations([doc], None)
    assert unseen_tokens(doc) == 0
