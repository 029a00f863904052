"""Convert annotation files to an audited spaCy corpus."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer
from tqdm import tqdm
from wasabi import msg

from .annotations import command_options as reading
from .annotations.faults import Fate, parse_policies
from .annotations.reading_log import agreement_table, reading_tables
from .common.console import print_lines, print_table, run
from .corpora.conversion import Settings, convert
from .corpora.datasets import test_inputs
from .corpora.passes import CHUNK

SAMPLE = Path("assets/sample")


def main(
    train: Path = typer.Option(..., help="Annotated texts to train on"),
    dev: Path | None = typer.Option(None, help="Annotated texts to choose the best model on"),
    test: str | None = typer.Option(
        None, help="Annotated texts to score the model on; several with commas, or a directory"
    ),
    output: Path = typer.Option(Path("corpus"), "--output", "-o", help="Corpus directory"),
    lang: str = typer.Option("bn", "--lang", "-l", help="Language of the tokenizer"),
    seed: int = typer.Option(0, help="Of the split"),
    dev_fraction: float = typer.Option(0.1, help="Share of train for dev, if no dev is given"),
    test_fraction: float = typer.Option(0.1, help="Share of train for test, if neither is given"),
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
    spans: str | None = typer.Option(
        None, help="For a span categorizer: key of doc.spans for all spans, overlapping ones too"
    ),
    policy: list[str] = typer.Option([], "--policy", "-p", help="FAULT=POLICY; may be repeated"),
    near_duplicate: float = typer.Option(0.8, min=0.5, max=1.0, help="Similarity of duplicates"),
    n_process: int = typer.Option(1, min=1, help="Number of processes"),
) -> None:
    """Convert annotation files to an audited spaCy corpus.

    Every span is kept, repaired, left as missing, or refused, and every one that is not kept as
    given is listed in findings.jsonl. docs/alignment.md says which fault has which policy.
    """
    options = reading.read_options(
        lang=lang, file_format=file_format, text_key=text_key, spans_key=spans_key,
        offset_unit=offset_unit, spacing=spacing, scheme=scheme, columns=columns, layer=layer,
        annotators=annotators, label_map=label_map,
    )  # fmt: skip
    inputs = {"train": train}
    if dev is not None and not _is_of_sample("dev", dev, train):
        inputs["dev"] = dev
    if test is not None and not _is_of_sample("test", Path(test), train):
        inputs.update(test_inputs(test, options))
    settings = Settings(
        lang=lang, seed=seed, dev_fraction=dev_fraction, test_fraction=test_fraction,
        near_duplicate=near_duplicate, read=options,
        policies=parse_policies(policy, overlapping=spans is not None), n_process=n_process,
        spans_key=spans,
    )  # fmt: skip
    audit = convert(inputs, output, settings, _progress)
    print_audit(audit, output)


def _is_of_sample(split: str, path: Path, train: Path) -> bool:
    """Whether project.yml's own dev or test stands beside another train: they do not belong."""
    foreign = path.parent == SAMPLE and train.parent != SAMPLE
    if foreign:
        msg.info(f"{split} is not given: {path} belongs to the sample")
    return foreign


def _progress(items: Iterable[Any], name: str) -> Iterable[Any]:
    return tqdm(items, desc=name, unit=f" × {CHUNK} records", disable=None)


