"""Peak memory and speed of predict on a small and a large file of the same kind, side by side.

    python -m benchmarks.predict_memory --small 10000 --large 100000

The pipeline is the smallest there is, a ner of width 16 trained for a second: it is the memory of
reading, keeping parts and writing that is measured, not that of a model. Writes
benchmarks/results/predict_memory.json and prints a table. Exits with 1 if the large file takes more
than LIMIT times the memory of the small one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import spacy
import typer
from spacy.training import Example
from spacy.util import fix_random_seed
from wasabi import msg

from benchmarks.convert_memory import child, write_records

RESULTS = Path(__file__).parent / "results" / "predict_memory.json"
LIMIT = 1.1
TRAIN = [("করিম ঢাকায় থাকেন", [(0, 4, "PER"), (5, 11, "LOC")]), ("সে বই পড়ে", [])]


def train_tiny(path: Path) -> None:
    """Saves a pipeline of tok2vec and ner that has seen two sentences."""
    fix_random_seed(0)
    nlp = spacy.blank("bn")
    tok2vec = {"@architectures": "spacy.HashEmbedCNN.v2", "width": 16, "depth": 1,
               "embed_size": 200, "window_size": 1, "maxout_pieces": 2,
               "subword_features": True, "pretrained_vectors": None}  # fmt: skip
    nlp.add_pipe("ner", config={"model": {"tok2vec": tok2vec}})
    examples = [Example.from_dict(nlp.make_doc(text), {"entities": ents}) for text, ents in TRAIN]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(5):
        nlp.update(examples, sgd=optimizer)
    nlp.to_disk(path)


def measure(number: int) -> dict[str, float]:
    """Predicts a file of this many records in a child of this process."""
    with tempfile.TemporaryDirectory() as folder:
        model, path = Path(folder) / "model", Path(folder) / "texts.jsonl"
        train_tiny(model)
        write_records(path, number)
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "scripts.predict", model, path, Path(folder) / "out.jsonl",
             "--gpu-id", "-1"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        seconds = time.perf_counter() - started
    return {"records": number, "seconds": round(seconds, 1),
            "records_per_second": round(number / seconds, 1)}  # fmt: skip


def main(small: int = typer.Option(10_000), large: int = typer.Option(100_000)) -> None:
    """Compares the two."""
    rows = [child("benchmarks.predict_memory", size) for size in (small, large)]
    ratio = rows[1]["peak_mib"] / rows[0]["peak_mib"]
    result = {"rows": rows, "memory_ratio": round(ratio, 3), "limit": LIMIT}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf8")
    msg.table([tuple(row.values()) for row in rows], header=tuple(rows[0]), divider=True)
    msg.text(f"{large / small:.0f} times the records, {ratio:.2f} times the memory")
    raise SystemExit(ratio > LIMIT)


if __name__ == "__main__":
    typer.run(main)
