from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.spacing import join_tokens
from scripts.corpora.tokenizer import build_tokenizer, token_edges

tokenizer = cache(build_tokenizer)
words = st.text("কখািদ্যaBz0।.,)(“”’%8:\u200d\ufe0f\u00a0😀", min_size=1, max_size=4)


@settings(max_examples=200, deadline=None)
@given(st.lists(words, max_size=10), st.sampled_from(["bn", "en", "zh", "xx"]))
@pytest.mark.parametrize("spacing", ["auto", "blanks"])
def test_spacing_places_hold_the_tokens_and_blanks_only_between(
    spacing: str, tokens: list[str], lang: str
) -> None:
    text, places = join_tokens(tokens, lang, spacing)
    assert [text[start:end] for start, end in places] == tokens
    gaps = [text[a:b] for (_, a), (b, _) in pairwise(places)]
    assert set(gaps) <= ({" "} if spacing == "blanks" else {"", " "})
    assert sum(map(len, gaps)) + sum(map(len, tokens)) == len(text)


@pytest.mark.parametrize(
    ("tokens", "lang", "text"),
    [
        ("তিনি ঢাকা ( বাংলাদেশ ) যান ।", "bn", "তিনি ঢাকা (বাংলাদেশ) যান।"),
        ("“ হ্যাঁ ” , তিনি বলেন", "bn", "“হ্যাঁ”, তিনি বলেন"),
        ("We left London today .", "en", "We left London today."),
        ("over 20 % of 东京", "en", "over 20% of 东京"),
        ("我 在 New York 。", "zh", "我在New York。"),
    ],
)
def test_spacing_joins_as_the_language_writes(tokens: str, lang: str, text: str) -> None:
    assert join_tokens(tokens.split(" "), lang)[0] == text


@pytest.mark.parametrize(
    ("lang", "left", "right"),
    [
        ("en", "E", "."),
        ("en", "Inc", "."),
        ("en", "TdP", "."),
        ("en", "U.S", "."),
        ("en", "3", "."),
        ("en", "8", ")"),
        ("en", ")", ":"),
        ("en", "(", ":"),
        ("bn", "মো", "."),
        ("bn", "ড", "."),
        ("de", "17", "."),
    ],
)
def test_spacing_keeps_apart_what_a_tokenizer_would_not_part(
    lang: str, left: str, right: str
) -> None:
    text, places = join_tokens(["গেল", left, right], lang)
    edges = token_edges(tokenizer(lang).make_doc(text))
    assert all(edges.fits(start, end) for start, end in places)


def test_spacing_blanks_puts_one_between_all() -> None:
    assert join_tokens(["ঢাকা", "।"], "bn", "blanks") == ("ঢাকা ।", [(0, 4), (5, 6)])
