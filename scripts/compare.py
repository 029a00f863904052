"""Compare two models on the same gold: is one better, or is the difference chance?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from wasabi import msg

from .common.console import print_scores, run
from .common.files import new_file, write_json
from .scoring.comparison import compare_scored, find_metrics, pool_scored, read_scored
from .scoring.significance import ROUNDS
from .scoring.tables import comparison_table, percent


def main(
    first: str = typer.Argument(
        ...,
        help="Model A: a metrics file such as metrics/test.json, several of its seeds with commas "
        "between them, or a directory of trials",
    ),
    second: str = typer.Argument(..., help="Model B on the same gold, in the same way"),
    output: Path | None = typer.Option(None, "--output", "-o", help="Also write it as JSON"),
    dataset: str | None = typer.Option(
        None, help="Data set to take from directories, such as dev or test-NAME; test if there"
    ),
    rounds: int = typer.Option(ROUNDS, min=100, help="Of randomisation and of the bootstrap"),
    seed: int = typer.Option(0, help="Of both"),
) -> None:
    """Compare two models on the same gold: is one better, or is the difference chance?

    Strict F on repaired gold, with two paired two-sided tests over documents: approximate
    randomisation (Noreen 1989, Yeh 2000) and the paired bootstrap (Koehn 2004, Berg-Kirkpatrick
    et al. 2012). Intervals are 95 % bootstrap intervals. The p-values of labels are not corrected
    for their number.

    Of several seeds, a document's results are averaged over them: the tests then ask whether the
    difference of these trainings would hold on other documents. Mean and standard deviation of F
    over the seeds are printed beside.
    """
    sides = find_metrics([first, second], dataset)
    a, b = (pool_scored([read_scored(path) for path in paths]) for paths in sides)
    comparison = compare_scored(a, b, rounds=rounds, seed=seed)
    table = comparison_table(comparison)
    print_scores(table)
    for name in ("a", "b"):
        origin = comparison[name]
        msg.text(f"{name.upper()}: {_side(origin)}")
    msg.text(
        f"{comparison['docs']} texts of {comparison['dataset']}, {rounds:,} rounds, seed {seed}"
    )
    if output is not None:
        with new_file(output) as temporary:
            write_json(temporary, comparison)
        msg.good(f"The comparison is in {output}")


def _side(origin: dict[str, Any]) -> str:
    """What one side is; of several runs, mean ± standard deviation of their F."""
    first = f"{origin['model']} ({origin['metrics']})"
    runs = origin.get("runs")
    if not runs:
        return first
    scores = ", ".join(percent(run["f"]) for run in runs)
    spread = f"{percent(origin['f_mean'])} ± {percent(origin['f_sd'])}"
    return f"{first} and {len(runs) - 1} more: F {spread} over {len(runs)} runs ({scores})"


if __name__ == "__main__":
    run(main)
