"""Texts a second of trained pipelines, on one core and by engine, on the same blocks.

    OMP_NUM_THREADS=1 python -m benchmarks.scale --n 2 --docs 2000 \
        NAME=MODEL_DIRECTORY=TEXTS.jsonl ...

The rate of a core is texts by CPU seconds of one thread, so that other work on the machine changes
it little; the engines are measured by the clock, from the first block on, which needs a machine
that does nothing else.
Writes benchmarks/results/scale.json and prints tables. Without Ray its rows are left out.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import typer
from wasabi import msg

from scripts.inference.blocks import Block, Reading, blocks
from scripts.inference.engines.local import run_local
from scripts.inference.jobs import Job, PartResult, Worker
from scripts.scoring.metrics_files import machine

RESULTS = Path(__file__).parent / "results" / "scale.json"
SIZES = (10**6, 10**7, 10**8, 10**9)


def on_one_core(model: str, texts: str, records: int) -> dict[str, float]:
    """Marks all blocks in this process, which has one thread, and counts its CPU seconds."""
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as parts:
        started = time.process_time()
        worker = Worker(Job(Path(model), Path(parts)))
        loaded = time.process_time()
        results = [worker.do(block) for block in blocks(texts, Reading(records=records))]
        done = time.process_time()
    number = sum(r.records for r in results)
    return {
        "texts": number,
        "characters": sum(r.characters for r in results),
        "load_cpu_seconds": round(loaded - started, 1),
        "cpu_seconds": round(done - loaded, 2),
        "texts_per_core_second": round(number / (done - loaded), 1),
    }


def by_engine(engine: str, n: int, model: str, texts: str, records: int) -> dict[str, Any]:
    """Marks all blocks with an engine in this process; its first result ends the start."""
    with tempfile.TemporaryDirectory() as parts:
        job = Job(Path(model), Path(parts))
        cut = blocks(texts, Reading(records=records))
        started = time.perf_counter()
        results: list[PartResult] = []
        first = 0.0
        for result in _run(engine, n, job, cut):
            first = first or time.perf_counter()
            results.append(result)
        done = time.perf_counter()
    rest = sum(r.records for r in results) - n * results[0].records
    return {
        "engine": engine,
        "workers": n,
        "first_block_after_seconds": round(first - started, 1),
        "seconds": round(done - started, 1),
        # When the first block is done, the other workers are about to end theirs.
        "texts_per_second_then": round(rest / (done - first), 1),
    }


def _run(engine: str, n: int, job: Job, cut: Iterator[Block]) -> Iterator[PartResult]:
    if engine == "local":
        return run_local(job, cut, n)
    from scripts.inference.engines.ray_data import run_ray

    return run_ray(job, cut, actors=n)


def child(call: str, *arguments: Any) -> dict[str, Any]:
    """Runs a function of this module in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        # Workers are spawned: they read the program again, from a file.
        script = Path(folder) / "measure.py"
        script.write_text(
            f"import json\nfrom benchmarks.scale import {call}\n"
            f"if __name__ == '__main__':\n    print('\\n' + json.dumps({call}(*{arguments!r})))\n",
            encoding="utf8",
        )
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        done = subprocess.run(
            [sys.executable, str(script)], check=True, stdout=subprocess.PIPE, env=environment
        )
    return json.loads(done.stdout.splitlines()[-1])


def measure(spec: str, docs: int, records: int, n: int) -> dict[str, Any]:
    """All measurements of one ``NAME=MODEL=TEXTS``; with ``n`` 0 those of one core alone."""
    name, model, texts = spec.split("=")
    with tempfile.TemporaryDirectory() as folder:
        some = Path(folder) / f"texts{Path(texts).suffix}"
        with Path(texts).open(encoding="utf8") as source:
            some.write_text("".join(islice(source, docs)), encoding="utf8")
        core = child("on_one_core", model, str(some), records)
        engines = [("local", 1), ("local", n)] if n else []
        if n and importlib.util.find_spec("ray"):
            engines.append(("ray", n))
        rows = [child("by_engine", e, k, model, str(some), records) for e, k in engines]
    return {"name": name, "core": core, "engines": rows}


def core_hours(texts: int, rate: float) -> float:
    """Hours of one core for this many texts at this rate a second."""
    return texts / rate / 3600


def main(
    specs: list[str] = typer.Argument(..., help="NAME=MODEL_DIRECTORY=TEXTS"),
    docs: int = typer.Option(2000, help="Texts of each file that are marked"),
    records: int = typer.Option(100, help="Texts of a block"),
    n: int = typer.Option(2, "--n", help="Processes, and actors; 0: one core alone"),
) -> None:
    """Measures all, and says what the rates mean for larger inputs."""
    rows = [measure(spec, docs, records, n) for spec in specs]
    content = {"machine": machine(), "cores": os.cpu_count(), "records": records, "rows": rows}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(content, indent=2) + "\n", encoding="utf8")
    cells = [
        (row["name"], row["core"]["texts_per_core_second"],
         *(f"{e['engine']} {e['workers']}: {e['texts_per_second_then']}" for e in row["engines"]))
        for row in rows
    ]  # fmt: skip
    msg.table(cells, divider=True)
    rates = {row["name"]: row["core"]["texts_per_core_second"] for row in rows}
    hours = [
        (name, *(f"{core_hours(size, rate):,.1f}" for size in SIZES))
        for name, rate in rates.items()
    ]
    msg.table(hours, header=("core-hours for", *(f"{s:,}" for s in SIZES)), divider=True)


if __name__ == "__main__":
    typer.run(main)
