"""The spans of one text against each other."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.edges import TokenEdges
from scripts.annotations.faults import FAULTS, Fate, Policies, parse_policies
from scripts.annotations.overlaps import resolve_overlaps
from scripts.annotations.records import Span
from scripts.annotations.resolve import Decision

from . import at, edges_of

COLLEGE = "ঢাকা মেডিকেল কলেজ হাসপাতালে আগুন"
NAMES = "করিম উদ্দিন ও রহিম যান"

KEPT, REPAIRED, MASKED, REFUSED = Fate


def settle(text: str, *spans: Span | Decision, policies: tuple[str, ...] = ()) -> list[Decision]:
    decisions = [s if isinstance(s, Decision) else Decision(s, KEPT, s) for s in spans]
    return resolve_overlaps(decisions, edges_of(text), parse_policies(policies))


def fates(decisions: list[Decision]) -> list[Fate]:
    return [decision.fate for decision in decisions]


def faults(decisions: list[Decision]) -> list[tuple[str, ...]]:
    return [decision.faults for decision in decisions]


def test_overlaps_spans_apart_stay_as_they_are() -> None:
    spans = [at(COLLEGE, "আগুন"), at(COLLEGE, "ঢাকা"), at(COLLEGE, "মেডিকেল কলেজ", "ORG")]
    assert [d.span for d in settle(COLLEGE, *spans)] == spans
    assert fates(settle(COLLEGE, *spans)) == [KEPT] * 3


def test_overlaps_decisions_without_span_stay_as_they_are() -> None:
    college = at(COLLEGE, "ঢাকা মেডিকেল কলেজ", "ORG")
    lost = Decision(at(COLLEGE, "ঢাকা"), MASKED, None, ("reversed",), ((0, 4),))
    assert settle(COLLEGE, lost, college)[0] is lost


def test_overlaps_duplicates_merge_into_the_first() -> None:
    city = at(COLLEGE, "ঢাকা")
    decisions = settle(COLLEGE, city, city, city)
    assert fates(decisions) == [KEPT, REPAIRED, REPAIRED]
    assert faults(decisions) == [(), ("duplicate-span",), ("duplicate-span",)]
    assert {d.span for d in decisions} == {city}


def test_overlaps_duplicates_are_found_after_repair() -> None:
    city = at(COLLEGE, "ঢাকা")
    wide = Decision(at(COLLEGE, "ঢাকা "), REPAIRED, city, ("edge-whitespace",))
    decisions = settle(COLLEGE, wide, city)
    assert faults(decisions) == [("edge-whitespace",), ("duplicate-span",)]
    assert [d.span for d in decisions] == [city, city]


def test_overlaps_two_labels_take_all_of_the_place() -> None:
    city, firm = at(COLLEGE, "ঢাকা"), at(COLLEGE, "ঢাকা", "ORG")
    decisions = settle(COLLEGE, city, firm, city)
    assert fates(decisions) == [MASKED] * 3
    assert all("LOC, ORG" in d.note for d in decisions)
    dropped = settle(COLLEGE, city, firm, city, policies=("two-labels=drop",))
    assert fates(dropped) == [KEPT, REFUSED, REPAIRED]
    assert faults(dropped)[2] == ("duplicate-span",)


def test_overlaps_longest_of_nested_spans_stays() -> None:
    inner = at(COLLEGE, "ঢাকা")
    middle = at(COLLEGE, "ঢাকা মেডিকেল", "ORG")
    outer = at(COLLEGE, "ঢাকা মেডিকেল কলেজ", "FAC")
    decisions = settle(COLLEGE, inner, outer, middle)
    assert fates(decisions) == [REFUSED, KEPT, REFUSED]
    assert faults(decisions) == [("nested",), (), ("nested",)]
    assert "0–17 FAC" in decisions[0].note


def test_overlaps_nested_missing_masks_both() -> None:
    inner, outer = at(COLLEGE, "ঢাকা"), at(COLLEGE, "ঢাকা মেডিকেল কলেজ", "ORG")
    decisions = settle(COLLEGE, inner, outer, policies=("nested=missing",))
    assert fates(decisions) == [MASKED, MASKED]
    assert faults(decisions) == [("nested",), ("nested",)]


def test_overlaps_nested_missing_masks_every_inner_span() -> None:
    outer = at(COLLEGE, "ঢাকা মেডিকেল কলেজ", "ORG")
    inner = [at(COLLEGE, "ঢাকা"), at(COLLEGE, "মেডিকেল", "MISC")]
    decisions = settle(COLLEGE, outer, *inner, policies=("nested=missing",))
    assert fates(decisions) == [MASKED] * 3


def test_overlaps_nested_missing_masks_duplicates_alike() -> None:
    outer, inner = at(COLLEGE, "ঢাকা মেডিকেল কলেজ", "ORG"), at(COLLEGE, "ঢাকা")
    decisions = settle(COLLEGE, outer, inner, inner, policies=("nested=missing",))
    assert fates(decisions) == [MASKED] * 3


def test_overlaps_nested_rules_duplicates_alike() -> None:
    outer, inner = at(COLLEGE, "ঢাকা মেডিকেল কলেজ", "ORG"), at(COLLEGE, "ঢাকা")
    decisions = settle(COLLEGE, inner, outer, inner, outer)
    assert fates(decisions) == [REFUSED, KEPT, REFUSED, REPAIRED]


def test_overlaps_crossing_spans_are_both_missing() -> None:
    college, ward = at(COLLEGE, "ঢাকা মেডিকেল কলেজ"), at(COLLEGE, "কলেজ হাসপাতালে", "ORG")
    decisions = settle(COLLEGE, college, ward)
    assert fates(decisions) == [MASKED, MASKED]
    assert faults(decisions) == [("crossing",), ("crossing",)]
    assert [d.masked for d in decisions] == [((s.start, s.end),) for s in (college, ward)]


def test_overlaps_span_that_crosses_two_takes_both_into_doubt() -> None:
    # Which of the outer two is met first must not matter.
    text = "ক খ গ ঘ ঙ"
    left, middle, right = Span(0, 3, "LOC"), Span(2, 7, "PER"), Span(6, 9, "LOC")
    decisions = settle(text, left, middle, right)
    assert faults(decisions)[0] == faults(decisions)[2] == ("crossing",)
    assert fates(decisions) == [MASKED] * 3


def test_overlaps_crossing_repair_keeps_the_longer_and_masks_the_other() -> None:
    college, ward = at(COLLEGE, "ঢাকা মেডিকেল কলেজ"), at(COLLEGE, "কলেজ হাসপাতালে", "ORG")
    decisions = settle(COLLEGE, ward, college, policies=("crossing=repair",))
    assert fates(decisions) == [MASKED, KEPT]
    assert decisions[0].masked == ((ward.start, ward.end),)
    assert "0–17 LOC" in decisions[0].note


def test_overlaps_crossing_repair_keeps_the_first_of_equal_length() -> None:
    text = "ক খ গ"
    left, right = Span(0, 3, "LOC"), Span(2, 5, "LOC")
    decisions = settle(text, right, left, policies=("crossing=repair",))
    assert fates(decisions) == [MASKED, KEPT]


def test_overlaps_crossing_loser_does_not_take_others_with_it() -> None:
    # আগুন lies in the loser alone.
    college, rest = at(COLLEGE, "ঢাকা মেডিকেল কলেজ"), at(COLLEGE, "কলেজ হাসপাতালে", "ORG")
    ward = at(COLLEGE, "হাসপাতালে", "FAC")
    decisions = settle(COLLEGE, college, rest, ward, policies=("crossing=repair",))
    assert fates(decisions) == [KEPT, MASKED, KEPT]


def test_overlaps_list_marked_as_one_name_is_missing_and_its_parts_stay() -> None:
    parts = [at(NAMES, "করিম উদ্দিন"), at(NAMES, "রহিম")]
    whole = at(NAMES, "করিম উদ্দিন ও রহিম")
    decisions = settle(NAMES, whole, *parts)
    assert fates(decisions) == [MASKED, KEPT, KEPT]
    assert faults(decisions)[0] == ("covers-several",)
    assert decisions[0].suspicious


def test_overlaps_name_of_two_marked_words_is_no_list() -> None:
    parts = [at(NAMES, "করিম"), at(NAMES, "উদ্দিন")]
    decisions = settle(NAMES, at(NAMES, "করিম উদ্দিন"), *parts)
    assert faults(decisions) == [(), ("nested",), ("nested",)]


def test_overlaps_list_is_of_one_label() -> None:
    parts = [at(NAMES, "করিম উদ্দিন"), at(NAMES, "রহিম")]
    decisions = settle(NAMES, at(NAMES, "করিম উদ্দিন ও রহিম", "ORG"), *parts)
    assert faults(decisions) == [(), ("nested",), ("nested",)]


def test_overlaps_parts_of_a_list_stand_apart() -> None:
    # Two spans inside that share a word are no list.
    parts = [at(NAMES, "করিম উদ্দিন"), at(NAMES, "করিম উদ্দিন ও")]
    decisions = settle(NAMES, at(NAMES, "করিম উদ্দিন ও রহিম"), *parts)
    assert faults(decisions) == [(), ("nested",), ("nested",)]


@st.composite
def token_runs(draw: st.DrawFn) -> list[Span]:
    """Runs of the ten one-letter words of a text."""
    run = st.tuples(st.integers(0, 9), st.integers(1, 5), st.sampled_from(["PER", "LOC"]))
    drawn = draw(st.lists(run, max_size=6))
    return [Span(2 * i, 2 * min(i + size, 10) - 1, label) for i, size, label in drawn]


def policy_sets() -> st.SearchStrategy[Policies]:
    return st.fixed_dictionaries({c: st.sampled_from(f.policies) for c, f in FAULTS.items()})


@settings(max_examples=100, deadline=None, derandomize=True)
@given(token_runs(), policy_sets())
def test_overlaps_leave_no_two_spans_on_one_character(
    spans: list[Span], policies: Policies
) -> None:
    edges = TokenEdges(range(0, 20, 2), range(1, 21, 2))
    decisions = resolve_overlaps([Decision(s, KEPT, s) for s in spans], edges, policies)
    assert [d.given for d in decisions] == spans
    left = sorted({d.span for d in decisions if d.span is not None})
    assert all(a.end <= b.start for a, b in zip(left, left[1:], strict=False))
    assert left or not spans or any(d.faults for d in decisions)
