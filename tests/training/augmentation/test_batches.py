"""Batches with texts that are changed anew in every epoch."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import DocBin
from spacy.training import Corpus
from thinc.api import Config

from scripts.common.errors import UserError
from scripts.corpora.tokenizer import build_tokenizer
from scripts.training.augmentation.batches import AugmentedBatches, create_augmented_batches
from scripts.training.augmentation.edits import Edit
from scripts.training.augmentation.examples import make_example, missing_runs, scratch_tokenizer
from scripts.training.augmentation.swap import EntitySwap

from .helpers import annotated, example

ROOT = Path(__file__).resolve().parents[3]
NLP = build_tokenizer("bn")
PEOPLE = ("করিম", "হাসিনা", "আলী", "রোকেয়া", "লালন", "জসীম", "নজরুল", "সুফিয়া")


class Glue:
    """Takes all blanks away."""

    def prepare(self, docs):
        pass

    def edits(self, doc, rng):
        return [Edit(i, i + 1, "") for i, letter in enumerate(doc.text) if letter == " "]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokenizer")
    NLP.to_disk(path)
    return path


@pytest.fixture(scope="module")
def examples():
    docs = [annotated(NLP, f"গতকাল {n} (৩৫) এলেন।তিনি ভালো", [(n, "PER")]) for n in PEOPLE]
    return [example(NLP, doc) for doc in docs]


def in_twos(examples):
    batch = []
    for each in examples:
        batch.append(each)
        if len(batch) == 2:
            yield batch
            batch = []
    if batch:
        yield batch


def batches(tokenizer, level=0.5, seed=0, **augmenters):
    augmenters = augmenters or {"entity_swap": EntitySwap(1.0)}
    return AugmentedBatches(in_twos, augmenters, tokenizer, level, seed)


def texts(made):
    return [each.reference.text for batch in made for each in batch]


def test_batches_differ_between_epochs_and_not_between_runs(tokenizer, examples):
    first, second = batches(tokenizer), batches(tokenizer)
    runs = [[texts(made(examples)) for _ in range(4)] for made in (first, second)]
    assert runs[0] == runs[1]
    assert len({tuple(epoch) for epoch in runs[0]}) == 4
    assert texts(batches(tokenizer, seed=1)(examples)) != runs[0][0]


def test_batches_leave_the_examples_and_their_order_as_they_are(tokenizer, examples):
    before = [(each, each.reference.text) for each in examples]
    made = [each for batch in batches(tokenizer)(examples) for each in batch]
    assert before == [(each, each.reference.text) for each in examples]
    untouched = [new is old for new, old in zip(made, examples, strict=True)]
    assert any(untouched) and not all(untouched)


def test_batches_level_one_changes_all(tokenizer, examples):
    made = batches(tokenizer, level=1.0)
    before = [each.reference.text for each in examples]
    assert all(new != old for new, old in zip(texts(made(examples)), before, strict=True))
    assert made.counts == {"texts": 8, "drawn": 8, "changed": 8}


def test_batches_do_not_draw_from_the_numbers_that_spacy_shuffles_by(tokenizer, examples):
    random.seed(5)
    state = random.getstate()
    texts(batches(tokenizer)(examples))
    assert random.getstate() == state


@pytest.mark.project
def test_batches_do_not_depend_on_the_hash_seed(tokenizer, tmp_path, examples):
    DocBin(docs=[each.reference for each in examples]).to_disk(tmp_path / "train.spacy")
    code = (
        "import sys, spacy; from spacy.training import Corpus;"
        "from scripts.training.augmentation.batches import AugmentedBatches as A;"
        "from scripts.training.augmentation.swap import EntitySwap as S;"
        "nlp = spacy.load(sys.argv[1]); examples = list(Corpus(sys.argv[2])(nlp));"
        "made = A(lambda e: [list(e)], {'s': S(1.0)}, sys.argv[1], 0.5, 0);"
        "print(ascii([e.reference.text for b in made(examples) for e in b]))"
    )
    # This process has another hash seed, of its own.
    said = subprocess.run(
        [sys.executable, "-c", code, str(tokenizer), str(tmp_path / "train.spacy")],
        env={**os.environ, "PYTHONHASHSEED": "1"}, cwd=ROOT, text=True, capture_output=True,
        check=True,
    ).stdout  # fmt: skip
    assert said.strip() == ascii(texts(batches(tokenizer)(examples)))


def test_batches_cut_words_as_the_pipeline_does(tokenizer, examples):
    for batch in batches(tokenizer, level=1.0)(examples):
        for each in batch:
            expected = [token.text for token in NLP.make_doc(each.reference.text)]
            assert [token.text for token in each.predicted] == expected
            assert [token.text for token in each.reference] == expected
            assert "।" in expected


def test_batches_change_whose_spans_fit_no_tokens_is_not_used(tokenizer, examples, caplog):
    made = batches(tokenizer, level=1.0, glue=Glue())
    with caplog.at_level(logging.INFO, "spacy"):
        assert texts(made(examples)) == [each.reference.text for each in examples]
    assert made.counts == {"texts": 8, "drawn": 8, "unusable": 8, "changed": 0}
    assert "8 changes not used" in caplog.text
    assert caplog.records[0].levelname == "WARNING"


def test_batches_unusable_change_does_not_undo_the_one_before(tokenizer, examples):
    made = batches(tokenizer, level=1.0, entity_swap=EntitySwap(1.0), glue=Glue())
    assert " ".join(texts(made(examples))).count(" ") > 8
    assert made.counts["changed"] == made.counts["unusable"] == 8


def test_batches_keep_new_words_out_of_the_pipelines_vocabulary(tokenizer):
    nlp = build_tokenizer("bn")
    docs = [annotated(nlp, f"{n} এলেন", [(n, "PER")]) for n in ("করিমের", "করিম", "হাসিনা")]
    before = len(nlp.vocab.strings)
    made = texts(batches(tokenizer, level=1.0)([example(nlp, doc) for doc in docs]))
    assert any("হাসিনার" in text for text in made)
    assert "হাসিনার" not in nlp.vocab.strings
    assert len(nlp.vocab.strings) == before


def test_batches_scratch_vocabulary_has_the_vectors_of_the_pipeline(tokenizer):
    vocab = build_tokenizer("bn").vocab
    vocab.set_vector("করিম", np.ones(4, dtype="f"))
    scratch = scratch_tokenizer(tokenizer, vocab)
    assert scratch.vocab is not vocab
    assert scratch.make_doc("করিম")[0].vector.tolist() == [1, 1, 1, 1]
    assert scratch.make_doc("করিম").vocab.lang == "bn"


WORDS = ("করিম", "এলেন", "।", "(৩৫)", "ঢাকা", "😀")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(WORDS), st.sampled_from(["", "PER", "LOC", "?"])), min_size=1
    ),
    st.data(),
)
def test_batches_changed_words_keep_ents_missing_tokens_and_groups(words, data):
    """Words are replaced anywhere, in names too: the annotation goes with them."""
    doc = NLP.make_doc(" ".join(word for word, _ in words))
    spans, place = [], 0
    for word, label in words:
        spans.append(doc.char_span(place, place + len(word), label=label.strip("?")))
        place += len(word) + 1
    marks = [label for _, label in words]
    ents = [span for span, mark in zip(spans, marks, strict=True) if mark not in ("", "?")]
    missing = [span for span, mark in zip(spans, marks, strict=True) if mark == "?"]
    doc.set_ents(ents, missing=missing, default="outside")
    doc.spans["sc"] = ents
    news = [data.draw(st.sampled_from([None, "রহিমা", "ক", "খ গ"])) for _ in words]
    edits = [
        Edit(span.start_char, span.end_char, new)
        for span, new in zip(spans, news, strict=True)
        if new
    ]
    became = [new or word for new, (word, _) in zip(news, words, strict=True)]
    made = make_example(example(NLP, doc), edits, NLP.make_doc).reference
    expected = [(w, mark) for w, mark in zip(became, marks, strict=True) if mark not in ("", "?")]
    assert made.text == " ".join(became)
    assert [(ent.text, ent.label_) for ent in made.ents] == expected
    assert [(ent.text, ent.label_) for ent in made.spans["sc"]] == expected
    unknown = " ".join(run.text for run in missing_runs(made)).split()
    assert unknown == " ".join(w for w, m in zip(became, marks, strict=True) if m == "?").split()


def test_batches_streamed_training_set_is_refused(tokenizer, examples):
    with pytest.raises(UserError, match="streamed"):
        next(batches(tokenizer)(iter(examples)))


@pytest.mark.parametrize(
    ("level", "augmenters"), [(0, {"a": Glue()}), (1.2, {"a": Glue()}), (1, {})]
)
def test_batches_senseless_settings_are_refused(tokenizer, level, augmenters):
    with pytest.raises(UserError):
        create_augmented_batches(in_twos, augmenters, tokenizer, level, 0)


@pytest.mark.project
def test_batches_training_with_the_section_gives_a_plain_pipeline(tmp_path):
    """Five steps of scripts.train on a part of the sample; model-best needs nothing of ours."""
    lines = (ROOT / "assets/sample/train.jsonl").read_text(encoding="utf8").splitlines()[:60]
    (tmp_path / "train.jsonl").write_text("\n".join(lines), encoding="utf8")
    dev = ROOT / "assets/sample/dev.jsonl"
    corpus, output = tmp_path / "corpus", tmp_path / "training"
    convert = [
        "scripts.convert", "--train", tmp_path / "train.jsonl", "--dev", dev, "--output", corpus
    ]  # fmt: skip
    train = [
        "scripts.train", "configs/ner_cpu.cfg", "--with", "augment", "--corpus", corpus, "--output",
        output, "--gpu-id", "-1", "--training.max_steps", "5", "--training.eval_frequency", "5",
    ]  # fmt: skip
    for words in (convert, train):
        subprocess.run(
            [sys.executable, "-m", *map(str, words)], cwd=ROOT, check=True, capture_output=True
        )
    config = Config().from_disk(output / "model-best" / "config.cfg")
    batcher = config["training"]["batcher"]
    assert batcher["@batchers"] == "spans.augmented_batches.v1"
    assert batcher["batcher"]["@batchers"] == "spacy.batch_by_words.v1"
    # In a process that has not imported the project, from a directory outside of it.
    load = "import spacy, sys; print(spacy.load(sys.argv[1]).pipe_names)"
    done = subprocess.run(
        [sys.executable, "-c", load, str(output / "model-best")], cwd=tmp_path, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["['tok2vec',", "'ner']"]
    # Dev is read by spaCy's own reader, which no section touches.
    assert config["corpora"]["dev"]["augmenter"] is None
    docs = list(DocBin().from_disk(corpus / "dev.spacy").get_docs(spacy.blank("bn").vocab))
    read = list(Corpus(corpus / "dev.spacy")(spacy.blank("bn")))
    assert [each.reference.text for each in read] == [doc.text for doc in docs]
