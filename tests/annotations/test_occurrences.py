"""Spans that mark one occurrence of some words and may have meant another."""

from __future__ import annotations

import pytest

from scripts.annotations.audit import RecordAudit, audit_record
from scripts.annotations.faults import Fate, parse_policies
from scripts.annotations.records import Record, Span
from scripts.annotations.survey import Evidence

from . import at, edges_of

INSIDE = "ঢাকাতে মানুষ ঢাকা দেখে"
TWICE = "ঢাকা থেকে ঢাকা যান"
NESTED = "ঢাকা মেডিকেল কলেজ ঢাকা শহরে"
PRONOUN = "তাঁকে এ কে এম ডাকে"


def last(text: str, surface: str, label: str = "LOC") -> Span:
    start = text.rindex(surface)
    return Span(start, start + len(surface), label)


def audit(
    text: str, *spans: Span, policies: tuple[str, ...] = (), evidence: Evidence | None = None
) -> RecordAudit:
    settings = parse_policies(policies)
    return audit_record(Record(text, spans, 1), edges_of(text), evidence or Evidence(), settings)


def missing(result: RecordAudit) -> list[str]:
    return [result.record.text[start:end] for start, end in result.missing]


def test_occurrences_inside_a_token_leaves_both_places_missing() -> None:
    result = audit(INSIDE, at(INSIDE, "ঢাকা"))
    [decision] = result.decisions
    assert decision.faults == ("mid-token", "misplaced")
    assert decision.fate is Fate.MISSING
    assert decision.suspicious
    assert missing(result) == ["ঢাকাতে", "ঢাকা"]


def test_occurrences_inside_a_token_names_every_other_place() -> None:
    text = "ঢাকাতে মানুষ ঢাকা দেখে, ঢাকা শেখে"
    result = audit(text, at(text, "ঢাকা"))
    assert missing(result) == ["ঢাকাতে", "ঢাকা", "ঢাকা"]
    assert "13–17, 24–28" in result.decisions[0].note


def test_occurrences_inside_a_token_with_no_other_place_grows() -> None:
    text = "ঢাকাতে মানুষ থাকে"
    result = audit(text, at(text, "ঢাকা"))
    assert result.decisions[0].faults == ("mid-token",)
    assert [text[s.start : s.end] for s in result.ents] == ["ঢাকাতে"]


def test_occurrences_place_of_another_span_is_not_the_one_meant() -> None:
    result = audit(INSIDE, at(INSIDE, "ঢাকা"), last(INSIDE, "ঢাকা"))
    assert result.decisions[0].faults == ("mid-token",)
    assert [INSIDE[s.start : s.end] for s in result.ents] == ["ঢাকাতে", "ঢাকা"]


def test_occurrences_duplicate_may_mean_the_other_place() -> None:
    span = at(TWICE, "ঢাকা")
    result = audit(TWICE, span, span)
    assert result.ents == (span,)
    assert result.decisions[1].faults == ("duplicate-span", "misplaced")
    assert result.decisions[1].fate is Fate.MISSING
    assert result.missing == ((last(TWICE, "ঢাকা").start, last(TWICE, "ঢাকা").end),)


def test_occurrences_duplicate_repair_moves_it_to_the_other_place() -> None:
    span = at(TWICE, "ঢাকা")
    result = audit(TWICE, span, span, policies=("misplaced=repair",))
    assert result.ents == (span, last(TWICE, "ঢাকা"))
    assert result.decisions[1].fate is Fate.REPAIRED
    assert not result.missing


def test_occurrences_repair_gives_each_place_once() -> None:
    text = "ঢাকা থেকে ঢাকা হয়ে ঢাকা"
    span = at(text, "ঢাকা")
    result = audit(text, span, span, span, span, policies=("misplaced=repair",))
    assert [s.start for s in result.ents] == [0, 10, text.rindex("ঢাকা")]
    assert result.decisions[3].faults == ("duplicate-span",)


