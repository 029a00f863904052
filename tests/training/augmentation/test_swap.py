"""Entity swap."""

from __future__ import annotations

import random

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.common.errors import UserError
from scripts.corpora.tokenizer import build_tokenizer
from scripts.training.augmentation.edits import apply_edits
from scripts.training.augmentation.examples import make_example
from scripts.training.augmentation.letters import composed
from scripts.training.augmentation.suffixes import CASES, add_case
from scripts.training.augmentation.swap import EntitySwap

from .helpers import annotated, example

NLP = build_tokenizer("bn")
PEOPLE = ("করিম", "শেখ হাসিনা", "আলী", "রোকেয়া", "মুহম্মদ জাফর ইকবাল", "লালন")
PLACES = ("ঢাকা", "সিলেট", "দিল্লি", "মুম্বাই", "হংকং")
NAMES = [*((n, "PER") for n in PEOPLE), *((n, "LOC") for n in PLACES)]
# As convert finds them: no apostrophe or hyphen, which the tokenizer may part.
WRITTEN = [case for case in CASES if "with" not in case]


def swap_of(*docs, level=1.0):
    swap = EntitySwap(level)
    swap.prepare(docs)
    return swap


def bare_names(nlp=NLP):
    return [annotated(nlp, name, [(name, label)]) for name, label in NAMES]


@st.composite
def texts(draw):
    """Words between names in all cases, as a list of (words, label or None, case)."""
    pieces = []
    for _ in range(draw(st.integers(1, 6))):
        filler = draw(st.sampled_from(["গতকাল", "গেলেন,", "‘বলেন", "এবং", "(৩৫)", "।"]))
        pieces.append((filler, None, None))
        name, label = draw(st.sampled_from(NAMES))
        case = draw(st.sampled_from([None, *WRITTEN]))
        pieces.append((name if case is None else add_case(composed(name), case), label, case))
    return pieces


def build(pieces):
    text = " ".join(words for words, _, _ in pieces)
    doc = NLP.make_doc(text)
    ents, place = [], 0
    for words, label, _ in pieces:
        if label:
            ents.append(doc.char_span(place, place + len(words), label=label))
        place += len(words) + 1
    doc.set_ents(ents, default="outside")
    return doc


@settings(max_examples=60, deadline=None)
@given(texts(), st.integers(0, 99))
def test_swap_keeps_spans_labels_cases_and_the_text_around_them(pieces, seed):
    doc = build(pieces)
    swap = swap_of(*bare_names(), doc)
    edits = swap.edits(doc, random.Random(seed))
    new = make_example(example(NLP, doc), edits, NLP.make_doc)
    assert new is not None and edits
    ents = new.reference.ents
    assert [e.label_ for e in ents] == [e.label_ for e in doc.ents]
    outside = [doc.text[a:b] for a, b in gaps(doc)]
    assert outside == [new.reference.text[a:b] for a, b in gaps(new.reference)]
    changed = {edit.start for edit in edits}
    cases = [case for _, label, case in pieces if label]
    for old, ent, case in zip(doc.ents, ents, cases, strict=True):
        pool = {composed(n) for n, label in NAMES if label == ent.label_}
        forms = {n if case is None else add_case(n, case) for n in pool}
        assert composed(ent.text) in forms if old.start_char in changed else ent.text == old.text


def gaps(doc):
    edges = [0, *(edge for e in doc.ents for edge in (e.start_char, e.end_char)), len(doc.text)]
    return list(zip(edges[::2], edges[1::2], strict=True))


def test_swap_gives_another_name_in_the_same_case():
    doc = annotated(NLP, "করিমের বাড়ি", [("করিমের", "PER")])
    swap = swap_of(
        annotated(NLP, "করিম", [("করিম", "PER")]), annotated(NLP, "হাসিনা", [("হাসিনা", "PER")]), doc
    )
    (edit,) = swap.edits(doc, random.Random(0))
    assert edit.text == "হাসিনার"


