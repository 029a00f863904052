from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from scripts.encoders.normalise import csebuetnlp_rules, is_cased, keep_signs, put_in_front

from . import CHARACTERS, make_tokenizer

BANGLA = st.sampled_from([chr(code) for code in range(0x0985, 0x09F0)])
MIXED = st.text(
    st.one_of(
        BANGLA,
        BANGLA,
        st.sampled_from(" \n\u00a0\u200b\u200c\u200d\u00ad\ufeff।৷—–…‘’“”«»👍🏽🇧🇩éÅ½①ﬁ،"),
        st.characters(min_codepoint=0x20, max_codepoint=0x1FFF, exclude_categories=("Cs",)),
    ),
    max_size=40,
)


@pytest.fixture(scope="module")
def tokenizer():
    made = make_tokenizer(["কলকাতা", "বাড়ি"])
    put_in_front(made, "csebuetnlp")
    return made


def normalise(text: str) -> str:
    for rule in csebuetnlp_rules():
        text = rule.normalize_str(text)
    return text


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("\u09df \u09dc \u09dd", "\u09af\u09bc \u09a1\u09bc \u09a2\u09bc"),
        ("\u0995\u09c7\u09be \u0995\u09c7\u09d7", "\u0995\u09cb \u0995\u09cc"),
        ("\u0995\u09c7\u0981\u09be", "\u0995\u09cb\u0981"),
        ("\u0995\u09c7\u0981\u09d7", "\u0995\u09cc\u0981"),
        ("\u0985\u09be\u09ae\u09bf", "\u0986\u09ae\u09bf"),
        ("\u09ac\u09bc", "\u09b0"),
        ("\u2018\u0995\u2019 \u201c\u0995\u201d \u00ab\u0995\u00bb `\u0995\u00b4", None),
        ("\u0995\u2014\u0996 \u2013", "\u0995 - \u0996 -"),
        ("\u0995\u09f7", "\u0995\u0964"),
        ("\u2026\uff0c\uff10\u3001\u2236", "...,0,:"),
        ("\u0995\u00ad\u200b\u0996", "\u0995\u0996"),
        ("\u00c5ngstr\u00f6m \u0141\u00f3d\u017a \u00d8", "Angstrom Lodz O"),
    ],
)
def test_normalise_follows_each_rule_of_csebuetnlp(raw, expected):
    expected = expected or "'\u0995' \"\u0995\" \"\u0995\" '\u0995'"
    assert normalise(raw) == expected


@pytest.mark.parametrize("text", ["কুমিল্লা চট্টগ্রাম ঋণ হৃদয় চাঁদ উৎসব", "Ελλάδα й ё हिन्दी 日本"])
def test_normalise_leaves_other_text_in_nfkc(text):
    assert normalise(text) == unicodedata.normalize("NFKC", text)


@given(MIXED)
@settings(max_examples=200, deadline=None)
def test_normalise_keeps_offsets_inside_the_raw_text_and_in_order(tokenizer, text):
    offsets = tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)[
        "offset_mapping"
    ]
    assert all(0 <= start < end <= len(text) for start, end in offsets)
    assert [start for start, _ in offsets] == sorted(start for start, _ in offsets)


@given(MIXED)
@settings(max_examples=200, deadline=None)
def test_normalise_leaves_no_letter_without_a_wordpiece(tokenizer, text):
    offsets = tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)[
        "offset_mapping"
    ]
    covered = {place for start, end in offsets for place in range(start, end)}
    # A letter and its marks may become one character, which then covers one place of them.
    for cluster in clusters(text):
        shown = normalise("".join(text[place] for place in cluster))
        if any(not is_dropped(character) for character in shown):
            assert covered & set(cluster), (text, cluster)


def clusters(text: str) -> list[list[int]]:
    groups: list[list[int]] = []
    for place, character in enumerate(text):
        if groups and unicodedata.category(character).startswith("M"):
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def is_dropped(character: str) -> bool:
    return (
        character.isspace()
        or unicodedata.category(character) in ("Cc", "Cf", "Co", "Cn")
        or unicodedata.category(character).startswith("M")
    )


@given(st.lists(BANGLA, min_size=1, max_size=12).map("".join))
@settings(max_examples=200, deadline=None)
def test_normalise_makes_composed_and_decomposed_spellings_one(tokenizer, word):
    composed = word.replace("\u09af\u09bc", "\u09df").replace("\u09a1\u09bc", "\u09dc")
    decomposed = unicodedata.normalize("NFD", word)
    assert tokenizer(composed)["input_ids"] == tokenizer(decomposed)["input_ids"]


def test_normalise_without_rules_keeps_the_spellings_apart():
    plain = make_tokenizer(characters=[c for c in CHARACTERS if c != "\u09dc"])
    assert plain("\u09ac\u09dc")["input_ids"] != plain("\u09ac\u09a1\u09bc")["input_ids"]


def test_normalise_put_in_front_twice_changes_nothing(tokenizer):
    before = tokenizer.backend_tokenizer.to_str()
    put_in_front(tokenizer, "csebuetnlp")
    assert tokenizer.backend_tokenizer.to_str() == before


def test_normalise_survives_saving(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert loaded.tokenize("\u09dc") == tokenizer.tokenize("\u09a1\u09bc") == ["\u09a1", "##\u09bc"]


@pytest.mark.parametrize("electra", [True, False])
def test_keep_signs_mends_a_tokenizer_that_drops_what_its_vocabulary_holds(tmp_path, electra):
    words = ["কু", "##মি", "##ল্", "##লা"]
    tokenizer = make_tokenizer(words, do_lower_case=True, electra=electra)
    assert "\u09c1" not in "".join(tokenizer.tokenize("কুমিল্লা"))
    assert "strip_accents" in keep_signs(tokenizer)
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert loaded.tokenize("কুমিল্লা") == ["কু", "##মি", "##ল্", "##লা"]
    assert not is_cased(loaded)


def test_keep_signs_leaves_an_encoder_trained_without_signs():
    characters = [c for c in CHARACTERS if unicodedata.category(c) != "Mn"]
    tokenizer = make_tokenizer(characters=characters, do_lower_case=True)
    assert "drops" in keep_signs(tokenizer)
    assert tokenizer.tokenize("কু") == ["ক"]


def test_keep_signs_says_nothing_of_a_good_tokenizer(tokenizer):
    assert keep_signs(tokenizer) is None


def test_bert_normaliser_drops_joiners_and_keeps_the_offsets_around_them(tokenizer):
    encoded = tokenizer(
        "\u0995\u09cd\u200d\u09b7", return_offsets_mapping=True, add_special_tokens=False
    )
    assert encoded.tokens() == ["\u0995", "##\u09cd", "##\u09b7"]
    assert encoded["offset_mapping"] == [(0, 1), (1, 2), (3, 4)]
