"""What holds for the audit of any text with any spans under any policies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scripts.annotations.audit import RecordAudit, audit_record
from scripts.annotations.edges import TokenEdges
from scripts.annotations.faults import FAULTS, Fate, Policies, Policy, default_policies
from scripts.annotations.records import Record, Span
from scripts.annotations.survey import Evidence
from scripts.annotations.units import CODEPOINT, UNITS
from scripts.corpora.docs import to_doc
from scripts.corpora.tokenizer import build_tokenizer, token_edges

tokenizer = cache(build_tokenizer)

WORDS = [
    "ঢাকা",
    "ঢাকাতে",
    "কে",
    "তাঁকে",
    "এ",
    "চট্টগ্রাম",
    "করিম",
    "হঠাত্\u200d",
    "র\u200d্যাব",
    "ড.",
    "১২",
    "Inc.",
]
SIGNS = ["।", ",", "“", "”", "‘", "’", "'", "(", ")", "৳", "-", "—", ":)", "...", "😀", "👨‍🚒"]
BLANKS = [" ", " ", " ", "  ", "\u00a0", "\u200b", "\u200c", "\ufeff", "\n", "\r\n", ""]

quick = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)


@dataclass(frozen=True)
class Audited:
    """An audit with what it was made from."""

    record: Record
    edges: TokenEdges
    evidence: Evidence
    policies: Policies
    audit: RecordAudit


@st.composite
def bangla_texts(draw: st.DrawFn) -> str:
    words = st.sampled_from([*WORDS, *SIGNS])
    parts = draw(st.lists(st.tuples(words, st.sampled_from(BLANKS)), max_size=8))
    return "".join(word + blank for word, blank in parts)


@st.composite
def spans_of(draw: st.DrawFn, text: str, edges: TokenEdges) -> Span:
    """A run of tokens, moved a little at both ends; or two offsets without any sense."""
    label = draw(st.sampled_from(["PER", "LOC", "Loc"]))
    if edges.starts and draw(st.integers(0, 2)):
        tokens = st.integers(0, len(edges.starts) - 1)
        first = draw(tokens)
        last = min(first + draw(st.integers(0, 3)), len(edges.starts) - 1)
        moves = st.sampled_from([0, 0, 0, -1, 1, -2, 2])
        start, end = edges.starts[first] + draw(moves), edges.ends[last] + draw(moves)
        words = st.sampled_from([None, None, "", text[max(start, 0) : max(end, 0)], text[:4]])
        parts = st.sampled_from([(), (), ((start, start + 1), (end - 1, end))])
        return Span(start, end, label, draw(parts), draw(words))
    offsets = st.integers(-3, len(text) + 3)
    return Span(draw(offsets), draw(offsets), label)


@st.composite
def audits(draw: st.DrawFn, changes: st.SearchStrategy[Policies]) -> Audited:
    """An audit under the default policies with some changes."""
    text = draw(bangla_texts())
    edges = token_edges(tokenizer("bn").make_doc(text))
    spans = draw(st.lists(spans_of(text, edges), max_size=5))
    spans += draw(st.lists(st.sampled_from(spans), max_size=2)) if spans else []
    habits = st.sampled_from(["no", "no", "some", "all"])
    evidence = Evidence(
        unit=draw(st.sampled_from([CODEPOINT] * 5 + list(UNITS))),
        inclusive={"single": draw(habits), "multi": draw(habits)},
        variants={"Loc": "LOC"},
        longest={"LOC": 2},
    )
    record = Record(text, tuple(spans), 1)
    policies = {**default_policies(), **draw(changes)}
    audit = audit_record(record, edges, evidence, policies)
    return Audited(record, edges, evidence, policies, audit)


SETTINGS = [(f.code, p) for f in FAULTS.values() if f.scope == "span" for p in f.policies]
any_audit = audits(st.lists(st.sampled_from(SETTINGS), max_size=8).map(dict))


def tokens_of(ranges: list[tuple[int, int]], edges: TokenEdges) -> set[int]:
    return {i for start, end in ranges for i in range(*edges.tokens(start, end))}


@quick
@given(any_audit)
def test_audit_decides_every_span_once_in_order(sample: Audited) -> None:
    assert tuple(d.given for d in sample.audit.decisions) == sample.record.spans
    assert all(isinstance(d.fate, Fate) for d in sample.audit.decisions)
    assert all(set(d.faults) <= set(FAULTS) for d in sample.audit.decisions)


@quick
@given(any_audit)
def test_audit_leaves_the_record_as_it_is(sample: Audited) -> None:
    assert sample.audit.record is sample.record
    doc = tokenizer("bn").make_doc(sample.record.text)
    assert to_doc(doc, sample.audit).text == sample.record.text


@quick
@given(any_audit)
def test_audit_ents_are_runs_of_tokens_apart_and_in_order(sample: Audited) -> None:
    ents = sample.audit.ents
    assert all(a.end <= b.start for a, b in zip(ents, ents[1:], strict=False))
    assert all(sample.edges.fits(ent.start, ent.end) for ent in ents)


@quick
@given(any_audit)
def test_audit_ents_do_not_start_or_end_in_white_space(sample: Audited) -> None:
    for ent in sample.audit.ents:
        surface = sample.record.text[ent.start : ent.end]
        assert surface == surface.strip()
        assert surface.strip("\u200b\ufeff")


@quick
@given(any_audit)
def test_audit_ents_are_the_spans_of_the_decisions(sample: Audited) -> None:
    left = {d.span for d in sample.audit.decisions if d.span is not None}
    assert set(sample.audit.ents) == left


@quick
@given(any_audit)
def test_audit_nested_spans_lie_in_ents(sample: Audited) -> None:
    ents = sample.audit.ents
    for inner in sample.audit.nested:
        assert inner not in ents
        assert any(outer.start <= inner.start and inner.end <= outer.end for outer in ents)


@quick
@given(any_audit)
def test_audit_missing_is_whole_tokens_that_touch_no_ent(sample: Audited) -> None:
    missing = sample.audit.missing
    assert all(sample.edges.fits(start, end) for start, end in missing)
    assert all(a[1] <= b[0] for a, b in zip(missing, missing[1:], strict=False))
    for start, end in missing:
        assert all(end <= ent.start or ent.end <= start for ent in sample.audit.ents)


@quick
@given(any_audit)
def test_audit_fate_says_whether_there_is_a_span(sample: Audited) -> None:
    for decision in sample.audit.decisions:
        has_span = decision.fate in (Fate.KEPT, Fate.REPAIRED)
        assert (decision.span is not None) == has_span
        assert bool(decision.masked) <= (decision.fate is Fate.MISSING)


@quick
@given(any_audit)
def test_audit_kept_spans_are_as_given(sample: Audited) -> None:
    for decision in sample.audit.decisions:
        if decision.fate is Fate.KEPT:
            assert decision.span == decision.given
        if decision.fate is Fate.KEPT and not decision.faults:
            assert sample.edges.fits(decision.given.start, decision.given.end)
        if decision.fate is Fate.REPAIRED:
            assert decision.faults


@quick
@given(any_audit)
def test_audit_spans_are_lost_by_drop_or_error_alone(sample: Audited) -> None:
    # Nested spans are dropped by the policy repair: the tokens stay annotated by the longer one.
    policies, dropping = sample.policies, {Policy.DROP}
    for decision in sample.audit.decisions:
        if decision.fate is Fate.REFUSED and decision.stop is None:
            nested = "nested" in decision.faults and policies["nested"] is Policy.REPAIR
            assert nested or dropping & {policies[fault] for fault in decision.faults}


@quick
@given(any_audit)
def test_audit_missing_spans_leave_tokens_unannotated(sample: Audited) -> None:
    free = tokens_of(list(sample.audit.missing), sample.edges)
    free |= tokens_of([(ent.start, ent.end) for ent in sample.audit.ents], sample.edges)
    for decision in sample.audit.decisions:
        if decision.fate is Fate.MISSING:
            masked = tokens_of(list(decision.masked), sample.edges)
            assert masked
            assert masked <= free


@quick
@given(any_audit)
def test_audit_faults_that_policy_forbids_stop_the_run(sample: Audited) -> None:
    for decision in sample.audit.decisions:
        if any(sample.policies[fault] is Policy.ERROR for fault in decision.faults):
            assert decision.stop in decision.faults
            assert decision.stop in sample.audit.stop


@quick
@given(audits(st.just({})))
def test_audit_by_default_stops_only_where_nothing_can_be_left_unannotated(
    sample: Audited,
) -> None:
    for decision in sample.audit.decisions:
        if decision.stop is not None:
            assert decision.stop in ("out-of-range", "reversed", "empty", "mid-token")
            assert decision.fate is Fate.REFUSED
            assert decision.suspicious
