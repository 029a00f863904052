"""Turn annotations of any known format into span JSONL."""

from __future__ import annotations

from pathlib import Path

import typer
from tqdm import tqdm
from wasabi import msg

from .annotations import command_options as reading
from .annotations.formats import FORMATS
from .annotations.reading_log import agreement_table, reading_tables
from .common.console import print_lines, print_table, run
from .common.tables import Table
from .corpora.importing import Transferred, transfer

EPILOG = "Formats: " + "; ".join(f"{known.name}: {known.title}" for known in FORMATS.values())


def main(
    source: Path = typer.Argument(..., help="Annotation file, or a directory of one format"),
    output: Path = typer.Argument(..., help="Span JSONL to write"),
    lang: str = typer.Option("bn", "--lang", "-l", help="Language of the texts"),
    file_format: str | None = reading.FORMAT,
    text_key: str = reading.TEXT_KEY,
    spans_key: str | None = reading.SPANS_KEY,
    offset_unit: str = reading.OFFSET_UNIT,
    spacing: str = reading.SPACING,
    scheme: str = reading.SCHEME,
    columns: str | None = reading.COLUMNS,
    layer: str | None = reading.LAYER,
    annotators: str = reading.ANNOTATORS,
    label_map: Path | None = reading.LABEL_MAP,
) -> None:
    """Turn annotations of any known format into span JSONL, offsets in characters.

    Nothing is repaired: convert audits the result. What was assumed is printed; what was left out
    or does not fit is listed beside the output, in OUTPUT.findings.jsonl.
    """
    options = reading.read_options(
        lang=lang, file_format=file_format, text_key=text_key, spans_key=spans_key,
        offset_unit=offset_unit, spacing=spacing, scheme=scheme, columns=columns, layer=layer,
        annotators=annotators, label_map=label_map,
    )  # fmt: skip
    result = transfer(
        source, output, "span-jsonl", options, ("IOB2", False),
        lambda records: tqdm(records, unit=" records", disable=None),
    )  # fmt: skip
    print_import(result, output)


def print_import(result: Transferred, output: Path) -> None:
    """Prints how a file was read and what came of it."""
    msg.info(f"Format {result.source}, offsets are {result.unit}")
    print_lines([*result.log["assumed"], *result.reasons])
    for table in reading_tables({"input": result.log}):
        print_table(table)
    if result.agreement:
        print_table(agreement_table(result.agreement))
    for variant, main_label in result.variants.items():
        msg.warn(f"The label {variant!r} differs from {main_label!r} in case or separator alone")
    labels = [[label, count] for label, count in result.labels.most_common()]
    print_table(Table("Spans", ("label", "spans"), labels))
    if not result.spans:
        msg.warn("There is no span in the file", "Nothing can be learned from it but negatives.")
    msg.good(f"{result.records} records, {result.spans} spans: {output}")
    if result.findings:
        msg.text(f"{result.findings} findings: {result.findings_path}")


if __name__ == "__main__":
    run(main, epilog=EPILOG)
