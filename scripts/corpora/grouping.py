"""Groups of records that must stay in one split: near-duplicates and parts of one document."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

# 32 bands of 4 rows find pairs at Jaccard 0.8 with probability > 0.9999, at 0.5 with 0.87; what
# is found is then checked (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, section 3.4).
ROWS = 4


def near_duplicate_pairs(signatures: np.ndarray, threshold: float) -> np.ndarray:
    """Pairs of records whose estimated Jaccard similarity reaches the threshold.

    Sorts one band at a time instead of keeping an index of all, so that memory stays at a few
    numbers a record; not every pair of a cluster is listed, but enough to connect it.

    Args:
        signatures: MinHash signatures, uint32, (records, permutations); may be memory-mapped.
        threshold: Least share of equal values, 0 to 1.

    Returns:
        Record indices, int64, (pairs, 2).
    """
    pairs = []
    for first in range(0, signatures.shape[1] - ROWS + 1, ROWS):
        band = np.ascontiguousarray(signatures[:, first : first + ROWS])
        keys = band.view(np.dtype((np.void, band.dtype.itemsize * ROWS))).ravel()
        order = np.argsort(keys, kind="stable")
        same = keys[order][1:] == keys[order][:-1]
        found = np.flatnonzero(same)
        if len(found):
            # Each record with the one before it and with the first of its bucket.
            run = np.maximum.accumulate(np.where(same, 0, np.arange(1, len(keys))))
            left = np.concatenate([order[found], order[run[found]]])
            pairs.append(np.stack([left, np.concatenate([order[found + 1]] * 2)], axis=1))
    if not pairs:
        return np.zeros((0, 2), dtype=np.int64)
    candidates = np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)
    candidates = candidates[candidates[:, 0] != candidates[:, 1]]
    keep = [
        np.mean(signatures[part[:, 0]] == signatures[part[:, 1]], axis=1) >= threshold
        for part in np.array_split(candidates, len(candidates) // 50_000 + 1)
    ]
    return candidates[np.concatenate(keep)] if len(candidates) else candidates


def equal_pairs(keys: np.ndarray) -> np.ndarray:
    """Pairs that connect all records with the same key; 0 is no key. Shape (pairs, 2)."""
    order = np.argsort(keys, kind="stable")
    same = (keys[order][1:] == keys[order][:-1]) & (keys[order][1:] != 0)
    found = np.flatnonzero(same)
    return np.stack([order[found], order[found + 1]], axis=1)


def clusters(size: int, pairs: Sequence[np.ndarray]) -> np.ndarray:
    """Numbers the connected components of the pairs: one number a record, shape (size,)."""
    edges = np.concatenate([np.zeros((0, 2), dtype=np.int64), *pairs])
    graph = coo_matrix((np.ones(len(edges), dtype=np.int8), (edges[:, 0], edges[:, 1])),
                       shape=(size, size))  # fmt: skip
    return connected_components(graph, directed=False)[1]
