"""Matching the predicted spans of a text with its gold spans."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ..annotations.records import Span

Range = tuple[int, int]


@dataclass(frozen=True)
class Pair:
    """A disagreement: ``missed``, ``spurious``, ``label`` or ``boundary``, and its spans."""

    kind: str
    gold: Span | None
    predicted: Span | None


@dataclass(frozen=True)
class Match:
    """How the predictions for one text compare with its gold.

    Args:
        correct: Spans in both, with the same offsets and label.
        missed: Gold spans that are not correct.
        spurious: Predicted spans that are not correct and can be judged.
        unjudged: Wrong predicted spans that touch a place where the gold is missing, or whose
            label the text's annotators did not look for.
    """

    correct: tuple[Span, ...]
    missed: tuple[Span, ...]
    spurious: tuple[Span, ...]
    unjudged: tuple[Span, ...] = field(default=())


def match_spans(
    gold: Collection[Span],
    predicted: Collection[Span],
    missing: Sequence[Range] = (),
    annotated: Collection[str] | None = None,
) -> Match:
    """Strict matching: same start, same end, same label (CoNLL-2003).

    A wrong prediction that touches a character range whose annotation is missing is neither
    right nor wrong and is not counted, as in spaCy's scorer, which asks that all its tokens are
    missing; here one is enough, because the span cannot be judged by the others.

    Args:
        gold: Gold spans; equal ones count once.
        predicted: Predicted spans; equal ones count once.
        missing: Character ranges without annotation.
        annotated: Labels that the text's annotators looked for; None if all. A prediction of
            another label may well be right: it is not judged.
    """
    truth, guess = set(gold), set(predicted)
    wrong = sorted(guess - truth)
    unjudged = [
        s
        for s in wrong
        if (annotated is not None and s.label not in annotated)
        or any(a < s.end and s.start < b for a, b in missing)
    ]
    return Match(
        correct=tuple(sorted(truth & guess)),
        missed=tuple(sorted(truth - guess)),
        spurious=tuple(s for s in wrong if s not in unjudged),
        unjudged=tuple(unjudged),
    )


def disagreements(match: Match) -> list[Pair]:
    """Pairs missed with spurious spans to say what went wrong, in text order.

    ``label``: same offsets, other label. ``boundary``: they overlap, whatever the labels; each
    span is paired once, the largest overlap first, on a tie spans of one label first. The rest
    are ``missed`` or ``spurious``.
    """
    golds, guesses = list(match.missed), list(match.spurious)
    candidates = sorted(
        (
            ((g.start, g.end) != (p.start, p.end), -_overlap(g, p), g.label != p.label, g, p)
            for g in golds
            for p in guesses
            if _overlap(g, p) > 0
        ),
    )
    pairs = []
    for differs, *_, gold, guess in candidates:
        if gold in golds and guess in guesses:
            pairs.append(Pair("boundary" if differs else "label", gold, guess))
            golds.remove(gold)
            guesses.remove(guess)
    pairs += [Pair("missed", gold, None) for gold in golds]
    pairs += [Pair("spurious", None, guess) for guess in guesses]
    return sorted(pairs, key=lambda pair: (pair.gold or pair.predicted, pair.kind))


def _overlap(first: Span, second: Span) -> int:
    return min(first.end, second.end) - max(first.start, second.start)
