"""One span against the token edges of its text: kept, repaired, missing or refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .edges import TokenEdges
from .faults import Fate, Policies, Policy
from .records import Span
from .survey import Evidence, span_size
from .whitespace import same_words, trim

# Never the last character of an entity; a full stop, ! and ? may be (Inc., Yahoo!).
PUNCTUATION = ",;:।॥\u09f7|…"
OPENING = {"(": ")", "[": "]", "{": "}", "‘": "’", "“": "”", "«": "»", "„": "”"}
CLOSING = {")": "(", "]": "[", "}": "{", "’": "‘", "”": "“„", "»": "«"}
STRAIGHT = "\"'`"
APOSTROPHES = "'’"
QUOTES_BEFORE = ("‘", "'")

# How far from its offsets a span's words are looked for, in characters.
NEAR = 50
# Edge moves tried for a span that is off by one, the likeliest first.
MOVES = ((0, 1), (-1, 0), (0, -1), (1, 0), (-1, -1), (1, 1))


@dataclass(frozen=True)
class Decision:
    """What the audit decided on one span.

    Args:
        given: The span as the file has it.
        fate: One of four.
        span: The span that is trained and scored on, in code points; None if there is none.
        faults: Codes of the faults found, in the order found.
        masked: Character ranges to leave unannotated where the fate is missing.
        note: What was seen, for the findings.
        suspicious: Whether a human should look at it.
        stop: Code of a fault that the user's policy does not allow.
        read: The given span in code points; None if its offsets cannot be meant in the file's unit.
    """

    given: Span
    fate: Fate
    span: Span | None
    faults: tuple[str, ...] = ()
    masked: tuple[tuple[int, int], ...] = ()
    note: str = ""
    suspicious: bool = False
    stop: str | None = None
    read: Span | None = None

    def ruled(
        self, fault: str, policy: Policy, *masked: tuple[int, int], note: str = ""
    ) -> Decision:
        """This decision after a policy other than repair was applied for a fault.

        Args:
            fault: The fault.
            policy: Its policy.
            masked: Character ranges to leave unannotated if the policy says missing.
            note: What was seen.
        """
        noted = self.noted(fault, note, policy)
        if policy is Policy.KEEP:
            return noted
        if policy is Policy.MISSING:
            return replace(noted, fate=Fate.MISSING, span=None, masked=masked)
        return replace(noted, fate=Fate.REFUSED, span=None, masked=())

    def noted(self, fault: str, note: str, policy: Policy) -> Decision:
        """This decision with a fault noted that changes nothing but may be forbidden."""
        return replace(
            self,
            faults=(*self.faults, fault),
            note="; ".join(part for part in (self.note, note) if part),
            stop=fault if policy is Policy.ERROR else self.stop,
        )


@dataclass
class _Work:
    """A span on its way through the steps below; ``done`` is set when a policy ends it."""

    text: str
    edges: TokenEdges
    evidence: Evidence
    policies: Policies
    given: Span
    read: Span | None
    start: int
    end: int
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    suspicious: bool = False
    done: Decision | None = None

    def meets(self, fault: str, note: str = "", *masked: tuple[int, int]) -> bool:
        """Notes a fault; True if policy lets it be repaired, else ``done`` holds the end."""
        policy = self.policies[fault]
        if policy is Policy.REPAIR:
            self.faults.append(fault)
            return True
        base = Decision(self.given, Fate.KEPT, None, tuple(self.faults), note=self.note,
                        read=self.read)  # fmt: skip
        self.done = base.ruled(fault, policy, *(masked or [(self.start, self.end)]), note=note)
        return False

    @property
    def note(self) -> str:
        return "; ".join(self.notes)


def resolve_span(
    text: str,
    given: Span,
    read: Span | None,
    edges: TokenEdges,
    evidence: Evidence,
    policies: Policies,
) -> Decision:
    """Decides the fate of one span, looking at no other span of its text.

    Args:
        text: Text of the record.
        given: The span as the file has it.
        read: The same in code points; None if its offsets cannot be meant in the file's unit.
        edges: Token edges of the text.
        evidence: What the file as a whole says.
        policies: Policy of every fault.
    """
    here = read or given
    work = _Work(text, edges, evidence, policies, given, read, here.start, here.end)
    meant = evidence.documented and read is not None
    if (here != given or read is None) and not meant:
        if not work.meets("offset-unit"):
            return work.done
        if read is None:
            return _lost(work, "out-of-range", "an offset falls inside a character")
    for step in (_bounds, _fragments, _surface, _blanks, _inclusive, _align, _punctuation):
        step(work)
        if work.done is not None:
            return work.done
    before = here if meant else given
    changed = (work.start, work.end) != (before.start, before.end)
    return Decision(
        given,
        Fate.REPAIRED if changed or "discontinuous" in work.faults else Fate.KEPT,
        Span(work.start, work.end, given.label),
        tuple(work.faults),
        note=work.note,
        suspicious=work.suspicious,
        read=read,
    )


def _lost(work: _Work, fault: str, note: str) -> Decision:
    """A span that leaves nothing to repair or to mask: refused, and an error unless dropped."""
    policy = work.policies[fault]
    stop = None if policy is Policy.DROP else fault
    return Decision(
        work.given, Fate.REFUSED, None, (*work.faults, fault),
        note="; ".join([*work.notes, note]), suspicious=True, stop=stop, read=work.read,
    )  # fmt: skip


def _bounds(work: _Work) -> None:
    size = len(work.text)
    faults = []
    if work.start > work.end:
        faults.append(("reversed", f"start {work.start} is after end {work.end}"))
        work.start, work.end = work.end, work.start
    inside = (max(work.start, 0), min(work.end, size))
    if inside != (work.start, work.end):
        faults.append(("out-of-range", f"the text has {size} characters"))
    first, last = work.edges.tokens(*inside) if inside[0] < inside[1] else (0, 0)
    for fault, note in faults:
        if first >= last:
            work.done = _lost(work, fault, f"{note}; no token stands there")
            return
        if not work.meets(fault, note, inside):
            return
    work.start, work.end = inside if faults else (work.start, work.end)


def _fragments(work: _Work) -> None:
    parts = (work.read or work.given).fragments
    if len(parts) > 1:
        found = [work.text[max(a, 0) : max(b, 0)] for a, b in parts]
        words = " … ".join(map(repr, found))
        if work.given.surface is not None and not same_words(work.given.surface, "".join(found)):
            work.faults.append("surface-mismatch")
            work.notes.append(f"the file gives {work.given.surface!r}")
        if work.meets("discontinuous", f"parts {words}", *parts):
            work.notes.append(f"parts {words}")


def _surface(work: _Work) -> None:
    """Compares the words that the file gives for the span with those at its offsets.

    Offsets on token edges are believed: tools that snap a selection to words keep the selection
    itself as the words (Label Studio #1931). Others are moved to the nearest place where the
    words stand as whole tokens.
    """
    words = work.given.surface
    if words is None or work.given.fragments:
        return
    found = work.text[work.start : work.end]
    if same_words(words, found):
        return
    policy = work.policies["surface-mismatch"]
    note = f"the file gives {words!r}, at the offsets stands {found!r}"
    if policy in (Policy.REPAIR, Policy.KEEP):
        work.faults.append("surface-mismatch")
        work.notes.append(note)
        work.suspicious = True
        fits = work.edges.fits(*trim(work.text, work.start, work.end))
        place = None if fits or policy is Policy.KEEP else _nearest_words(work, words.strip())
        if place is not None:
            work.start, work.end = place
    else:
        work.meets("surface-mismatch", note)


def _nearest_words(work: _Work, words: str) -> tuple[int, int] | None:
    """The whole tokens nearest to the span, NEAR at most, that are these words."""
    if not words:
        return None
    places = []
    at = work.text.find(words, max(work.start - NEAR, 0))
    while at >= 0 and at <= work.start + NEAR:
        if work.edges.fits(at, at + len(words)):
            places.append((at, at + len(words)))
        at = work.text.find(words, at + 1)
    return min(places, key=lambda p: (abs(p[0] - work.start), p), default=None)


def _blanks(work: _Work) -> None:
    start, end = trim(work.text, work.start, work.end)
    if start == end:
        habit = work.evidence.inclusive["single"] != "no"
        if work.start == work.end and habit and _whole(work, start, start + 1):
            return
        place = _nearest_token(work)
        if place is None:
            work.done = _lost(work, "empty", "the text has no token")
        else:
            work.meets("empty", "", place)
    elif (start, end) != (work.start, work.end) and work.meets("edge-whitespace"):
        work.start, work.end = start, end


def _nearest_token(work: _Work) -> tuple[int, int] | None:
    """The token that holds or follows an empty span, at the end of the text the last one."""
    starts, ends = work.edges.starts, work.edges.ends
    if not starts:
        return None
    first, _ = work.edges.tokens(work.start, work.start)
    token = min(first, len(starts) - 1)
    return starts[token], ends[token]


def _inclusive(work: _Work) -> None:
    habit = work.evidence.inclusive[span_size(work.start, work.end, work.edges)]
    if habit == "no" or "edge-whitespace" in work.faults:
        return
    if habit == "some" and work.edges.fits(work.start, work.end):
        return
    if _whole(work, work.start, work.end + 1):
        _move(work, "inclusive-end", work.start, work.end + 1)


def _whole(work: _Work, start: int, end: int) -> bool:
    """Whether ``[start, end)`` is a run of whole tokens with nothing blank at its edges."""
    fits = start >= 0 and work.edges.fits(start, end)
    return fits and trim(work.text, start, end) == (start, end)


def _align(work: _Work) -> None:
    edges = work.edges
    if edges.fits(work.start, work.end):
        return
    stripped = _strip(work.text, work.start, work.end)
    keep = work.policies["edge-punctuation"] is Policy.KEEP
    if stripped != (work.start, work.end) and edges.fits(*stripped):
        if not keep:
            _move(work, "edge-punctuation", *stripped)
            return
        work.faults.append("edge-punctuation")
    moved = [(work.start + a, work.end + b) for a, b in MOVES]
    fitting = [(s, e) for s, e in moved if _whole(work, s, e)]
    if fitting:
        # min is stable: among equals the likeliest move stays first.
        start, end = min(fitting, key=lambda m: _ragged(work.text, *m))
        _move(work, "off-by-one", start, end)
        return
    grown = edges.grow(work.start, work.end)
    if grown is None:
        work.done = _lost(work, "mid-token", "no token stands there")
    else:
        _move(work, "mid-token", *grown)


def _move(work: _Work, fault: str, start: int, end: int) -> None:
    """Moves the edges for a fault, unless that would invent more than the span marks."""
    grows = start < work.start or end > work.end
    if grows and work.start < work.end and not work.edges.half_covered(work.start, work.end):
        token = work.text[start:end]
        note = f"marks {work.text[work.start : work.end]!r} of {token!r}"
        if not work.meets("mostly-outside", note):
            work.done = replace(work.done, suspicious=True)
            return
    if work.meets(fault):
        work.start, work.end = start, end


def _punctuation(work: _Work) -> None:
    start, end = _strip(work.text, work.start, work.end)
    if (start, end) == (work.start, work.end) or not work.edges.fits(start, end):
        return
    if work.policies["edge-punctuation"] is Policy.KEEP:
        if "edge-punctuation" not in work.faults:
            work.faults.append("edge-punctuation")
    elif work.meets("edge-punctuation"):
        work.start, work.end = start, end


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    """Takes punctuation, and quotes and brackets without their partner, off both edges.

    Gives the edges back unchanged if nothing would be left.
    """
    first, last = start, end
    while first < last and _loose(text, first, last, first):
        first += 1
    while last > first and _loose(text, first, last, last - 1):
        last -= 1
    if first == last:
        return start, end
    return trim(text, first, last)


def _loose(text: str, start: int, end: int, at: int) -> bool:
    char, inside = text[at], text[start:end]
    if char in PUNCTUATION:
        return True
    if char in OPENING:
        return at == start and OPENING[char] not in inside
    if char in APOSTROPHES and at == end - 1:
        # It may belong to the word (শ'); it closes a quotation only where one opens just before.
        return inside.count(char) == 1 and text[start - 1 : start] in QUOTES_BEFORE
    if char in CLOSING:
        return not any(open_ in inside for open_ in CLOSING[char])
    return char in STRAIGHT and inside.count(char) == 1


def _ragged(text: str, start: int, end: int) -> int:
    """How many edges of a candidate are punctuation or white space."""
    return sum(not text[i].isalnum() and not _mark(text[i]) for i in (start, end - 1))


def _mark(char: str) -> bool:
    # Vowel signs and viramas are not alphanumeric to Python but end Bangla words.
    return "\u0900" <= char <= "\u0dff" and char not in PUNCTUATION
