from collections import Counter

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from scripts.common.errors import UserError
from scripts.corpora.docbins import read_docs
from scripts.quality.folds import assign_folds, write_fold_corpus
from scripts.quality.texts import label_counts


@given(st.lists(st.integers(0, 20), min_size=5, max_size=60), st.integers(2, 5), st.integers(0, 3))
def test_assign_folds_never_divides_a_group(groups, folds, seed):
    labels = [{0: 1}] * len(groups)
    try:
        chosen = assign_folds(groups, labels, folds, seed)
    except UserError:
        return
    homes = {}
    for group, fold in zip(groups, chosen, strict=True):
        assert homes.setdefault(group, fold) == fold
    assert set(chosen) == set(range(folds))


def test_assign_folds_refuses_too_few_groups():
    with pytest.raises(UserError, match="do not fill 5 folds"):
        assign_folds([1, 1, 1, 2, 2, 2], [{}] * 6, 5, 0)


def test_assign_folds_spreads_texts_and_labels():
    labels = [{0: 1, **({1: 1} if i % 10 == 0 else {})} for i in range(200)]
    folds = assign_folds(range(200), labels, 5, 0)
    assert set(Counter(folds).values()) == {40}
    assert set(Counter(f for f, own in zip(folds, labels, strict=True) if 1 in own).values()) == {4}


def test_training_set_groups_parts_of_a_document_and_near_duplicates(training_set):
    long = "রহিম ঢাকায় থাকেন এবং প্রতিদিন সকালে নদীর ধারে হাঁটতে বের হন"
    records = [
        {"text": long, "label": [[0, 4, "PER"]]},
        {"text": long + "।", "label": []},
        {"text": "প্রথম ভাগ", "label": [], "doc": "d"},
        {"text": "আর এক ভাগ", "label": [], "doc": "d"},
        {"text": "কিছুই নয়", "label": []},
    ]
    groups = training_set(records).groups
    assert groups[0] == groups[1]
    assert groups[2] == groups[3]
    assert len(set(groups)) == 3


def test_write_fold_corpus_keeps_every_text_once(training_set, sentences, nlp, tmp_path):
    training = training_set(sentences)
    write_fold_corpus(tmp_path / "c", training.texts, training.groups, nlp, fold=0, seed=0)
    names = ("train", "dev")
    docs = [doc for name in names
            for doc in read_docs([tmp_path / "c" / f"{name}.spacy"], nlp.vocab)]  # fmt: skip
    assert sorted(doc.text for doc in docs) == sorted(record["text"] for record in sentences)
    assert all({ent.label_ for ent in doc.ents} == {"PER", "LOC"} for doc in docs)
    assert spacy.load(tmp_path / "c" / "tokenizer").lang == "bn"
    assert label_counts(training.texts)[0] == {0: 1, 1: 1}
