"""How often the 95 % intervals of F hold the true F of a known distribution of documents.

    python -m benchmarks.interval_coverage

A document has a quality q of its own, Beta(3 m, 3 (1 - m)): its gold spans (negative binomial,
mean 1.9, many documents without) are found with probability q, and it has Poisson(1.9 (1 - q))
spurious ones. So the errors of a document go together, and documents differ in length. Over this
distribution E[tp] = 1.9 m and E[fp] = E[fn] = 1.9 (1 - m), so that the true F is m. Many corpora
are drawn for each size and m, and the intervals of our bootstrap (BCa) and of plain percentiles
of the same draws are held against it. Writes benchmarks/results/interval_coverage.json; exits
with 1 if BCa misses 93 to 97 % in a case of 100 documents or more.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import typer
from wasabi import msg

from scripts.scoring.bootstrap import bca, draw_sums
from scripts.scoring.tallies import prf

RESULTS = Path(__file__).parent / "results" / "interval_coverage.json"
SIZES = (50, 100, 200, 400, 1000)
TRUE_F = (0.3, 0.6, 0.8, 0.9, 0.95)
SPANS = 1.9
GROUP = 100
EXPECTED = (0.93, 0.97)


def draw_corpora(number: int, docs: int, true_f: float, rng: np.random.Generator) -> np.ndarray:
    """Tallies of many corpora, (documents, corpora, 4)."""
    size = (docs, number)
    quality = rng.beta(3 * true_f, 3 * (1 - true_f), size)
    gold = rng.negative_binomial(1.0, 1 / (1 + SPANS), size)
    found = rng.binomial(gold, quality)
    predicted = found + rng.poisson(SPANS * (1 - quality))
    return np.stack([found, gold, found, predicted], axis=-1).astype(float)


def coverage(
    corpora: int, docs: int, true_f: float, resamples: int, seed: int
) -> dict[str, dict[str, float]]:
    """Shares of corpora whose interval holds the true F, lies below it, and lies above it."""
    rng = np.random.default_rng([seed, docs, round(1000 * true_f)])
    found: dict[str, list[np.ndarray]] = {"bca": [], "percentile": []}
    for group in range(0, corpora, GROUP):
        tallies = draw_corpora(min(GROUP, corpora - group), docs, true_f, rng)
        drawn = draw_sums(tallies.reshape(docs, -1), resamples, int(rng.integers(1 << 30)))
        values = np.sort(prf(drawn.reshape(resamples, -1, 4))[..., 2], axis=0)
        total = tallies.sum(axis=0)
        found["bca"].append(bca(prf(total)[..., 2], values, prf(total - tallies)[..., 2]))
        found["percentile"].append(np.nanquantile(values, [0.025, 0.975], axis=0).T)
    result = {}
    for name, parts in found.items():
        low, high = np.concatenate(parts).T
        below, above = (high < true_f).mean(), (low > true_f).mean()
        result[name] = {"covered": round(float(1 - below - above), 4),
                        "below": round(float(below), 4), "above": round(float(above), 4),
                        "width": round(float((high - low).mean()), 4)}  # fmt: skip
    return result


def main(
    corpora: int = typer.Option(2000), resamples: int = typer.Option(2000),
    seed: int = typer.Option(0),
) -> None:  # fmt: skip
    """Simulates and writes."""
    rows: list[dict[str, Any]] = []
    for docs in SIZES:
        for true_f in TRUE_F:
            rows.append({"docs": docs, "true_f": true_f,
                         **coverage(corpora, docs, true_f, resamples, seed)})  # fmt: skip
    missed = [r for r in rows if r["docs"] >= 100
              and not EXPECTED[0] <= r["bca"]["covered"] <= EXPECTED[1]]  # fmt: skip
    result = {"corpora": corpora, "resamples": resamples, "seed": seed,
              "expected": EXPECTED, "rows": rows}  # fmt: skip
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf8")
    table = [(r["docs"], r["true_f"], f"{r['bca']['covered']:.1%}", f"{r['bca']['width']:.3f}",
              f"{r['percentile']['covered']:.1%}", f"{r['percentile']['width']:.3f}")
             for r in rows]  # fmt: skip
    header = ("documents", "true F", "BCa covers", "width", "percentile covers", "width")
    msg.table(table, header=header, divider=True, aligns=["r"] * 6)
    raise SystemExit(bool(missed))


if __name__ == "__main__":
    typer.run(main)
