"""Mark entities in texts with a trained pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from tqdm import tqdm
from wasabi import msg

from .common.console import run
from .common.devices import find_device
from .common.files import new_file, write_jsonl
from .inference.predict import ent_spans, load_pipeline, predict
from .inference.texts import read_texts


def main(
    texts: Path = typer.Argument(..., help="JSONL with texts, or plain text, one a line"),
    output: Path = typer.Argument(..., help="Span JSONL to write"),
    model: Path = typer.Option(Path("training/model-best"), help="Trained pipeline"),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    text_key: str = typer.Option("text", help="Key of the text in JSONL"),
) -> None:
    """Mark entities in texts with a trained pipeline.

    Writes span JSONL that convert reads: {"text": …, "label": [[start, end, label], …]}; other
    keys of the input are carried over.
    """
    device = find_device(gpu_id)
    records = list(read_texts(texts, text_key))
    nlp = load_pipeline(model, device.gpu_id)
    docs = tqdm(predict(nlp, (text for text, _ in records)), total=len(records), unit="doc",
                disable=None)  # fmt: skip
    found = 0
    with new_file(output) as temporary:

        def lines() -> Iterator[dict[str, Any]]:
            nonlocal found
            for doc, (text, meta) in zip(docs, records, strict=True):
                spans = ent_spans(doc)
                found += len(spans)
                yield {**meta, "text": text, "label": [[s.start, s.end, s.label] for s in spans]}

        write_jsonl(temporary, lines())
    msg.good(f"{found} entities in {len(records)} texts: {output}")


if __name__ == "__main__":
    run(main)
