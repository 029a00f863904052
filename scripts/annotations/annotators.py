"""Several annotators of one text: their spans brought together, and how far they agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations

from .edges import TokenEdges
from .records import Record, Span

WAYS = ("union", "majority", "agree")


@dataclass(frozen=True)
class Merged:
    """A record after its annotators' spans were brought together.

    Args:
        record: The record with plain spans; None if the annotator asked for did not see it.
        left_out: Spans that not enough annotators marked, each with who did.
    """

    record: Record | None
    left_out: tuple[tuple[Span, tuple[str, ...]], ...]


def merge(record: Record, how: str) -> Merged:
    """Brings the versions of a record together.

    union takes every span that anybody marked, majority those that more than half did, agree
    those that all did; a name takes that annotator's. Equal means: same offsets, same label.
    In a text that is annotated in part, a span that is left out is no negative: whoever did not
    mark it may never have been asked, so that its place is missing.

    Args:
        record: With versions, or without any, when it is given back as it is, unless a name is
            asked for and another annotated it.
        how: union, majority, agree or an annotator's name.
    """
    versions = record.versions
    if not versions:
        named = how not in WAYS and record.annotator not in (None, how)
        who = (str(record.annotator),)
        return Merged(None, tuple((s, who) for s in record.spans)) if named else Merged(record, ())
    if how not in WAYS:
        return _of_one(record, how)
    marked_by: dict[Span, list[str]] = {}
    for who, spans in versions.items():
        for span in dict.fromkeys(spans):
            marked_by.setdefault(span, []).append(who)
    needed = {"union": 1, "majority": len(versions) // 2 + 1, "agree": len(versions)}[how]
    kept = sorted(span for span, who in marked_by.items() if len(who) >= needed)
    rest = tuple((s, tuple(who)) for s, who in sorted(marked_by.items()) if len(who) < needed)
    return Merged(_decided(record, tuple(kept), (span for span, _ in rest)), rest)


def _of_one(record: Record, name: str) -> Merged:
    """The spans of one annotator alone."""
    own = set(record.versions.get(name, ()))
    rest = tuple(
        (span, (who,))
        for who, spans in record.versions.items()
        for span in dict.fromkeys(spans)
        if who != name and span not in own
    )
    if name not in record.versions:
        return Merged(None, rest)
    spans = record.versions[name]
    return Merged(_decided(record, spans, (span for span, _ in rest)), rest)


def _decided(record: Record, spans: tuple[Span, ...], left_out: Iterable[Span]) -> Record:
    missing = record.missing
    if missing:
        places = {place for s in left_out for place in s.fragments or ((s.start, s.end),)}
        missing = tuple(sorted({*missing, *(places - {(s.start, s.end) for s in spans})}))
    return replace(record, spans=spans, missing=missing, versions={})


@dataclass
class Agreement:
    """Agreement of two annotators over the texts that both annotated.

    ``spans`` counts the spans of the first, of the second, and those both marked alike;
    ``tokens`` counts tokens by the pair of labels that the two gave them ("" for none).
    """

    texts: int = 0
    spans: Counter[str] = field(default_factory=Counter)
    tokens: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def f_score(self) -> float | None:
        """F of one's spans against the other's, exact; None if neither marked any.

        It is symmetric, and fit where the number of negatives is not defined (Hripcsak and
        Rothschild 2005, Agreement, the F-measure, and reliability in information retrieval).
        """
        total = self.spans["first"] + self.spans["second"]
        return 2 * self.spans["both"] / total if total else None

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa over the labels of tokens (Cohen 1960); None if chance alone agrees."""
        total = self.tokens.total()
        if not total:
            return None
        first: Counter[str] = Counter()
        second: Counter[str] = Counter()
        for (a, b), count in self.tokens.items():
            first[a] += count
            second[b] += count
        observed = sum(n for (a, b), n in self.tokens.items() if a == b) / total
        chance = sum(first[label] * second[label] for label in first) / total**2
        return (observed - chance) / (1 - chance) if chance < 1 else None


class Agreements:
    """Counts the agreement of every pair of annotators."""

    def __init__(self) -> None:
        self.pairs: dict[tuple[str, str], Agreement] = {}

    def add(self, versions: Mapping[str, tuple[Span, ...]], edges: TokenEdges) -> None:
        """Counts one text; the spans are in code points.

        A token has the label of the first span that touches it; a nested one is not seen.
        """
        labels = {who: _token_labels(spans, edges) for who, spans in versions.items()}
        for a, b in combinations(sorted(versions), 2):
            pair = self.pairs.setdefault((a, b), Agreement())
            first, second = set(versions[a]), set(versions[b])
            pair.texts += 1
            pair.spans.update(first=len(first), second=len(second), both=len(first & second))
            pair.tokens.update(zip(labels[a], labels[b], strict=True))

    def rows(self) -> list[dict[str, object]]:
        """One row a pair: names, texts, spans of each, common spans, F and kappa."""
        return [
            {
                "annotators": list(names), "texts": pair.texts,
                "spans": [pair.spans["first"], pair.spans["second"]],
                "both": pair.spans["both"],
                "f": _rounded(pair.f_score), "kappa": _rounded(pair.kappa),
            }
            for names, pair in sorted(self.pairs.items())
        ]  # fmt: skip


def _token_labels(spans: Iterable[Span], edges: TokenEdges) -> list[str]:
    labels = [""] * len(edges.starts)
    for span in sorted(spans, key=lambda s: (s.start, -s.end, s.label)):
        if span.start < span.end:
            for i in range(*edges.tokens(span.start, span.end)):
                labels[i] = labels[i] or span.label
    return labels


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
