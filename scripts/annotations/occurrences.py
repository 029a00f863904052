"""Spans that mark one occurrence of some words and may have meant another.

Corpora made by searching a text for the annotated string mark the first place where it is found,
be it inside another word or a mention that is marked already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .contexts import Range, free_occurrences, likelier_occurrence
from .edges import TokenEdges
from .faults import Fate, Policies, Policy
from .records import Span
from .resolve import Decision
from .survey import Evidence
from .whitespace import trim


def rule_misplaced(
    text: str,
    before: Sequence[Decision],
    decisions: Sequence[Decision],
    edges: TokenEdges,
    evidence: Evidence,
    policies: Policies,
) -> list[Decision]:
    """Rules on spans that can have meant another occurrence only.

    Such are a span that fell inside a token while its words stand whole elsewhere, and a
    duplicate or a nested span whose words stand unmarked elsewhere. Left alone, the mention that
    was meant would be trained as "no entity"; it is left missing, or with the policy repair the
    span is moved to it.

    Args:
        text: Text of the record.
        before: Decisions before overlaps were resolved.
        decisions: The same after it.
        edges: Token edges of the text.
        evidence: What the file says as a whole.
        policies: Policy of every fault.
    """
    policy = policies["misplaced"]
    taken = [(d.span.start, d.span.end) for d in before if d.span is not None]
    result = []
    for earlier, decision in zip(before, decisions, strict=True):
        found = (
            free_occurrences(text, surface, edges, taken)
            for surface in _meant(text, earlier, decision, evidence)
        )
        places = next(filter(None, found), None)
        if places:
            decision = _rule(decision, places, policy)
            if policy is Policy.REPAIR:
                taken.append(places[0])
        result.append(decision)
    return result


def _meant(text: str, earlier: Decision, decision: Decision, evidence: Evidence) -> list[str]:
    """The words to look for, likeliest first, if a decision can have meant another occurrence."""
    if earlier.span is None:
        return []
    place = decision.read or earlier.span
    low, high = sorted((max(place.start, 0), min(place.end, len(text))))
    start, end = trim(text, low, high)
    given = [text[start:end]]
    if evidence.inclusive["single"] != "no" and "mid-token" in decision.faults:
        given.append(text[start : end + 1])
    lost = decision.span is None and decision.faults[-1:] == ("nested",)
    if "duplicate-span" in decision.faults or lost:
        return [text[earlier.span.start : earlier.span.end], *given[::-1]]
    return given if "mid-token" in decision.faults and decision.span is not None else []


def _rule(decision: Decision, places: list[Range], policy: Policy) -> Decision:
    note = "its words stand unmarked at " + ", ".join(f"{s}–{e}" for s, e in places)
    if policy is Policy.REPAIR:
        moved = Span(*places[0], decision.given.label)
        faults = (*decision.faults, "misplaced")
        return replace(decision, fate=Fate.REPAIRED, span=moved, faults=faults, note=note)
    own = decision.span
    # What a mid-token span would have grown to is no more certain than the other place.
    grown = [(own.start, own.end)] if own is not None and "mid-token" in decision.faults else []
    ruled = decision.ruled("misplaced", policy, *grown, *places, note=note)
    return replace(ruled, suspicious=True)


def rule_occurrences(
    text: str,
    decisions: Sequence[Decision],
    edges: TokenEdges,
    evidence: Evidence,
    policies: Policies,
) -> list[Decision]:
    """Points out spans whose words stand elsewhere too, in a context more usual for the label.

    Only a suspicion: with the default policy nothing is changed.
    """
    taken = [(d.span.start, d.span.end) for d in decisions if d.span is not None]
    result = []
    for decision in decisions:
        other = _other(text, decision, edges, evidence, taken)
        if other is not None:
            note = f"{text[other[0] : other[1]]!r} stands at {other[0]}–{other[1]} too"
            policy = policies["other-occurrence"]
            if decision.span is None:
                # Its fate is settled already; the other occurrence is a hint for the reader.
                decision = decision.noted("other-occurrence", note, policy)
            else:
                place = (decision.span.start, decision.span.end)
                decision = decision.ruled("other-occurrence", policy, place, note=note)
            decision = replace(decision, suspicious=True)
        result.append(decision)
    return result


def _other(
    text: str,
    decision: Decision,
    edges: TokenEdges,
    evidence: Evidence,
    taken: Sequence[Range],
) -> Range | None:
    place = decision.span or decision.read or decision.given
    if decision.span is None and "mostly-outside" not in decision.faults:
        return None
    ends = [place.end]
    if decision.span is None and evidence.inclusive["single"] != "no":
        ends.insert(0, min(place.end + 1, len(text)))
    for end in ends:
        # A single letter stands everywhere; it points to nothing.
        if end - place.start > 1:
            other = likelier_occurrence(
                text, place.start, end, place.label, edges, evidence.contexts, taken
            )
            if other is not None:
                return other
    return None
