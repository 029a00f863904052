"""Write the model card of a trained pipeline."""

from __future__ import annotations

from pathlib import Path

import typer
from wasabi import msg

from .common.console import run
from .pipelines.card import README, licence_of, write_card
from .pipelines.card_facts import cautions
from .pipelines.card_inputs import Owner, read_inputs


def main(
    model: Path = typer.Argument(Path("training/model-best"), help="Trained pipeline"),
    output: Path | None = typer.Option(
        None, "--output", "-o", help="Where the card goes; the pipeline itself by default"
    ),
    corpus: Path = typer.Option(Path("corpus"), help="Corpus directory made by convert"),
    metrics: Path = typer.Option(Path("metrics"), help="Metrics directory made by evaluate"),
    encoder: Path = typer.Option(
        Path("assets/encoders/selected"), help="Encoder directory made by encoder"
    ),
    log: Path = typer.Option(Path("training/log.jsonl"), help="Training log"),
    name: str = typer.Option("ner", "--name", "-n", help="Package name, without the language"),
    author: str = typer.Option("", help="Who made the pipeline"),
    email: str = typer.Option("", help="Where to reach them"),
    url: str = typer.Option("", help="Page of the pipeline or its author"),
    description: str = typer.Option("", help="One sentence on the pipeline"),
    licence: str | None = typer.Option(
        None, help="Of the weights, such as cc-by-4.0; an encoder's may leave no choice"
    ),
    data_licence: str | None = typer.Option(None, help="Of the training data, such as cc0-1.0"),
    data_name: str | None = typer.Option(None, help="What the training data is called"),
) -> None:
    """Write the model card of a trained pipeline: README.md, and the fields of meta.json.

    Everything in it is read from the audit, the metrics, the encoder's report and the training log;
    what is not known is called unknown or not measured. Absolute paths are taken out of config.cfg.
    """
    owner = Owner(name, author, email, url, description, licence, data_licence, data_name)
    inputs = read_inputs(
        model, corpus=corpus, metrics=metrics, encoder=encoder, log=log, owner=owner
    )
    folder = output or model
    shortened = write_card(inputs, model, folder)
    for caution in cautions(inputs):
        msg.warn(caution)
    msg.text(f"Licence of the weights: {licence_of(inputs)}")
    if shortened:
        msg.info(f"config.cfg: {shortened} absolute paths cut down to their last part")
    msg.good(f"The card is {folder / README}")


if __name__ == "__main__":
    run(main)
