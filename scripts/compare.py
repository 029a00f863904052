"""Compare two models on the same gold: is one better, or is the difference chance?"""

from __future__ import annotations

from pathlib import Path

import typer
from wasabi import msg

from .common.console import run
from .common.files import new_file, write_json
from .scoring.comparison import compare_scored, read_scored
from .scoring.significance import ROUNDS
from .scoring.tables import comparison_table


def main(
    first: Path = typer.Argument(..., help="Metrics file of model A, such as metrics/test.json"),
    second: Path = typer.Argument(..., help="Metrics file of model B on the same gold"),
    output: Path | None = typer.Option(None, "--output", "-o", help="Also write it as JSON"),
    rounds: int = typer.Option(ROUNDS, min=100, help="Of randomisation and of the bootstrap"),
    seed: int = typer.Option(0, help="Of both"),
) -> None:
    """Compare two models on the same gold: is one better, or is the difference chance?

    Strict F on repaired gold, with two paired two-sided tests over documents: approximate
    randomisation (Noreen 1989, Yeh 2000) and the paired bootstrap (Koehn 2004, Berg-Kirkpatrick
    et al. 2012). Intervals are 95 % bootstrap intervals. The p-values of labels are not corrected
    for their number.
    """
    comparison = compare_scored(read_scored(first), read_scored(second), rounds=rounds, seed=seed)
    table = comparison_table(comparison)
    msg.divider(table.title)
    aligns = ["l", *"r" * (len(table.header) - 1)]
    msg.table(table.rows, header=table.header, divider=True, aligns=aligns, max_col=40)
    for name in ("a", "b"):
        origin = comparison[name]
        msg.text(f"{name.upper()}: {origin['model']} ({origin['metrics']})")
    msg.text(
        f"{comparison['docs']} texts of {comparison['dataset']}, {rounds:,} rounds, seed {seed}"
    )
    if output is not None:
        with new_file(output) as temporary:
            write_json(temporary, comparison)
        msg.good(f"The comparison is in {output}")


if __name__ == "__main__":
    run(main)
