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
    dealer = _Dealer(fractions, len(groups), total)
    for label in sorted(total, key=lambda item: (total[item], item)):
        for group in order:
            if group not in dealer.chosen and counts[group][label]:
                dealer.deal(group, len(members[group]), counts[group], label)
    for group in order:
        if group not in dealer.chosen:
            dealer.deal(group, len(members[group]), counts[group], None)
    return [dealer.chosen[int(group)] for group in groups]


class _Dealer:
    """What every split still lacks, and which group it was dealt."""

    def __init__(self, fractions: Mapping[str, float], size: int, total: Counter[int]) -> None:
        self.chosen: dict[int, str] = {}
        self.room = {split: share * size for split, share in fractions.items()}
        self.lacking = {
            split: {label: share * n for label, n in total.items()}
            for split, share in fractions.items()
        }

    def deal(self, group: int, size: int, counts: Counter[int], label: int | None) -> None:
        """Gives a group to the split that lacks most of a label; of records, if it is None."""

        def need(split: str) -> tuple[float, float]:
            lack = 0.0 if label is None else self.lacking[split][label]
            return lack, self.room[split]

        split = max(self.room, key=need)
        self.chosen[group] = split
        self.room[split] -= size
        for other, n in counts.items():
            self.lacking[split][other] -= n
