"""The spans of one text against each other: what a flat ``ner`` cannot hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .edges import TokenEdges
from .faults import Fate, Policies, Policy
from .resolve import Decision


def resolve_overlaps(
    decisions: Sequence[Decision], edges: TokenEdges, policies: Policies
) -> list[Decision]:
    """Merges duplicates and decides between spans that share characters.

    Order of the result is that of the decisions given. Afterwards the spans of kept and repaired
    decisions never overlap, save for merged duplicates, which are equal.

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
                stop = policies["duplicate-span"] is Policy.ERROR
                decisions[i] = replace(
                    decision,
                    fate=Fate.REPAIRED,
                    faults=(*decision.faults, "duplicate-span"),
                    note="equals another span",
                    stop="duplicate-span" if stop else decision.stop,
                )
            seen.add(decision.span.label)
    return decisions


def _nested_and_crossing(decisions: list[Decision], policies: Policies) -> list[Decision]:
    order = sorted(
        (i for i, decision in enumerate(decisions) if decision.span is not None),
        key=lambda i: (decisions[i].span.start - decisions[i].span.end, decisions[i].span.start, i),
    )
    winners: list[int] = []
    for i in order:
        span = decisions[i].span
        for j in winners:
            other = decisions[j].span
            if other is None or span == other:
                continue
            if span.start < other.end and other.start < span.end:
                _decide(decisions, i, j, policies)
                break
        else:
            winners.append(i)
    return decisions


def _decide(decisions: list[Decision], loser: int, winner: int, policies: Policies) -> None:
    span, other = decisions[loser].span, decisions[winner].span
    inside = other.start <= span.start and span.end <= other.end
    fault = "nested" if inside else "crossing"
    policy = policies[fault]
    note = f"{fault} with {other.start}–{other.end} {other.label}"
    if policy is Policy.REPAIR:
        # The longer span stays. What the shorter has outside it is unknown, not "no entity".
        policy = Policy.DROP if inside else Policy.MISSING
    elif policy is Policy.MISSING:
        for i, decision in enumerate(decisions):
            if decision.span == other and i != loser:
                decisions[i] = decision.ruled(
                    fault,
                    policy,
                    (other.start, other.end),
                    note=f"{fault} with {span.start}–{span.end}",
                )
    decisions[loser] = decisions[loser].ruled(fault, policy, (span.start, span.end), note=note)
