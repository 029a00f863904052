"""Run spaCy's debug data on the corpus, with the config as it will be trained."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path

import typer
from spacy.cli.debug_data import debug_data
from wasabi import msg

from .common.console import run
from .common.files import new_file
from .pipelines.config import automatic_settings, read_config, use_corpus_tokenizer


def main(
    config: Path = typer.Argument(Path("configs/ner.cfg"), help="spaCy training config"),
    corpus: Path = typer.Option(Path("corpus"), help="Corpus directory made by convert"),
    encoder: Path = typer.Option(
        Path("assets/encoders/selected"), help="Encoder directory made by encoder"
    ),
    lang: str = typer.Option("bn", "--lang", "-l", help="Language of the pipeline"),
    output: Path = typer.Option(
        Path("training/debug-data.txt"), "--output", "-o", help="Where to keep what it printed"
    ),
    verbose: bool = typer.Option(False, "--verbose", "-V", help="Print more"),
) -> None:
    """Run spaCy's debug data on the corpus, with the config as it will be trained.

    What would keep a training from running was refused by convert already; what spaCy calls an
    error here, fewer than 100 texts above all, is a warning to the workflow.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        settings = automatic_settings(
            config, corpus=corpus, encoder_dir=encoder, lang=lang, seed=0, log=log, gpu=False
        )
        ready = use_corpus_tokenizer(read_config(config, settings), corpus / "tokenizer")
        path = Path(folder) / "config.cfg"
        ready.to_disk(path)
        printed = io.StringIO()
        failed = False
        with contextlib.redirect_stdout(printed):
            try:
                debug_data(path, verbose=verbose, no_format=True, silent=False)
            except SystemExit:
                failed = True
    print(printed.getvalue())
    if failed:
        msg.warn("spaCy reports errors in the data, see above; training will run all the same")
    with new_file(output) as temporary:
        temporary.write_text(printed.getvalue(), encoding="utf8", newline="\n")


if __name__ == "__main__":
    run(main)