def print_audit(audit: dict[str, Any], output: Path) -> None:
    """Prints what a conversion found and did."""
    msg.divider("Corpus")
    msg.info(f"Split: {audit['split_method']}")
    labels = sorted({label for split in audit["splits"].values() for label in split["labels"]})
    names = ("given", *(fate.value for fate in Fate), "taken_out", "trainable")
    rows = [
        (
            split,
            counts["docs"],
            counts["tokens"],
            *(counts["spans"][name] for name in names),
            *(counts["labels"].get(label, 0) for label in labels),
        )
        for split, counts in audit["splits"].items()
    ]
    header = ("split", "docs", "tokens", *(name.replace("_", " ") for name in names), *labels)
    msg.table(rows, header=header, divider=True, aligns=["l", *"r" * (len(header) - 1)])
    _print_spans(audit)
    _print_weights(audit)
    _print_reading(audit["reading"])
    _print_faults(audit)
    for split, leaks in audit["leaks"].items():
        msg.warn(
            f"{leaks['exact']} texts of {split} stand in an earlier split too, {leaks['near']} "
            "more nearly so",
            "What was taken out of the earlier split is counted above as leak and near-leak.",
        )
    _print_hypotheses(audit)
    lost = sum(s["spans"]["missing"] + s["spans"]["refused"] for s in audit["splits"].values())
    given = sum(s["spans"]["given"] for s in audit["splits"].values())
    msg.good(
        f"{given - lost} of {given} spans given were kept or repaired "
        f"({1 - lost / max(given, 1):.2%}); every span touched is in {output / 'findings.jsonl'}"
    )


def _print_reading(logs: dict[str, dict[str, Any]]) -> None:
    for table in reading_tables(logs):
        print_table(table)
    for log in logs.values():
        if log["agreement"]:
            print_table(agreement_table(log["agreement"]))


def _print_spans(audit: dict[str, Any]) -> None:
    """Prints what the corpus of a span categorizer holds beyond doc.ents."""
    if "spans_key" not in audit:
        return
    for split, counts in audit["splits"].items():
        spans, missing = counts["spans"], counts["docs_with_missing"]
        msg.info(
            f"{split}: doc.spans[{audit['spans_key']!r}] holds {spans['trainable']} spans, "
            f"{spans['overlapping']} of them share tokens with a longer one, which doc.ents holds"
        )
        if missing:
            msg.warn(
                f"{split}: {missing} of {counts['docs']} texts have places left missing",
                "A span categorizer knows no missing: what it suggests there would be trained as "
                "no entity. The train command keeps these suggestions from being trained on.",
            )


def _print_weights(audit: dict[str, Any]) -> None:
    """Prints what weights came to: more examples in train, nothing in dev and test."""
    for split, counts in audit["splits"].items():
        if not counts["weighted"]:
            continue
        if split == "train":
            msg.info(
                f"{counts['weighted']} texts of train have a weight: its {counts['docs']} texts "
                f"stand there as {counts['examples']} examples"
            )
        else:
            msg.info(f"{counts['weighted']} texts of {split} have a weight, which is not applied")


def _print_faults(audit: dict[str, Any]) -> None:
    fates = [fate.value for fate in Fate]
    rows = [
        (row["fault"], row["policy"], split, *(counts[fate] for fate in fates))
        for row in audit["faults"]
        for split, counts in row["splits"].items()
    ]
    if rows:
        msg.divider("Faults of spans (a span may have several)")
        aligns = ["l", "l", "l", *"r" * len(fates)]
        msg.table(rows, header=("fault", "policy", "split", *fates), divider=True, aligns=aligns)
    rows = [
        (row["fault"], row["policy"], split, *counts.values())
        for row in audit["record_faults"]
        for split, counts in row["splits"].items()
    ]
    if rows:
        msg.divider("Faults of texts")
        header = ("fault", "policy", "split", "records", "taken out", "with spans")
        msg.table(rows, header=header, divider=True, aligns=["l", "l", "l", "r", "r", "r"])


def _print_hypotheses(audit: dict[str, Any]) -> None:
    """Prints the readings that were chosen over the plain one, or that came near it."""
    msg.divider("How the files were read")
    for split, source in audit["inputs"].items():
        log = audit["reading"][split]
        msg.info(f"{split}: format {log['format']}, offsets are {log['unit']}")
        print_lines(log["assumed"])
        rows = [row for row in audit["hypotheses"] if row["path"] == source["path"]]
        close = [row for row in rows if not row["plain"]]
        for row in close:
            msg.warn(f"{split}: {row['question']}: {row['chosen']}", row["reason"])


if __name__ == "__main__":
    run(main)
