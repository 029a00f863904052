"""The audit of a record: what its spans, its copies and its text come to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.audit import (
    Copies,
    RecordAudit,
    audit_record,
    is_trainable,
    reconcile,
)
from scripts.annotations.faults import Fate, Policy, parse_policies
from scripts.annotations.records import Record, Span
from scripts.annotations.survey import Evidence

from . import at, edges_of

TOWN = "করিম থাকেন ঢাকা শহরে"
COLLEGE = "ঢাকা মেডিকেল কলেজ হাসপাতালে আগুন"


def audit(
    text: str,
    *spans: Span,
    policies: tuple[str, ...] = (),
    evidence: Evidence | None = None,
    copies: Copies | None = None,
) -> RecordAudit:
    record = Record(text, spans, 1)
    settings = parse_policies(policies)
    return audit_record(record, edges_of(text), evidence or Evidence(), settings, copies)


def surfaces(result: RecordAudit) -> list[str]:
    return [result.record.text[s.start : s.end] for s in result.ents]


def missing(result: RecordAudit) -> list[str]:
    return [result.record.text[start:end] for start, end in result.missing]


PER, LOC = at(TOWN, "করিম", "PER"), at(TOWN, "ঢাকা")
ORG = Span(LOC.start, LOC.end, "ORG")
AREA = at(TOWN, "ঢাকা শহরে")
LOWER = Span(LOC.start, LOC.end, "Loc")
VARIANTS = Evidence(variants={"Loc": "LOC"})


@pytest.mark.parametrize("policy", Policy)
def test_audit_reconcile_leaves_equal_copies_alone(policy: Policy) -> None:
    assert reconcile([frozenset({PER, LOC})] * 3, policy) is None
    assert reconcile([frozenset()], policy) is None


@pytest.mark.parametrize(
    ("policy", "versions", "keep", "mask"),
    [
        # One copy marks what another leaves unmarked.
        (Policy.REPAIR, [{PER, LOC}, {PER}], {PER, LOC}, set()),
        (Policy.MISSING, [{PER, LOC}, {PER}], {PER}, {LOC}),
        (Policy.DROP, [{PER, LOC}, {PER}], {PER}, set()),
        (Policy.ERROR, [{PER, LOC}, {PER}], {PER}, {LOC}),
        # The copies share nothing.
        (Policy.REPAIR, [{PER}, {LOC}, set()], {PER, LOC}, set()),
        (Policy.MISSING, [{PER}, {LOC}, set()], set(), {PER, LOC}),
        # They mark the same place with other labels, or other edges.
        (Policy.REPAIR, [{PER, LOC}, {PER, ORG}], {PER}, {LOC, ORG}),
        (Policy.MISSING, [{PER, LOC}, {PER, ORG}], {PER}, {LOC, ORG}),
        (Policy.DROP, [{PER, LOC}, {PER, ORG}], {PER}, set()),
        (Policy.REPAIR, [{LOC}, {AREA}, {PER}], {PER}, {LOC, AREA}),
    ],
)
def test_audit_reconcile_by_policy(
    policy: Policy, versions: list[set[Span]], keep: set[Span], mask: set[Span]
) -> None:
    copies = reconcile([frozenset(version) for version in versions], policy)
    assert copies == Copies(frozenset(keep), frozenset(mask))


def test_audit_reconcile_keep_leaves_copies_as_they_are() -> None:
    assert reconcile([frozenset({PER}), frozenset({LOC})], Policy.KEEP) is None


@st.composite
def versions_of_town(draw: st.DrawFn) -> list[frozenset[Span]]:
    """Annotations of copies, each without overlap, as an audit leaves them."""
    edges = edges_of(TOWN)
    words = st.integers(0, len(edges.starts) - 1)
    versions = []
    for _ in range(draw(st.integers(1, 4))):
        spans: list[Span] = []
        for first, last in draw(st.lists(st.tuples(words, words), max_size=4)):
            low, high = sorted((first, last))
            span = Span(edges.starts[low], edges.ends[high], draw(st.sampled_from(["PER", "LOC"])))
            if all(span.end <= s.start or s.end <= span.start for s in spans):
                spans.append(span)
        versions.append(frozenset(spans))
    return versions


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    versions_of_town(), st.sampled_from([Policy.REPAIR, Policy.MISSING, Policy.DROP, Policy.ERROR])
)
def test_audit_reconcile_makes_copies_alike(
    versions: list[frozenset[Span]], policy: Policy
) -> None:
    copies = reconcile(versions, policy)
    if copies is None:
        assert len(set(versions)) == 1
        return
    kept = sorted(copies.keep)
    assert all(a.end <= b.start for a, b in zip(kept, kept[1:], strict=False))
    assert not copies.keep & copies.mask
    if policy is not Policy.DROP:
        assert copies.keep | copies.mask == frozenset.union(*versions)
    audits = [
        audit(TOWN, *sorted(version), policies=(f"contested={policy.value}",), copies=copies)
        for version in versions
    ]
    assert {a.ents for a in audits} == {tuple(kept)}
    assert len({a.missing for a in audits}) == 1


def test_audit_copies_take_over_what_the_others_mark() -> None:
    copies = reconcile([frozenset({PER, LOC}), frozenset({PER})], Policy.REPAIR)
    poorer = audit(TOWN, PER, copies=copies)
    assert poorer.ents == (PER, LOC)
    assert [d.fate for d in poorer.decisions] == [Fate.KEPT]
    assert ("contested", "1 spans taken over from copies of the text") in poorer.faults


def test_audit_copies_mask_what_the_others_dispute() -> None:
    copies = reconcile([frozenset({LOC}), frozenset({ORG}), frozenset()], Policy.REPAIR)
    for spans in ([LOC], [ORG], []):
        result = audit(TOWN, *spans, copies=copies)
        assert not result.ents
        assert missing(result) == ["ঢাকা"]


def test_audit_copies_are_not_taken_over_inside_a_masked_place() -> None:
    # What this copy could not settle on its own, the other copy did.
    copies = reconcile([frozenset({LOC}), frozenset()], Policy.REPAIR)
    result = audit(TOWN, LOC, ORG, copies=copies)
    assert result.ents == (LOC,)
    assert not result.missing


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty-text"),
        (" \n\u00a0\u2003", "empty-text"),
        ("ঢাকা\x00শহর", "control-characters"),
        ("ঢাকা\x85শহর", "control-characters"),
    ],
)
def test_audit_finds_faults_of_the_text(text: str, code: str) -> None:
    found = [fault for fault, _ in audit(text).faults]
    assert found == [code]
    assert not audit(text).stop
    assert audit(text, policies=(f"{code}=error",)).stop == (code,)


def test_audit_text_without_faults_has_none() -> None:
    assert not audit("ঢাকা\tশহর\r\nনদী\u200d\ufeff").faults


def test_audit_names_the_first_control_characters() -> None:
    [(_, note)] = audit("ক\x00খ\x07গ" + "\x1b" * 9).faults
    assert note.startswith("U+0000 at 1, U+0007 at 3, U+001B at 5")
    assert note.count("at") == 5


def test_audit_label_variant_says_beside_which_label() -> None:
    [decision] = audit(TOWN, LOWER, evidence=VARIANTS).decisions
    assert decision.fate is Fate.KEPT
    assert decision.faults == ("label-variant",)
    assert decision.note == "label 'Loc' beside 'LOC'"


def test_audit_label_variant_does_not_hide_another_fault() -> None:
    [decision] = audit(TOWN, Span(LOC.start, 90, "Loc"), evidence=VARIANTS).decisions
    assert decision.faults == ("out-of-range", "label-variant")
    assert f"the text has {len(TOWN)} characters" in decision.note
    assert "beside 'LOC'" in decision.note


def test_audit_duplicate_does_not_hide_another_note() -> None:
    result = audit(TOWN, LOWER, LOWER, evidence=VARIANTS)
    assert result.decisions[1].faults == ("label-variant", "duplicate-span")
    assert "beside 'LOC'" in result.decisions[1].note


def test_audit_over_long_begins_after_the_longest() -> None:
    evidence = Evidence(longest={"LOC": 3})
    three, four = at(COLLEGE, "ঢাকা মেডিকেল কলেজ"), at(COLLEGE, "ঢাকা মেডিকেল কলেজ হাসপাতালে")
    assert not audit(COLLEGE, three, evidence=evidence).decisions[0].faults
    [decision] = audit(COLLEGE, four, evidence=evidence).decisions
    assert decision.faults == ("over-long",)
    assert decision.fate is Fate.KEPT
    assert decision.suspicious
    assert "4 tokens" in decision.note
    other = Span(four.start, four.end, "ORG")
    assert not audit(COLLEGE, other, evidence=evidence).decisions[0].faults


def test_audit_reads_offsets_of_the_unit() -> None:
    text = "😀 করিম"
    result = audit(text, Span(3, 7, "PER"), Span(1, 7, "PER"), evidence=Evidence(unit="utf16"))
    # What cannot be read stays as given: gold "as given" must not lose it.
    assert result.read == (Span(2, 6, "PER"), Span(1, 7, "PER"))
    assert result.ents == (Span(2, 6, "PER"),)
    assert [d.fate for d in result.decisions] == [Fate.REPAIRED, Fate.REFUSED]
    assert result.decisions[1].given == Span(1, 7, "PER")


def test_audit_offset_after_the_text_is_missing_in_every_unit() -> None:
    # A span that starts in the text and ends after it leaves its tokens missing; an emoji
    # elsewhere in the text must not make an error of it.
    for text, start in (("করিম ঢাকা", 5), ("😀 করিম ঢাকা", 8)):
        result = audit(text, Span(start, 90, "LOC"), evidence=Evidence(unit="utf16"))
        assert result.decisions[0].fate is Fate.MISSING
        assert missing(result) == ["ঢাকা"]


def test_audit_nested_spans_are_kept_apart() -> None:
    college, city = at(COLLEGE, "ঢাকা মেডিকেল কলেজ", "ORG"), at(COLLEGE, "ঢাকা")
    crossing = at(COLLEGE, "কলেজ হাসপাতালে")
    result = audit(COLLEGE, college, city, crossing, policies=("crossing=repair",))
    assert result.ents == (college,)
    assert result.nested == (city,)


def test_audit_missing_is_made_of_whole_tokens_beside_the_ents() -> None:
    ward, fire = at(COLLEGE, "কলেজ হাসপাতালে", "ORG"), at(COLLEGE, "হাসপাতালে আগুন")
    result = audit(COLLEGE, ward, fire, Span(2, 1, "LOC"), policies=("crossing=repair",))
    assert surfaces(result) == ["কলেজ হাসপাতালে"]
    assert missing(result) == ["ঢাকা", "আগুন"]


def test_audit_missing_neighbours_are_one_range() -> None:
    result = audit(TOWN, Span(7, 5, "LOC"), Span(14, 11, "LOC"), Span(99, 16, "LOC"))
    assert missing(result) == ["থাকেন ঢাকা শহরে"]


def test_audit_stop_lists_every_fault_that_is_not_allowed() -> None:
    policies = ("edge-whitespace=error", "control-characters=error")
    text = f"{TOWN}\x00"
    wide = [at(text, " ঢাকা"), at(text, "করিম ", "PER")]
    result = audit(text, *wide, PER, policies=policies)
    assert result.stop == ("edge-whitespace", "edge-whitespace", "control-characters")


def test_audit_trainable_are_kept_and_repaired() -> None:
    result = audit(TOWN, PER, at(TOWN, "ঢাকা "), Span(9, 9, "LOC"), Span(99, 99, "LOC"))
    assert [d.fate for d in result.decisions] == list(Fate)
    assert [is_trainable(d) for d in result.decisions] == [True, True, False, False]


def test_audit_text_without_spans_is_all_outside() -> None:
    result = audit(TOWN)
    assert (result.ents, result.missing, result.decisions, result.stop) == ((), (), (), ())
