"""Peak memory and speed of convert on a small and a large file of the same kind, side by side.

    python -m benchmarks.convert_memory --small 60000 --large 240000

Writes benchmarks/results/convert_memory.json and prints a table. Exits with 1 if the large file
takes more than LIMIT times the memory of the small one.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import typer
from wasabi import msg

RESULTS = Path(__file__).parent / "results" / "convert_memory.json"
LIMIT = 1.5
SYLLABLES = ["ক", "রা", "মি", "তু", "ন", "বা", "সে", "লি", "দো", "পা", "হা", "জু", "গে", "ছা", "টু"]


def write_records(path: Path, number: int, seed: int = 0) -> None:
    """Writes texts of 8 to 30 made-up words, no two alike, with one to three spans each."""
    rng = random.Random(seed)
    with path.open("w", encoding="utf8") as file:
        for i in range(number):
            words = ["".join(rng.choices(SYLLABLES, k=rng.randint(1, 4)))
                     for _ in range(rng.randint(8, 30))]  # fmt: skip
            starts, at = [], 0
            for word in words:
                starts.append(at)
                at += len(word) + 1
            marked = sorted(rng.sample(range(len(words)), rng.randint(1, 3)))
            spans = [[starts[k], starts[k] + len(words[k]), rng.choice(["PER", "LOC"])]
                     for k in marked]  # fmt: skip
            record = {"id": i, "text": " ".join(words), "label": spans}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def measure(number: int, n_process: int) -> dict[str, float]:
    """Converts a file of this many records; peak memory in MiB of the largest process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.jsonl"
        write_records(path, number)
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "scripts.convert", "--train", path,
             "-o", Path(folder) / "corpus", "--n-process", str(n_process)],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        seconds = time.perf_counter() - started
    return {"records": number, "seconds": round(seconds, 1),
            "records_per_second": round(number / seconds, 1)}  # fmt: skip


def child(module: str, *numbers: int) -> dict[str, float]:
    """Runs a module's ``measure`` in a process of its own, whose children's peak is then known."""
    script = (
        f"import json, resource; from {module} import measure; r = measure(*{numbers}); "
        "r['peak_mib'] = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1); "
        "print(json.dumps(r))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def main(
    small: int = typer.Option(60_000), large: int = typer.Option(240_000),
    n_process: int = typer.Option(1),
) -> None:  # fmt: skip
    """Compares the two."""
    rows = [child("benchmarks.convert_memory", size, n_process) for size in (small, large)]
    ratio = rows[1]["peak_mib"] / rows[0]["peak_mib"]
    RESULTS.parent.mkdir(exist_ok=True)
    result = {"n_process": n_process, "rows": rows, "memory_ratio": round(ratio, 3), "limit": LIMIT}
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf8")
    msg.table([tuple(row.values()) for row in rows], header=tuple(rows[0]), divider=True)
    msg.text(f"{large / small:.0f} times the records, {ratio:.2f} times the memory")
    raise SystemExit(ratio > LIMIT)


if __name__ == "__main__":
    typer.run(main)
