"""What a whole file says of its offsets: counted over all spans, decided once, reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from .contexts import ContextCounts
from .edges import TokenEdges
from .records import Record, Span
from .units import CODEPOINT, UNITS, to_codepoints
from .whitespace import same_words, trim

# A hypothesis is believed only with this many spans that decide between it and the plain reading,
MIN_DECIDING = 10
# and with this share of them on token edges under it (and at most 1 - share as given).
SYSTEMATIC = 0.9
# Below SYSTEMATIC, a fault this frequent is named as the file's habit, span by span.
FREQUENT = 0.2


@dataclass(frozen=True)
class Hypothesis:
    """A question asked of a file, the reading chosen, and the counts that decided it."""

    question: str
    chosen: str
    counts: dict[str, int]
    reason: str

    @property
    def plain(self) -> bool:
        """Whether the usual reading was chosen, with the other one far behind."""
        usual, other = self.counts.values()
        return self.chosen in (CODEPOINT, "no") and other * 2 <= usual


@dataclass(frozen=True)
class Evidence:
    """What the audit of a single span needs to know of its file.

    Args:
        unit: Offset unit of the file: ``codepoint`` or a name from ``units.UNITS``.
        documented: Whether the format defines the unit, so that to read it is no repair.
        inclusive: For ``single`` and ``multi`` token spans, whether ends are inclusive:
            ``no``, ``some`` (only spans that do not fit as given) or ``all``.
        contexts: Which words stand beside which labels, over all files.
        variants: Label to the more frequent label that it differs from in case or separator alone.
        longest: Label to the number of tokens beyond which a span is far longer than the others.
    """

    unit: str = CODEPOINT
    documented: bool = False
    inclusive: Mapping[str, str] = field(default_factory=lambda: {"single": "no", "multi": "no"})
    contexts: ContextCounts = field(default_factory=ContextCounts)
    variants: Mapping[str, str] = field(default_factory=dict)
    longest: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Survey:
    """Counts over one file; surveys of parts of a file are merged by ``update``.

    ``units[u]`` counts the spans that unit u would read otherwise than code points do, and how
    many of those fall on token edges under either reading; ``surfaces[u]`` the same for those
    whose words the file gives, by whether these stand there. ``ends[u][size]`` counts, under unit
    u, the spans that fit as given only and with the end moved on by one only. ``lengths`` counts
    the tokens of the spans that are on token edges as given, by label.
    """

    records: int = 0
    spans: int = 0
    units: dict[str, Counter[str]] = field(default_factory=lambda: {u: Counter() for u in UNITS})
    surfaces: dict[str, Counter[str]] = field(default_factory=lambda: {u: Counter() for u in UNITS})
    ends: dict[str, dict[str, Counter[str]]] = field(
        default_factory=lambda: {
            u: {"single": Counter(), "multi": Counter()} for u in (CODEPOINT, *UNITS)
        }
    )
    labels: Counter[str] = field(default_factory=Counter)
    lengths: dict[str, Counter[int]] = field(default_factory=dict)
    contexts: ContextCounts = field(default_factory=ContextCounts)

    def add(self, record: Record, edges: TokenEdges, *, contexts: bool) -> None:
        """Counts one record; ``contexts`` says whether its words enter the context counts."""
        self.records += 1
        self.spans += len(record.spans)
        self.labels.update(span.label for span in record.spans)
        text = record.text
        for span in record.spans:
            if edges.fits(span.start, span.end):
                first, last = edges.tokens(span.start, span.end)
                self.lengths.setdefault(span.label, Counter())[last - first] += 1
            _count_end(self.ends[CODEPOINT], text, span, edges)
        for name, unit in UNITS.items():
            if not record.spans or not unit.differs(text):
                for span in record.spans:
                    _count_end(self.ends[name], text, span, edges)
                continue
            for given, read in zip(
                record.spans, to_codepoints(text, record.spans, name), strict=True
            ):
                if read == given:
                    _count_end(self.ends[name], text, given, edges)
                    continue
                self.units[name]["spans"] += 1
                self.units[name][CODEPOINT] += _fits(text, given, edges)
                if given.surface is not None:
                    _count_surface(self.surfaces[name], name, text, given, read)
                if read is not None:
                    self.units[name][name] += _fits(text, read, edges)
                    _count_end(self.ends[name], text, read, edges)
        if contexts:
            self.contexts.add(record, edges)

    def update(self, other: Survey) -> None:
        """Adds the counts of another part of the same file."""
        self.records += other.records
        self.spans += other.spans
        self.labels.update(other.labels)
        self.contexts.update(other.contexts)
        self.merge_lengths(other.lengths)
        for name, counts in other.units.items():
            self.units[name].update(counts)
            self.surfaces[name].update(other.surfaces[name])
        for name, sizes in other.ends.items():
            for size, counts in sizes.items():
                self.ends[name][size].update(counts)

    def merge_lengths(self, lengths: Mapping[str, Counter[int]]) -> None:
        """Adds counts of span lengths, in tokens, by label."""
        for label, counts in lengths.items():
            self.lengths.setdefault(label, Counter()).update(counts)


def _fits(text: str, span: Span, edges: TokenEdges) -> bool:
    if not 0 <= span.start < span.end <= len(text):
        return False
    return edges.fits(*trim(text, span.start, span.end))


def _count_surface(
    counts: Counter[str], name: str, text: str, given: Span, read: Span | None
) -> None:
    counts["spans"] += 1
    counts[CODEPOINT] += same_words(given.surface, text[max(given.start, 0) : max(given.end, 0)])
    if read is not None:
        counts[name] += same_words(given.surface, text[max(read.start, 0) : max(read.end, 0)])


def _count_end(ends: dict[str, Counter[str]], text: str, span: Span, edges: TokenEdges) -> None:
    if not 0 <= span.start <= span.end <= len(text):
        return
    start, end = trim(text, span.start, span.end)
    if not edges.is_start(start):
        return
    as_given = start < end and edges.is_end(end)
    # An end that took in white space is surely not one character short.
    moved = end == span.end and edges.is_end(end + 1)
    if as_given != moved:
        ends[span_size(start, end, edges)]["as-given" if as_given else "end-plus-one"] += 1


def span_size(start: int, end: int, edges: TokenEdges) -> str:
    """``single`` for a span that touches one token, ``multi`` for more."""
    first, last = edges.tokens(start, end)
    return "single" if last - first <= 1 else "multi"


def decide_unit(
    survey: Survey, wanted: str = "auto", by: str = "set by the user"
) -> tuple[str, list[Hypothesis]]:
    """Chooses the offset unit of a file by how many spans fit under each.

    Only spans that two units read differently decide. Where the file gives the words of such
    spans, the unit that finds a share of SYSTEMATIC of them is chosen. Else a unit needs
    MIN_DECIDING spans, a share of SYSTEMATIC of them on token edges; and in both cases at most
    half may fit as code points.

    Args:
        survey: Counts over the file.
        wanted: ``auto``, or the unit that the user or the format says it is.
        by: Who says so, for the reason.
    """
    shares = {name: _share(survey, name) for name in survey.units}
    best = max(shares, key=lambda name: shares[name])
    evident = best if shares[best] > 0 else CODEPOINT
    chosen = evident if wanted == "auto" else wanted
    hypotheses = []
    for name, counts in survey.units.items():
        if not counts["spans"]:
            continue
        surfaces = survey.surfaces[name]
        counted = surfaces if surfaces["spans"] else counts
        found = "have their words there" if surfaces["spans"] else "are on token edges"
        reason = (
            f"of {counted['spans']} spans that {UNITS[name].counts} would place elsewhere, "
            f"{counted[CODEPOINT]} {found} as code points and {counted[name]} "
            f"as {UNITS[name].counts}"
        )
        if wanted != "auto":
            reason += f"; {by}: {wanted}"
        elif chosen == CODEPOINT and counted[name] > counted[CODEPOINT]:
            reason += f"; too few to decide by, set --offset-unit {name} if it is so"
        hypotheses.append(
            Hypothesis(
                question=f"offset unit: code points or {UNITS[name].counts}",
                chosen=chosen,
                counts={CODEPOINT: counted[CODEPOINT], name: counted[name]},
                reason=reason,
            )
        )
    return chosen, hypotheses


def _share(survey: Survey, name: str) -> float:
    """Share of the deciding spans that fit in a unit; 0 if that does not speak for it."""
    surfaces, counts = survey.surfaces[name], survey.units[name]
    counted, needed = (surfaces, 1) if surfaces["spans"] else (counts, MIN_DECIDING)
    total = counted["spans"]
    if total < needed or counted[name] < SYSTEMATIC * total or 2 * counted[CODEPOINT] > total:
        return 0.0
    return counted[name] / total


def decide_inclusive(survey: Survey, unit: str) -> tuple[dict[str, str], list[Hypothesis]]:
    """Decides, for single- and multi-token spans apart, whether a file's ends are inclusive."""
    chosen: dict[str, str] = {}
    hypotheses = []
    for size, counts in survey.ends[unit].items():
        given, moved = counts["as-given"], counts["end-plus-one"]
        share = moved / (given + moved) if given + moved else 0.0
        if moved < MIN_DECIDING or share < FREQUENT:
            chosen[size] = "no"
        else:
            chosen[size] = "all" if share >= SYSTEMATIC else "some"
        if given + moved:
            hypotheses.append(
                Hypothesis(
                    question=f"inclusive ends of {size}-token spans",
                    chosen=chosen[size],
                    counts={"as-given": given, "end-plus-one": moved},
                    reason=f"{given} end on a token edge as given alone, {moved} with the end "
                    f"moved on by one alone",
                )
            )
    return chosen, hypotheses


def far_longer(lengths: Mapping[str, Counter[int]]) -> dict[str, int]:
    """For each label with MIN_DECIDING spans or more, the length that is usual no more.

    That is three times the 99th percentile of the spans that are on token edges, in tokens.
    """
    result = {}
    for label, counts in lengths.items():
        total, seen = counts.total(), 0
        if total < MIN_DECIDING:
            continue
        for length in sorted(counts):
            seen += counts[length]
            if seen >= 0.99 * total:
                result[label] = 3 * length
                break
    return result


def label_variants(labels: Counter[str]) -> dict[str, str]:
    """Maps each label to a more frequent one from which it differs in case or separator alone."""
    groups: dict[str, list[str]] = {}
    for label in sorted(labels):
        key = "".join(c for c in label.casefold() if c not in "-_ ./")
        groups.setdefault(key, []).append(label)
    variants = {}
    for group in groups.values():
        main = max(group, key=lambda label: (labels[label], label))
        variants.update({label: main for label in group if label != main})
    return variants
