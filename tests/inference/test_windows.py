import re

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.common.errors import UserError
from scripts.inference.marking import Entity, Marker, _without_overlaps
from scripts.inference.windows import CONTEXT, cut_windows

NAMES = ["করিম", "রহিম আহমেদ", "ঢাকা"]
WORDS = st.sampled_from([*NAMES, "গেছেন", "বাড়ি।", "কেন?", "ড.", "a.", "৩.১৪", "…", "😀"])
GAPS = st.sampled_from([" ", "\n", "  ", "\n\n", "\u00a0"])
TEXTS = st.lists(st.tuples(WORDS, GAPS), max_size=150).map(lambda xs: "".join(a + b for a, b in xs))


@pytest.fixture(scope="module")
def ruler():
    """A pipeline without statistics: what it marks in a window it marks in the whole text."""
    nlp = spacy.blank("bn")
    patterns = [{"label": "X", "pattern": name} for name in NAMES]
    nlp.add_pipe("entity_ruler").add_patterns(patterns)
    return nlp


@settings(max_examples=30, deadline=None)
@given(text=TEXTS, size=st.integers(100, 400))
def test_windows_marked_one_by_one_say_what_the_whole_text_says(ruler, text, size):
    (marked,) = Marker(ruler, window=size).mark([text])
    assert [(e.start, e.end, e.label) for e in marked.ents] == [
        (e.start_char, e.end_char, e.label_) for e in ruler(text).ents
    ]
    assert marked.hard_cuts == 0
    assert (marked.windows > 1) == (len(text) > size)


@settings(max_examples=40, deadline=None)
@given(text=st.text(alphabet="ক।. \nx", max_size=3000), size=st.integers(100, 1000))
def test_windows_cores_lie_end_to_end_within_their_windows(text, size):
    windows = cut_windows(text, size)
    assert "".join(text[w.core_start : w.core_end] for w in windows) == text
    for window in windows:
        assert window.start <= window.core_start <= window.core_end <= window.end
        assert window.end - window.start <= size
        assert window.hard or window.core_end == len(text) or text[window.core_end - 1].isspace()
    for one, other in zip(windows, windows[1:], strict=False):
        assert one.core_end == other.core_start and one.core_start < one.core_end


def test_windows_end_with_sentences_and_see_those_beside():
    text = "সে ঢাকায় থাকে। তার ভাই খুলনায় গেছে। " * 100
    for window in cut_windows(text, 1500)[:-1]:
        assert text[: window.core_end].endswith("। ")
        assert text[: window.end].endswith("। ")
        assert 0 < window.end - window.core_end <= CONTEXT
        assert re.match("সে|তার", text[window.start :])


def test_windows_do_not_part_what_a_stop_stands_in():
    text = "৩.১৪ " * 100
    assert all(text[: w.core_end].endswith(" ") for w in cut_windows(text, 103))


def test_windows_report_a_cut_inside_a_word(ruler):
    (marked,) = Marker(ruler, window=100).mark(["ক" * 250])
    assert marked.windows == 5 and marked.hard_cuts == 4
    assert marked.text == "ক" * 250


def test_marking_leaves_out_what_begins_inside_the_entity_before():
    first, second, third = Entity(0, 8, "PER"), Entity(5, 9, "LOC"), Entity(8, 9, "LOC")
    assert _without_overlaps([first, second, third]) == [first, third]


@pytest.mark.parametrize("window", [99, 2_000_000])
def test_marker_refuses_a_window_that_is_not_possible(ruler, window):
    with pytest.raises(UserError, match="not possible"):
        Marker(ruler, window=window)
