"""Where spans are after a text was changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scripts.training.augmentation.edits import Edit, apply_edits, moved

LETTERS = "কখগ া।ab😀"


PIECE = st.text(LETTERS, min_size=1, max_size=4)
CHANGED = st.lists(st.tuples(PIECE, st.none() | st.text(LETTERS, max_size=4)), min_size=1)


@given(CHANGED, st.data())
def test_edits_span_of_whole_pieces_covers_what_became_of_them(pieces, data):
    edits, place = [], 0
    for old, new in pieces:
        if new is not None:
            edits.append(Edit(place, place + len(old), new))
        place += len(old)
    became = [old if new is None else new for old, new in pieces]
    first = data.draw(st.integers(0, len(pieces) - 1))
    last = data.draw(st.integers(first + 1, len(pieces)))
    start, end = (sum(len(old) for old, _ in pieces[:i]) for i in (first, last))
    text = apply_edits("".join(old for old, _ in pieces), edits)
    place = moved(edits, start, end)
    assert text == "".join(became)
    assert ("" if place is None else text[slice(*place)]) == "".join(became[first:last])


def test_edits_insertion_at_an_edge_stays_outside_the_span():
    edits = [Edit(2, 2, "++"), Edit(4, 4, "--")]
    assert apply_edits("abcdef", edits) == "ab++cd--ef"
    assert moved(edits, 2, 4) == (4, 6)
    assert moved(edits, 0, 2) == (0, 2)
    assert moved(edits, 4, 6) == (8, 10)


def test_edits_insertion_inside_belongs_to_the_span():
    assert moved([Edit(3, 3, "-")], 2, 4) == (2, 5)


def test_edits_replaced_span_is_what_stands_in_its_place():
    edits = [Edit(0, 5, "রহিম"), Edit(6, 9, "")]
    assert moved(edits, 0, 5) == (0, 4)
    assert moved(edits, 6, 9) is None


def test_edits_over_an_edge_loses_the_span():
    assert moved([Edit(1, 3, "x")], 2, 4) is None
    assert moved([Edit(3, 5, "x")], 2, 4) is None
    assert moved([Edit(1, 5, "x")], 2, 4) is None
