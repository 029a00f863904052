"""What is trimmed from a span's edges, and which control characters are found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.whitespace import control_characters, trim

BLANKS = {
    "space": " ",
    "tab": "\t",
    "newline": "\n",
    "crlf": "\r\n",
    "NBSP": "\u00a0",
    "thin space": "\u2009",
    "ideographic space": "\u3000",
    "line separator": "\u2028",
    "ZWSP": "\u200b",
    "word joiner": "\u2060",
    "BOM": "\ufeff",
    "soft hyphen": "\u00ad",
    "LRM": "\u200e",
    "RLM": "\u200f",
    "ZWNJ": "\u200c",
    "ZWJ": "\u200d",
}

texts = st.text(st.sampled_from("ঢাকা্ \n\u00a0\u200b\u200c\u200d\ufeff"), max_size=12)
quick = settings(max_examples=150, deadline=None, derandomize=True)


@pytest.mark.parametrize("blank", BLANKS.values(), ids=BLANKS)
def test_whitespace_trim_takes_blanks_off_both_edges(blank: str) -> None:
    text = f"{blank}ঢাকা{blank}"
    assert trim(text, 0, len(text)) == (len(blank), len(blank) + 4)


def test_whitespace_trim_leaves_blanks_inside() -> None:
    text = "নতুন\u00a0 \u200cঢাকা"
    assert trim(text, 0, len(text)) == (0, len(text))


@pytest.mark.parametrize("joiner", ["\u200d", "\u200c"], ids=["ZWJ", "ZWNJ"])
def test_whitespace_trim_leaves_a_joiner_after_a_virama(joiner: str) -> None:
    # ত + virama + ZWJ is the old spelling of ৎ: the joiner is part of the last letter.
    text = f"হঠাত্{joiner} এল"
    assert trim(text, 0, 6) == (0, 6)
    assert trim(text, 0, 7) == (0, 6)


def test_whitespace_trim_takes_a_joiner_off_the_left_edge_even_after_a_virama() -> None:
    assert trim("ত্\u200dক", 2, 4) == (3, 4)


@pytest.mark.parametrize("span", [(2, 5), (2, 2), (4, 5)])
def test_whitespace_trim_gives_a_blank_span_back_empty_at_its_start(span: tuple[int, int]) -> None:
    assert trim("কই\u200b \nখই", *span) == (span[0], span[0])


@quick
@given(texts, st.data())
def test_whitespace_trim_only_narrows_and_is_done_at_once(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = trim(text, start, end)
    assert start <= first <= last <= end
    assert trim(text, first, last) == (first, last)
    if first < last:
        assert not text[first].isspace()
        assert not text[last - 1].isspace()


def test_whitespace_control_characters_are_found_but_for_tab_and_line_ends() -> None:
    text = "ক\tখ\r\nগ\x00ঘ\x1bঙ\x7fচ\x85ছ\x9fজ\u00a0ঝ\u200bঞ"
    assert [text[i] for i in control_characters(text)] == ["\x00", "\x1b", "\x7f", "\x85", "\x9f"]
