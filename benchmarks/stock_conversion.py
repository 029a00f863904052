"""How many spans of a file spaCy's stock tokenizer and char_span keep, beside convert.

    python -m benchmarks.stock_conversion TRAIN [DEV] --lang bn

The stock way is what tutorials show: ``doc.char_span`` for each span, None dropped, and
``filter_spans`` where spans overlap.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import spacy
import typer
from spacy.util import filter_spans
from wasabi import msg

from scripts.annotations.reading import read_records
from scripts.corpora.conversion import Settings, convert


def stock(paths: list[Path], lang: str, mode: str) -> int:
    """Number of spans left by char_span in this alignment mode and filter_spans."""
    nlp, kept = spacy.blank(lang), 0
    for path in paths:
        for record in read_records(path):
            doc = nlp.make_doc(record.text)
            spans = [doc.char_span(s.start, s.end, label=s.label, alignment_mode=mode)
                     for s in record.spans]  # fmt: skip
            kept += len(filter_spans([span for span in spans if span is not None]))
    return kept


def main(
    train: Path, dev: Path | None = typer.Argument(None), lang: str = typer.Option("bn")
) -> None:
    """Prints the table."""
    paths = [train] + ([dev] if dev else [])
    total = sum(len(record.spans) for path in paths for record in read_records(path))
    rows = [(f"char_span, {mode}", n, f"{n / total:.2%}")
            for mode in ("strict", "contract", "expand")
            for n in [stock(paths, lang, mode)]]  # fmt: skip
    inputs = {"train": train, **({"dev": dev} if dev else {})}
    with tempfile.TemporaryDirectory() as folder:
        audit = convert(inputs, Path(folder) / "corpus", Settings(lang=lang))
    spans = [split["spans"] for split in audit["splits"].values()]
    ours = sum(s["kept"] + s["repaired"] for s in spans)
    missing = sum(s["missing"] for s in spans)
    rows.append(("convert", ours, f"{ours / total:.2%}"))
    rows.append(("convert, left as missing", missing, f"{missing / total:.2%}"))
    msg.table(rows, header=("way", f"of {total} spans", ""), divider=True, aligns=["l", "r", "r"])


if __name__ == "__main__":
    typer.run(main)
