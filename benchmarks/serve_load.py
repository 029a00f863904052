"""Requests per second and waiting times of the service, with and without batches.

    python -m benchmarks.serve_load training/model-best

Starts the service twice, with batches of up to 32 texts and of one, and asks it from a process of
its own with 1, 8 and 64 clients, each of which sends one text at a time and waits for the answer.
Writes benchmarks/results/serve_load.json and prints a table.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import typer
from wasabi import msg

from scripts.annotations.reading import read_records

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results" / "serve_load.json"
CLIENTS = (1, 8, 64)
BATCHES = (32, 1)
# Answers that no measurement counts, so that caches are warm.
WARM_UP = 20
# Seconds that the service may take to load its model, and to stop.
PATIENCE = 180


@dataclass(frozen=True)
class Running:
    """A service that runs: its address, its process, its log."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


@contextmanager
def running_server(model: Path, *options: str, key: str | None = None) -> Iterator[Running]:
    """Runs the service in a process of its own, ready when the block begins.

    Raises:
        RuntimeError: It does not get ready, or does not end with status 0 on SIGTERM.
    """
    port = free_port()
    command = [sys.executable, "-m", "scripts.serve", str(model), "--port", str(port),
               "--gpu-id", "-1", *options]  # fmt: skip
    environment = {**os.environ, "SERVE_API_KEY": key or ""}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
        try:
            running = Running(f"http://127.0.0.1:{port}", process, log)
            _wait_until_ready(running)
            yield running
            process.terminate()
            if process.wait(PATIENCE) != 0:
                raise RuntimeError(f"status {process.returncode}: {log.read_text()[-2000:]}")
        finally:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait_until_ready(running: Running) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and running.process.poll() is None:
        try:
            if httpx.get(running.url + "/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"the service does not get ready: {running.log.read_text()[-2000:]}")


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Median and 99th percentile of waiting times, in milliseconds."""
    p50, p99 = np.percentile(np.array(seconds) * 1000, [50, 99])
    return {"p50_ms": round(float(p50), 1), "p99_ms": round(float(p99), 1)}


async def measure(url: str, texts: list[str], clients: int, seconds: float) -> dict[str, Any]:
    """Asks from so many clients at once for so long; every answer must be a 200."""
    took: list[float] = []
    limits = httpx.Limits(max_connections=clients)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60) as client:

        async def ask(rng: random.Random, end: float, times: list[float]) -> None:
            while time.perf_counter() < end:
                started = time.perf_counter()
                response = await client.post("/ner", json={"text": rng.choice(texts)})
                response.raise_for_status()
                times.append(time.perf_counter() - started)

        for _ in range(WARM_UP):
            await client.post("/ner", json={"text": texts[0]})
        started = time.perf_counter()
        end = started + seconds
        await asyncio.gather(*(ask(random.Random(i), end, took) for i in range(clients)))
        rate = len(took) / (time.perf_counter() - started)
    return {"clients": clients, "requests": len(took), "per_second": round(rate, 1),
            **percentiles(took)}  # fmt: skip


def main(
    model: Path = typer.Argument(Path("training/model-best")),
    texts: Path = typer.Option(Path("assets/sample/test.jsonl"), help="Texts to send"),
    seconds: float = typer.Option(20.0, help="Length of each measurement"),
) -> None:
    """Measures every number of clients with and without batches."""
    sent = [record.text for record in read_records(texts) if record.text]
    rows = []
    for batch in BATCHES:
        with running_server(model, "--batch-texts", str(batch)) as running:
            for clients in CLIENTS:
                found = asyncio.run(measure(running.url, sent, clients, seconds))
                rows.append({"batch_texts": batch, **found})
    RESULTS.parent.mkdir(exist_ok=True)
    content = {
        "model": model.name, "texts": texts.as_posix(), "seconds": seconds,
        "mean_characters": round(sum(map(len, sent)) / len(sent), 1), "cores": os.cpu_count(),
        "python": platform.python_version(), "machine": platform.machine(), "rows": rows,
    }  # fmt: skip
    RESULTS.write_text(json.dumps(content, indent=2) + "\n", encoding="utf8")
    header = ("batch", "clients", "requests/s", "p50 ms", "p99 ms")
    keys = ("batch_texts", "clients", "per_second", "p50_ms", "p99_ms")
    msg.table([tuple(row[key] for key in keys) for row in rows], header=header, divider=True)


if __name__ == "__main__":
    typer.run(main)
