"""Short keys of a record, by which equal and nearly equal texts are found."""

from __future__ import annotations

import hashlib
import unicodedata
import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from datasketch import MinHash

from ..annotations.records import Record

PERMUTATIONS = 128
SHINGLE = 5


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Keys of one record; 64-bit hashes, of which 0 means "none".

    Args:
        text: Hash of the text as it is.
        content: Hash of the text's letters and digits alone (see ``content_of``).
        annotation: Hash of text, spans, whatever their order, and the labels that were looked for.
        document: Hash of the document that the record belongs to.
        record_id: Hash of the record's own id.
        signature: MinHash of the content's 5-character shingles, uint32, (128,).
    """

    text: int
    content: int
    annotation: int
    document: int
    record_id: int
    signature: np.ndarray


def content_of(text: str) -> str:
    """The letters, marks and digits of a text, NFKC and case-folded.

    Texts that differ in spacing, punctuation or the two spellings of ড় ঢ় য় alone are equal in it.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] in "LMN")


def fingerprint(record: Record) -> Fingerprint:
    """Computes the keys of a record."""
    content = content_of(record.text) or record.text
    spans = sorted((s.start, s.end, s.label, s.fragments) for s in set(record.spans))
    looked = "" if record.annotated_labels is None else sorted(record.annotated_labels)
    return Fingerprint(
        text=hash64(record.text),
        content=hash64(content),
        annotation=hash64(f"{record.text}\n{spans}{looked}"),
        document=hash64(record.document) if record.document is not None else 0,
        record_id=hash64(record.id) if record.id is not None else 0,
        signature=_signature(content),
    )


def hash64(value: str) -> int:
    """A 64-bit hash of a string that is the same in every process; never 0."""
    digest = hashlib.blake2b(value.encode("utf8"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1


@lru_cache(maxsize=1)
def _permutations() -> np.ndarray:
    return MinHash(num_perm=PERMUTATIONS, hashfunc=zlib.crc32).permutations


def _signature(content: str) -> np.ndarray:
    sketch = MinHash(num_perm=PERMUTATIONS, hashfunc=zlib.crc32, permutations=_permutations())
    last = max(len(content) - SHINGLE, 0)
    shingles = {content[i : i + SHINGLE] for i in range(last + 1)}
    sketch.update_batch([shingle.encode("utf8") for shingle in shingles])
    return sketch.hashvalues.astype(np.uint32)
