"""Makes one self-contained page of a training: data audit, curves, scores, errors."""

from __future__ import annotations

from pathlib import Path

from typer import Option as Opt
from wasabi import msg

from .common.console import run
from .reports.build import write_report
from .reports.cautions import cautions
from .reports.inputs import load_inputs
from .reports.tables import interval, percent


def main(
    audit: Path = Opt(Path("corpus/audit.json"), help="The data audit that convert wrote"),
    log: Path = Opt(Path("training/log.jsonl"), help="The file of spacy.ConsoleLogger.v3"),
    metrics: Path = Opt(Path("metrics"), help="Directory of dev.json, test.json and their errors"),
    output: Path = Opt(Path("reports"), "--output", "-o", help="Directory to write, as a whole"),
    title: str = Opt("NER report", help="Title of the page"),
    config: Path = Opt(
        Path("training/model-best/config.cfg"), help="The trained config, for the learning rate"
    ),
) -> None:
    """Make reports/index.html: data audit, training curves, scores and errors on one page.

    Reports made into the same directory keep a history of the runs, and compare them.
    """
    inputs = load_inputs(audit, log, metrics, config)
    page = write_report(inputs, output, title=title)
    for name, evaluation in inputs.evaluations.items():
        for gold_title, gold in evaluation.metrics.gold.titled():
            score = f"F {percent(gold.micro.f)} ({interval(gold.micro.f_ci)})"
            msg.info(f"{name}, {gold_title}: {score}")
    for caution in cautions(inputs):
        msg.warn(caution)
    msg.good(f"Wrote {page}")


if __name__ == "__main__":
    run(main)
