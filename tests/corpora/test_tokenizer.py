"""The tokenizer: where Bangla words part, and that no character is ever lost."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.common.errors import UserError
from scripts.corpora.tokenizer import build_tokenizer, token_edges

tokenizer = cache(build_tokenizer)

# Text, and its tokens parted by "·"; a blank between tokens is left out.
BANGLA = {
    "danda": ("ব্যাংক।তিনি", "ব্যাংক·।·তিনি"),
    "U+09F7 for a danda": ("ব্যাংক\u09f7তিনি", "ব্যাংক·\u09f7·তিনি"),
    "double danda": ("ভক্তি॥হরি", "ভক্তি·॥·হরি"),
    "bar for a danda": ("ব্যাংক|তিনি", "ব্যাংক·|·তিনি"),
    "danda before a quote": ("বলেন।“আমি", "বলেন·।·“·আমি"),
    "comma and quote": ("বলেন,‘আমি", "বলেন·,·‘·আমি"),
    "colon and quote": ("বলেন:‘আমি’", "বলেন·:·‘·আমি·’"),
    "semicolon": ("আসেন;যান", "আসেন·;·যান"),
    "brackets": ("করিমের(৩৫)", "করিমের·(·৩৫·)"),
    "bracket after bracket": ("করিম(৩৫)(নেতা)", "করিম·(·৩৫·)·(·নেতা·)"),
    "square brackets": ("ধারা[১]", "ধারা·[·১·]"),
    "apostrophe": ("হাসিনা'র", "হাসিনা·'·র"),
    "curly apostrophe": ("করিম’র", "করিম·’·র"),
    "taka after": ("১০০৳", "১০০·৳"),
    "taka before": ("৳১০০", "৳·১০০"),
    "title": ("ড.ইউনূস", "ড.·ইউনূস"),
    "title and blank": ("ড. ইউনূস", "ড.·ইউনূস"),
    "title with visarga": ("ডঃ ইউনূস", "ডঃ·ইউনূস"),
    "short for Mohammad": ("মো. করিম", "মো.·করিম"),
    "full stop without blank": ("করেন.তিনি", "করেন·.·তিনি"),
    "question mark without blank": ("যাবে?না", "যাবে·?·না"),
    "exclamation mark without blank": ("বাহ!বেশ", "বাহ·!·বেশ"),
    "slash": ("ঢাকা/খুলনা", "ঢাকা·/·খুলনা"),
    "hyphen": ("ঢাকা-খুলনা", "ঢাকা·-·খুলনা"),
    "suffix after a hyphen": ("কলেজ-এর", "কলেজ·-·এর"),
    "en dash": ("ঢাকা–খুলনা", "ঢাকা·–·খুলনা"),
    "em dash": ("ঢাকা—খুলনা", "ঢাকা·—·খুলনা"),
    "initials": ("এ.কে.এম", "এ.কে.এম"),
    "initials with their last dot": ("এ.কে.এম. রহমান", "এ.কে.এম·.·রহমান"),
    "unit": ("১০ কি.মি. দূরে", "১০·কি.মি.·দূরে"),
    "decimal": ("৩.১৪", "৩.১৪"),
    "percent": ("৫০%", "৫০%"),
    "smiley": ("ঢাকা :)", "ঢাকা·:)"),
    "dots": ("ঢাকা...", "ঢাকা·..."),
}

WHOLE = {
    "URL": "https://example.com/a?b=1",
    "URL with Bangla": "https://example.com/ঢাকা?খ=১",
    "bare host": "www.example.com",
    "e-mail": "a.b@example.com",
    "ZWJ in a word": "র\u200d্যাব",
    "ZWJ after a virama": "ক্\u200dষ",
    "ZWJ at the end, after a virama": "হঠাত্\u200d",
    "ZWNJ in a word": "ক্\u200cক",
    "ZWNJ between letters": "বই\u200cমেলা",
    "number with comma": "1,000",
    "Bangla number with comma": "১০,০০০",
    "number with colon": "10:30",
}

# Invisible, and no part of a word at its edge.
APART = {
    "BOM": "\ufeff",
    "ZWSP": "\u200b",
    "word joiner": "\u2060",
    "ZWNJ": "\u200c",
    "ZWJ": "\u200d",
    "NBSP": "\u00a0",
}

texts = st.lists(
    st.one_of(
        st.sampled_from(["ঢাকা", "ক্ষ", "য়", "ড.", "১০০", "৳", "।", "’", "(", "Inc.", "a@b.com"]),
        st.sampled_from(list("ঢাকা্ -.,:;!?/\n\r\t\u00a0\u200b\u200c\u200d\u2028\ufeff😀\x00'\"")),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=20,
).map("".join)  # fmt: skip


def tokens(text: str, lang: str = "bn") -> list[str]:
    return [token.text for token in tokenizer(lang).make_doc(text)]


@pytest.mark.parametrize(("text", "expected"), BANGLA.values(), ids=BANGLA)
def test_tokenizer_parts_bangla_words(text: str, expected: str) -> None:
    assert tokens(text) == expected.split("·")


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_tokenizer_keeps_whole(text: str) -> None:
    assert tokens(text) == [text]
    assert tokens(f"দেখুন {text}।") == ["দেখুন", text, "।"]
    assert tokens(f"({text})") == ["(", text, ")"]


@pytest.mark.parametrize("char", APART.values(), ids=APART)
def test_tokenizer_parts_what_cannot_be_seen_from_the_word(char: str) -> None:
    for text, words in (
        (f"{char}ঢাকা{char}", ["ঢাকা"]),
        (f"তিনি {char}ঢাকা{char}।", ["তিনি", "ঢাকা", "।"]),
    ):
        assert [token for token in tokens(text) if token != char] == words


@pytest.mark.parametrize("char", ["\u200b", "\ufeff", "\u2060"], ids=["ZWSP", "BOM", "WJ"])
def test_tokenizer_parts_words_at_an_invisible_blank(char: str) -> None:
    assert tokens(f"ঢাকা{char}শহর") == ["ঢাকা", char, "শহর"]


@pytest.mark.parametrize("after", ["’র", "-এর", "(দল)"], ids=["quote", "hyphen", "bracket"])
def test_tokenizer_parts_a_joiner_before_a_sign_too(after: str) -> None:
    # Keyboards leave a ZWNJ behind the word; before a sign it joins as little as before a blank.
    assert tokens(f"জাসদ\u200c{after}")[0] == "জাসদ"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(texts)
def test_tokenizer_reproduces_the_text(text: str) -> None:
    doc = tokenizer("bn").make_doc(text)
    assert "".join(token.text_with_ws for token in doc) == text
    assert doc.text == text


@settings(max_examples=100, deadline=None, derandomize=True)
@given(texts)
def test_tokenizer_edges_are_those_of_the_tokens(text: str) -> None:
    doc = tokenizer("bn").make_doc(text)
    edges = token_edges(doc)
    surfaces = [text[s:e] for s, e in zip(edges.starts, edges.ends, strict=True)]
    assert surfaces == [token.text for token in doc]
    assert all(start < end for start, end in zip(edges.starts, edges.ends, strict=True))
    assert list(edges.starts) == sorted(edges.starts)


def test_tokenizer_survives_saving(tmp_path: Path) -> None:
    tokenizer("bn").to_disk(tmp_path / "tokenizer")
    loaded = spacy.load(tmp_path / "tokenizer")
    assert loaded.lang == "bn"
    samples = [text for text, _ in BANGLA.values()] + list(WHOLE.values())
    samples += [f"তিনি {char}ঢাকা{char}শহর যান" for char in APART.values()]
    for text in samples:
        assert [token.text for token in loaded.make_doc(text)] == tokens(text)


def test_tokenizer_builds_a_pipeline_without_components() -> None:
    nlp = tokenizer("bn")
    assert nlp.lang == "bn"
    assert not nlp.pipe_names


@pytest.mark.parametrize("lang", ["zz", "", "BN"])
def test_tokenizer_unknown_language_is_an_error_of_the_user(lang: str) -> None:
    with pytest.raises(UserError, match=re.escape(repr(lang))) as caught:
        build_tokenizer(lang)
    assert caught.value.where == f"--lang {lang}"
    assert "xx" in caught.value.todo


@pytest.mark.parametrize("lang", ["en", "de", "xx"])
def test_tokenizer_other_languages_keep_the_rules_of_spacy(lang: str) -> None:
    plain = spacy.blank(lang)
    samples = [
        "Mr. O'Neill's co-op (est. 1999) paid 1,000€.",
        "z.B. der Müller-Verlag, u.a.",
        "ব্যাংক।তিনি",
    ]
    for text in samples:
        assert tokens(text, lang) == [token.text for token in plain.make_doc(text)]
    ours, theirs = tokenizer(lang).tokenizer, plain.tokenizer
    for rule in ("prefix_search", "suffix_search", "infix_finditer"):
        assert getattr(ours, rule).__self__.pattern == getattr(theirs, rule).__self__.pattern
