"""Other tools on the same corpus and encoder, over several seeds, scored as evaluate scores.

    python -m benchmarks.peers.run CORPUS ENCODER --python PEERS/bin/python --output DIR [OPTIONS]

Every option that is not declared here (--epochs, --batch, --lr, --schedule, --weight-decay,
--warmup, --max-length, --select, --precision) goes to each tool as it is;
``python -m benchmarks.peers.hf_tokens --help`` has them. Writes DIR/TOOL/seed-N/metrics/*.json, so
that ``python -m scripts.compare TRIALS DIR/TOOL`` compares a tool with this project's trials.
Started again, it runs the seeds that are not finished.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import srsly
import typer
from wasabi import msg

from benchmarks.peers.data import FACTS
from benchmarks.peers.export import export
from scripts.common.console import print_table, run
from scripts.common.errors import UserError
from scripts.common.files import md5_of_file, md5_of_path, new_file, write_json
from scripts.common.tables import Table
from scripts.experiments.children import alone_in
from scripts.experiments.setup import read_record, refuse_others, write_record
from scripts.experiments.summary import percent, summarise
from scripts.experiments.trials import GOLDS, read_scores

MODULES = {"hf": "benchmarks.peers.hf_tokens", "spanmarker": "benchmarks.peers.span_marker_run"}
RESULT = "peers.json"


def main(
    ctx: typer.Context,
    corpus: Path = typer.Argument(..., help="Corpus directory made by convert"),
    encoder: Path = typer.Argument(..., help="Encoder directory, the same for all"),
    python: Path = typer.Option(..., help="Python of the environment that has the tools"),
    output: Path = typer.Option(..., "--output", "-o", help="Directory of the runs"),
    tools: str = typer.Option("hf,spanmarker", help=f"Of {', '.join(MODULES)}"),
    seeds: int = typer.Option(3, min=1, help="Number of seeds, from 0"),
) -> None:
    """Train other tools on a corpus with several seeds and score them as evaluate does."""
    names = [name.strip() for name in tools.split(",") if name.strip()]
    unknown = sorted(set(names) - set(MODULES))
    if unknown or not names:
        raise UserError(f"There is no tool {', '.join(unknown)!r}", where="--tools",
                        todo=f"Possible: {', '.join(MODULES)}.")  # fmt: skip
    with alone_in(output):
        export(corpus, output / "data")
        report = {}
        for name in names:
            origin = {
                "tool": name,
                "corpus_md5": md5_of_file(corpus / "audit.json"),
                "data_md5": md5_of_path(output / "data"),
                "encoder_md5": md5_of_path(encoder),
                "options": list(ctx.args),
            }
            refuse_others(output / name, "seed-*", origin)
            records = []
            for seed in range(seeds):
                msg.text(f"{name}, seed {seed}")
                folder = output / name / f"seed-{seed}"
                records.append(_run_seed(folder, corpus, encoder, python, seed, origin))
            report[name] = summarise_tool(records)
        with new_file(output / RESULT) as temporary:
            write_json(temporary, report)
    print_table(peers_table(report))
    msg.good(f"The runs are in {output}")


def summarise_tool(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean and spread of F over a tool's seeds by data set and gold, and what a run costs.

    Args:
        records: What ``run.json`` holds, one a seed.
    """
    peer = records[0]["peer"]
    return {
        "seeds": [record["seed"] for record in records],
        "f": {
            name: {gold: summarise([r["f"].get(name, {}).get(gold) for r in records])
                   for gold in GOLDS}
            for name in records[0]["f"]
        },
        "training_seconds": summarise_seconds([r["peer"]["training_seconds"] for r in records]),
        "updates": peer["updates"],
        "words_seen": peer["words_seen"],
        "parameters": peer["parameters"],
        "settings": peer["settings"],
        "versions": peer["versions"],
        "machine": peer["machine"],
    }  # fmt: skip


def summarise_seconds(values: Sequence[float]) -> dict[str, float]:
    """Mean, least and most of seconds."""
    return {
        "mean": round(sum(values) / len(values), 1),
        "min": min(values),
        "max": max(values),
    }


def peers_table(report: dict[str, Any]) -> Table:
    """Tools, one a row: mean ± sd of F in percent by data set and gold, seconds, parameters."""
    columns = [(name, gold) for name in next(iter(report.values()))["f"] for gold in GOLDS]
    header = ("tool", *(f"{name} F, {gold.replace('_', ' ')}" for name, gold in columns),
              "training s", "words seen", "parameters")  # fmt: skip
    rows = [
        (
            tool,
            *(_mean(one["f"][name][gold]) for name, gold in columns),
            f"{one['training_seconds']['mean']:,.0f}",
            f"{one['words_seen']:,}",
            f"{one['parameters']:,}",
        )
        for tool, one in report.items()
    ]
    return Table("Strict F, mean ± sd over the seeds", header, rows)


def _mean(summary: dict[str, Any]) -> str:
    return f"{percent(summary['mean'])} ± {percent(summary['sd'])}"


def _run_seed(
    folder: Path, corpus: Path, encoder: Path, python: Path, seed: int, origin: dict[str, Any]
) -> dict[str, Any]:
    """Trains and scores with a seed unless that was done; gives the run's record."""
    record = read_record(folder)
    if record:
        return record
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    data = folder.parents[1] / "data"
    tool = origin["tool"]
    _call(
        [str(python), "-m", MODULES[tool], "--data", str(data), "--encoder", str(encoder),
         "--output", str(folder), "--seed", str(seed), *origin["options"]],
        folder / "log.txt",
    )  # fmt: skip
    for split in srsly.read_json(data / FACTS)["texts"]:
        if split != "train":
            _call(
                [sys.executable, "-m", "scripts.score", str(folder / f"{split}.predictions.jsonl"),
                 "--corpus", str(corpus), "--split", split, "--name", f"{tool}, seed {seed}",
                 "--output", str(folder / "metrics"), "--format", "span-jsonl",
                 "--offset-unit", "codepoint"],
                folder / "log.txt",
            )  # fmt: skip
    record = {
        "seed": seed,
        "made_from": origin,
        "peer": srsly.read_json(folder / "peer.json"),
        "f": read_scores(folder / "metrics"),
    }
    write_record(folder, record)
    return record


def _call(words: Sequence[str], log: Path) -> None:
    """Runs a command to its end; what it prints goes to the end of the log."""
    with log.open("a", encoding="utf8") as file:
        status = subprocess.run(words, stdout=file, stderr=subprocess.STDOUT, check=False)
    if status.returncode:
        last = log.read_text(encoding="utf8", errors="replace").strip().splitlines()[-1:]
        raise UserError(
            f"{' '.join(words[1:3])} ended with status {status.returncode}",
            where=str(log),
            todo=f"It printed last: {''.join(last)[:300]}",
        )


if __name__ == "__main__":
    run(main, more_options=True)
