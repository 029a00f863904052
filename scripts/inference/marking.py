"""Marking the entities of texts with a trained pipeline: what predict, serve and distill share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from ..common.errors import UserError
from ..common.trust import refuse_world_writable
from ..scoring.calibration import RAW, Calibration
from .confidence import find_calibration, predict_with_confidence
from .predict import ent_spans, group_spans, load_pipeline, predict
from .resolve import scores_of, span_categorizer
from .unseen import unseen_tokens, watch_encoder
from .windows import LEAST_WINDOW, WINDOW, Window, cut_windows

# Digits of a confidence that are shown; the shown value is the one that a threshold judges.
DIGITS = 4
# Texts that are held at once, to be sorted by length.
HELD = 1000
# Where a calibration is looked for by itself: in the model's directory, then where the project
# writes it.
CALIBRATION = "calibration.json"
PROJECT_CALIBRATION = Path("metrics") / CALIBRATION


@dataclass(frozen=True)
class Entity:
    """An entity of a text.

    Args:
        start: Its first character, in code points.
        end: The character after its last one.
        label: Its label.
        confidence: How sure the model is, 0 to 1; None if that was not asked for.
    """

    start: int
    end: int
    label: str
    confidence: float | None = None


@dataclass(frozen=True)
class Marked:
    """A text with the entities that a pipeline found in it.

    Args:
        text: The text as given.
        ents: Its entities, in order, none sharing a character with another.
        below: Entities left out because their confidence is below the threshold.
        all_spans: Everything that a span categorizer marked, in text order, the longer first, with
            its score as confidence; None if that was not asked for.
        windows: Windows into which the text was cut; 0 if it was marked whole.
        hard_cuts: Cuts between windows that stand inside a word.
        unseen: Tokens that the encoder did not see, because their wordpieces were too many.
    """

    text: str
    ents: tuple[Entity, ...]
    below: int = 0
    all_spans: tuple[Entity, ...] | None = None
    windows: int = 0
    hard_cuts: int = 0
    unseen: int = 0


class Marker:
    """A trained pipeline that marks texts.

    Args:
        nlp: The pipeline; its transformer, where it has one, is watched for what it cuts off.
        confidence: Whether entities are given a confidence.
        threshold: Least confidence of an entity; above 0, ``confidence`` is on.
        calibration: Turns the model's own confidence into a probability.
        calibrated: What the confidences are, in words.
        spans: Whether everything that a span categorizer marks is given.
        window: Characters of a text that are marked at once; a longer one is cut into windows.

    Raises:
        UserError: There is no span categorizer though its spans are asked for, or the window is too
            small or larger than what the pipeline takes.
    """

    def __init__(
        self,
        nlp: Language,
        *,
        confidence: bool = False,
        threshold: float = 0.0,
        calibration: Calibration = RAW,
        calibrated: str = "raw, not calibrated",
        spans: bool = False,
        window: int = WINDOW,
    ) -> None:
        if not LEAST_WINDOW <= window <= nlp.max_length:
            raise UserError(
                f"A window of {window} characters is not possible",
                where="--window",
                todo=f"Possible are {LEAST_WINDOW} to {nlp.max_length}.",
            )
        self.nlp = nlp
        self.confidence = confidence or threshold > 0
        self.threshold = threshold
        self.calibration = calibration
        self.calibrated = calibrated
        self.window = window
        self.spans_key = _spans_key(nlp) if spans else None
        watch_encoder(nlp)

    @classmethod
    def load(
        cls,
        model: Path | str,
        *,
        gpu_id: int = -1,
        confidence: bool = False,
        threshold: float = 0.0,
        calibration: Path | None = None,
        spans: bool = False,
        window: int = WINDOW,
    ) -> Marker:
        """Loads a trained pipeline and the calibration that belongs to it.

        Args:
            model: A pipeline directory such as training/model-best.
            gpu_id: Number of the GPU, -1 for the CPU.
            confidence: Whether entities are given a confidence.
            threshold: Least confidence of an entity; above 0, ``confidence`` is on.
            calibration: What ``calibrate`` wrote; None looks in the model's directory, then in
                ``metrics``.
            spans: Whether everything that a span categorizer marks is given.
            window: Characters of a text that are marked at once.

        Raises:
            UserError: Every user of the machine can change the pipeline, or it or the calibration
                cannot be read, or cannot do what is asked.
        """
        # Before anything of it is read: loading can run code that stands in the model's files.
        refuse_world_writable(Path(model))
        nlp = load_pipeline(Path(model), gpu_id)
        if not (confidence or threshold > 0):
            return cls(nlp, spans=spans, window=window)
        known, words = find_calibration(calibration_of(Path(model), calibration), Path(model))
        return cls(
            nlp, confidence=True, threshold=threshold, calibration=known, calibrated=words,
            spans=spans, window=window,
        )  # fmt: skip

    def mark(self, texts: Iterable[str]) -> Iterator[Marked]:
        """Marks texts, in order, lazily: at most HELD are held, and batched by length."""
        stream = iter(texts)
        while held := list(islice(stream, HELD)):
            yield from self._mark_held(held)

    def _mark_held(self, texts: Sequence[str]) -> Iterator[Marked]:
        # A text of blanks has no entity, and transformers have failed on batches of nothing else.
        cuts = [cut_windows(text, self.window) if text.strip() else [] for text in texts]
        pieces = [text[w.start : w.end] for text, own in zip(texts, cuts, strict=True) for w in own]
        order = sorted(range(len(pieces)), key=lambda i: (len(pieces[i]), i))
        found = dict(zip(order, self._pipe(pieces[i] for i in order), strict=True))
        first = 0
        for text, own in zip(texts, cuts, strict=True):
            parts = [found.pop(i) for i in range(first, first + len(own))]
            first += len(own)
            yield self._joined(text, own, parts)

    def _pipe(self, texts: Iterable[str]) -> Iterator[Marked]:
        """Each text with all its entities, whatever the threshold."""
        if not self.confidence:
            for doc in predict(self.nlp, texts):
                ents = tuple(Entity(s.start, s.end, s.label) for s in ent_spans(doc))
                yield self._marked(doc, ents)
            return
        for doc, raw in predict_with_confidence(self.nlp, texts):
            values = self.calibration.apply(np.array(raw)).tolist()
            ents = tuple(
                Entity(s.start, s.end, s.label, round(value, DIGITS))
                for s, value in zip(ent_spans(doc), values, strict=True)
            )
            yield self._marked(doc, ents)

    def _marked(self, doc: Doc, ents: tuple[Entity, ...]) -> Marked:
        every = None if self.spans_key is None else _all_spans(doc, self.spans_key)
        return Marked(doc.text, ents, all_spans=every, unseen=unseen_tokens(doc))

    def _joined(self, text: str, cuts: Sequence[Window], parts: Sequence[Marked]) -> Marked:
        """What the windows of a text say of it, judged by the threshold."""
        pairs = list(zip(cuts, parts, strict=True))
        ents = [e for cut, part in pairs for e in _in_core(cut, part.ents)]
        ents = _without_overlaps(ents)
        kept = tuple(e for e in ents if e.confidence is None or e.confidence >= self.threshold)
        every = None
        if self.spans_key is not None:
            every = tuple(e for cut, part in pairs for e in _in_core(cut, part.all_spans or ()))
        return Marked(
            text,
            kept,
            below=len(ents) - len(kept),
            all_spans=every,
            windows=len(cuts) if len(cuts) > 1 else 0,
            hard_cuts=sum(cut.hard for cut in cuts),
            # What lies in the context of two windows is counted in both.
            unseen=sum(part.unseen for part in parts),
        )


def calibration_of(model: Path, given: Path | None) -> Path:
    """The calibration to use: the given one, else the model's own, else that of the project."""
    own = model / CALIBRATION
    return given or (own if own.is_file() else PROJECT_CALIBRATION)


