"""Dividing records into train, dev and test: whole groups, balanced labels, seeded."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence


def split_groups(
    groups: Sequence[int],
    labels: Sequence[Mapping[int, int]],
    fractions: Mapping[str, float],
    seed: int,
) -> list[str]:
    """Assigns every record to a split, whole groups at a time.

    Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011) over groups: the rarest
    label is dealt out first, each group that has it goes to the split that still lacks most of
    it, larger groups first; ties go to the split that lacks most records, then by a seeded draw.

    Args:
        groups: Group number of each record.
        labels: Label number to count, for each record.
        fractions: Split to its share of the records; shares add up to 1.
        seed: Decides the order in which equal groups are dealt.

    Returns:
        The split of each record.
    """
    members: dict[int, list[int]] = {}
    for record, group in enumerate(groups):
        members.setdefault(int(group), []).append(record)
    counts = {g: sum((Counter(labels[r]) for r in rs), Counter()) for g, rs in members.items()}
    order = list(members)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda g: -len(members[g]))

    total = sum(counts.values(), Counter())
    lacking = {
        split: {label: share * n for label, n in total.items()}
        for split, share in fractions.items()
    }
    room = {split: share * len(groups) for split, share in fractions.items()}
    chosen: dict[int, str] = {}

    def deal(group: int, label: int | None) -> None:
        split = max(
            fractions,
            key=lambda s: (lacking[s].get(label, 0.0) if label is not None else 0.0, room[s]),
        )
        chosen[group] = split
        room[split] -= len(members[group])
        for other, n in counts[group].items():
            lacking[split][other] -= n

    for label in sorted(total, key=lambda item: (total[item], item)):
        for group in order:
            if group not in chosen and counts[group][label]:
                deal(group, label)
    for group in order:
        if group not in chosen:
            deal(group, None)
    return [chosen[int(group)] for group in groups]
