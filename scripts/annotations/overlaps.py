"""The spans of one text against each other: what a flat ``ner`` cannot hold, a span group can."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from .edges import TokenEdges
from .faults import Fate, Policies, Policy
from .records import Span
from .resolve import Decision


def resolve_overlaps(
    decisions: Sequence[Decision], edges: TokenEdges, policies: Policies
) -> list[Decision]:
    """Merges duplicates and decides between spans that share characters.

    Order of the result is that of the decisions given. Afterwards the spans of kept and repaired
    decisions never overlap, save for merged duplicates, which are equal, and for what the
    policies of two-labels, nested and crossing keep.

    Args:
        decisions: Decisions on the spans of one text, each on token edges or without span.
        edges: Token edges of the text.
        policies: Policy of every fault.
    """
    result = _same_place(list(decisions), policies)
    return _nested_and_crossing(_covering(result, edges, policies), policies)


def _covering(decisions: list[Decision], edges: TokenEdges, policies: Policies) -> list[Decision]:
    """Rules on spans over several others of their label: a list marked as one name.

    At least one of the inner spans must have several tokens: two single tokens are as likely
    to be the parts of one name.
    """
    spans = sorted({d.span for d in decisions if d.span is not None})
    for i, decision in enumerate(decisions):
        outer = decision.span
        if outer is None:
            continue
        inner = [
            s for s in spans
            if s != outer and s.label == outer.label
            and outer.start <= s.start and s.end <= outer.end
        ]  # fmt: skip
        apart = [a for a in inner if any(a.end <= b.start or b.end <= a.start for b in inner)]
        tokens = [len(range(*edges.tokens(s.start, s.end))) for s in apart]
        if max(tokens, default=0) > 1:
            note = f"holds {len(apart)} others"
            policy = policies["covers-several"]
            place = (outer.start, outer.end)
            ruled = decision.ruled("covers-several", policy, place, note=note)
            decisions[i] = replace(ruled, suspicious=True)
    return decisions


def _same_place(decisions: list[Decision], policies: Policies) -> list[Decision]:
    places: dict[tuple[int, int], list[int]] = {}
    for i, decision in enumerate(decisions):
        if decision.span is not None:
            places.setdefault((decision.span.start, decision.span.end), []).append(i)
    for place, members in places.items():
        labels = dict.fromkeys(decisions[i].span.label for i in members)
        if len(labels) > 1:
            policy = policies["two-labels"]
            losers = members[1:] if policy is Policy.DROP else members
            note = f"labels {', '.join(labels)}"
            for i in losers:
                if policy is Policy.DROP and decisions[i].span.label == next(iter(labels)):
                    continue
                decisions[i] = decisions[i].ruled("two-labels", policy, place, note=note)
        seen: set[str] = set()
        for i in members:
            decision = decisions[i]
            if decision.span is None:
                continue
            if decision.span.label in seen:
                policy = policies["duplicate-span"]
                noted = decision.noted("duplicate-span", "equals another span", policy)
                decisions[i] = replace(noted, fate=Fate.REPAIRED)
            seen.add(decision.span.label)
    return decisions


def flat(spans: Sequence[Span]) -> list[Span]:
    """Those of some spans that a ``ner`` can hold: the longest of each that overlap, sorted.

    Among spans of one length the one that starts first stays, at one place the first given.
    """
    chosen: list[Span] = []
    for span in sorted(dict.fromkeys(spans), key=lambda s: (s.start - s.end, s.start)):
        # Spans of a text are few; those chosen stay sorted, so that its neighbours are enough.
        place = bisect_left(chosen, span.start, key=lambda s: s.start)
        before, after = chosen[max(place - 1, 0) : place], chosen[place : place + 1]
        if all(s.end <= span.start for s in before) and all(span.end <= s.start for s in after):
            chosen.insert(place, span)
    return chosen


def _nested_and_crossing(decisions: list[Decision], policies: Policies) -> list[Decision]:
    """Rules on pairs of spans that share characters, the longest first."""
    spans = [decision.span for decision in decisions]
    order = sorted(
        (i for i, span in enumerate(spans) if span is not None),
        key=lambda i: (spans[i].start - spans[i].end, spans[i].start, i),
    )
    for place, i in enumerate(order):
        for j in order[:place]:
            span, other = spans[i], spans[j]
            apart = span.end <= other.start or other.end <= span.start
            # Equal places with two labels have been ruled on before.
            same = (span.start, span.end) == (other.start, other.end)
            if same or apart or decisions[i].span is None:
                continue
            inside = other.start <= span.start and span.end <= other.end
            fault = "nested" if inside else "crossing"
            policy = policies[fault]
            # What was ruled missing casts doubt on what it meets; what was dropped does not.
            if decisions[j].span is None and policy is not Policy.MISSING:
                continue
            if policy is Policy.KEEP and fault in decisions[i].faults:
                continue
            _rule(decisions, i, j, spans, fault, policy)
    return decisions


def _rule(
    decisions: list[Decision],
    loser: int,
    winner: int,
    spans: Sequence[Span | None],
    fault: str,
    policy: Policy,
) -> None:
    span, other = spans[loser], spans[winner]
    if policy is Policy.MISSING:
        for i, decision in enumerate(decisions):
            if decision.span == other and spans[i] == other:
                decisions[i] = decision.ruled(
                    fault, policy, (other.start, other.end),
                    note=f"{fault} with {span.start}–{span.end} {span.label}",
                )  # fmt: skip
    elif policy is Policy.REPAIR:
        # The longer span stays. What the shorter has outside it is unknown, not "no entity".
        policy = Policy.DROP if fault == "nested" else Policy.MISSING
    decisions[loser] = decisions[loser].ruled(
        fault, policy, (span.start, span.end),
        note=f"{fault} with {other.start}–{other.end} {other.label}",
    )  # fmt: skip
