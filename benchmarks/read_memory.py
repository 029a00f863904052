"""Peak memory of reading each line-based format, a small file and a large one side by side.

    python -m benchmarks.read_memory --small 25000 --large 100000

Writes benchmarks/results/read_memory.json and prints a table. Exits with 1 if a large file takes
more than LIMIT times the memory of the small one.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import typer
from wasabi import msg

from benchmarks.convert_memory import write_records
from scripts.annotations.formats import get_format
from scripts.annotations.formats.base import ReadOptions, WriteOptions
from scripts.annotations.reading import read_records

RESULTS = Path(__file__).parent / "results" / "read_memory.json"
LIMIT = 1.1
LINE_BASED = (
    "span-jsonl", "conll", "token-lists", "gliner", "massive", "prodigy", "pubtator", "hf-table",
)  # fmt: skip


def words(text: str) -> list[tuple[int, int]]:
    """The character ranges of a text's words."""
    return [match.span() for match in re.finditer(r"\S+", text)]


def measure(name: str, path: str) -> dict[str, float]:
    """Reads a file in this process: records, seconds, and the process's peak memory in MiB."""
    started = time.perf_counter()
    number = sum(1 for _ in read_records(Path(path), ReadOptions(format=name, lang="bn")))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"records": number, "seconds": round(seconds, 2), "peak_mib": round(peak, 1)}


def child(name: str, number: int) -> dict[str, float]:
    """Writes this many records in the format and reads them in a process of their own."""
    with tempfile.TemporaryDirectory() as folder:
        spans, path = Path(folder) / "spans.jsonl", Path(folder) / "file"
        write_records(spans, number)
        records = read_records(spans, ReadOptions(format="span-jsonl"))
        get_format(name).write(records, path, WriteOptions(words), lambda notice: None)
        script = (
            "import json; from benchmarks.read_memory import measure; "
            f"print(json.dumps(measure({name!r}, {str(path)!r})))"
        )
        done = subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def main(small: int = typer.Option(25_000), large: int = typer.Option(100_000)) -> None:
    """Compares the two for every line-based format that can be written."""
    rows = []
    for name in LINE_BASED:
        first, second = child(name, small), child(name, large)
        ratio = second["peak_mib"] / first["peak_mib"]
        rows.append(
            {"format": name, "small": first, "large": second, "memory_ratio": round(ratio, 3)}
        )
    RESULTS.parent.mkdir(exist_ok=True)
    text = json.dumps({"rows": rows, "limit": LIMIT}, indent=2) + "\n"
    RESULTS.write_text(text, encoding="utf8")
    table = [
        (row["format"], row["small"]["peak_mib"], row["large"]["peak_mib"], row["memory_ratio"],
         round(row["large"]["records"] / row["large"]["seconds"]))
        for row in rows
    ]  # fmt: skip
    header = ("format", f"MiB, {small:,}", f"MiB, {large:,}", "ratio", "records/s")
    msg.table(table, header=header, divider=True)
    raise SystemExit(any(row["memory_ratio"] > LIMIT for row in rows))


if __name__ == "__main__":
    typer.run(main)
