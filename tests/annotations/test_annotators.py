"""Several annotators: what each way of bringing them together keeps, and how far they agree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.annotators import Agreements, merge
from scripts.annotations.edges import TokenEdges
from scripts.annotations.records import Record, Span

PER, LOC, CITY = Span(0, 5, "PER"), Span(12, 16, "LOC"), Span(12, 16, "CITY")
TEXT = "রহিম যাচ্ছে ঢাকা"
VERSIONS = {"ক": (PER, LOC), "খ": (LOC, PER), "গ": (PER, CITY)}
RECORD = Record(TEXT, (), 3, {"id": 1}, versions=VERSIONS)


@pytest.mark.parametrize(
    ("how", "kept", "left_out"),
    [
        ("union", (PER, CITY, LOC), {}),
        ("majority", (PER, LOC), {CITY: ("গ",)}),
        ("agree", (PER,), {CITY: ("গ",), LOC: ("ক", "খ")}),
        ("গ", (PER, CITY), {LOC: ("খ",)}),
    ],
)
def test_annotators_merge_keeps_what_it_says_and_names_the_rest(how, kept, left_out):
    merged = merge(RECORD, how)
    assert merged.record == Record(TEXT, kept, 3, {"id": 1})
    assert dict(merged.left_out) == left_out


def test_annotators_merge_takes_half_for_no_majority():
    two = Record(TEXT, (), 1, versions={"ক": (PER,), "খ": (LOC,)})
    assert merge(two, "majority").record.spans == ()
    assert len(merge(two, "majority").left_out) == 2


def test_annotators_merge_counts_a_span_marked_twice_by_one_once():
    two = Record(TEXT, (), 1, versions={"ক": (PER, PER), "খ": ()})
    assert merge(two, "majority").record.spans == ()


def test_annotators_merge_leaves_out_what_the_named_one_did_not_see():
    merged = merge(RECORD, "ঘ")
    assert merged.record is None
    assert len(merged.left_out) == 6


def test_annotators_merge_leaves_other_records_alone():
    plain = Record(TEXT, (PER,), 1)
    assert merge(plain, "ঘ").record is plain


spans = st.lists(st.sampled_from([PER, LOC, CITY, Span(5, 11, "PER")]), max_size=4).map(tuple)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from("কখগঘ"), spans, min_size=2))
def test_annotators_merge_loses_no_span_without_naming_it(versions):
    record = Record(TEXT, (), 1, versions=versions)
    every = {span for marked in versions.values() for span in marked}
    before = every
    for how in ("union", "majority", "agree"):
        merged = merge(record, how)
        assert set(merged.record.spans) | {span for span, _ in merged.left_out} == every
        assert set(merged.record.spans) <= before
        before = set(merged.record.spans)


EDGES = TokenEdges([0, 5, 12], [4, 11, 16])


def row_of(*pairs):
    found = Agreements()
    for first, second in pairs:
        found.add({"ক": first, "খ": second}, EDGES)
    [row] = found.rows()
    return row


def test_annotators_agreement_is_whole_where_all_is_the_same():
    row = row_of(((PER, LOC), (LOC, PER)))
    assert (row["f"], row["kappa"], row["both"], row["texts"]) == (1.0, 1.0, 2, 1)


def test_annotators_agreement_by_hand():
    # Tokens: PER/PER, -/-, LOC/CITY. Observed 2/3; chance (1·1 + 1·1) / 9: PER and none.
    row = row_of(((Span(0, 4, "PER"), LOC), (Span(0, 4, "PER"), CITY)))
    assert row["f"] == 0.5
    assert row["kappa"] == pytest.approx((2 / 3 - 2 / 9) / (1 - 2 / 9), abs=1e-4)


def test_annotators_agreement_is_undefined_where_nobody_marks_anything():
    row = row_of(((), ()))
    assert row["f"] is None
    assert row["kappa"] is None


def test_annotators_agreement_is_counted_for_every_pair():
    found = Agreements()
    found.add(VERSIONS, EDGES)
    assert [row["annotators"] for row in found.rows()] == [["ক", "খ"], ["ক", "গ"], ["খ", "গ"]]


@pytest.mark.parametrize("how", ["majority", "agree", "ক"])
def test_annotators_merge_leaves_no_negative_where_a_text_is_annotated_in_part(how):
    # Each was asked of one span alone: that the other did not mark it says nothing.
    partly = Record(TEXT, (), 1, missing=((5, 12),), versions={"ক": (PER,), "খ": (LOC,)})
    record = merge(partly, how).record
    assert record.spans == ((PER,) if how == "ক" else ())
    assert record.missing == (((0, 5),) if how != "ক" else ()) + ((5, 12), (12, 16))


def test_annotators_merge_leaves_negatives_where_a_text_is_annotated_as_a_whole():
    assert merge(RECORD, "agree").record.missing == ()