def _in_core(cut: Window, ents: Iterable[Entity]) -> Iterator[Entity]:
    """The entities that start in a window's core, in offsets of the whole text."""
    for ent in ents:
        start = cut.start + ent.start
        if cut.core_start <= start < cut.core_end:
            yield replace(ent, start=start, end=cut.start + ent.end)


def _without_overlaps(ents: Iterable[Entity]) -> list[Entity]:
    """Leaves out what begins inside the entity before it.

    Two windows may disagree about an entity that goes over the edge of their cores.
    """
    kept: list[Entity] = []
    for ent in ents:
        if not kept or ent.start >= kept[-1].end:
            kept.append(ent)
    return kept


def _all_spans(doc: Doc, key: str) -> tuple[Entity, ...]:
    """What a span categorizer marked, in text order, the longer first."""
    found = sorted(
        zip(group_spans(doc, key), scores_of(doc, key), strict=True),
        key=lambda pair: (pair[0].start, -pair[0].end, pair[0].label),
    )
    return tuple(Entity(s.start, s.end, s.label, round(score, DIGITS)) for s, score in found)


def _spans_key(nlp: Language) -> str:
    component = span_categorizer(nlp)
    if component is None:
        raise UserError(
            "The pipeline has no span categorizer: it marks nothing but entities",
            todo="Leave out --spans.",
        )
    return component.key
