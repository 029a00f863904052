"""Seconds that the bootstrap of F takes on one core: 10,000 documents, 10 labels, 10,000 draws.

    OMP_NUM_THREADS=1 python -m benchmarks.bootstrap_speed

Times the strict table (micro, macro, weighted and every label, P, R and F) and the whole of
``evaluate_predictions``, which also draws for every measure, both golds and all slices. Processor
seconds, summed over threads, are what it takes on a core of its own; the wall clock, which other
work on the machine delays, stands beside them. Writes benchmarks/results/bootstrap_speed.json
and exits with 1 if the table takes LIMIT processor seconds or more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import typer
from wasabi import msg

from scripts.annotations.records import Span
from scripts.corpora.gold import GoldRecord
from scripts.scoring.bootstrap import draw_sums, resample
from scripts.scoring.evaluation import Prediction, evaluate_predictions
from scripts.scoring.matching import match_spans
from scripts.scoring.measures import outcomes, tally_labels
from scripts.scoring.scores import score_table
from scripts.scoring.spans import align

RESULTS = Path(__file__).parent / "results" / "bootstrap_speed.json"
LIMIT = 2.0
WORDS = 20


def make_corpus(docs: int, labels: int, seed: int) -> tuple[list[GoldRecord], list[Prediction]]:
    """Texts of 20 words; two spans each on average, of which the model gets some seven in ten."""
    rng = np.random.default_rng(seed)
    names = [f"L{i}" for i in range(labels)]
    tokens = tuple((4 * i, 4 * i + 3) for i in range(WORDS))
    gold, predictions = [], []
    for i in range(docs):
        spans = []
        for at in rng.choice(WORDS - 1, size=rng.poisson(2), replace=False):
            spans.append(Span(4 * int(at), 4 * int(at) + 3, names[rng.integers(labels)]))
        guesses = [s for s in spans if rng.random() < 0.7]
        if rng.random() < 0.6:
            guesses.append(Span(4 * WORDS - 4, 4 * WORDS - 1, names[rng.integers(labels)]))
        text = "abc " * WORDS
        gold.append(GoldRecord(f"f:{i}", None, text, tuple(spans), tuple(spans), ()))
        predictions.append(Prediction(tokens, tuple(guesses)))
    return gold, predictions


def timed(run: Callable[[], object]) -> dict[str, float]:
    """Seconds that a function takes, of the processor and of the wall clock."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return {"cpu_seconds": round(time.process_time() - cpu, 2),
            "wall_seconds": round(time.perf_counter() - wall, 2)}  # fmt: skip


def main(
    docs: int = typer.Option(10_000), labels: int = typer.Option(10),
    resamples: int = typer.Option(10_000), seed: int = typer.Option(0),
) -> None:  # fmt: skip
    """Measures and writes."""
    gold, predictions = make_corpus(docs, labels, seed)
    aligned = align([match_spans(g.ents, p.ents) for g, p in zip(gold, predictions, strict=True)])
    tallies = tally_labels(aligned, outcomes(aligned)["strict"])
    rows = [
        {"what": what, **timed(run)}
        for what, run in (
            ("draws alone", lambda: draw_sums(tallies.reshape(docs, -1), resamples, seed)),
            ("strict table with intervals",
             lambda: score_table(aligned.labels, resample([tallies], resamples, seed)[0])),
            ("evaluate_predictions",
             lambda: evaluate_predictions(gold, predictions, surfaces={}, resamples=resamples,
                                          seed=seed)),
        )
    ]  # fmt: skip
    result = {"docs": docs, "labels": labels, "resamples": resamples, "limit": LIMIT,
              "rows": rows}  # fmt: skip
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf8")
    table = [tuple(row.values()) for row in rows]
    msg.table(table, header=tuple(rows[0]), divider=True, aligns=["l", "r", "r"])
    raise SystemExit(rows[1]["cpu_seconds"] >= LIMIT)


if __name__ == "__main__":
    typer.run(main)
