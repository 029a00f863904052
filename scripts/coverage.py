"""Count how long the spans of a corpus are, and which of them a span categorizer can reach."""

from __future__ import annotations

from pathlib import Path

import typer
from wasabi import msg

from .common.console import print_table, run
from .common.tables import Table
from .corpora.coverage import LengthRow, SpanLengths, by_label, by_length
from .corpora.datasets import TEST
from .pipelines.suggestions import LONGEST, train_lengths

SPLITS = ("train", "dev", TEST)


def main(
    corpus: Path = typer.Argument(Path("corpus"), help="Corpus directory made by convert"),
    max_length: int = typer.Option(
        LONGEST, "--max-length", "-n", min=1, help="Longest span that is suggested, in tokens"
    ),
) -> None:
    """Count how long the spans of a corpus are, and which of them a span categorizer can reach.

    A span categorizer judges every span of 1 to N tokens; an entity that is longer can be neither
    learned nor found. The spans are those that it would learn, doc.spans of a corpus made with
    convert --spans, else the entities.
    """
    present = [split for split in SPLITS if (corpus / f"{split}.spacy").exists()]
    lengths = {split: train_lengths(corpus, split) for split in present or ["train"]}
    for split, found in lengths.items():
        print_table(_lengths_table(split, found, max_length))
        print_table(_labels_table(split, found, max_length))
    for split, found in lengths.items():
        msg.info(_sentence(split, found, max_length))


def _lengths_table(split: str, lengths: SpanLengths, max_length: int) -> Table:
    """By length: spans, those reached, and what a suggester up to this very length would give."""
    total, texts = lengths.spans.total(), max(lengths.docs.total(), 1)
    rows = [
        (
            row.name,
            f"{row.spans:,}",
            f"{row.reached:,}",
            f"{lengths.reached(row.longest) / total:.2%}",
            f"{lengths.suggestions(row.longest) / texts:,.0f}",
        )
        for row in by_length(lengths, max_length)
    ]
    header = ("tokens", "spans", "reached", "share up to here", "suggestions per text up to here")
    return Table(f"{split}: spans by length, suggestions of 1 to {max_length} tokens", header, rows)


def _labels_table(split: str, lengths: SpanLengths, max_length: int) -> Table:
    rows = [_label_row(row) for row in by_label(lengths, max_length)]
    header = ("label", "spans", "reached", "share", "longest")
    return Table(f"{split}: spans by label, suggestions of 1 to {max_length} tokens", header, rows)


def _label_row(row: LengthRow) -> tuple[str, ...]:
    return row.name, f"{row.spans:,}", f"{row.reached:,}", f"{row.share:.2%}", str(row.longest)


def _sentence(split: str, lengths: SpanLengths, max_length: int) -> str:
    total, reached = lengths.spans.total(), lengths.reached(max_length)
    return (
        f"{split}: {reached:,} of {total:,} spans reached ({reached / max(total, 1):.2%}), "
        f"{total - reached:,} out of reach; {lengths.suggestions(max_length):,} suggestions in "
        f"{lengths.docs.total():,} texts"
    )


if __name__ == "__main__":
    run(main)
