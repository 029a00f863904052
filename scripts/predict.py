"""Mark entities in texts with a trained pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import typer
from spacy.language import Language
from spacy.tokens import Doc
from tqdm import tqdm
from wasabi import msg

from .common.console import run
from .common.devices import find_device
from .common.errors import UserError
from .common.files import new_file, write_jsonl
from .inference.confidence import find_calibration, predict_with_confidence
from .inference.predict import ent_spans, group_spans, load_pipeline, predict
from .inference.resolve import scores_of, span_categorizer
from .inference.texts import read_texts
from .scoring.calibration import Calibration

# Not a key that convert takes for the spans of a record.
ALL_SPANS = "all_spans"


def main(
    texts: Path = typer.Argument(..., help="JSONL with texts, or plain text, one a line"),
    output: Path = typer.Argument(..., help="Span JSONL to write"),
    model: Path = typer.Option(Path("training/model-best"), help="Trained pipeline"),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    text_key: str = typer.Option("text", help="Key of the text in JSONL"),
    confidence: bool = typer.Option(False, "--confidence", help="Say how sure each entity is"),
    threshold: float = typer.Option(
        0.0, min=0.0, max=1.0, help="Least confidence of an entity; above 0, --confidence is on"
    ),
    spans: bool = typer.Option(
        False, "--spans", help="Write all that a span categorizer marks, overlapping, as all_spans"
    ),
    calibration: Path = typer.Option(
        Path("metrics/calibration.json"), help="What calibrate wrote for the model"
    ),
) -> None:
    """Mark entities in texts with a trained pipeline.

    Writes span JSONL that convert reads: {"text": …, "label": [[start, end, label], …]}; other
    keys of the input are carried over. With --confidence the spans are objects: {"start": …,
    "end": …, "label": …, "confidence": …}. With --spans a second key, all_spans, holds such objects
    with a score for everything that a span categorizer marks.
    """
    device = find_device(gpu_id)
    records = list(read_texts(texts, text_key))
    nlp = load_pipeline(model, device.gpu_id)
    key = _spans_key(nlp, model) if spans else None
    only_texts = [text for text, _ in records]
    predicted: Iterator[tuple[Doc, list[Any]]]
    if confidence or threshold:
        known, words = find_calibration(calibration, model)
        predicted = _with_confidence(nlp, only_texts, known)
    else:
        predicted, words = _plain(nlp, only_texts), None
    found = below = 0
    with new_file(output) as temporary:

        def lines() -> Iterator[dict[str, Any]]:
            nonlocal found, below
            shown = tqdm(predicted, total=len(records), unit="doc", disable=None)
            for (doc, items), (text, meta) in zip(shown, records, strict=True):
                kept = [i for i in items if words is None or i["confidence"] >= threshold]
                found += len(kept)
                below += len(items) - len(kept)
                every = {} if key is None else {ALL_SPANS: _all_spans(doc, key)}
                yield {**meta, "text": text, "label": kept, **every}

        write_jsonl(temporary, lines())
    if words is not None:
        msg.info(f"Confidences are {words}")
    if threshold:
        msg.warn(f"{below} of {found + below} entities left out: below {threshold:g}")
    msg.good(f"{found} entities in {len(records)} texts: {output}")


def _spans_key(nlp: Language, model: Path) -> str:
    component = span_categorizer(nlp)
    if component is None:
        raise UserError(
            "The pipeline has no span categorizer: it marks nothing but entities",
            where=str(model),
            todo="Leave out --spans.",
        )
    return component.key


def _all_spans(doc: Doc, key: str) -> list[dict[str, Any]]:
    """What a span categorizer marked, in text order, the longer first."""
    found = sorted(
        zip(group_spans(doc, key), scores_of(doc, key), strict=True),
        key=lambda pair: (pair[0].start, -pair[0].end, pair[0].label),
    )
    return [
        {"start": s.start, "end": s.end, "label": s.label, "score": round(score, 4)}
        for s, score in found
    ]


def _plain(nlp: Language, texts: Sequence[str]) -> Iterator[tuple[Doc, list[Any]]]:
    for doc in predict(nlp, texts):
        yield doc, [[span.start, span.end, span.label] for span in ent_spans(doc)]


def _with_confidence(
    nlp: Language, texts: Sequence[str], calibration: Calibration
) -> Iterator[tuple[Doc, list[Any]]]:
    for doc, raw in predict_with_confidence(nlp, texts):
        values = calibration.apply(np.array(raw)).tolist()
        yield (
            doc,
            [
                # The shown value decides on the threshold, so that the two never contradict.
                {"start": s.start, "end": s.end, "label": s.label, "confidence": round(value, 4)}
                for s, value in zip(ent_spans(doc), values, strict=True)
            ],
        )


if __name__ == "__main__":
    run(main)
