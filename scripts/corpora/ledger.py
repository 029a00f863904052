"""The books of a conversion: every span and record counted, every fault listed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from ..annotations.audit import RecordAudit, is_trainable
from ..annotations.faults import FAULTS, Fate, Policies
from ..annotations.resolve import Decision

CONTEXT_CHARACTERS = 15
SHOWN_STOPS = 20


@dataclass
class SplitCounts:
    """Counts of one split. ``spans`` holds ``given``, the four fates, ``trainable``, ``taken_out``.

    ``given`` and the fates count every span of every record of the split; ``taken_out`` counts
    the spans of the records that are dropped afterwards (duplicates, leaks); ``trainable`` and
    ``labels`` count what is in the DocBin in the end, ``overlapping`` those of them that share
    tokens with a longer one, ``unsure`` the Docs with places left missing. ``examples`` are the
    Docs with each as often as its weight says, which counts in train alone; ``weighted`` are the
    Docs whose records give a weight above 1.
    """

    records: int = 0
    docs: int = 0
    tokens: int = 0
    characters: int = 0
    longest: int = 0
    unsure: int = 0
    examples: int = 0
    weighted: int = 0
    spans: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)

    def add_doc(self, audit: RecordAudit, tokens: int, copies: int) -> None:
        """Counts a record that goes into the DocBin so many times."""
        self.docs += 1
        self.examples += copies
        self.weighted += audit.record.weight > 1
        self.tokens += tokens
        self.characters += len(audit.record.text)
        self.longest = max(self.longest, tokens)
        self.unsure += bool(audit.missing)
        self.labels.update(span.label for span in audit.trainable)
        self.spans["trainable"] += len(audit.trainable)
        self.spans["overlapping"] += len(audit.overlapping)

    def as_dict(self) -> dict[str, Any]:
        """The counts as they stand in audit.json; lengths in tokens."""
        names = ("given", "trainable", "overlapping", *(fate.value for fate in Fate), "taken_out")
        mean = round(self.tokens / self.docs, 2) if self.docs else 0.0
        return {
            "records": self.records,
            "docs": self.docs,
            "examples": self.examples,
            "weighted": self.weighted,
            "docs_with_missing": self.unsure,
            "tokens": self.tokens,
            "characters": self.characters,
            "spans": {name: self.spans[name] for name in names},
            "labels": dict(sorted(self.labels.items())),
            "token_lengths": {"mean": mean, "max": self.longest},
        }


class Ledger:
    """Takes down every audited record.

    Args:
        policies: The policies in force, for the tables.
    """

    def __init__(self, policies: Policies) -> None:
        self.policies = policies
        self.splits: dict[str, SplitCounts] = defaultdict(SplitCounts)
        self.fates: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        self.records: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        self.stops: list[tuple[str, str]] = []

    def enter(
        self,
        audit: RecordAudit,
        *,
        split: str,
        file: str,
        tokens: int,
        faults: dict[str, str],
        dropped: str | None,
    ) -> list[dict[str, Any]]:
        """Counts one record and returns its lines for findings.jsonl.

        Args:
            audit: The record's audit.
            split: Where it goes.
            file: Where it comes from.
            tokens: Its length.
            faults: Record faults found by comparing records, with notes.
            dropped: The fault for which the record is taken out, if it is.
        """
        counts = self.splits[split]
        counts.records += 1
        counts.spans["given"] += len(audit.decisions)
        for decision in audit.decisions:
            counts.spans[decision.fate.value] += 1
            for fault in decision.faults:
                self.fates[fault][split][decision.fate.value] += 1
        if dropped is None:
            counts.add_doc(audit, tokens, audit.record.weight if split == "train" else 1)
        else:
            counts.spans["taken_out"] += len(audit.decisions)
        place = {
            "split": split,
            "file": file,
            "line": audit.record.line,
            "id": audit.record.id,
        }
        self.stops += [(f"{file}, line {audit.record.line}", code) for code in audit.stop]
        return [
            *self._record_findings(audit, faults, dropped, place),
            *(
                {**place, **_span_finding(audit.record.text, decision)}
                for decision in audit.decisions
                if decision.faults
            ),
        ]

    def _record_findings(
        self,
        audit: RecordAudit,
        faults: dict[str, str],
        dropped: str | None,
        place: dict[str, Any],
    ) -> list[dict[str, Any]]:
        findings = []
        for code, note in (*faults.items(), *audit.faults):
            out = code == dropped
            counts = self.records[code][place["split"]]
            counts["records"] += 1
            if out:
                counts["dropped"] += 1
                counts["spans"] += len(audit.decisions)
            elif self.policies[code].value == "error" and code in faults:
                self.stops.append((f"{place['file']}, line {place['line']}", code))
            findings.append(
                {**place, "scope": "record", "faults": [code],
                 "fate": "dropped" if out else "kept", "spans": len(audit.decisions),
                 "note": note}
            )  # fmt: skip
        return findings

    def fault_rows(self) -> list[dict[str, Any]]:
        """Every span fault: description, policy, and per split how many spans had which fate."""
        fates = [fate.value for fate in Fate]
        return [
            {
                "fault": code,
                "description": FAULTS[code].description,
                "policy": self.policies[code].value,
                "splits": {
                    split: {fate: counts[fate] for fate in fates}
                    for split, counts in sorted(self.fates.get(code, {}).items())
                },
            }
            for code, fault in FAULTS.items()
            if fault.scope == "span"
        ]

    def record_rows(self) -> list[dict[str, Any]]:
        """Every record fault: description, policy, and per split records, dropped, their spans."""
        return [
            {
                "fault": code,
                "description": FAULTS[code].description,
                "policy": self.policies[code].value,
                "splits": {
                    split: {name: counts[name] for name in ("records", "dropped", "spans")}
                    for split, counts in sorted(self.records.get(code, {}).items())
                },
            }
            for code, fault in FAULTS.items()
            if fault.scope == "record" or code in self.records
        ]


def _span_finding(text: str, decision: Decision) -> dict[str, Any]:
    given, final = decision.given, decision.span
    place = decision.read or given
    lo, hi = sorted((max(place.start, 0), max(place.end, 0)))
    before = text[max(lo - CONTEXT_CHARACTERS, 0) : lo]
    return {
        "scope": "span",
        "faults": list(decision.faults),
        "fate": decision.fate.value,
        "given": [given.start, given.end, given.label],
        "surface": text[lo:hi],
        "final": [final.start, final.end, final.label] if is_trainable(decision) else None,
        "final_surface": text[final.start : final.end] if is_trainable(decision) else None,
        "context": f"{before}⟦{text[lo:hi]}⟧{text[hi : hi + CONTEXT_CHARACTERS]}",
        "suspicious": decision.suspicious,
        "note": decision.note,
    }
