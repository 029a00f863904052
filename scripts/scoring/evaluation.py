"""Everything that metrics/<split>.json says of a model's predictions on a split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..annotations.records import Span
from ..corpora.gold import GoldRecord
from .confusion import confusion
from .counts import count_matches, score_table
from .matching import Match, Pair, Range, disagreements, iob_tags, match_spans

REPAIRED = "The audited annotation: repaired spans, on token edges; places left missing unjudged"
AS_GIVEN = (
    "The annotation file's own character offsets, exact, faults included; equal spans count once"
)


@dataclass(frozen=True)
class Prediction:
    """What a model says of a text: its tokens as character ranges, and its entities."""

    tokens: tuple[Range, ...]
    ents: tuple[Span, ...]


def evaluate_predictions(
    gold: Sequence[GoldRecord],
    predictions: Sequence[Prediction],
    *,
    resamples: int,
    seed: int,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Scores predictions on both golds.

    Args:
        gold: The gold records.
        predictions: One for each, in the same order.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.

    Returns:
        The scores, and a line for each text with an error on the repaired gold.
    """
    pairs = list(zip(gold, predictions, strict=True))
    repaired = [match_spans(g.ents, p.ents, g.missing) for g, p in pairs]
    as_given = [match_spans(g.given, p.ents) for g, p in pairs]
    scores = {
        "docs": len(gold),
        "tokens": sum(len(p.tokens) for p in predictions),
        "token_accuracy": token_accuracy(pairs),
        "unjudged": sum(len(m.unjudged) for m in repaired),
        "gold": {
            name: {
                "description": text,
                "spans": sum(len(m.correct) + len(m.missed) for m in matches),
                **score_table(count_matches(matches), resamples=resamples, seed=seed),
            }
            for name, text, matches in (
                ("repaired", REPAIRED, repaired),
                ("as_given", AS_GIVEN, as_given),
            )
        },
        "confusion": confusion(repaired),
        "seed": seed,
        "resamples": resamples,
    }
    return scores, [_errors(g, p, m) for (g, p), m in zip(pairs, repaired, strict=True)
                    if m.missed or m.spurious]  # fmt: skip


def token_accuracy(pairs: Sequence[tuple[GoldRecord, Prediction]]) -> float | None:
    """Share of tokens whose IOB2 tag is that of the repaired gold; missing tokens left out.

    None if there is no token to judge.
    """
    right = total = 0
    for gold, prediction in pairs:
        truth = iob_tags(prediction.tokens, gold.ents)
        guess = iob_tags(prediction.tokens, prediction.ents)
        for (start, end), a, b in zip(prediction.tokens, truth, guess, strict=True):
            if not any(start < stop and first < end for first, stop in gold.missing):
                total += 1
                right += a == b
    return round(right / total, 6) if total else None


def _errors(gold: GoldRecord, prediction: Prediction, match: Match) -> dict[str, Any]:
    return {
        "id": gold.id,
        "source": gold.source,
        "text": gold.text,
        "gold": [_list(span) for span in gold.ents],
        "predicted": [_list(span) for span in prediction.ents],
        "ignored": [list(part) for part in gold.missing],
        "errors": [_error(pair) for pair in disagreements(match)],
    }


def _error(pair: Pair) -> dict[str, Any]:
    return {
        "kind": pair.kind,
        "gold": _list(pair.gold) if pair.gold else None,
        "predicted": _list(pair.predicted) if pair.predicted else None,
    }


def _list(span: Span) -> list[Any]:
    return [span.start, span.end, span.label]
