"""Loading a trained pipeline and predicting texts in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.records import Span
from ..common.errors import UserError
from ..scoring.evaluation import Prediction
from .resolve import NER, longest_first, set_entities, span_categorizer


def load_pipeline(path: Path, gpu_id: int) -> Language:
    """Loads a trained pipeline on a device.

    Args:
        path: A pipeline directory such as training/model-best.
        gpu_id: Number of the GPU, -1 for the CPU; found by ``common.devices.find_device``.

    Raises:
        UserError: There is no pipeline at the path, or it has neither ``ner`` nor span categorizer.
    """
    if not (path / "config.cfg").is_file():
        raise UserError(
            "There is no trained pipeline",
            where=str(path),
            todo="Train one first: python -m spacy project run train",
        )
    if gpu_id >= 0:
        spacy.require_gpu(gpu_id)
    try:
        nlp = spacy.load(path)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            "The pipeline cannot be loaded", where=str(path), todo=f"spaCy says: {error}"
        ) from error
    if NER not in nlp.pipe_names and span_categorizer(nlp) is None:
        raise UserError(
            f"The pipeline has no ner and no span categorizer, only {nlp.pipe_names}",
            where=str(path),
        )
    return nlp


def predict(nlp: Language, texts: Iterable[str]) -> Iterator[Doc]:
    """Predicts texts in the pipeline's own batch size, in order.

    ``doc.ents`` of a pipeline with a span categorizer in place of ``ner`` are the entities among
    its spans (``resolve.resolve_spans``).
    """
    component = span_categorizer(nlp)
    for doc in nlp.pipe(texts):
        if component is not None:
            set_entities(doc, component.key, longest=longest_first(nlp))
        yield doc


def to_prediction(doc: Doc, spans_key: str | None = None) -> Prediction:
    """The tokens and entities of a Doc as character ranges.

    Args:
        doc: A predicted Doc.
        spans_key: Where a span categorizer wrote all its spans; None for a ``ner``.
    """
    return Prediction(
        tokens=tuple((token.idx, token.idx + len(token)) for token in doc),
        ents=ent_spans(doc),
        spans=None if spans_key is None else group_spans(doc, spans_key),
    )


def ent_spans(doc: Doc) -> tuple[Span, ...]:
    """The entities of a Doc as character spans, in order."""
    return tuple(Span(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents)


def group_spans(doc: Doc, key: str) -> tuple[Span, ...]:
    """The spans of a span group as character spans, in the order that the categorizer wrote."""
    return tuple(Span(span.start_char, span.end_char, span.label_) for span in doc.spans[key])
