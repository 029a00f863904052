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


def load_pipeline(path: Path, gpu_id: int) -> Language:
    """Loads a trained pipeline on a device.

    Args:
        path: A pipeline directory such as training/model-best.
        gpu_id: Number of the GPU, -1 for the CPU; found by ``common.devices.find_device``.

    Raises:
        UserError: There is no pipeline at the path, or it has no ``ner``.
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
    if "ner" not in nlp.pipe_names:
        raise UserError(f"The pipeline has no ner, only {nlp.pipe_names}", where=str(path))
    return nlp


def predict(nlp: Language, texts: Iterable[str]) -> Iterator[Doc]:
    """Predicts texts in the pipeline's own batch size, in order."""
    return nlp.pipe(texts)


def to_prediction(doc: Doc) -> Prediction:
    """The tokens and entities of a Doc as character ranges."""
    return Prediction(
        tokens=tuple((token.idx, token.idx + len(token)) for token in doc),
        ents=ent_spans(doc),
    )


def ent_spans(doc: Doc) -> tuple[Span, ...]:
    """The entities of a Doc as character spans, in order."""
    return tuple(Span(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents)
