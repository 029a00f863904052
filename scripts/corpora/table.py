"""The compact memory of pass one: a few numbers for each record of all input files."""

from __future__ import annotations

import tempfile
from array import array
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .fingerprints import PERMUTATIONS, Fingerprint


class RecordTable:
    """Keys of every record, in reading order; signatures go to a file on disk.

    Takes about 60 bytes of memory and 512 bytes of disk a record.

    Args:
        folder: Where the temporary signature file is made; it is deleted with the table.
    """

    def __init__(self, folder: Path) -> None:
        self.file = array("H")
        self.keys = {
            name: array("Q") for name in ("text", "content", "annotation", "document", "record_id")
        }
        self.label_names: dict[str, int] = {}
        self._labels = array("I")
        self._offsets = array("Q", [0])
        # Lives as long as the table, hence no `with`.
        self._signatures = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115

    def add(self, file: int, print_: Fingerprint, labels: list[str]) -> None:
        """Adds a record of the file with this index; ``labels`` are those of its spans."""
        self.file.append(file)
        for name, column in self.keys.items():
            column.append(getattr(print_, name))
        for label in labels:
            self._labels.append(self.label_names.setdefault(label, len(self.label_names)))
        self._offsets.append(len(self._labels))
        self._signatures.write(print_.signature.tobytes())

    def __len__(self) -> int:
        return len(self.file)

    def column(self, name: str) -> np.ndarray:
        """One key of every record, uint64, (records,)."""
        return np.frombuffer(self.keys[name], dtype=np.uint64)

    def labels(self, record: int) -> Counter[int]:
        """Label numbers of a record's spans and how often each stands there."""
        return Counter(self._labels[self._offsets[record] : self._offsets[record + 1]])

    def signatures(self) -> np.ndarray:
        """MinHash signatures, uint32, (records, permutations), memory-mapped."""
        self._signatures.flush()
        if not len(self):
            return np.zeros((0, PERMUTATIONS), dtype=np.uint32)
        return np.memmap(
            self._signatures, dtype=np.uint32, mode="r", shape=(len(self), PERMUTATIONS)
        )

    def close(self) -> None:
        """Deletes the signature file."""
        self._signatures.close()


@dataclass(frozen=True)
class Placement:
    """Where every record goes.

    Args:
        splits: Split of each record.
        faults: Record faults of each record that has any: fault to a note.
        dropped: Fault for which a record is taken out, where one is.
        contested: Indices of the records whose text stands in their split with another annotation.
        method: How the splits came about, for the audit.
        leaks: Split to the number of its texts that stand in an earlier split, exactly or nearly.
    """

    splits: list[str]
    faults: dict[int, dict[str, str]]
    dropped: dict[int, str]
    contested: list[int]
    method: str
    leaks: dict[str, dict[str, int]]
