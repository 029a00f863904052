"""Boundary errors: edge, direction and distance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.reports.boundaries import BEYOND, SHORT, Boundaries, count_words
from scripts.reports.schemas.metrics import SpanError

TEXT = "ড. মুহম্মদ শহীদুল্লাহ ঢাকায় পড়াতেন।"
NAME = (3, TEXT.index(" ঢাকায়"))
TITLED = (0, NAME[1])


def found(*pairs: tuple[tuple[int, int], tuple[int, int]], label: str = "PER") -> Boundaries:
    boundaries = Boundaries()
    for gold, predicted in pairs:
        error = SpanError(kind="boundary", gold=(*gold, "PER"), predicted=(*predicted, label))
        boundaries.add(error, TEXT)
    return boundaries


@pytest.mark.parametrize(
    ("text", "words"),
    [("", 0), (" ", 0), ("ড. ", 2), ("শহীদুল্লাহ", 1), ("র‍্যাব", 1), ("ঢাকা-১", 3), ("১০০৳", 2)],
)
def test_boundaries_words_are_runs_of_letters_marks_and_digits(text: str, words: int) -> None:
    assert count_words(text) == words


def test_boundaries_title_left_out_is_a_start_that_falls_short() -> None:
    boundaries = found((TITLED, NAME))
    [row] = boundaries.rows()
    assert (row.edge, row.direction, row.number) == ("start", SHORT, 1)
    assert row.by_words == [0, 1, 0]
    assert (row.median, row.frequent) == (3, [("ড.", 1)])
    assert boundaries.by_words("start")[-2] == 1
    assert not any(boundaries.by_words("end").values())


def test_boundaries_title_taken_in_is_a_start_that_goes_beyond() -> None:
    boundaries = found((NAME, TITLED))
    [row] = boundaries.rows()
    assert (row.edge, row.direction) == ("start", BEYOND)
    assert boundaries.by_words("start")[2] == 1


def test_boundaries_both_edges_and_another_label_are_counted() -> None:
    boundaries = found((NAME, (0, len(TEXT))), label="LOC")
    assert (boundaries.total, boundaries.both, boundaries.relabelled) == (1, 1, 1)
    assert [(row.edge, row.direction) for row in boundaries.rows()] == [
        ("start", BEYOND),
        ("end", BEYOND),
    ]


def test_boundaries_far_edges_are_counted_in_the_last_class() -> None:
    boundaries = found(((0, 2), (0, len(TEXT))))
    assert boundaries.by_words("end")[3] == 1
    assert boundaries.rows()[0].by_words == [0, 0, 1]


def test_boundaries_other_kinds_are_passed_over() -> None:
    boundaries = Boundaries()
    boundaries.add(SpanError(kind="label", gold=(0, 2, "A"), predicted=(0, 2, "B")), TEXT)
    assert boundaries.total == 0
    assert boundaries.rows() == []


spans = st.tuples(st.integers(0, len(TEXT)), st.integers(0, len(TEXT))).filter(
    lambda p: p[0] < p[1]
)


@given(st.lists(st.tuples(spans, spans), max_size=6))
def test_boundaries_every_wrong_edge_is_in_one_row(pairs: list) -> None:
    pairs = [(gold, predicted) for gold, predicted in pairs if gold != predicted]
    boundaries = found(*pairs)
    edges = sum((g[0] != p[0]) + (g[1] != p[1]) for g, p in pairs)
    rows = boundaries.rows()
    assert sum(row.number for row in rows) == edges == boundaries.total + boundaries.both
    assert all(sum(row.by_words) == row.number for row in rows)
