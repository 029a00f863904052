"""Whether good, bad, huge, empty and binary requests leave the service healthy, its memory flat.

    python -m benchmarks.serve_endurance training/model-best --requests 24000

Sends requests of all kinds, mixed at random, and compares each answer's status with what the kind
must get. Then the service must be ready, and its resident memory over the last sixth of the
requests at most LIMIT times that over the second (medians). Writes
benchmarks/results/serve_endurance.json; exits with 1 if not.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import random
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import typer
from wasabi import msg

from benchmarks.serve_load import Running, running_server

RESULTS = Path(__file__).parent / "results" / "serve_endurance.json"
LIMIT = 1.1
CLIENTS = 8
JSON = {"Content-Type": "application/json"}
WORDS = (
    "রহিম", "করিম", "ঢাকায়", "খুলনায়", "বৃষ্টি", "🙂", "নাসরিন", "সুলতানা", "বেগম", "১৯৭১",
    "বিশ্ববিদ্যালয়", "থাকেন।",
)  # fmt: skip


def good_text(rng: random.Random) -> str:
    """A text of known words, and one that no vocabulary has seen."""
    new = "".join(chr(rng.randrange(0x995, 0x9A9)) for _ in range(8))
    return " ".join([*rng.choices(WORDS, k=rng.randrange(3, 25)), new])


async def _huge() -> AsyncIterator[bytes]:
    for _ in range(40):
        yield b"x" * 65_536


def _text(body: Any) -> dict[str, Any]:
    return {"content": json.dumps(body).encode(), "headers": JSON}


# Kind of request: (how often, what is sent, the status that it must get).
Kind = tuple[int, Callable[[random.Random], dict[str, Any]], int]
KINDS: dict[str, Kind] = {
    "good": (40, lambda rng: _text({"text": good_text(rng)}), 200),
    "several": (8, lambda rng: _text({"texts": [good_text(rng) for _ in range(8)]}), 200),
    "long": (1, lambda rng: _text({"text": " ".join(good_text(rng) for _ in range(20))}), 200),
    "empty text": (8, lambda rng: _text({"text": ""}), 422),
    "no body": (6, lambda rng: {"content": b"", "headers": JSON}, 400),
    "binary": (8, lambda rng: {"content": rng.randbytes(2000), "headers": JSON}, 400),
    "binary, no type": (4, lambda rng: {"content": rng.randbytes(2000)}, 415),
    "broken JSON": (6, lambda rng: {"content": b'{"text": "', "headers": JSON}, 400),
    "deep JSON": (2, lambda rng: {"content": b"[" * 50_000, "headers": JSON}, 400),
    "wrong type": (6, lambda rng: _text({"texts": [1, None]}), 422),
    "surrogate": (4, lambda rng: {"content": b'{"text": "\\ud83d"}', "headers": JSON}, 422),
    "text too long": (2, lambda rng: _text({"text": "x" * 100_001}), 422),
    "huge": (2, lambda rng: {"content": b"x" * 2_000_000, "headers": JSON}, 413),
    "huge, in chunks": (1, lambda rng: {"content": _huge(), "headers": JSON}, 413),
    "cut off": (2, lambda rng: _text({"texts": [good_text(rng) for _ in range(64)]}), 0),
}


@dataclass
class Found:
    """What came of the requests."""

    statuses: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)
    seconds: float = 0.0

    def growth(self) -> float:
        """Memory at the end as a multiple of that after a sixth of the requests.

        Both are medians over a sixth of the requests: memory rises and falls with what is in hand.
        """
        sixth = max(1, len(self.memory) // 6)
        begin, end = self.memory[sixth : 2 * sixth] or self.memory, self.memory[-sixth:]
        return statistics.median(end) / statistics.median(begin)


async def _send(client: httpx.AsyncClient, kind: str, rng: random.Random) -> int:
    """Sends one request; 0 for one that the client breaks off itself."""
    _, make, expected = KINDS[kind]
    timeout = 0.005 if expected == 0 else 60
    try:
        response = await client.post("/ner", **make(rng), timeout=timeout)
    except httpx.TimeoutException:
        return 0
    return 0 if expected == 0 else response.status_code


async def _send_all(running: Running, number: int, seed: int) -> Found:
    found = Found()
    rng = random.Random(seed)
    kinds = rng.choices(list(KINDS), [kind[0] for kind in KINDS.values()], k=number)
    waiting = iter(list(enumerate(kinds)))
    server = psutil.Process(running.process.pid)
    every = max(1, number // 60)
    async with httpx.AsyncClient(base_url=running.url) as client:

        async def work() -> None:
            for i, kind in waiting:
                status = await _send(client, kind, random.Random(f"{seed} {i}"))
                found.statuses[f"{kind}: {status or 'broken off'}"] += 1
                if status != KINDS[kind][2]:
                    found.wrong[f"{kind}: {status}"] += 1
                if i % every == 0:
                    found.memory.append(server.memory_info().rss)

        await asyncio.gather(*(work() for _ in range(CLIENTS)))
        ready = await client.get("/ready")
        good = await client.post("/ner", json={"text": WORDS[0]})
        if (ready.status_code, good.status_code) != (200, 200):
            found.wrong["at the end"] += 1
    found.memory.append(server.memory_info().rss)
    return found


def endure(model: Path, number: int, seed: int = 0) -> Found:
    """Sends so many requests to a service of its own.

    Raises:
        RuntimeError: The service does not get ready, or does not end well.
    """
    with running_server(model) as running:
        started = time.perf_counter()
        found = asyncio.run(_send_all(running, number, seed))
        found.seconds = time.perf_counter() - started
    return found


def main(
    model: Path = typer.Argument(Path("training/model-best")),
    requests: int = typer.Option(24_000),
    seed: int = typer.Option(0),
) -> None:
    """Sends the requests and judges what came of them."""
    found = endure(model, requests, seed)
    mib = [round(value / 2**20) for value in found.memory]
    content = {
        "requests": requests, "seed": seed, "seconds": round(found.seconds, 1),
        "python": platform.python_version(), "cores": os.cpu_count(), "limit": LIMIT,
        "growth": round(found.growth(), 3), "mib": mib, "wrong": dict(found.wrong),
        "statuses": dict(sorted(found.statuses.items())),
    }  # fmt: skip
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(content, indent=2) + "\n", encoding="utf8")
    msg.table(sorted(found.statuses.items()), header=("kind: status", "requests"), divider=True)
    msg.text(f"Memory at the end: {found.growth():.3f} of that after a sixth; MiB: {mib}")
    raise SystemExit(bool(found.wrong) or found.growth() > LIMIT)


if __name__ == "__main__":
    typer.run(main)
