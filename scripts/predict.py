"""Mark entities in texts with a trained pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import typer
from spacy.language import Language
from tqdm import tqdm
from wasabi import msg

from .common.console import run
from .common.devices import find_device
from .common.files import new_file, write_jsonl
from .inference.confidence import find_calibration, predict_with_confidence
from .inference.predict import ent_spans, load_pipeline, predict
from .inference.texts import read_texts
from .scoring.calibration import Calibration


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
    calibration: Path = typer.Option(
        Path("metrics/calibration.json"), help="What calibrate wrote for the model"
    ),
) -> None:
    """Mark entities in texts with a trained pipeline.

    Writes span JSONL that convert reads: {"text": …, "label": [[start, end, label], …]}; other
    keys of the input are carried over. With --confidence the spans are objects: {"start": …,
    "end": …, "label": …, "confidence": …}.
    """
    device = find_device(gpu_id)
    records = list(read_texts(texts, text_key))
    nlp = load_pipeline(model, device.gpu_id)
    only_texts = [text for text, _ in records]
    spans: Iterator[list[Any]]
    if confidence or threshold:
        known, words = find_calibration(calibration, model)
        spans = _with_confidence(nlp, only_texts, known)
    else:
        spans, words = _plain(nlp, only_texts), None
    found = below = 0
    with new_file(output) as temporary:

        def lines() -> Iterator[dict[str, Any]]:
            nonlocal found, below
            shown = tqdm(spans, total=len(records), unit="doc", disable=None)
            for items, (text, meta) in zip(shown, records, strict=True):
                kept = [i for i in items if words is None or i["confidence"] >= threshold]
                found += len(kept)
                below += len(items) - len(kept)
                yield {**meta, "text": text, "label": kept}

        write_jsonl(temporary, lines())
    if words is not None:
        msg.info(f"Confidences are {words}")
    if threshold:
        msg.warn(f"{below} of {found + below} entities left out: below {threshold:g}")
    msg.good(f"{found} entities in {len(records)} texts: {output}")


def _plain(nlp: Language, texts: Sequence[str]) -> Iterator[list[Any]]:
    for doc in predict(nlp, texts):
        yield [[span.start, span.end, span.label] for span in ent_spans(doc)]


def _with_confidence(
    nlp: Language, texts: Sequence[str], calibration: Calibration
) -> Iterator[list[Any]]:
    for doc, raw in predict_with_confidence(nlp, texts):
        values = calibration.apply(np.array(raw)).tolist()
        yield [
            # The shown value decides on the threshold, so that the two never contradict.
            {"start": s.start, "end": s.end, "label": s.label, "confidence": round(value, 4)}
            for s, value in zip(ent_spans(doc), values, strict=True)
        ]


if __name__ == "__main__":
    run(main)
