"""The audit of one record: a fate for every span, and what stays trainable of the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .edges import TokenEdges
from .faults import Fate, Policies, Policy
from .occurrences import rule_misplaced, rule_occurrences
from .overlaps import flat, resolve_overlaps
from .records import Record, Span
from .resolve import Decision, resolve_span
from .survey import Evidence
from .units import ranges_to_codepoints, to_codepoints
from .whitespace import control_characters


@dataclass(frozen=True)
class Copies:
    """What to do where copies of a text in one split are annotated differently.

    Args:
        keep: Spans that every copy is given, whether it marked them or not.
        mask: Spans whose places are left unannotated in every copy.
    """

    keep: frozenset[Span]
    mask: frozenset[Span]


def reconcile(
    versions: Sequence[frozenset[Span]],
    policy: Policy,
    annotated: Sequence[frozenset[str] | None] = (),
) -> Copies | None:
    """Brings the annotations of a text's copies together; None where there is nothing to do.

    repair unites them: what one copy marks and another leaves unmarked is an entity in both, and
    places where copies mark different spans are masked. missing keeps what all copies agree on
    and masks the rest; drop keeps it and masks nothing. A copy says nothing of labels that its
    annotators did not look for.

    Args:
        versions: Trainable spans of each copy.
        policy: Policy for the fault ``contested``.
        annotated: For each copy, the labels that its annotators looked for; None for all. Empty if
            all looked for all.
    """
    every = frozenset.union(*versions)
    if policy is Policy.KEEP or all(version == every for version in versions):
        return None
    looked = annotated or [None] * len(versions)
    agreed = frozenset(
        span
        for span in every
        if all(
            span in version or (labels is not None and span.label not in labels)
            for version, labels in zip(versions, looked, strict=True)
        )
    )
    if policy is Policy.REPAIR:
        agreed = frozenset(
            span
            for span in every
            if not any(
                o != span
                and o.start < span.end
                and span.start < o.end
                # A copy that marks both says that they are meant to overlap.
                and not any(span in version and o in version for version in versions)
                for o in every
            )
        )
    return Copies(agreed, frozenset() if policy is Policy.DROP else every - agreed)


@dataclass(frozen=True)
class RecordAudit:
    """A record and what was decided on it.

    Args:
        record: The record as given.
        decisions: One a span, in the record's order.
        ents: The trainable spans: on token edges, sorted, not overlapping.
        nested: Spans that lie in an ent; ``ner`` cannot hold them, ``doc.spans`` can.
        overlapping: Trainable spans that share tokens with an ent, sorted; there are some only
            where the policies keep nested or crossing spans or two labels at one place.
        missing: Character ranges of whole tokens to leave unannotated; they touch no ent.
        faults: Faults of the text itself, each with a note.
        stop: Codes of faults that the policies do not allow.
        dropped: Code of a fault of the text for which the policies drop the record, if any.
        annotated: Labels that were looked for in the text, here or in a copy of it; None if all.
    """

    record: Record
    decisions: tuple[Decision, ...]
    ents: tuple[Span, ...]
    nested: tuple[Span, ...]
    missing: tuple[tuple[int, int], ...]
    faults: tuple[tuple[str, str], ...]
    stop: tuple[str, ...]
    dropped: str | None
    overlapping: tuple[Span, ...] = ()
    annotated: frozenset[str] | None = None

    @property
    def trainable(self) -> tuple[Span, ...]:
        """All trainable spans, those that share tokens included, sorted."""
        return tuple(sorted((*self.ents, *self.overlapping)))

    @property
    def read(self) -> tuple[Span, ...]:
        """The given spans in code points; as given where their offsets cannot be read so."""
        return tuple(d.read or d.given for d in self.decisions)


def audit_record(
    record: Record,
    edges: TokenEdges,
    evidence: Evidence,
    policies: Policies,
    copies: Copies | None = None,
) -> RecordAudit:
    """Audits one record.

    Args:
        record: The record; its offsets are in the unit that the evidence names.
        edges: Token edges of its text.
        evidence: What the record's file says as a whole.
        policies: Policy of every fault.
        copies: What the copies of this text come to; None if they do not differ.
    """
    before = _resolved(record, edges, evidence, policies)
    decisions = resolve_overlaps(before, edges, policies)
    decisions = rule_misplaced(record.text, before, decisions, edges, evidence, policies)
    own = {d.span for d in decisions if d.span is not None}
    if copies is not None:
        decisions = [_contested(decision, copies, policies) for decision in decisions]
    decisions = rule_occurrences(record.text, decisions, edges, evidence, policies)
    added = copies.keep - own if copies else frozenset()
    trainable = dict.fromkeys([*(d.span for d in decisions if d.span is not None), *sorted(added)])
    ents = flat(list(trainable))
    nested = _inside({d.span for d in before if d.span is not None} - set(ents), ents)
    ranges = ranges_to_codepoints(record.text, record.missing, evidence.unit)
    ranges += [place for decision in decisions for place in decision.masked]
    faults = _text_faults(record.text)
    dropped = next((code for code, _ in faults if policies[code] is Policy.DROP), None)
    if copies is not None:
        ranges += [(span.start, span.end) for span in copies.mask]
        faults.append(("contested", f"{len(added)} spans taken over from copies of the text"))
    stop = [d.stop for d in decisions if d.stop]
    stop += [code for code, _ in faults if policies[code] is Policy.ERROR]
    return RecordAudit(
        record=record,
        decisions=tuple(decisions),
        ents=tuple(ents),
        nested=tuple(nested),
        missing=tuple(_free_tokens(ranges, list(trainable), edges)),
        faults=tuple(faults),
        stop=tuple(stop),
        dropped=dropped,
        overlapping=tuple(sorted(trainable.keys() - set(ents))),
        annotated=record.annotated_labels,
    )


def looked_for(
    copies: Sequence[frozenset[str] | None],
) -> frozenset[str] | None:
    """The labels that were looked for in some copy of a text; None if all were in one of them."""
    known = [labels for labels in copies if labels is not None]
    return frozenset().union(*known) if len(known) == len(copies) else None


def leave_unannotated(
    audit: RecordAudit, labels: frozenset[str], edges: TokenEdges, policies: Policies
) -> RecordAudit:
    """Rules on a training record whose annotators did not look for all labels to be learned.

    Its unmarked tokens may be entities of these labels: missing leaves them unannotated, keep
    lets them be trained as "no entity".

    Args:
        audit: The audit of the record.
        labels: All labels of the training set.
        edges: Token edges of its text.
        policies: Policy of every fault.
    """
    absent = frozenset() if audit.annotated is None else labels - audit.annotated
    if not absent:
        return audit
    code = "unannotated-label"
    faults = (*audit.faults, (code, f"not looked for: {', '.join(sorted(absent))}"))
    if policies[code] is Policy.ERROR:
        return replace(audit, faults=faults, stop=(*audit.stop, code))
    if policies[code] is Policy.KEEP:
        return replace(audit, faults=faults)
    missing = _free_tokens([(0, len(audit.record.text))], list(audit.trainable), edges)
    return replace(audit, faults=faults, missing=tuple(missing))


def _resolved(
    record: Record, edges: TokenEdges, evidence: Evidence, policies: Policies
) -> list[Decision]:
    """What becomes of each span by itself, whatever the others are."""
    read = to_codepoints(record.text, record.spans, evidence.unit)
    decisions = (
        resolve_span(record.text, given, span, edges, evidence, policies)
        for given, span in zip(record.spans, read, strict=True)
    )
    return [_length(_variant(d, evidence, policies), edges, evidence, policies) for d in decisions]


def _inside(spans: Iterable[Span], ents: Sequence[Span]) -> list[Span]:
    """Those of the spans that lie in an ent, sorted."""
    return sorted(
        span for span in spans if any(e.start <= span.start and span.end <= e.end for e in ents)
    )


def _variant(decision: Decision, evidence: Evidence, policies: Policies) -> Decision:
    main = evidence.variants.get(decision.given.label)
    if main is None:
        return decision
    note = f"label {decision.given.label!r} beside {main!r}"
    return decision.noted("label-variant", note, policies["label-variant"])


def _contested(decision: Decision, copies: Copies, policies: Policies) -> Decision:
    span, policy = decision.span, policies["contested"]
    if span is None or span in copies.keep:
        return decision
    if policy is Policy.REPAIR:
        policy = Policy.MISSING
    return decision.ruled("contested", policy, (span.start, span.end))


def _length(
    decision: Decision, edges: TokenEdges, evidence: Evidence, policies: Policies
) -> Decision:
    span = decision.span
    if span is None or span.label not in evidence.longest:
        return decision
    tokens = len(range(*edges.tokens(span.start, span.end)))
    if tokens <= evidence.longest[span.label]:
        return decision
    policy = policies["over-long"]
    ruled = decision.ruled("over-long", policy, (span.start, span.end), note=f"{tokens} tokens")
    return replace(ruled, suspicious=True)


def _free_tokens(
    ranges: list[tuple[int, int]], ents: list[Span], edges: TokenEdges
) -> list[tuple[int, int]]:
    """Runs of whole tokens that the ranges touch and no ent covers, sorted, merged."""
    tokens = {i for start, end in ranges for i in range(*edges.tokens(start, end))}
    for ent in ents:
        tokens -= set(range(*edges.tokens(ent.start, ent.end)))
    runs: list[tuple[int, int]] = []
    last = None
    for i in sorted(tokens):
        if last is not None and i == last + 1:
            runs[-1] = (runs[-1][0], edges.ends[i])
        else:
            runs.append((edges.starts[i], edges.ends[i]))
        last = i
    return runs


def _text_faults(text: str) -> list[tuple[str, str]]:
    faults = []
    if not text.strip():
        faults.append(("empty-text", ""))
    controls = control_characters(text)
    if controls:
        shown = ", ".join(f"U+{ord(text[i]):04X} at {i}" for i in controls[:5])
        faults.append(("control-characters", shown))
    return faults


def is_trainable(decision: Decision) -> bool:
    """Whether a decision ends as an entity that is trained and scored on."""
    return decision.fate in (Fate.KEPT, Fate.REPAIRED)
