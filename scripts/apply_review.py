"""Take reviewed decisions on suspects into a copy of the training file."""

from __future__ import annotations

from pathlib import Path

import typer
from wasabi import msg

from .common.console import print_table, run
from .common.tables import Table
from .quality.apply import Applied, apply_decisions, read_decisions


def main(
    decisions: Path = typer.Argument(..., help="decisions.jsonl, downloaded from suspects.html"),
    train: Path = typer.Option(..., help="The span JSONL that was looked through"),
    output: Path = typer.Option(..., "--output", "-o", help="The copy to write"),
) -> None:
    """Take reviewed decisions on suspects into a copy of the training file.

    Accepted and edited spans change, everything else stays as it is, byte for byte. Refuses if a
    text or span is no longer as it was reviewed. Every change is listed in OUTPUT.findings.jsonl.
    """
    applied = apply_decisions(read_decisions(decisions), train, output)
    print_applied(applied, output)


def print_applied(applied: Applied, output: Path) -> None:
    """Prints every change."""
    rows = [
        (f["suspect"], f["line"], f["change"], _shown(f, "before"), _shown(f, "after"), f["note"])
        for f in applied.findings
    ]
    header = ("suspect", "line", "change", "before", "after", "note")
    if rows:
        print_table(Table("Changes", header, rows))
    msg.info("Decisions: " + ", ".join(f"{n} {k}" for k, n in sorted(applied.decisions.items())))
    left = applied.changes["not-applied"]
    if left:
        msg.warn(f"{left} decisions could not be applied", "The table says why.")
    msg.good(f"{len(rows) - left} changes: {output}")


def _shown(finding: dict, side: str) -> str:
    span = finding[side]
    return f"{finding[f'{side}_text']} {span}" if span else "–"


if __name__ == "__main__":
    run(main)
