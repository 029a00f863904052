"""Every fault that the audit knows: its code, what it means, and what may be done about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from ..common.errors import UserError


class Fate(str, Enum):
    """What became of a span; every span has exactly one."""

    KEPT = "kept"
    REPAIRED = "repaired"
    MISSING = "missing"
    REFUSED = "refused"


class Policy(str, Enum):
    """What to do about a fault.

    keep: leave as it is and report. repair: mend as the fault's description says. missing: leave
    the tokens unannotated, so that they are not trained as "no entity". drop: take it out; its
    tokens count as "no entity". error: stop, write nothing.
    """

    KEEP = "keep"
    REPAIR = "repair"
    MISSING = "missing"
    DROP = "drop"
    ERROR = "error"


@dataclass(frozen=True)
class Fault:
    """A fault: code, one-line description, scope (span or record), policies; first is default."""

    code: str
    description: str
    scope: str
    policies: tuple[Policy, ...]

    @property
    def default(self) -> Policy:
        """The policy in force unless the user sets another."""
        return self.policies[0]


_K, _R, _M, _D, _E = Policy.KEEP, Policy.REPAIR, Policy.MISSING, Policy.DROP, Policy.ERROR


def _catalogue(scope: str, *rows: tuple[str, str, tuple[Policy, ...]]) -> list[Fault]:
    return [Fault(code, text, scope, policies) for code, text, policies in rows]


FAULTS: dict[str, Fault] = {
    fault.code: fault
    for fault in [
        *_catalogue(
            "span",
            ("offset-unit", "Offsets of the file count something else than code points", (_R, _E)),
            ("out-of-range", "Span starts or ends outside the text", (_M, _R, _D, _E)),
            ("surface-mismatch", "The words that the file gives for the span do not stand at its "
             "offsets", (_R, _K, _M, _D, _E)),
            ("discontinuous", "Span has several parts with other words between them",
             (_M, _R, _D, _E)),
            ("reversed", "Span ends before it starts", (_M, _R, _D, _E)),
            ("empty", "Span holds no character, or white space alone", (_M, _D, _E)),
            ("edge-whitespace", "White space just inside an edge of the span", (_R, _M, _D, _E)),
            ("edge-punctuation", "Loose quote, bracket or punctuation inside an edge",
             (_R, _K, _M, _D, _E)),
            ("inclusive-end", "End is the last character instead of the one after, as elsewhere "
             "in the file", (_R, _M, _D, _E)),
            ("off-by-one", "An edge is one character off a token edge", (_R, _M, _D, _E)),
            ("mid-token", "An edge falls inside a token", (_R, _M, _D, _E)),
            ("mostly-outside", "Span covers less than half of a token that it would grow to",
             (_M, _R, _D, _E)),
            ("duplicate-span", "Same span and label twice in the text", (_R, _E)),
            ("two-labels", "Same span with different labels", (_M, _D, _E)),
            ("covers-several", "Span holds two or more others of its label, one of them of "
             "several tokens", (_M, _K, _D, _E)),
            ("nested", "Span lies inside a longer one", (_R, _M, _D, _E)),
            ("crossing", "Span crosses another one", (_M, _R, _D, _E)),
            ("misplaced", "Span falls inside a token, in another span or on its equal, while its "
             "words stand whole and unmarked elsewhere", (_M, _R, _K, _D, _E)),
            ("over-long", "Span is far longer than the others of its label", (_K, _M, _D, _E)),
            ("contested", "Copies of the text in one split are annotated differently",
             (_R, _M, _K, _D, _E)),
            ("other-occurrence", "The same words stand elsewhere in the text, in a context more "
             "usual for the label", (_K, _M, _D, _E)),
            ("label-variant", "Label differs from another one in case or separator alone",
             (_K, _E)),
        ),
        *_catalogue(
            "record",
            ("empty-text", "Text is empty or white space", (_D, _E)),
            ("control-characters", "Text holds control characters", (_K, _D, _E)),
            ("duplicate-text", "Training text stands twice; the first is kept",
             (_D, _K, _E)),
            ("near-duplicate", "Text is nearly the same as an earlier one of its split", (_K, _E)),
            ("leak", "Text stands in a later split too (train, dev, test, in this order)",
             (_D, _K, _E)),
            ("near-leak", "Text is in one cluster of near-duplicates with a text of a later "
             "split", (_D, _K, _E)),
            ("document-in-two-splits", "Parts of one document stand in different given splits",
             (_K, _D, _E)),
            ("unannotated-label", "Training text whose annotators did not look for every label of "
             "the training set", (_M, _K, _E)),
        ),
    ]
}  # fmt: skip

Policies = Mapping[str, Policy]

# Kept, these leave spans that share tokens. doc.ents cannot hold them, a span group can: the policy
# keep is theirs only in a corpus with one.
OVERLAPPING = ("two-labels", "nested", "crossing")
# What is a fault of a flat annotation alone.
USUAL_OVERLAPS = ("covers-several", "nested")


def default_policies(*, overlapping: bool = False) -> dict[str, Policy]:
    """The policy of every fault when the user sets none.

    Args:
        overlapping: Whether the corpus can hold spans that overlap; spans within spans are then
            kept.
    """
    policies = {code: fault.default for code, fault in FAULTS.items()}
    if overlapping:
        policies.update(dict.fromkeys(USUAL_OVERLAPS, Policy.KEEP))
    return policies


def parse_policies(settings: Iterable[str], *, overlapping: bool = False) -> dict[str, Policy]:
    """Reads ``FAULT=POLICY`` settings over the defaults.

    Args:
        settings: The settings.
        overlapping: Whether the corpus can hold spans that overlap.

    Raises:
        UserError: A fault or policy is unknown, or the fault does not allow the policy.
    """
    policies = default_policies(overlapping=overlapping)
    for setting in settings:
        code, _, name = setting.partition("=")
        if code not in FAULTS:
            raise UserError(
                f"There is no fault {code!r}", where=f"--policy {setting}",
                todo=f"Faults: {', '.join(FAULTS)}.",
            )  # fmt: skip
        allowed = [policy.value for policy in FAULTS[code].policies]
        if code in OVERLAPPING and overlapping:
            allowed.append(Policy.KEEP.value)
        if name == Policy.KEEP.value and code in OVERLAPPING and not overlapping:
            raise UserError(
                f"The entities of a ner never overlap: what is {code} cannot be kept",
                where=f"--policy {setting}",
                todo=f"Possible: {', '.join(allowed)} (default {allowed[0]}). A span categorizer "
                "can learn spans that overlap: add --spans sc (docs/spancat.md).",
            )
        if name not in allowed:
            raise UserError(
                f"The policy for {code} cannot be {name!r}", where=f"--policy {setting}",
                todo=f"Possible: {', '.join(allowed)} (default {allowed[0]}).",
            )  # fmt: skip
        policies[code] = Policy(name)
    return policies
