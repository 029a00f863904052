"""How well suspects finds annotation errors that were put in on purpose.

    python -m benchmarks.suspects_injection
    python -m benchmarks.suspects_injection --data ../data/main.jsonl --name banglakit

Changes 5 % of the spans of a training file, a quarter of the errors each by dropping a span,
marking words that are none, changing a label and moving an edge by one word; runs suspects on it
and says how many of the first k are such errors, beside a random order of the same candidates.
Errors that were in the file before count as false alarms, so that the precision is a lower bound.
Writes benchmarks/results/suspects_injection.json and prints tables.
"""

from __future__ import annotations

import json
import platform
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import typer
from wasabi import msg

from scripts.annotations.edges import TokenEdges
from scripts.annotations.faults import default_policies
from scripts.annotations.formats import get_format
from scripts.annotations.formats.base import ReadOptions, WriteOptions
from scripts.annotations.reading import read_records
from scripts.annotations.records import Record, Span
from scripts.corpora.tokenizer import build_tokenizer, token_edges
from scripts.quality.cross import CrossSettings
from scripts.quality.search import Found, find_suspects
from scripts.quality.suspects import Suspect

RESULTS = Path(__file__).parent / "results" / "suspects_injection.json"
KINDS = ("missed", "spurious", "label", "boundary")
CUTS = (10, 25, 50, 100)


@dataclass(frozen=True)
class Injected:
    """An error put in: its kind as suspects calls it, the span before and after; line from 1."""

    line: int
    kind: str
    before: Span | None
    after: Span | None


def inject(
    records: Sequence[Record], edges: Sequence[TokenEdges], share: float, seed: int
) -> tuple[list[Record], list[Injected]]:
    """Puts errors into records whose spans are on token edges; no span is changed twice.

    Args:
        records: One a line.
        edges: Token edges of each.
        share: Errors for each span.
        seed: Of all draws.
    """
    rng = random.Random(seed)
    labels = [span.label for record in records for span in record.spans]
    places = [(i, span) for i, record in enumerate(records) for span in record.spans
              if edges[i].fits(span.start, span.end)]  # fmt: skip
    rng.shuffle(places)
    spans = [set(record.spans) for record in records]
    # Where a span was dropped nothing is marked anew: that would undo the error.
    taken = [set(record.spans) for record in records]
    want = round(share * len(labels) / len(KINDS))
    done: Counter[str] = Counter()
    errors = []
    for kind in KINDS:
        while done[kind] < want:
            if kind == "spurious":
                i = rng.randrange(len(records))
                before, after = None, _unmarked(records[i].text, edges[i], taken[i], labels, rng)
                if after is None:
                    continue
            else:
                i, before = places.pop()
                after = _changed(kind, records[i].text, edges[i], taken[i], before, labels, rng)
                if kind != "missed" and after is None:
                    continue
            new = {after} if after else set()
            spans[i] = (spans[i] - {before}) | new
            taken[i] |= new
            errors.append(Injected(i + 1, kind, before, after))
            done[kind] += 1
    changed = [replace(r, spans=tuple(sorted(s))) for r, s in zip(records, spans, strict=True)]
    return changed, errors


def _changed(
    kind: str, text: str, edges: TokenEdges, taken: set[Span], span: Span, labels: list[str],
    rng: random.Random,
) -> Span | None:  # fmt: skip
    if kind == "missed":
        return None
    if kind == "label":
        others = [label for label in labels if label != span.label]
        return replace(span, label=rng.choice(others)) if others else None
    first, last = edges.tokens(span.start, span.end)
    moves = [(first - 1, last), (first + 1, last), (first, last - 1), (first, last + 1)]
    rng.shuffle(moves)
    for a, b in moves:
        if 0 <= a < b <= len(edges.starts) and _words(text, edges, a, b):
            moved = Span(edges.starts[a], edges.ends[b - 1], span.label)
            if not _touches(moved, taken - {span}):
                return moved
    return None


def _unmarked(
    text: str, edges: TokenEdges, taken: set[Span], labels: list[str], rng: random.Random
) -> Span | None:
    if not edges.starts:
        return None
    first = rng.randrange(len(edges.starts))
    last = min(first + rng.choice((1, 1, 2)), len(edges.starts))
    found = Span(edges.starts[first], edges.ends[last - 1], rng.choice(labels))
    return None if _touches(found, taken) or not _words(text, edges, first, last) else found


def _words(text: str, edges: TokenEdges, first: int, last: int) -> bool:
    """Whether all these tokens are words; the audit would trim anything else at an edge."""
    return all(any(c.isalnum() for c in text[edges.starts[i] : edges.ends[i]])
               for i in range(first, last))  # fmt: skip


def _touches(span: Span, others: set[Span]) -> bool:
    return any(o.start < span.end and span.start < o.end for o in others)


def hits(suspects: Sequence[Suspect], errors: Sequence[Injected]) -> list[str | None]:
    """For each suspect the kind of the error that it is the first to find, or None.

    An error that left a span is found by a suspect against this span; a dropped span by one
    that asks for a span that overlaps it.
    """
    left = list(errors)
    result: list[str | None] = []
    for suspect in suspects:
        found = next((e for e in left if _finds(suspect, e)), None)
        if found is not None:
            left.remove(found)
        result.append(found.kind if found else None)
    return result


def _finds(suspect: Suspect, error: Injected) -> bool:
    if suspect.line != error.line:
        return False
    if error.after is not None:
        return suspect.gold == error.after
    return suspect.gold is None and _touches(suspect.suggestion, {error.before})


