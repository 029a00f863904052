"""Parts of a training set, each holding the smaller ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import spacy
from spacy.tokens import DocBin

from ..annotations.records import Record
from ..common.errors import UserError
from ..corpora.docbins import DocBinWriter, docbin_files, read_docs
from ..corpora.fingerprints import fingerprint
from ..corpora.grouping import clusters, equal_pairs, near_duplicate_pairs
from ..corpora.splitting import split_groups

SIMILAR = 0.8
CHUNK = 500


@dataclass(frozen=True)
class TrainingSet:
    """What choosing parts of a training set needs to know of its Docs, in order.

    Args:
        groups: Group of each Doc: near-duplicates have the same.
        labels: The labels that occur in each Doc, as numbers.
        ents: Number of ents in each Doc.
    """

    groups: np.ndarray
    labels: tuple[dict[int, int], ...]
    ents: tuple[int, ...]


def read_training_set(path: Path) -> TrainingSet:
    """Reads a training set's groups and labels.

    DocBins do not say which Docs come from one document; texts that are nearly the same
    (Jaccard similarity of 0.8, as in convert) are found by their letters.

    Raises:
        UserError: There is no such DocBin, or it holds no Docs.
    """
    numbers: dict[str, int] = {}
    labels, ents, content, signatures = [], [], [], []
    for doc in read_docs(docbin_files(path), spacy.blank("xx").vocab):
        present = sorted({ent.label_ for ent in doc.ents})
        labels.append({numbers.setdefault(label, len(numbers)): 1 for label in present})
        ents.append(len(doc.ents))
        keys = fingerprint(Record(text=doc.text, spans=(), line=0))
        content.append(keys.content)
        signatures.append(keys.signature)
    if not labels:
        raise UserError("There is nothing to train on", where=str(path))
    pairs = [
        equal_pairs(np.array(content, dtype=np.uint64)),
        near_duplicate_pairs(np.stack(signatures), SIMILAR),
    ]
    return TrainingSet(clusters(len(labels), pairs), tuple(labels), tuple(ents))


def nested_subsets(data: TrainingSet, percents: Sequence[int], seed: int) -> dict[int, list[int]]:
    """Chooses parts of a training set: each holds the smaller ones, whole groups, all labels.

    The set is dealt out by ``split_groups``, stratified by which labels a Doc has, into what each
    part has more than the one before.

    Args:
        data: The training set.
        percents: Sizes in percent of the Docs, rising.
        seed: Decides the choice.

    Returns:
        Indices of the Docs of each part, rising. Groups stay whole, so that sizes are near what
        was asked for.
    """
    edges = [0, *percents] + ([] if percents[-1] == 100 else [100])
    shares = {str(high): (high - low) / 100 for low, high in pairwise(edges)}
    dealt = split_groups(data.groups.tolist(), data.labels, shares, seed)
    return {
        percent: [index for index, upper in enumerate(dealt) if int(upper) <= percent]
        for percent in percents
    }


def write_subset(source: Path, chosen: Sequence[int], target: Path) -> None:
    """Writes some Docs of a DocBin to another, as they are and in their order."""
    writer = DocBinWriter(target)
    wanted = set(chosen)
    docbin = DocBin()
    for index, doc in enumerate(read_docs(docbin_files(source), spacy.blank("xx").vocab)):
        if index in wanted:
            docbin.add(doc)
        if len(docbin) == CHUNK:
            writer.add(docbin.to_bytes())
            docbin = DocBin()
    if len(docbin):
        writer.add(docbin.to_bytes())
    writer.close()
