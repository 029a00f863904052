"""Tag schemes of token formats: IO, IOB1, IOB2, IOBES, BILOU, BMES, found, decoded and encoded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

SCHEMES = ("IO", "IOB1", "IOB2", "IOBES", "BILOU", "BMES")
# Every scheme in the letters of IOBES.
LETTERS = {
    "BILOU": {"B": "B", "I": "I", "L": "E", "U": "S"},
    "BMES": {"B": "B", "M": "I", "E": "E", "S": "S"},
}
WRITTEN = {
    scheme: {ours: theirs for theirs, ours in letters.items()}
    for scheme, letters in LETTERS.items()
}
# One tag in so many may be mistyped without making the file one of another scheme.
RARE = 200
_TAG = re.compile(r"([BIESLUM])[-_](\S.*)", re.DOTALL)

TokenSpan = tuple[int, int, str]


@lru_cache(1 << 14)
def split_tag(tag: str) -> tuple[str, str]:
    """Splits a tag into prefix and label: ``B-PER`` into ``B`` and ``PER``.

    ``O`` has the label "", and a tag without a prefix, such as ``PER``, has the prefix "".
    """
    if tag in ("O", "o"):
        return "O", ""
    match = _TAG.fullmatch(tag)
    return (match[1], match[2]) if match else ("", tag)


@lru_cache(1 << 14)
def is_tag(value: str) -> bool:
    """Whether a value is O or a tag with prefix and label."""
    return value in ("O", "o") or _TAG.fullmatch(value) is not None


@dataclass
class TagCounts:
    """What the tags of a file say of its scheme.

    ``prefixes`` counts tags by prefix. ``opening`` counts, for B and I, the tags that follow
    no tag of their label, so that they must open an entity; ``repeated`` the B that follow one.
    """

    prefixes: Counter[str] = field(default_factory=Counter)
    opening: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    _previous: str = field(default="", repr=False)

    def add(self, tags: Iterable[str | None]) -> None:
        """Counts the tags of one sequence; None stands for a missing tag."""
        self.end_sequence()
        for tag in tags:
            self.count(tag)

    def count(self, tag: str | None) -> None:
        """Counts the next tag of a sequence that is not held in memory."""
        prefix, label = split_tag(tag) if tag is not None else ("O", "")
        if tag is not None:
            self.prefixes[prefix] += 1
        if prefix in ("B", "I"):
            if label != self._previous:
                self.opening[prefix] += 1
            elif prefix == "B":
                self.repeated += 1
        self._previous = label

    def end_sequence(self) -> None:
        """Says that the next tag counted follows nothing."""
        self._previous = ""

    @property
    def summary(self) -> str:
        """The counts in words, as they are reported beside the scheme."""
        tags = ", ".join(f"{n} {p or 'without prefix'}" for p, n in self.prefixes.most_common())
        return (
            f"{tags}; entities opened by B {self.opening['B']}, by I {self.opening['I']}; "
            f"B after a tag of its label {self.repeated}"
        )


def find_scheme(counts: TagCounts) -> str:
    """The scheme that the counts speak for.

    L or U is BILOU; M is BMES; E or S is IOBES, where they are more than one tag in RARE; a file
    of another scheme may have a tag mistyped. Without B it is IO. With B and I, IOB1 opens most
    entities with I, IOB2 with B.
    """
    seen = counts.prefixes
    rare = sum(seen[letter] for letter in "BIESLUM") / RARE
    if seen["L"] + seen["U"] > rare:
        return "BILOU"
    if seen["M"] > rare:
        return "BMES"
    if seen["E"] + seen["S"] > rare:
        return "IOBES"
    if not seen["B"]:
        return "IO"
    return "IOB1" if counts.opening["I"] > counts.opening["B"] else "IOB2"


@dataclass(frozen=True)
class Decoded:
    """Entities of a sequence, in tokens, half-open, and the tags that had to be mended.

    Args:
        spans: (first token, token after the last, label).
        repairs: (token, what was wrong with its tag or the one before).
    """

    spans: list[TokenSpan]
    repairs: list[tuple[int, str]]


def decode(tags: Sequence[str | None], scheme: str) -> Decoded:
    """Reads tags as entities; a tag that cannot stand where it stands is read as conlleval does.

    An inside or end tag that continues nothing opens an entity, and an entity that is not ended
    ends before the next one (Tjong Kim Sang and Buchholz 2000, conlleval). A tag without prefix
    continues an entity of its label and opens one otherwise.

    Args:
        tags: One a token; None where it is missing.
        scheme: Name from SCHEMES.
    """
    letters = LETTERS.get(scheme, {})
    ends = scheme in ("IOBES", "BILOU", "BMES")
    spans: list[TokenSpan] = []
    repairs: list[tuple[int, str]] = []
    first, label, unfinished = 0, "", False

    def close(at: int) -> None:
        nonlocal label, unfinished
        if label:
            spans.append((first, at, label))
            if unfinished:
                repairs.append((at - 1, f"the entity {label} has no end tag"))
        label, unfinished = "", False

    for i, tag in enumerate(tags):
        prefix, own = split_tag(tag) if tag is not None else ("O", "")
        prefix = letters.get(prefix, prefix)
        if prefix == "O":
            close(i)
        elif prefix in ("B", "S"):
            close(i)
            first, label, unfinished = i, own, ends and prefix == "B"
        elif own != label:
            close(i)
            first, label = i, own
            if prefix and scheme not in ("IO", "IOB1"):
                repairs.append((i, f"{tag} continues no entity of its label"))
            unfinished = ends and prefix == "I"
        elif prefix == "E":
            unfinished = False
        if prefix in ("E", "S"):
            close(i + 1)
    close(len(tags))
    return Decoded(spans, repairs)


def encode(spans: Iterable[TokenSpan], size: int, scheme: str) -> list[str]:
    """Writes entities that do not overlap as tags.

    Args:
        spans: (first token, token after the last, label).
        size: Number of tokens.
        scheme: Name from SCHEMES.
    """
    tags = ["O"] * size
    for start, end, label in sorted(spans):
        for i in range(start, end):
            tags[i] = f"{_prefix(i, start, end, tags, label, scheme)}-{label}"
    return tags


def _prefix(i: int, start: int, end: int, tags: list[str], label: str, scheme: str) -> str:
    if scheme == "IO":
        return "I"
    if scheme == "IOB1":
        touching = i > 0 and split_tag(tags[i - 1])[1] == label
        return "B" if i == start and touching else "I"
    if scheme == "IOB2":
        return "B" if i == start else "I"
    inner = "B" if i == start else "E" if i == end - 1 else "I"
    letter = "S" if end - start == 1 else inner
    return WRITTEN.get(scheme, {}).get(letter, letter)
