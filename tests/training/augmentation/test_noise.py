"""Noise made by augmenty, or by a stand-in for one of its augmenters."""

from __future__ import annotations

import random
import sys

import pytest
from spacy.tokens import Doc
from spacy.training import Example

import scripts.training.registered  # noqa: F401
from scripts.common.errors import UserError
from scripts.corpora.tokenizer import build_tokenizer
from scripts.pipelines.sections import read_section
from scripts.training.augmentation.edits import apply_edits
from scripts.training.augmentation.examples import make_example
from scripts.training.augmentation.noise import WordNoise, create_word_noise

from .helpers import annotated, example

NLP = build_tokenizer("bn")
TEXT = "মোহাম্মদ করিম ঢাকায় গেলেন আজ রাতে"


def doc():
    names = [("মোহাম্মদ করিম", "PER"), ("ঢাকায়", "LOC")]
    return annotated(NLP, TEXT, names, ["আজ"], names)


def loud(nlp, given):
    """Doubles one random word and forgets the blank after it, as augmenty would."""
    words = [token.text for token in given.reference]
    spaces = [bool(token.whitespace_) for token in given.reference]
    at = random.randrange(len(words))
    words[at] *= 2
    spaces[at] = False
    yield Example(given.predicted, Doc(nlp.vocab, words=words, spaces=spaces))


def test_noise_is_put_into_the_text_word_by_word():
    noise, seen = WordNoise("loud", loud), set()
    for seed in range(30):
        edits = noise.edits(doc(), random.Random(seed))
        seen.add(apply_edits(TEXT, edits))
    words = TEXT.split()
    blanks = [*[" "] * (len(words) - 1), ""]
    expected = set()
    for at in range(len(words)):
        new = [word * 2 if i == at else word for i, word in enumerate(words)]
        gaps = ["" if i == at else blank for i, blank in enumerate(blanks)]
        expected.add("".join(w + b for w, b in zip(new, gaps, strict=True)))
    assert seen == expected


def test_noise_draws_from_its_own_generator():
    random.seed(9)
    state = random.getstate()
    made = [WordNoise("loud", loud).edits(doc(), random.Random(4)) for _ in range(2)]
    assert random.getstate() == state
    assert made[0] == made[1]


def test_noise_that_changes_the_number_of_words_is_refused():
    def inserting(nlp, given):
        yield Example(given.predicted, Doc(nlp.vocab, words=["ক"] * 99))

    with pytest.raises(UserError, match="does not keep the words"):
        WordNoise("token_insert_v1", inserting).edits(doc(), random.Random(0))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("token_swap_v1", {"level": 0.02}),
        ("duplicate_token_v1", {"level": 0.02}),
    ],
)
def test_noise_that_moves_words_is_refused_before_training(augmenty, name, given):
    with pytest.raises(UserError, match="does not keep the words"):
        create_word_noise(name, given)


def test_noise_without_augmenty_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "augmenty", None)
    with pytest.raises(UserError, match="requirements-augment.txt"):
        create_word_noise("char_replace_v1", {"level": 0.1})


@pytest.fixture
def augmenty():
    return pytest.importorskip("augmenty", reason="requirements-augment.txt is not installed")


@pytest.mark.parametrize("section", ["typing_noise", "spacing_noise"])
def test_noise_of_the_sections_keeps_names_and_missing_tokens(augmenty, section):
    block = read_section(section)["training"]["batcher"]["augmenters"][section]
    noise = create_word_noise(block["name"], {**block["settings"], "level": 0.2})
    changed = 0
    for seed in range(40):
        old = doc()
        edits = noise.edits(old, random.Random(seed))
        made = make_example(example(NLP, old), edits, NLP.make_doc)
        if made is None:
            continue
        new = made.reference
        changed += new.text != TEXT
        assert [ent.label_ for ent in new.ents] == ["PER", "LOC"]
        assert [s.text for s in new.spans["sc"]] == [ent.text for ent in new.ents]
        assert len(new.ents[1].text) == len("ঢাকায়")
        assert [token.ent_iob for token in new].count(0) == 1
    assert changed > 2


def test_noise_augmenty_alone_teaches_missing_tokens_as_outside(augmenty):
    """The reason for carrying the annotation ourselves; should it fail, look at it again."""
    augmenter = augmenty.load("char_replace_v1", level=0.0, replace={})
    old = annotated(NLP, TEXT, [("ঢাকায়", "LOC")], ["আজ"])
    (made,) = augmenter(NLP, example(NLP, old))
    assert example(NLP, old).get_aligned_ner()[4] is None
    assert made.get_aligned_ner()[4] == "O"


def test_noise_augmenty_alone_fails_on_span_groups(augmenty):
    augmenter = augmenty.load("remove_spacing_v1", level=1.0)
    with pytest.raises(ValueError, match="E855"):
        list(augmenter(NLP, example(NLP, doc())))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("no_such_v1", {}),
        ("char_replace_v1", {"colour": 1}),
        ("keystroke_error_v1", {"level": 0.1, "keyboard": "bn_v1"}),
        ("char_replace_v1", {"level": "0.1", "replace": {}}),
    ],
)
def test_noise_unknown_name_or_settings_are_refused(augmenty, name, given):
    with pytest.raises(UserError, match="augmenty cannot make"):
        create_word_noise(name, given)