def measure(found: Sequence[str | None], errors: Sequence[Injected]) -> dict[str, Any]:
    """Precision among the first k, recall by kind, and average precision of a ranked list.

    Average precision is the mean over all injected errors of the precision at the rank at which
    each is found; one that is not found counts 0.
    """
    right = np.array([kind is not None for kind in found], dtype=float)
    ranks = np.arange(1, len(right) + 1)
    precision = np.cumsum(right) / ranks if len(right) else right
    cuts = sorted({*CUTS, len(errors)})
    totals = Counter(error.kind for error in errors)
    return {
        "average_precision": round(float((precision * right).sum() / len(errors)), 4),
        "at": {
            str(k): {
                "precision": round(float(right[:k].sum() / k), 4),
                "found": {kind: found[:k].count(kind) for kind in KINDS},
            }
            for k in cuts
        },
        "recall_of_all": {k: round(found.count(k) / totals[k], 4) for k in KINDS if totals[k]},
    }


def random_order(
    found: Sequence[str | None], errors: Sequence[Injected], seed: int, draws: int = 200
) -> dict[str, Any]:
    """The mean over random orders of the same candidates."""
    rng = random.Random(seed)
    runs = [measure(rng.sample(list(found), len(found)), errors) for _ in range(draws)]
    return {
        "average_precision": round(float(np.mean([r["average_precision"] for r in runs])), 4),
        "at": {k: {"precision": round(float(np.mean([r["at"][k]["precision"] for r in runs])), 4)}
               for k in runs[0]["at"]},
    }  # fmt: skip


def run(name: str, path: Path, settings: CrossSettings, share: float, seed: int) -> dict[str, Any]:
    """Injects errors into a file, looks for them, and returns the measurements."""
    nlp = build_tokenizer("bn")
    # The spoilt file has one record a line, whatever the first had.
    read = read_records(path, ReadOptions(lang="bn"))
    records = [replace(record, line=i) for i, record in enumerate(read, start=1)]
    edges = [token_edges(nlp.make_doc(record.text)) for record in records]
    changed, errors = inject(records, edges, share, seed)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        spoilt = Path(folder) / "train.jsonl"
        get_format("span-jsonl").write(changed, spoilt, WriteOptions(lambda _: []), lambda _: None)
        options = ReadOptions(lang="bn", format="span-jsonl", offset_unit="codepoint")
        result = find_suspects(spoilt, options, default_policies(), settings)
    seconds = time.perf_counter() - started
    return {
        "data": name,
        "records": len(records),
        "spans": sum(len(record.spans) for record in records),
        "injected": len(errors),
        "candidates": len(result.suspects),
        "seconds": round(seconds, 1),
        "cross_prediction": result.scores,
        **_rankings(result, errors, seed),
    }


def _rankings(result: Found, errors: Sequence[Injected], seed: int) -> dict[str, Any]:
    found = hits(result.suspects, errors)
    rankings = {"suspects": measure(found, errors)}
    for part in ("model", "surface"):
        order = sorted(result.suspects, key=lambda s: -s.evidence.get(part, 0.0))
        kept = [s for s in order if part in s.evidence]
        rankings[f"{part} alone"] = measure(hits(kept, errors), errors)
    return {"rankings": rankings, "random": random_order(found, errors, seed)}


def main(
    data: Path = typer.Option(Path("assets/sample/train.jsonl"), help="Training file"),
    name: str = typer.Option("sample", help="What to call it in the results"),
    config: Path = typer.Option(Path("configs/ner_cpu.cfg")),
    folds: int = typer.Option(5), models: int = typer.Option(1), steps: int = typer.Option(0),
    share: float = typer.Option(0.05, help="Errors for each span"),
    seed: int = typer.Option(0),
) -> None:  # fmt: skip
    """Measures it on one file."""
    if not data.is_file():
        msg.info(f"{data} is not there: skipped")
        return
    settings = CrossSettings(config=config, folds=folds, models=models, steps=steps, seed=seed)
    result = run(name, data, settings, share, seed)
    result = {**result, "folds": folds, "models": models, "steps": steps, "share": share,
              "seed": seed, "machine": platform.processor() or platform.machine(),
              "python": platform.python_version()}  # fmt: skip
    results = json.loads(RESULTS.read_text(encoding="utf8")) if RESULTS.is_file() else {}
    results[name] = result
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf8")
    show(result)


def show(result: dict[str, Any]) -> None:
    """Prints the precision of each ranking."""
    msg.text(f"{result['data']}: {result['injected']} errors in {result['spans']} spans, "
             f"{result['candidates']} candidates, {result['seconds']:.0f} s")  # fmt: skip
    rows = []
    for title, ranking in {**result["rankings"], "random order": result["random"]}.items():
        cells = [f"{cut['precision']:.0%}" for cut in ranking["at"].values()]
        rows.append((title, f"{ranking['average_precision']:.3f}", *cells))
    cuts = [f"P@{k}" for k in result["rankings"]["suspects"]["at"]]
    msg.table(rows, header=("ranking", "AP", *cuts), divider=True)
    best = result["rankings"]["suspects"]
    by_kind = [(k, *cut["found"].values()) for k, cut in best["at"].items()]
    by_kind.append(("all", *(f"{value:.0%}" for value in best["recall_of_all"].values())))
    msg.table(by_kind, header=("found in first", *KINDS), divider=True)


if __name__ == "__main__":
    typer.run(main)
