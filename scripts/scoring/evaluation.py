"""Everything that metrics/<dataset>.json says of a model's predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..annotations.records import Span
from ..corpora.gold import GoldRecord
from .bootstrap import Sample, resample
from .confusion import confusion
from .matching import Match, Pair, Range, disagreements, match_spans
from .measures import Outcome, outcomes, tally_labels
from .partial import judgeable
from .scores import measure_table, score_table, slice_table, token_table, word_table
from .slices import (
    Slicing,
    Surfaces,
    by_entity_length,
    by_surface,
    by_text_length,
    tally_slices,
)
from .spans import Aligned, align
from .tallies import FOUND, GOLD, PREDICTED
from .tokens import Tagged, TokenTags, tag_tokens, tally_tags
from .words import as_words, tally_words

REPAIRED = "The audited annotation: repaired spans, on token edges; places left missing unjudged"
AS_GIVEN = (
    "The annotation file's own character offsets, exact, faults included; equal spans count once"
)


ALL_SPANS = (
    "The audited annotation with all spans that overlap, and every predicted span, before those "
    "that share tokens are resolved; places left missing unjudged"
)


@dataclass(frozen=True)
class Prediction:
    """What a model says of a text: its tokens as character ranges, and its entities.

    ``spans`` of a span categorizer are all that it marked, those that overlap included.
    """

    tokens: tuple[Range, ...]
    ents: tuple[Span, ...]
    spans: tuple[Span, ...] | None = None


@dataclass(frozen=True)
class _Judged:
    """Spans of one gold, judged: by measure, the outcome and tallies by document and label."""

    aligned: Aligned
    measures: dict[str, tuple[Outcome, np.ndarray]]

    @property
    def parts(self) -> list[np.ndarray]:
        """Counts to draw from: strict by label, and every measure."""
        by_measure = [tallies.sum(axis=1) for _, tallies in self.measures.values()]
        return [self.strict, np.stack(by_measure, axis=1)]

    @property
    def strict(self) -> np.ndarray:
        return self.measures["strict"][1]

    def by_slice(self, slicings: Mapping[str, Slicing]) -> list[np.ndarray]:
        """Strict counts to draw from, by slice."""
        outcome, _ = self.measures["strict"]
        return [tally_slices(self.aligned, slicing, outcome) for slicing in slicings.values()]

    def scores(self, description: str, by_label: Sample, by_measure: Sample) -> dict[str, Any]:
        return {
            "description": description,
            "spans": len(self.aligned.gold),
            **score_table(self.aligned.labels, by_label),
            "measures": measure_table(self.aligned, self.measures, by_measure),
        }


@dataclass(frozen=True)
class _Tags:
    """Tokens and words, tagged: tallies by document and tag, and by document."""

    tagged: TokenTags
    tokens: np.ndarray
    words: np.ndarray

    @property
    def parts(self) -> list[np.ndarray]:
        """Counts to draw from: all tags and all but O, and words."""
        return [np.stack([self.tokens.sum(axis=1), self.tokens[:, 1:].sum(axis=1)], axis=1),
                self.words]  # fmt: skip

    def scores(self, of_tokens: Sample, of_words: Sample) -> dict[str, Any]:
        return {
            "token_level": token_table(self.tagged, self.tokens, of_tokens),
            "word_level": word_table(of_words),
        }


def evaluate_predictions(
    gold: Sequence[GoldRecord],
    predictions: Sequence[Prediction],
    *,
    surfaces: Surfaces | None = None,
    resamples: int,
    seed: int,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Scores predictions on both golds, with all intervals from the same draws of documents.

    Args:
        gold: The gold records.
        predictions: One for each, in the same order.
        surfaces: Entity surfaces of the training corpus; without them there is no slice by
            surface.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.

    Returns:
        The scores, and a line for each text with an error on the repaired gold.
    """
    pairs = list(zip(gold, predictions, strict=True))
    matches = [match_spans(g.ents, p.ents, g.missing, g.annotated) for g, p in pairs]
    repaired = _judge(matches)
    as_given = _judge([match_spans(g.given, p.ents, (), g.annotated_as_given) for g, p in pairs])
    slicings = _slicings(repaired.aligned, pairs, surfaces)
    tagged = _tag(pairs)
    every = _judge_all_spans(pairs)
    parts = [*repaired.parts, *as_given.parts, *tagged.parts, *repaired.by_slice(slicings)]
    parts += every.parts if every else []
    samples = resample(parts, resamples, seed)
    on_repaired, on_given, on_tags, rest = samples[:2], samples[2:4], samples[4:6], samples[6:]
    of_slices, of_all = rest[: len(slicings)], rest[len(slicings) :]
    by_tag = tagged.scores(*on_tags)
    scores = {
        "docs": len(gold),
        "tokens": sum(len(p.tokens) for p in predictions),
        "token_accuracy": by_tag["token_level"]["accuracy"],
        "unjudged": sum(len(m.unjudged) for m in matches),
        "gold": {
            "repaired": repaired.scores(REPAIRED, *on_repaired),
            "as_given": as_given.scores(AS_GIVEN, *on_given),
        },
        **({"all_spans": every.scores(ALL_SPANS, *of_all)} if every else {}),
        **by_tag,
        "slices": _slice_tables(slicings, of_slices),
        "confusion": confusion(matches),
        "seed": seed,
        "resamples": resamples,
        **_per_document(repaired),
    }
    return scores, _all_errors(pairs, matches)