def test_occurrences_nested_may_mean_the_other_place() -> None:
    college, city = at(NESTED, "ঢাকা মেডিকেল কলেজ", "ORG"), at(NESTED, "ঢাকা")
    result = audit(NESTED, college, city)
    assert result.ents == (college,)
    assert result.decisions[1].faults == ("nested", "misplaced")
    assert result.missing == ((last(NESTED, "ঢাকা").start, last(NESTED, "ঢাকা").end),)


def test_occurrences_misplaced_keep_changes_nothing() -> None:
    # What nested=missing masked stays masked, and nothing else is.
    college, city = at(NESTED, "ঢাকা মেডিকেল কলেজ", "ORG"), at(NESTED, "ঢাকা")
    policies = ("nested=missing", "misplaced=keep")
    result = audit(NESTED, college, city, policies=policies)
    assert "misplaced" in result.decisions[1].faults
    assert missing(result) == ["ঢাকা মেডিকেল কলেজ"]


@pytest.mark.parametrize("given", [Span(0, 4, "LOC"), Span(0, 5, "LOC")], ids=["tight", "blank"])
def test_occurrences_words_are_looked_for_without_blanks(given: Span) -> None:
    text = "ঢাকা থেকে ঢাকা"
    assert audit(text, given, given).decisions[1].faults[-1] == "misplaced"


def test_occurrences_are_looked_for_with_the_last_letter_of_an_inclusive_end() -> None:
    # [0, 3] in a file of inclusive ends is ঢাকা.
    some = Evidence(inclusive={"single": "some", "multi": "some"})
    result = audit(INSIDE, Span(0, 3, "LOC"), evidence=some)
    assert result.decisions[0].faults == ("mid-token", "misplaced")
    assert missing(result) == ["ঢাকাতে", "ঢাকা"]


def test_occurrences_offsets_of_another_unit_are_read_first() -> None:
    text = f"😀 {INSIDE}"
    in_utf16 = Span(3, 7, "LOC")
    result = audit(text, in_utf16, evidence=Evidence(unit="utf16"))
    assert result.decisions[0].faults == ("offset-unit", "mid-token", "misplaced")
    assert missing(result) == ["ঢাকাতে", "ঢাকা"]


@pytest.mark.parametrize(
    "spans",
    [(Span(13, 90, "LOC"), Span(13, 17, "LOC")), (Span(-4, 4, "LOC"),), (Span(20, 90, "LOC"),)],
    ids=["duplicate", "before the text", "after the text"],
)
def test_occurrences_of_spans_that_left_the_text(spans: tuple[Span, ...]) -> None:
    text = "ঢাকাতে মানুষ ঢাকা দেখছিল"
    result = audit(text, *spans, policies=("out-of-range=repair",))
    assert len(result.decisions) == len(spans)
    assert "out-of-range" in result.decisions[0].faults


def test_occurrences_less_than_half_of_a_token_hints_at_the_whole_word() -> None:
    # [3, 4] is the letter ক of তাঁকে; with an inclusive end it is কে, which stands later.
    some = Evidence(inclusive={"single": "some", "multi": "some"})
    [decision] = audit(PRONOUN, Span(3, 4, "PER"), evidence=some).decisions
    assert decision.fate is Fate.MISSING
    assert decision.faults == ("mostly-outside", "other-occurrence")
    assert decision.suspicious
    assert "'কে' stands at 8–10" in decision.note


def test_occurrences_single_letter_points_to_nothing() -> None:
    # Without the habit the span is one letter, and letters stand everywhere.
    text = "তাঁকে ক বর্গ"
    [decision] = audit(text, Span(3, 4, "PER")).decisions
    assert decision.faults == ("mostly-outside",)


def test_occurrences_hint_reads_offsets_of_another_unit_first() -> None:
    text = f"😀😀 {PRONOUN}"
    inside = Span(8, 10, "PER")
    [decision] = audit(text, inside, evidence=Evidence(unit="utf16")).decisions
    assert decision.faults == ("offset-unit", "mostly-outside", "other-occurrence")
