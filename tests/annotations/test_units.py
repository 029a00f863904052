"""Offset units: from code points to each unit and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import regex
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scripts.annotations.records import Span
from scripts.annotations.units import CODEPOINT, UNITS, ranges_to_codepoints, to_codepoints

# What the offset after a piece of text is, said in another way than the module does.
LENGTHS: dict[str, Callable[[str], int]] = {
    "utf16": lambda text: len(text.encode("utf-16-le")) // 2,
    "grapheme": lambda text: len(regex.findall(r"\X", text)),
    "utf8": lambda text: len(text.encode("utf8")),
    "crlf-as-one": lambda text: len(text.replace("\r\n", "\n")),
    "crlf-as-three": lambda text: len(text.replace("\r\n", "\r\n\n")),
}

PIECES = ["ঢাকা", "ক্ষ", "র‍্যাব", "য়", "😀", "👨🏻‍🚒", "\u200c", "\r\n", "\r", "\n", " ", "a", "é", "।"]
texts = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
quick = settings(max_examples=60, deadline=None, derandomize=True)
every_unit = pytest.mark.parametrize("unit", UNITS)


def splits(text: str, offset: int, unit: str) -> bool:
    """Whether an offset lies inside what a tool with this unit takes for one character."""
    if unit == "grapheme":
        edges = {0, *(match.end() for match in regex.finditer(r"\X", text))}
        return offset not in edges
    return unit.startswith("crlf") and offset > 0 and text[offset - 1 : offset + 1] == "\r\n"


@st.composite
def annotated(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = draw(texts)
    place = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(place, place), min_size=1, max_size=4))
    return text, [Span(start, end, "LOC") for start, end in pairs]


def test_units_lists_every_unit_that_is_tested() -> None:
    assert list(UNITS) == list(LENGTHS)


@every_unit
@quick
@given(texts)
def test_units_positions_count_the_text_before_each_character(unit: str, text: str) -> None:
    positions = UNITS[unit].positions(text)
    assert len(positions) == len(text) + 1
    for offset, position in enumerate(positions):
        if not splits(text, offset, unit):
            assert position == LENGTHS[unit](text[:offset])


@every_unit
@quick
@given(texts)
def test_units_differ_where_positions_do(unit: str, text: str) -> None:
    plain = UNITS[unit].positions(text) == list(range(len(text) + 1))
    assert UNITS[unit].differs(text) == (not plain)


@every_unit
@quick
@given(annotated())
def test_units_to_codepoints_undoes_the_unit(unit: str, sample: tuple[str, list[Span]]) -> None:
    text, spans = sample
    # To a tool that takes \r\n for one character there is no place between the two.
    inside = any(splits(text, offset, unit) for s in spans for offset in (s.start, s.end))
    assume(unit not in ("crlf-as-one", "grapheme") or not inside)
    positions = UNITS[unit].positions(text)
    as_given = [Span(positions[s.start], positions[s.end], s.label) for s in spans]
    assert to_codepoints(text, as_given, unit) == spans


@every_unit
@quick
@given(texts, st.data())
def test_units_to_codepoints_knows_offsets_inside_characters(
    unit: str, text: str, data: st.DataObject
) -> None:
    assume(UNITS[unit].differs(text))
    positions = UNITS[unit].positions(text)
    offset = data.draw(st.integers(0, positions[-1]))
    [read] = to_codepoints(text, [Span(0, offset, "LOC")], unit)
    assert (read is not None) == (offset in positions)


@pytest.mark.parametrize(
    ("unit", "text", "inside"),
    [("utf16", "😀 ঢাকা", 1), ("utf8", "ঢাকা", 4), ("crlf-as-three", "ঢাকা\r\nশহর", 6)],
)
def test_units_to_codepoints_gives_none_inside_a_character(
    unit: str, text: str, inside: int
) -> None:
    assert to_codepoints(text, [Span(inside, inside + 1, "LOC")], unit) == [None]
    assert to_codepoints(text, [Span(0, inside, "LOC")], unit) == [None]


def test_units_to_codepoints_leaves_other_texts_alone() -> None:
    # A text in which the unit counts as code points do is not touched, its faults included.
    faulty = [Span(-1, 90, "LOC"), Span(3, 1, "PER")]
    assert to_codepoints("ঢাকা", faulty, "utf16") == faulty
    assert to_codepoints("😀", faulty, CODEPOINT) == faulty


def test_units_to_codepoints_keeps_one_entry_a_span_in_order() -> None:
    spans = [Span(3, 7, "LOC"), Span(1, 3, "PER"), Span(0, 2, "PER")]
    read = to_codepoints("😀 ঢাকা", spans, "utf16")
    assert read == [Span(2, 6, "LOC"), None, Span(0, 1, "PER")]


def test_units_to_codepoints_gives_none_for_a_fragment_inside_a_character() -> None:
    # Without the fragment the span would be one of a single stretch.
    span = Span(0, 8, "X", ((0, 3), (6, 8)))
    assert to_codepoints("😀😀b cd", [span], "utf16") == [None]


@every_unit
@quick
@given(texts, st.data())
def test_units_ranges_never_shrink(unit: str, text: str, data: st.DataObject) -> None:
    positions = UNITS[unit].positions(text)
    start = data.draw(st.integers(-2, positions[-1] + 2))
    end = data.draw(st.integers(start, positions[-1] + 2))
    inside = [i for i in range(len(text)) if positions[i] < end and positions[i + 1] > start]
    found = [i for first, last in ranges_to_codepoints(text, [(start, end)], unit)
             for i in range(first, last)]  # fmt: skip
    assert set(inside) <= set(found)
