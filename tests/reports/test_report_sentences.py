"""Cutting texts into segments and excerpts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scripts.reports.sentences import CONTEXT, LONG_TEXT, Segment, excerpts, segments

TEXT = "ড. মুহম্মদ শহীদুল্লাহ ঢাকা বিশ্ববিদ্যালয়ে পড়াতেন।"

texts = st.text(alphabet="কমাি্ র।\n.<&a", min_size=1, max_size=60)


@st.composite
def marked(draw: st.DrawFn, text_strategy: st.SearchStrategy[str] = texts):
    """A text with spans that may nest, overlap and repeat, and ignored regions."""
    text = draw(text_strategy)
    place = st.integers(0, len(text))
    pairs = st.tuples(place, place).map(sorted).filter(lambda p: p[0] < p[1]).map(tuple)
    return text, draw(st.lists(pairs, max_size=6)), draw(st.lists(pairs, max_size=3))


@given(marked())
def test_segments_joined_give_the_text_and_every_span_its_stretch(case) -> None:
    text, spans, ignored = case
    cut = segments(text, spans, ignored)
    assert "".join(segment.text for segment in cut) == text
    assert all(segment.text for segment in cut)
    for index, (start, end) in enumerate(spans):
        covered = "".join(segment.text for segment in cut if index in segment.spans)
        assert covered == text[start:end]
        assert sum(index in segment.ends for segment in cut) == 1
    hatched = "".join(segment.text for segment in cut if segment.ignored)
    assert hatched == "".join(
        c for i, c in enumerate(text) if any(start <= i < end for start, end in ignored)
    )


@given(marked(), st.data())
def test_segments_of_a_window_give_the_window(case, data) -> None:
    text, spans, ignored = case
    first = data.draw(st.integers(0, len(text) - 1))
    last = data.draw(st.integers(first + 1, len(text)))
    cut = segments(text, spans, ignored, window=(first, last))
    assert "".join(segment.text for segment in cut) == text[first:last]
    for index, (start, end) in enumerate(spans):
        seen = max(start, first) < min(end, last)
        assert sum(index in segment.ends for segment in cut) == seen


def test_segments_nested_spans_list_the_outer_one_first() -> None:
    start = TEXT.index("ঢাকা")
    outer, inner = (start, TEXT.index(" পড়াতেন")), (start, start + len("ঢাকা"))
    cut = [segment for segment in segments(TEXT, [inner, outer]) if segment.spans]
    assert cut == [
        Segment("ঢাকা", spans=(1, 0), ends=(0,)),
        Segment(" বিশ্ববিদ্যালয়ে", spans=(1,), ends=(1,)),
    ]


def test_excerpts_short_text_is_whole() -> None:
    assert excerpts(TEXT, [(0, 2)]) == [(0, len(TEXT))]


def test_excerpts_long_text_shows_the_sentence_not_cut_at_an_abbreviation() -> None:
    filler = "এটি একটি বাক্য। " * 60
    text = filler + TEXT + " " + filler
    start = text.index("শহীদুল্লাহ")
    [(left, right)] = excerpts(text, [(start, start + 10)])
    assert text[left:right] == TEXT


def test_excerpts_of_errors_in_one_sentence_are_joined() -> None:
    filler = "এটি একটি বাক্য। " * 60
    text = filler + TEXT + " " + filler
    places = [text.index("মুহম্মদ"), text.index("ঢাকা"), 0]
    assert len(excerpts(text, [(place, place + 4) for place in places])) == 2


@given(marked(st.text(alphabet="কা র।", min_size=LONG_TEXT, max_size=LONG_TEXT + 200)))
def test_excerpts_hold_every_region_and_lie_apart(case) -> None:
    text, spans, _ = case
    parts = excerpts(text, spans)
    assert all(0 <= left < right <= len(text) for left, right in parts)
    assert all(before[1] < after[0] for before, after in zip(parts, parts[1:], strict=False))
    for start, end in spans:
        assert sum(left <= start and end <= right for left, right in parts) == 1


def test_excerpts_without_any_blank_keep_some_context() -> None:
    text = "ক" * 2000
    assert excerpts(text, [(1000, 1010)]) == [(1000 - CONTEXT, 1010 + CONTEXT)]
