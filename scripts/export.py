"""Write records or predictions in the format of an annotation tool."""

from __future__ import annotations

from pathlib import Path

import typer
from tqdm import tqdm
from wasabi import msg

from .annotations import command_options as reading
from .annotations.formats import FORMATS
from .annotations.reading_log import reading_tables
from .annotations.schemes import SCHEMES
from .common.console import print_table, run
from .common.errors import UserError
from .corpora.importing import transfer

WRITABLE = [known.name for known in FORMATS.values() if known.write is not None]
EPILOG = "Formats: " + "; ".join(f"{name}: {FORMATS[name].title}" for name in WRITABLE)


def main(
    source: Path = typer.Argument(..., help="Span JSONL, or any annotation file that import reads"),
    output: Path = typer.Argument(
        ..., help="File to write, or directory for formats of many files"
    ),
    to: str = typer.Option(..., help=f"Format to write: {', '.join(WRITABLE)}"),
    lang: str = typer.Option("bn", "--lang", "-l", help="Language of the tokenizer"),
    tags: str = typer.Option("IOB2", help=f"Tag scheme to write: {', '.join(SCHEMES)}"),
    predicted: bool = typer.Option(False, "--predicted", help="The spans are a model's"),
    label_map: Path | None = reading.LABEL_MAP,
) -> None:
    """Write records or predictions in the format of an annotation tool.

    A span that the format cannot hold is counted and listed in OUTPUT.findings.jsonl.
    """
    if to not in WRITABLE:
        raise UserError(
            f"The format {to!r} cannot be written", where="--to",
            todo=f"Possible: {', '.join(WRITABLE)}.",
        )  # fmt: skip
    if tags not in SCHEMES:
        raise UserError(
            f"There is no tag scheme {tags!r}", where="--tags",
            todo=f"Possible: {', '.join(SCHEMES)}.",
        )  # fmt: skip
    options = reading.read_options(
        lang=lang, file_format=None, text_key="text", spans_key=None, offset_unit="auto",
        spacing="auto", scheme="auto", columns=None, layer=None, annotators="union",
        label_map=label_map,
    )  # fmt: skip
    result = transfer(
        source, output, to, options, (tags, predicted),
        lambda records: tqdm(records, unit=" records", disable=None),
    )  # fmt: skip
    for table in reading_tables({"input": result.log}):
        print_table(table)
    unwritten = result.log["notices"].get("not-written", {"spans": 0})["spans"]
    msg.good(
        f"{result.records} records, {result.spans - unwritten} of {result.spans} spans as {to}: "
        f"{output}"
    )
    if result.findings:
        msg.text(f"{result.findings} findings: {result.findings_path}")


if __name__ == "__main__":
    run(main, epilog=EPILOG)
