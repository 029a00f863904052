"""Every fault of a span under every policy that it allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from scripts.annotations.audit import RecordAudit, audit_record, reconcile
from scripts.annotations.contexts import ContextCounts
from scripts.annotations.edges import TokenEdges
from scripts.annotations.faults import FAULTS, Fate, Policy, parse_policies
from scripts.annotations.records import Record, Span
from scripts.annotations.survey import Evidence

from . import at, edges_of

KEEP, REPAIR, MISSING, DROP, ERROR = Policy
KEPT, REPAIRED, MASKED, REFUSED = Fate


@dataclass(frozen=True)
class Outcome:
    """What a policy makes of a text: a fate for each span, the ents and the missing parts."""

    fates: tuple[Fate, ...]
    ents: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """A text with a fault in its last span, and what becomes of it under each policy.

    ``versions`` are the trainable spans of the text's copies; ``silent`` are policies under which
    there is nothing to find; ``beside`` are faults that cannot but come with this one.
    """

    fault: str
    name: str
    text: str
    spans: tuple[Span, ...]
    outcomes: Mapping[Policy, Outcome]
    evidence: Evidence = Evidence()
    versions: tuple[frozenset[Span], ...] = ()
    silent: tuple[Policy, ...] = ()
    beside: frozenset[str] = frozenset()

    def audit(self, policy: Policy, *others: str) -> RecordAudit:
        policies = parse_policies([f"{self.fault}={policy.value}", *others])
        copies = reconcile(self.versions, policy) if self.versions else None
        record = Record(self.text, self.spans, 1)
        return audit_record(record, edges_of(self.text), self.evidence, policies, copies)


def one(
    fault: str,
    name: str,
    text: str,
    span: Span,
    *,
    repaired: str | None = None,
    missing: tuple[str, ...] = (),
    kept: str | None = None,
    evidence: Evidence | None = None,
    beside: frozenset[str] = frozenset(),
) -> Case:
    """A case of one span, of which each policy makes what its name says."""
    made = {
        REPAIR: Outcome((REPAIRED,), (repaired or "",)),
        MISSING: Outcome((MASKED,), (), missing),
        KEEP: Outcome((KEPT,), (kept or "",)),
        DROP: Outcome((REFUSED,)),
        ERROR: Outcome((REFUSED,)),
    }
    outcomes = {policy: made[policy] for policy in FAULTS[fault].policies}
    return Case(fault, name, text, (span,), outcomes, evidence or Evidence(), beside=beside)


TOWN = "করিম থাকেন ঢাকা"
QUOTED = "তিনি লেখেন “ঢাকা বড় শহর”"
SMILE = "তিনি থাকেন ঢাকা :)"
LONG = "তারা চট্টগ্রামে থাকেন"
PAIR = "করিম উদ্দিন ও রহিম যান"
AGAIN = "ঢাকাতে মানুষ ঢাকা দেখে"
NESTED = "ঢাকা মেডিকেল কলেজে আগুন"
OCCURS = "লাল করিম ফুল দেখে জনাব করিম বলেন"
EMOJI = "😀 জানান করিম ঢাকায়"

SOME_INCLUSIVE = Evidence(inclusive={"single": "some", "multi": "some"})


def _contexts() -> ContextCounts:
    """A corpus that always writes জনাব before a person and বলেন after."""
    contexts = ContextCounts()
    for words, person in [(["জনাব", "রহিম", "বলেন"], "রহিম"), (["লাল", "ফুল", "দেখে"], "")] * 60:
        text = " ".join(words)
        starts = [text.index(word) for word in words]
        ends = [start + len(word) for start, word in zip(starts, words, strict=True)]
        spans = (at(text, person, "PER"),) if person else ()
        contexts.add(Record(text, spans, 1), TokenEdges(starts, ends))
    return contexts


def _cases() -> list[Case]:
    town = at(TOWN, "ঢাকা")
    college, city = at(NESTED, "ঢাকা মেডিকেল কলেজে", "ORG"), at(NESTED, "ঢাকা")
    college_as_place = at(NESTED, "ঢাকা মেডিকেল কলেজে")
    fire = at(NESTED, "কলেজে আগুন", "EVENT")
    person = at(TOWN, "করিম", "PER")
    stay = at(TOWN, "থাকেন")
    return [
        one(
            "offset-unit", "UTF-16", EMOJI, Span(9, 13, "PER"),
            repaired="করিম", evidence=Evidence(unit="utf16"),
        ),
        one(
            "out-of-range", "ends after the text", TOWN, Span(town.start, 90, "LOC"),
            repaired="ঢাকা", missing=("ঢাকা",),
        ),
        one(
            "out-of-range", "starts before the text", TOWN, Span(-3, 4, "PER"),
            repaired="করিম", missing=("করিম",),
        ),
        Case(
            "surface-mismatch", "offsets on other words", TOWN, (replace(stay, surface="ঢাকা"),),
            {
                REPAIR: Outcome((KEPT,), ("থাকেন",)),
                KEEP: Outcome((KEPT,), ("থাকেন",)),
                MISSING: Outcome((MASKED,), (), ("থাকেন",)),
                DROP: Outcome((REFUSED,)),
                ERROR: Outcome((REFUSED,)),
            },
        ),
        Case(
            "surface-mismatch", "offsets inside words", TOWN,
            (Span(town.start - 3, town.end - 3, "LOC", surface="ঢাকা"),),
            {REPAIR: Outcome((REPAIRED,), ("ঢাকা",))},
        ),
        one(
            "discontinuous", "two parts", NESTED,
            replace(college, fragments=((0, 4), (college.end - 5, college.end))),
            repaired="ঢাকা মেডিকেল কলেজে", missing=("ঢাকা", "কলেজে"),
        ),
        one(
            "reversed", "whole words", TOWN, Span(town.end, town.start, "LOC"),
            repaired="ঢাকা", missing=("ঢাকা",),
        ),
        one("empty", "at a word", TOWN, Span(town.start, town.start, "LOC"), missing=("ঢাকা",)),
        one("empty", "inside a word", TOWN, Span(town.end - 1, town.end - 1, "LOC"),
            missing=("ঢাকা",)),
        one("empty", "a blank token", "করিম  ঢাকা", Span(5, 6, "LOC"), missing=(" ",)),
        one("empty", "a line end", "করিম\r\nঢাকা", Span(4, 6, "LOC"), missing=("\r\n",)),
        one(
            "edge-whitespace", "both sides", TOWN, at(TOWN, " থাকেন "),
            repaired="থাকেন", missing=("থাকেন",),
        ),
        one(
            "edge-punctuation", "loose quote", QUOTED, at(QUOTED, "“ঢাকা"),
            repaired="ঢাকা", missing=("“ঢাকা",), kept="“ঢাকা",
        ),
        one(
            "edge-punctuation", "danda", "থাকেন ঢাকা।", at("থাকেন ঢাকা।", "ঢাকা।"),
            repaired="ঢাকা", missing=("ঢাকা।",), kept="ঢাকা।",
        ),
        one(
            "inclusive-end", "one word", TOWN, at(TOWN, "ঢাক"),
            repaired="ঢাকা", missing=("ঢাকা",), evidence=SOME_INCLUSIVE,
        ),
        one(
            "off-by-one", "start", TOWN, at(TOWN, "াকা"),
            repaired="ঢাকা", missing=("ঢাকা",),
        ),
        one(
            "mid-token", "most of a word", LONG, at(LONG, "চট্টগ্র"),
            repaired="চট্টগ্রামে", missing=("চট্টগ্রামে",),
        ),
        one(
            "mostly-outside", "less than half of a word", LONG, at(LONG, "চট্ট"),
            repaired="চট্টগ্রামে", missing=("চট্টগ্রামে",), beside=frozenset({"mid-token"}),
        ),
        Case(
            "duplicate-span", "as given", TOWN, (town, town),
            {
                REPAIR: Outcome((KEPT, REPAIRED), ("ঢাকা",)),
                ERROR: Outcome((KEPT, REPAIRED), ("ঢাকা",)),
            },
        ),
        Case(
            "two-labels", "LOC and ORG", TOWN, (town, Span(town.start, town.end, "ORG")),
            {
                MISSING: Outcome((MASKED, MASKED), (), ("ঢাকা",)),
                DROP: Outcome((KEPT, REFUSED), ("ঢাকা",)),
                ERROR: Outcome((REFUSED, REFUSED)),
            },
        ),
        Case(
            "covers-several", "two persons", PAIR,
            (at(PAIR, "করিম উদ্দিন"), at(PAIR, "রহিম"), at(PAIR, "করিম উদ্দিন ও রহিম")),
            {
                MISSING: Outcome((KEPT, KEPT, MASKED), ("করিম উদ্দিন", "রহিম"), ("ও",)),
                KEEP: Outcome((REFUSED, REFUSED, KEPT), ("করিম উদ্দিন ও রহিম",)),
                DROP: Outcome((KEPT, KEPT, REFUSED), ("করিম উদ্দিন", "রহিম")),
                ERROR: Outcome((KEPT, KEPT, REFUSED), ("করিম উদ্দিন", "রহিম")),
            },
            beside=frozenset({"nested"}),
        ),
        Case(
            "misplaced", "inside a token", AGAIN, (Span(0, 4, "LOC"),),
            {
                MISSING: Outcome((MASKED,), (), ("ঢাকাতে", "ঢাকা")),
                REPAIR: Outcome((REPAIRED,), ("ঢাকা",)),
                KEEP: Outcome((REPAIRED,), ("ঢাকাতে",)),
                DROP: Outcome((REFUSED,)),
                ERROR: Outcome((REFUSED,)),
            },
            beside=frozenset({"mid-token"}),
        ),
        one(
            "over-long", "three tokens", NESTED, college_as_place,
            kept="ঢাকা মেডিকেল কলেজে", missing=("ঢাকা মেডিকেল কলেজে",),
            evidence=Evidence(longest={"LOC": 2}),
        ),
        Case(
            "nested", "shorter at the start", NESTED, (college, city),
            {
                REPAIR: Outcome((KEPT, REFUSED), ("ঢাকা মেডিকেল কলেজে",)),
                MISSING: Outcome((MASKED, MASKED), (), ("ঢাকা মেডিকেল কলেজে",)),
                DROP: Outcome((KEPT, REFUSED), ("ঢাকা মেডিকেল কলেজে",)),
                ERROR: Outcome((KEPT, REFUSED), ("ঢাকা মেডিকেল কলেজে",)),
            },
        ),
        Case(
            "crossing", "last word in both", NESTED, (college, fire),
            {
                REPAIR: Outcome((KEPT, MASKED), ("ঢাকা মেডিকেল কলেজে",), ("আগুন",)),
                MISSING: Outcome((MASKED, MASKED), (), (NESTED,)),
                DROP: Outcome((KEPT, REFUSED), ("ঢাকা মেডিকেল কলেজে",)),
                ERROR: Outcome((KEPT, REFUSED), ("ঢাকা মেডিকেল কলেজে",)),
            },
        ),
        Case(
            "contested", "marked in one copy alone", TOWN, (person, town),
            {
                REPAIR: Outcome((KEPT, KEPT), ("করিম", "ঢাকা")),
                MISSING: Outcome((KEPT, MASKED), ("করিম",), ("ঢাকা",)),
                KEEP: Outcome((KEPT, KEPT), ("করিম", "ঢাকা")),
                DROP: Outcome((KEPT, REFUSED), ("করিম",)),
                ERROR: Outcome((KEPT, REFUSED), ("করিম",), ("ঢাকা",)),
            },
            versions=(frozenset({person, town}), frozenset({person})),
            silent=(KEEP, REPAIR),
        ),
        Case(
            "contested", "labels differ", TOWN, (person, town),
            {
                REPAIR: Outcome((KEPT, MASKED), ("করিম",), ("ঢাকা",)),
                MISSING: Outcome((KEPT, MASKED), ("করিম",), ("ঢাকা",)),
                KEEP: Outcome((KEPT, KEPT), ("করিম", "ঢাকা")),
                DROP: Outcome((KEPT, REFUSED), ("করিম",)),
                ERROR: Outcome((KEPT, REFUSED), ("করিম",), ("ঢাকা",)),
            },
            versions=(
                frozenset({person, town}),
                frozenset({person, Span(town.start, town.end, "ORG")}),
            ),
            silent=(KEEP,),
        ),
        one(
            "other-occurrence", "likelier later", OCCURS, at(OCCURS, "করিম", "PER"),
            kept="করিম", missing=("করিম",), evidence=Evidence(contexts=_contexts()),
        ),
        Case(
            "label-variant", "case", TOWN, (Span(town.start, town.end, "Loc"),),
            {KEEP: Outcome((KEPT,), ("ঢাকা",)), ERROR: Outcome((KEPT,), ("ঢাকা",))},
            evidence=Evidence(variants={"Loc": "LOC"}),
        ),
    ]  # fmt: skip


CASES = _cases()
PAIRS = [
    pytest.param(case, policy, id=f"{case.fault}={policy.value}, {case.name}")
    for case in CASES
    for policy in case.outcomes
]


def test_fault_policies_are_all_tried() -> None:
    wanted = {(f.code, p) for f in FAULTS.values() if f.scope == "span" for p in f.policies}
    tried = {(case.fault, policy) for case in CASES for policy in case.outcomes}
    assert tried == wanted


@pytest.mark.parametrize(("case", "policy"), PAIRS)
def test_fault_policies_settle_the_fate(case: Case, policy: Policy) -> None:
    audit = case.audit(policy)
    expected = case.outcomes[policy]
    assert tuple(d.fate for d in audit.decisions) == expected.fates
    assert tuple(case.text[s.start : s.end] for s in audit.ents) == expected.ents
    assert tuple(case.text[start:end] for start, end in audit.missing) == expected.missing


@pytest.mark.parametrize(("case", "policy"), PAIRS)
def test_fault_policies_name_the_fault(case: Case, policy: Policy) -> None:
    audit = case.audit(policy)
    assert (case.fault in audit.decisions[-1].faults) == (policy not in case.silent)
    assert {fault for d in audit.decisions for fault in d.faults} <= {case.fault} | case.beside


@pytest.mark.parametrize(("case", "policy"), PAIRS)
def test_fault_policies_stop_at_error_alone(case: Case, policy: Policy) -> None:
    audit = case.audit(policy)
    assert set(audit.stop) == ({case.fault} if policy is ERROR else set())


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{case.fault}, {case.name}") for case in CASES]
)
def test_fault_policies_default_is_the_first_of_the_catalogue(case: Case) -> None:
    policy = FAULTS[case.fault].default
    copies = reconcile(case.versions, policy) if case.versions else None
    record = Record(case.text, case.spans, 1)
    audit = audit_record(record, edges_of(case.text), case.evidence, parse_policies([]), copies)
    assert audit == case.audit(policy)


@pytest.mark.parametrize("policy", FAULTS["mid-token"].policies)
def test_fault_policies_mid_token_holds_for_what_mostly_outside_lets_through(
    policy: Policy,
) -> None:
    case = next(case for case in CASES if case.fault == "mostly-outside")
    [decision] = case.audit(REPAIR, f"mid-token={policy.value}").decisions
    assert decision.faults == ("mostly-outside", "mid-token")
    expected = {REPAIR: REPAIRED, MISSING: MASKED}
    assert decision.fate is expected.get(policy, REFUSED)


@pytest.mark.parametrize("policy", FAULTS["out-of-range"].policies)
@pytest.mark.parametrize("span", [Span(90, 99, "LOC"), Span(-9, -2, "LOC"), Span(-4, 0, "LOC")])
def test_fault_policies_wholly_out_of_range_is_an_error_unless_dropped(
    policy: Policy, span: Span
) -> None:
    # There is nothing to repair and no token to leave unannotated.
    audit = one("out-of-range", "wholly", TOWN, span).audit(policy)
    [decision] = audit.decisions
    assert (decision.fate, decision.span, decision.masked) == (REFUSED, None, ())
    assert decision.faults == ("out-of-range",)
    assert decision.suspicious
    assert audit.stop == (() if policy is DROP else ("out-of-range",))
    assert not audit.ents
    assert not audit.missing


@pytest.mark.parametrize("span", [Span(99, 90, "LOC"), Span(-2, -9, "LOC"), Span(0, -4, "LOC")])
def test_fault_policies_reversed_and_wholly_out_of_range_is_an_error(span: Span) -> None:
    audit = one("reversed", "wholly outside", TOWN, span).audit(MISSING)
    [decision] = audit.decisions
    assert decision.fate is REFUSED
    assert audit.stop
    assert not audit.missing


def test_fault_policies_empty_after_the_last_word_leaves_that_word_unannotated() -> None:
    audit = one("empty", "at the end", TOWN, Span(len(TOWN), len(TOWN), "LOC")).audit(MISSING)
    assert audit.decisions[0].faults == ("empty",)
    assert [TOWN[start:end] for start, end in audit.missing] == [TOWN.split()[-1]]
    assert not audit.stop


def test_fault_policies_empty_before_a_word_leaves_the_word_unannotated() -> None:
    # A click between two words: the blank belongs to no token, the word after it is meant.
    audit = one("empty", "at a blank", TOWN, Span(4, 4, "LOC")).audit(MISSING)
    assert [TOWN[start:end] for start, end in audit.missing] == ["থাকেন"]
    assert not audit.stop


def test_fault_policies_edge_punctuation_kept_off_token_edges_is_not_lost() -> None:
    # ":)" is one token: the span as given cannot be held, and keep must not make it vanish.
    audit = one("edge-punctuation", "half a smiley", SMILE, at(SMILE, "ঢাকা :")).audit(KEEP)
    [decision] = audit.decisions
    assert "edge-punctuation" in decision.faults
    assert decision.span is not None
    assert audit.ents == (decision.span,)


def test_fault_policies_error_holds_for_offsets_that_the_unit_cannot_have() -> None:
    # Offset 1 is inside the emoji; that the file's unit is refused comes before the loss.
    case = one("offset-unit", "inside", EMOJI, Span(1, 8, "PER"), evidence=Evidence(unit="utf16"))
    assert "offset-unit" in case.audit(ERROR, "out-of-range=drop").stop


def test_fault_policies_error_holds_for_a_hint_too() -> None:
    # কে inside তাঁকে is less than half of it; the word কে stands later, and that is a finding.
    text = "তাঁকে এ কে এম ডাকে"
    case = one("other-occurrence", "hint", text, at(text, "কে", "PER"))
    assert case.audit(KEEP).decisions[0].faults == ("mostly-outside", "other-occurrence")
    assert "other-occurrence" in case.audit(ERROR).stop
