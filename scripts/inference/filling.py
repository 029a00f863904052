"""Labels that a text's annotators did not look for, filled in by a model that knows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from spacy.language import Language
from spacy.util import minibatch

from ..annotations.records import Record, Span
from ..common.errors import UserError
from ..scoring.calibration import Calibration
from .confidence import predict_with_confidence
from .predict import ent_spans
from .resolve import NER, span_categorizer

# Records held in memory at a time.
BATCH = 1000
FILLED = "filled_labels"


@dataclass(frozen=True)
class Thresholds:
    """What becomes of a predicted entity, by its confidence.

    Args:
        keep: From here on it is an entity.
        missing: From here up to ``keep`` its place is left unannotated; below, it is dropped, and
            its tokens are learned as no entity.
    """

    keep: float = 0.9
    missing: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.missing <= self.keep <= 1:
            raise UserError(
                f"The thresholds cannot be keep {self.keep:g} and missing {self.missing:g}",
                where="--keep, --missing",
                todo="Expected 0 ≤ missing ≤ keep ≤ 1.",
            )


@dataclass
class Tally:
    """What filling came to.

    Args:
        records: Texts read.
        filled: Texts to which labels were added.
        labels: Label to the number of texts in which it counts as annotated now.
        fates: By label, how many predicted entities were ``added``, left ``missing``,
            ``dropped``, or stood against the text's own annotation (``conflict``).
    """

    records: int = 0
    filled: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    fates: dict[str, Counter[str]] = field(default_factory=dict)

    def count(self, label: str, fate: str) -> None:
        """Counts a predicted entity."""
        self.fates.setdefault(label, Counter())[fate] += 1


def known_labels(nlp: Language) -> frozenset[str]:
    """The labels that a pipeline's ner, or the span categorizer in its place, can give."""
    return frozenset((span_categorizer(nlp) or nlp.get_pipe(NER)).labels)


def fill(
    nlp: Language,
    records: Iterable[Record],
    thresholds: Thresholds,
    calibration: Calibration,
    tally: Tally,
    labels: Collection[str] | None = None,
) -> Iterator[Record]:
    """Adds a model's entities of the labels that a text's annotators did not look for.

    Spans that are given stay as they are, and win over predicted ones that touch them or a place
    that is given as missing. A text whose annotators looked for all that the model knows passes
    unchanged. Filled labels join ``annotated_labels`` and are listed under ``filled_labels``; a
    filled span carries its confidence under ``filled``.

    Args:
        nlp: A pipeline whose ner or span categorizer gives confidences.
        records: The texts, offsets in code points.
        thresholds: What becomes of an entity, by its confidence.
        calibration: Turns the model's own confidence into a probability.
        tally: Counts everything.
        labels: Labels to fill, of those that the model knows; None for all of them.

    Raises:
        UserError: The model gives no confidence.
    """
    known = known_labels(nlp) if labels is None else known_labels(nlp) & frozenset(labels)
    for batch in minibatch(records, BATCH):
        wanted = [_wanted(record, known) for record in batch]
        texts = [record.text for record, own in zip(batch, wanted, strict=True) if own]
        predicted = predict_with_confidence(nlp, texts)
        for record, own in zip(batch, wanted, strict=True):
            tally.records += 1
            if not own:
                yield record
                continue
            doc, raw = next(predicted)
            values = calibration.apply(np.array(raw)).tolist()
            ents = list(zip(ent_spans(doc), values, strict=True))
            yield _filled(record, own, ents, thresholds, tally)


def _wanted(record: Record, known: frozenset[str]) -> frozenset[str]:
    annotated = record.annotated_labels
    return frozenset() if annotated is None else known - annotated


def _filled(
    record: Record,
    wanted: frozenset[str],
    ents: Sequence[tuple[Span, float]],
    thresholds: Thresholds,
    tally: Tally,
) -> Record:
    taken = [(span.start, span.end) for span in record.spans] + list(record.missing)
    added: list[Span] = []
    missing = list(record.missing)
    for span, confidence in ents:
        if span.label not in wanted:
            continue
        if confidence < thresholds.missing:
            fate = "dropped"
        elif any(start < span.end and span.start < end for start, end in taken):
            fate = "conflict"
        elif confidence < thresholds.keep:
            fate = "missing"
            missing.append((span.start, span.end))
        else:
            fate = "added"
            added.append(replace(span, meta={"filled": round(confidence, 4)}))
        tally.count(span.label, fate)
    tally.filled += 1
    tally.labels.update(wanted)
    meta = {
        **record.meta,
        "annotated_labels": sorted((record.annotated_labels or frozenset()) | wanted),
        FILLED: sorted({*record.meta.get(FILLED, ()), *wanted}),
    }
    return replace(record, spans=(*record.spans, *added), missing=tuple(missing), meta=meta)
