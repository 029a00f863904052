"""Token edges against plain counting over all tokens."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.edges import TokenEdges

# ঢাকা  শহর: two words, two blanks between them, one after them.
CITY = TokenEdges([0, 6], [4, 9])

quick = settings(max_examples=150, deadline=None, derandomize=True)
offsets = st.integers(-2, 30)


@st.composite
def token_edges(draw: st.DrawFn) -> TokenEdges:
    """Tokens of one to five characters with none to two characters between them."""
    starts, ends, at = [], [], 0
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), max_size=6)):
        starts.append(at + gap)
        at += gap + length
        ends.append(at)
    return TokenEdges(starts, ends)


def touched(edges: TokenEdges, start: int, end: int) -> list[int]:
    tokens = enumerate(zip(edges.starts, edges.ends, strict=True))
    return [i for i, (s, e) in tokens if s < end and start < e]


@quick
@given(token_edges(), offsets, offsets)
def test_edges_fits_whole_tokens_alone(edges: TokenEdges, start: int, end: int) -> None:
    assert edges.is_start(start) == (start in edges.starts)
    assert edges.is_end(end) == (end in edges.ends)
    whole = start < end and start in edges.starts and end in edges.ends
    assert edges.fits(start, end) == whole


@quick
@given(token_edges(), offsets, st.integers(1, 12))
def test_edges_tokens_are_those_that_share_a_character(
    edges: TokenEdges, start: int, length: int
) -> None:
    first, last = edges.tokens(start, start + length)
    assert list(range(first, last)) == touched(edges, start, start + length)


@quick
@given(token_edges(), st.integers(0, 30))
def test_edges_tokens_of_an_empty_span_inside_a_token(edges: TokenEdges, at: int) -> None:
    holders = touched(edges, at, at + 1)
    if holders:
        assert edges.tokens(at, at) == (holders[0], holders[0] + 1)


def test_edges_tokens_of_an_empty_span_before_a_token() -> None:
    # At a blank no token holds the character: the one that follows is meant.
    assert CITY.tokens(4, 4) == (1, 2)
    assert CITY.tokens(5, 5) == (1, 2)


def test_edges_tokens_of_an_empty_span_after_the_last_token_are_none() -> None:
    first, last = CITY.tokens(9, 9)
    assert first == last


@quick
@given(token_edges(), offsets, st.integers(1, 12))
def test_edges_grow_gives_the_smallest_run_of_whole_tokens(
    edges: TokenEdges, start: int, length: int
) -> None:
    end = start + length
    tokens = touched(edges, start, end)
    grown = edges.grow(start, end)
    if not tokens:
        assert grown is None
        return
    assert grown == (edges.starts[tokens[0]], edges.ends[tokens[-1]])
    assert edges.fits(*grown)
    assert edges.grow(*grown) == grown


@quick
@given(token_edges(), offsets, st.integers(1, 12))
def test_edges_half_covered_looks_at_both_edge_tokens(
    edges: TokenEdges, start: int, length: int
) -> None:
    end = start + length
    tokens = touched(edges, start, end)
    if not tokens:
        return
    shares = []
    for i in (tokens[0], tokens[-1]):
        characters = range(edges.starts[i], edges.ends[i])
        shares.append(sum(start <= c < end for c in characters) / len(characters))
    assert edges.half_covered(start, end) == (min(shares) >= 0.5)


@pytest.mark.parametrize(
    ("start", "end", "enough"),
    [(0, 2, True), (0, 1, False), (3, 8, False), (2, 8, True), (2, 7, False), (6, 9, True)],
)
def test_edges_half_covered_counts_exactly_half_as_enough(
    start: int, end: int, enough: bool
) -> None:
    assert CITY.half_covered(start, end) is enough
