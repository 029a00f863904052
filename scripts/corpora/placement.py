"""Which split every record goes to, and which are taken out of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from ..annotations.faults import Policies, Policy
from ..common.errors import UserError
from .grouping import clusters, equal_pairs, near_duplicate_pairs
from .splitting import split_groups
from .table import Placement, RecordTable

SPLITS = ("train", "dev", "test")


def place_records(
    table: RecordTable,
    file_splits: Sequence[str],
    fractions: Mapping[str, float],
    policies: Policies,
    *,
    threshold: float,
    seed: int,
) -> Placement:
    """Decides the split of every record and finds duplicates and leaks.

    Args:
        table: Keys of all records.
        file_splits: The split that each input file was given as.
        fractions: Share of the train file's records for each split that was not given; empty
            when all wanted splits were given.
        policies: Policy of every fault.
        threshold: Estimated Jaccard similarity from which two texts are nearly the same.
        seed: Of the split.

    Raises:
        UserError: There are too few independent records to fill every split.
    """
    size = len(table)
    content = equal_pairs(table.column("content"))
    near = near_duplicate_pairs(table.signatures(), threshold)
    cluster = clusters(size, [content, near])
    splits = [file_splits[file] for file in table.file]
    method = "as given"
    if fractions:
        _split(table, splits, cluster, fractions, seed)
        shares = ", ".join(f"{split} {share:.0%}" for split, share in fractions.items())
        method = (
            f"grouped by document and near-duplicate, stratified by label, {shares}, seed {seed}"
        )
    faults: dict[int, dict[str, str]] = defaultdict(dict)
    leaks = _find_leaks(table, splits, cluster, faults)
    _find_duplicates(table, splits, cluster, faults)
    if not fractions:
        _find_straddling(table, splits, faults)
    dropped = {}
    for record, found in faults.items():
        out = [code for code in found if policies[code] is Policy.DROP]
        if out:
            dropped[record] = out[0]
    return Placement(splits, dict(faults), dropped, _contested(table, splits), method, leaks)


def _split(
    table: RecordTable,
    splits: list[str],
    cluster: np.ndarray,
    fractions: Mapping[str, float],
    seed: int,
) -> None:
    """Divides the records of the train file among the splits that were not given."""
    pairs = [equal_pairs(cluster.astype(np.uint64) + 1)]
    pairs += [equal_pairs(table.column(name)) for name in ("document", "record_id")]
    group = clusters(len(table), pairs)
    mine = [i for i, split in enumerate(splits) if split == "train"]
    chosen = split_groups([int(group[i]) for i in mine], [table.labels(i) for i in mine],
                          fractions, seed)  # fmt: skip
    for record, split in zip(mine, chosen, strict=True):
        splits[record] = split
    empty = [split for split in fractions if split not in set(chosen)]
    if empty:
        raise UserError(
            f"Nothing is left for {' and '.join(empty)} after splitting {len(mine)} records",
            todo="Near-duplicates and parts of one document stay together, and these records are "
            "too few or too alike to fill every split. Give dev and test files of their own, or "
            "raise --dev-fraction and --test-fraction.",
        )


def _find_leaks(
    table: RecordTable,
    splits: Sequence[str],
    cluster: np.ndarray,
    faults: dict[int, dict[str, str]],
) -> dict[str, dict[str, int]]:
    """Marks records whose text is in a later split; counts, by later split, whose was earlier."""
    rank = np.array([SPLITS.index(split) for split in splits], dtype=np.int8)
    leaked: dict[int, str] = {}
    for code, keys in (("leak", table.column("content")), ("near-leak", cluster)):
        group = np.unique(keys, return_inverse=True)[1]
        first = np.full(len(keys), len(SPLITS), dtype=np.int8)
        last = np.zeros(len(keys), dtype=np.int8)
        np.minimum.at(first, group, rank)
        np.maximum.at(last, group, rank)
        for record in np.flatnonzero(last[group] > rank).tolist():
            if "leak" not in faults.get(record, ()):
                where = "stands" if code == "leak" else "a near-duplicate, or one of one, stands"
                faults[record][code] = f"{where} in {SPLITS[last[group[record]]]}"
        for record in np.flatnonzero(first[group] < rank).tolist():
            leaked.setdefault(record, code)
    counts: dict[str, dict[str, int]] = {}
    for record, code in leaked.items():
        split = counts.setdefault(splits[record], {"exact": 0, "near": 0})
        split["exact" if code == "leak" else "near"] += 1
    return dict(sorted(counts.items()))


def _repeated(keys: np.ndarray) -> list[int]:
    """Records whose key some other record has too; most have none, and need no memory."""
    _, group, count = np.unique(keys, return_inverse=True, return_counts=True)
    return np.flatnonzero(count[group] > 1).tolist()


def _find_duplicates(
    table: RecordTable,
    splits: Sequence[str],
    cluster: np.ndarray,
    faults: dict[int, dict[str, str]],
) -> None:
    text = table.column("text")
    texts: dict[tuple[str, int], int] = {}
    nears: dict[tuple[str, int], int] = {}
    # Equal texts are in one cluster, so that these are all.
    for record in _repeated(cluster):
        split = splits[record]
        first = texts.setdefault((split, int(text[record])), record)
        nearest = nears.setdefault((split, int(cluster[record])), record)
        if first != record:
            # A copy is taken out of train alone: dev and test are scored as they were given.
            code = "duplicate-text" if split == "train" else "near-duplicate"
            faults[record][code] = "the same text stands earlier"
        elif nearest != record:
            faults[record]["near-duplicate"] = "a text nearly the same stands earlier"


def _find_straddling(
    table: RecordTable, splits: Sequence[str], faults: dict[int, dict[str, str]]
) -> None:
    documents = table.column("document")
    parts = [record for record in _repeated(documents) if documents[record]]
    homes: dict[int, set[str]] = defaultdict(set)
    for record in parts:
        homes[int(documents[record])].add(splits[record])
    for record in parts:
        others = homes[int(documents[record])] - {splits[record]}
        if others:
            faults[record]["document-in-two-splits"] = f"parts are in {', '.join(sorted(others))}"


def _contested(table: RecordTable, splits: Sequence[str]) -> list[int]:
    text, annotation = table.column("text"), table.column("annotation")
    versions: dict[tuple[str, int], set[int]] = defaultdict(set)
    members: dict[tuple[str, int], list[int]] = defaultdict(list)
    for record in _repeated(text):
        key = splits[record], int(text[record])
        versions[key].add(int(annotation[record]))
        members[key].append(record)
    return sorted(r for key, found in versions.items() if len(found) > 1 for r in members[key])