@pytest.mark.parametrize(
    ("text", "written"),
    [("ঢাকায় বৃষ্টি", "খুলনায়"), ("ঢাকা\u09af\u09bc বৃষ্টি", "খুলনা\u09af\u09bc"),
     ("ঢাকা\u09df বৃষ্টি", "খুলনা\u09df")],
)  # fmt: skip
def test_swap_writes_letters_as_the_text_does(text, written):
    doc = annotated(NLP, text, [(text.split()[0], "LOC")])
    places = [annotated(NLP, name, [(name, "LOC")]) for name in ("ঢাকা", "খুলনা")]
    (edit,) = swap_of(*places, doc).edits(doc, random.Random(0))
    assert edit.text == written


def test_swap_leaves_a_name_whose_case_is_not_sure():
    doc = annotated(NLP, "হায়দার এলেন", [("হায়দার", "PER")])
    assert swap_of(*bare_names(), doc).edits(doc, random.Random(0)) == []


def test_swap_leaves_names_beside_missing_tokens_and_under_other_spans():
    around = bare_names()
    beside = annotated(NLP, "করিম সাহেব ঢাকা যান", [("করিম", "PER"), ("ঢাকা", "LOC")], ["সাহেব"])
    nested = annotated(
        NLP, "আলী ঢাকা ব্যাংক থেকে", [("ঢাকা ব্যাংক", "ORG")], group=[("ঢাকা ব্যাংক", "ORG"), ("ঢাকা", "LOC")]
    )
    banks = annotated(NLP, "সোনালী ব্যাংক", [("সোনালী ব্যাংক", "ORG")])
    swap = swap_of(*around, beside, nested, banks)
    # Both names stand beside the missing word.
    assert swap.edits(beside, random.Random(0)) == []
    assert swap.edits(nested, random.Random(0)) == []


def test_swap_carries_span_groups_and_missing_tokens():
    names = [("করিম", "PER"), ("ঢাকা", "LOC")]
    doc = annotated(NLP, "করিম গতকাল ঢাকা যান কেন তা কে জানে", names, ["জানে"], names)
    swap = swap_of(*bare_names(), doc)
    new = make_example(example(NLP, doc), swap.edits(doc, random.Random(3)), NLP.make_doc).reference
    assert [(s.text, s.label_) for s in new.spans["sc"]] == [(e.text, e.label_) for e in new.ents]
    assert new.ents[0].text != "করিম"
    assert [t.text for t in new if t.ent_iob == 0] == ["জানে"]


def test_swap_same_name_gets_the_same_new_one_throughout_a_text():
    doc = annotated(NLP, "করিম বলেন। পরে করিমের ভাই", [("করিম", "PER"), ("করিমের", "PER")])
    assert len(doc.ents) == 2
    for seed in range(20):
        edits = swap_of(*bare_names(), doc).edits(doc, random.Random(seed))
        stem = composed(edits[0].text)
        assert composed(edits[1].text) == add_case(stem, "genitive")


def test_swap_other_languages_have_no_suffixes():
    nlp = spacy.blank("en")
    docs = [annotated(nlp, f"{n} slept", [(n, "PER")]) for n in ("Jane Austen", "Kabir")]
    swap = swap_of(*docs)
    (edit,) = swap.edits(docs[1], random.Random(0))
    assert apply_edits(docs[1].text, [edit]) == "Jane Austen slept"


def test_swap_pools_do_not_depend_on_the_order_of_the_texts():
    docs = bare_names()
    assert swap_of(*docs).names.pools == swap_of(*reversed(docs)).names.pools


def test_swap_with_nothing_to_swap_changes_nothing():
    doc = annotated(NLP, "করিম এলেন", [("করিম", "PER")])
    assert swap_of(doc).edits(doc, random.Random(0)) == []


@pytest.mark.parametrize("level", [0, -1, 1.5])
def test_swap_level_that_is_no_share_is_refused(level):
    with pytest.raises(UserError, match="share of the names"):
        EntitySwap(level)
