"""Mix several annotated sets with different labels into one corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from tqdm import tqdm
from wasabi import msg

from .common.console import print_lines, print_table, run
from .common.tables import Table
from .corpora.mix_spec import read_spec
from .corpora.mixing import FINDINGS, MIX, mix


def main(
    spec: Path = typer.Argument(..., help="YAML file with lang, train, dev and test"),
    output: Path = typer.Argument(..., help="Directory to write"),
    seed: int = typer.Option(0, help="Of the draws"),
    sample: int | None = typer.Option(None, min=1, help="At most so many texts of each set"),
) -> None:
    """Mix several annotated sets with different labels into one corpus.

    Writes span JSONL that convert reads: train.jsonl, dev.jsonl, test.jsonl (or test/NAME.jsonl
    for several), and each training set alone in sets/. A text says with "annotated_labels" which
    labels its annotators looked for. docs/mixing.md explains the keys of the YAML file.
    """
    report = mix(
        read_spec(spec), output, seed=seed, sample=sample,
        progress=lambda records, name: tqdm(records, desc=name, unit=" records", disable=None),
    )  # fmt: skip
    print_mix(report, output)


def print_mix(report: dict[str, Any], output: Path) -> None:
    """Prints what was read, taken, mapped and dropped."""
    rows = [
        (
            part["split"],
            part["name"],
            part["read"],
            part["taken"],
            part["weight"],
            part["annotates"]
            if isinstance(part["annotates"], str)
            else " ".join(part["annotates"]),
            *(part["spans"].get(label, 0) for label in report["labels"]),
        )
        for part in report["sets"]
    ]
    header = ("split", "set", "texts", "taken", "weight", "annotates", *report["labels"])
    print_table(Table("Sets, and their spans by label", header, rows))
    mapped = [
        (part["split"], part["name"], row["label"], row["used"] or "(dropped)", row["spans"])
        for part in report["sets"]
        for row in part["labels"]
        if row["label"] != row["used"]
    ]
    if mapped:
        print_table(Table("Labels", ("split", "set", "label", "used as", "spans read"), mapped))
    for part in report["sets"]:
        place = f"{part['split']} set {part['name']}"
        print_lines(f"{place}: {line}" for line in part["assumed"])
        print_lines(
            f"{place}: {code}, {row['count']} times, {row['spans']} spans not read"
            for code, row in part["notices"].items()
        )
        if part["unused_labels"]:
            msg.warn(f"{place} has no label {', '.join(part['unused_labels'])} to be mapped")
    msg.good(f"The mix is in {output}; what was done is in {output / MIX}")
    if FINDINGS in report["files"]:
        msg.text(f"What was left out while reading is in {output / FINDINGS}")


if __name__ == "__main__":
    run(main)