def _tag(pairs: Sequence[tuple[GoldRecord, Prediction]]) -> _Tags:
    judged = [judgeable(g, p.ents) for g, p in pairs]
    tagged = tag_tokens(
        [Tagged(p.tokens, g.ents, *own) for (g, p), own in zip(pairs, judged, strict=True)]
    )
    words = tally_words(
        [as_words(g.text, g.ents, *own) for (g, _), own in zip(pairs, judged, strict=True)]
    )
    return _Tags(tagged, tally_tags(tagged), words)


def _judge_all_spans(pairs: Sequence[tuple[GoldRecord, Prediction]]) -> _Judged | None:
    """The spans that may overlap; None unless the corpus and the model are those of a spancat."""
    if any(g.spans is None or p.spans is None for g, p in pairs):
        return None
    return _judge(
        [match_spans(g.spans or (), p.spans or (), g.missing, g.annotated) for g, p in pairs]
    )


def _judge(matches: Sequence[Match]) -> _Judged:
    aligned = align(matches)
    judged = outcomes(aligned)
    return _Judged(aligned, {n: (o, tally_labels(aligned, o)) for n, o in judged.items()})


def _slicings(
    aligned: Aligned, pairs: Sequence[tuple[GoldRecord, Prediction]], surfaces: Surfaces | None
) -> dict[str, Slicing]:
    tokens = [prediction.tokens for _, prediction in pairs]
    slicings = {}
    if surfaces is not None:
        slicings["surface"] = by_surface(aligned, [gold.text for gold, _ in pairs], surfaces)
    slicings["entity_length"] = by_entity_length(aligned, tokens)
    slicings["text_length"] = by_text_length(aligned, tokens)
    return slicings


def _slice_tables(slicings: Mapping[str, Slicing], samples: Sequence[Sample]) -> dict[str, Any]:
    return {
        name: slice_table(slicing.names, sample)
        for (name, slicing), sample in zip(slicings.items(), samples, strict=True)
    }


def _per_document(judged: _Judged) -> dict[str, Any]:
    """Counts tp, fp, fn by document, for paired tests; by label only where one is not 0."""
    strict = judged.strict
    found = strict[..., FOUND]
    counts = np.stack([found, strict[..., PREDICTED] - found, strict[..., GOLD] - found], axis=-1)
    counts = counts.astype(int)
    where = np.argwhere(counts.any(axis=-1))
    rows = np.concatenate([where, counts[tuple(where.T)]], axis=1)
    return {
        "per_document": counts.sum(axis=1).tolist(),
        "per_document_labels": {"labels": list(judged.aligned.labels), "counts": rows.tolist()},
    }


def _all_errors(
    pairs: Sequence[tuple[GoldRecord, Prediction]], matches: Sequence[Match]
) -> list[dict[str, Any]]:
    return [
        _errors(gold, prediction, match)
        for (gold, prediction), match in zip(pairs, matches, strict=True)
        if match.missed or match.spurious
    ]


def _errors(gold: GoldRecord, prediction: Prediction, match: Match) -> dict[str, Any]:
    dataset = gold.dataset
    return {
        "id": gold.id,
        "source": gold.source,
        **({} if dataset is None else {"dataset": dataset}),
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
