"""Several annotated sets to one corpus: labels mapped, sizes and weights set, gaps declared."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from spacy.language import Language

from ..annotations.formats.base import WriteOptions
from ..annotations.formats.span_jsonl import write_span_jsonl
from ..annotations.reading_log import ReadingLog
from ..annotations.records import Record
from ..common.errors import UserError
from ..common.files import (
    check_replaceable,
    json_line,
    md5_of_file,
    md5_of_path,
    new_directory,
    write_json,
)
from .mix_spec import ALL, MixSpec, SetSpec
from .surveying import read_codepoints
from .tokenizer import build_tokenizer

MIX = "mix.json"
MIX_VERSION = 1
FINDINGS = "findings.jsonl"
# What a directory of a mix holds.
OURS = ("train.jsonl", "dev.jsonl", "test.jsonl", "test", "sets", MIX, FINDINGS)
# Names by which records of one set refer to each other; in a mix two sets may use the same.
NAMES = ("id", "doc", "doc_id", "document")

Progress = Callable[[Iterable[Record], str], Iterable[Record]]


@dataclass(frozen=True)
class Taken:
    """What was taken of a set.

    Args:
        split: Its split.
        spec: The set.
        records: The records taken, in the file's order, labels mapped, offsets in code points.
        read: Number of records in the file.
        labels: Labels that the file has or says that were looked for, mapped.
        silent: Whether some record says nothing of the labels that were looked for.
        format: Format of the file.
        unit: What its offsets count.
        log: What reading came to.
    """

    split: str
    spec: SetSpec
    records: Sequence[Record]
    read: int
    labels: frozenset[str]
    silent: bool
    format: str
    unit: str
    log: ReadingLog


def mix(
    spec: MixSpec,
    output: Path,
    *,
    seed: int = 0,
    sample: int | None = None,
    progress: Progress = lambda records, _: records,
) -> dict[str, Any]:
    """Mixes annotated sets and returns what ``mix.json`` holds.

    Writes ``train.jsonl``, ``dev.jsonl``, ``test.jsonl`` (or ``test/NAME.jsonl`` for each of
    several test sets) and ``sets/NAME.jsonl``, every training set alone. Spans are not changed,
    but for their labels. What is taken of the sets is held in memory.

    Args:
        spec: What to mix.
        output: Directory to write; it is replaced as a whole.
        seed: Of the draws.
        sample: Largest number of texts of each set, for trial runs.
        progress: Wraps the records of a set to show progress; gets its name.

    Raises:
        UserError: A set cannot be read or is empty, or one lacks a label of another without
            saying which labels it annotates; or the output would take an input away.
    """
    check_replaceable(output, OURS)
    _check_inputs(spec, output)
    nlp = build_tokenizer(spec.lang)
    with new_directory(output) as folder:
        with (folder / FINDINGS).open("w", encoding="utf8", newline="\n") as findings:
            taken = [
                _take(known, split, nlp, (seed, sample), findings, progress)
                for split, sets in spec.splits.items()
                for known in sets
            ]
        if not (folder / FINDINGS).stat().st_size:
            (folder / FINDINGS).unlink()
        labels = frozenset().union(*(part.labels for part in taken))
        _check_labels(taken, labels)
        _write(taken, folder, nlp)
        report = _report(taken, labels, spec, seed, sample)
        written = sorted(path for path in folder.rglob("*") if path.is_file())
        report["files"] = {p.relative_to(folder).as_posix(): md5_of_file(p) for p in written}
        write_json(folder / MIX, report)
    return report


def _check_inputs(spec: MixSpec, output: Path) -> None:
    """Refuses an input in the output, which is replaced, and an output among what is read."""
    place = output.resolve()
    for known in (known for sets in spec.splits.values() for known in sets):
        file = known.file.resolve()
        if file.is_relative_to(place) or place.is_relative_to(file):
            raise UserError(
                "The output and an annotation file lie in one another",
                where=f"{output}, {known.file}",
                todo="The output is replaced as a whole. Name another directory.",
            )


def _take(
    known: SetSpec,
    split: str,
    nlp: Language,
    draw: tuple[int, int | None],
    findings: TextIO,
    progress: Progress,
) -> Taken:
    """Reads a whole set, whatever is taken of it: which labels it has is a fact of the whole."""
    seed, most = draw
    place = f"{split} set {known.name}"

    def list_(line: dict[str, Any]) -> None:
        file = line["file"] or known.file.as_posix()
        findings.write(json_line({"split": split, "set": known.name, **line, "file": file}))

    log = ReadingLog(list_)
    reading = read_codepoints(known.file, known.options, nlp, log)
    labels: set[str] = set(known.annotates or ())
    silent = False

    def seen(records: Iterable[Record]) -> Iterator[Record]:
        nonlocal silent
        for record in filter(lambda record: known.holds(record.meta), records):
            labels.update(span.label for span in record.spans)
            labels.update(record.annotated_labels or ())
            silent = silent or record.annotated_labels is None
            yield record

    sizes = [size for size in (known.sample, most) if size is not None]
    size = min(sizes) if sizes else None
    # Of the set alone: another set in the mix must not change what is drawn of this one.
    rng = random.Random(f"{seed} {split} {known.name}") if known.order == "random" else None
    records, count = draw_records(seen(progress(reading.records, place)), size, rng)
    if not records:
        wanted = ", ".join(f"{key} {value}" for key, value in known.where.items())
        what = f"The {place} holds no record" + (f" with {wanted}" if wanted else "")
        raise UserError(what, where=str(known.file))
    return Taken(split, known, records, count, frozenset(labels), silent, reading.format.name,
                 reading.unit, log)  # fmt: skip


def draw_records(
    records: Iterable[Record], size: int | None, rng: random.Random | None
) -> tuple[list[Record], int]:
    """Takes some of a stream of records, each with the same chance, and counts them all.

    Args:
        records: The stream; it is read to its end.
        size: How many to take; None for all.
        rng: Draws them (reservoir sampling, Vitter 1985, algorithm R); None takes the first.

    Returns:
        The records in their order in the stream, and the length of the stream.
    """
    chosen: list[tuple[int, Record]] = []
    count = 0
    for index, record in enumerate(records):
        count += 1
        if size is None or len(chosen) < size:
            chosen.append((index, record))
        elif rng is not None:
            place = rng.randrange(count)
            if place < size:
                chosen[place] = (index, record)
    return [record for _, record in sorted(chosen, key=lambda pair: pair[0])], count


def _check_labels(taken: Sequence[Taken], labels: frozenset[str]) -> None:
    """Refuses a set that lacks labels without saying whether its annotators looked for them."""
    gaps = []
    for part in taken:
        known, place = part.spec, f"{part.split} set {part.spec.name}"
        if known.annotates is not None:
            others = sorted(part.labels - set(known.annotates))
            if others:
                raise UserError(
                    f"The {place} has labels that its 'annotates' does not name: "
                    f"{', '.join(others)}",
                    where=f"{place}, annotates",
                    todo="Name them there, or map them with 'labels' (null drops a label).",
                )
        elif not known.everything and part.silent and labels - part.labels:
            gaps.append(f"{place} ({known.file}) has no {', '.join(sorted(labels - part.labels))}")
    if gaps:
        raise UserError(
            "Sets lack labels that others have, and do not say whether they annotate them",
            where="\n".join(gaps),
            todo="Name the labels that its annotators looked for: 'annotates: [PER, LOC]', or "
            f"'annotates: {ALL}' if they looked for all and found none. If they did not look, what "
            "is unmarked there must not be learned as no entity.",
        )


def _prepared(part: Taken) -> Iterator[Record]:
    """The records as they are written: declared, weighted, traced, names made unique."""
    known = part.spec
    for record in part.records:
        place = f"{record.file or known.file.as_posix()}:{record.line}"
        meta = {**record.meta, "source": record.meta.get("source", place), "dataset": known.name}
        for key in NAMES:
            if isinstance(meta.get(key), (str, int)):
                meta[key] = f"{known.name}:{meta[key]}"
        if known.annotates is not None and record.annotated_labels is None:
            meta["annotated_labels"] = list(known.annotates)
        if part.split == "train" and record.weight * known.weight > 1:
            meta["weight"] = record.weight * known.weight
        yield replace(record, meta=meta)


def _write(taken: Sequence[Taken], folder: Path, nlp: Language) -> None:
    options = WriteOptions(lambda text: [(t.idx, t.idx + len(t)) for t in nlp.make_doc(text)])

    def write(parts: Sequence[Taken], path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        records = (record for part in parts for record in _prepared(part))
        write_span_jsonl(records, path, options, lambda notice: None)

    tests = [part for part in taken if part.split == "test"]
    for split in ("train", "dev", "test"):
        parts = [part for part in taken if part.split == split]
        if parts and not (split == "test" and len(tests) > 1):
            write(parts, folder / f"{split}.jsonl")
    if len(tests) > 1:
        for part in tests:
            write([part], folder / "test" / f"{part.spec.name}.jsonl")
    for part in taken:
        if part.split == "train":
            write([part], folder / "sets" / f"{part.spec.name}.jsonl")


def _report(
    taken: Sequence[Taken], labels: frozenset[str], spec: MixSpec, seed: int, sample: int | None
) -> dict[str, Any]:
    return {
        "version": MIX_VERSION,
        "lang": spec.lang,
        "seed": seed,
        "sample": sample,
        "labels": sorted(labels),
        "sets": [_set_report(part) for part in taken],
    }


def _set_report(part: Taken) -> dict[str, Any]:
    known, log = part.spec, part.log.as_dict()
    spans = Counter(span.label for record in part.records for span in record.spans)
    found = {row["label"] for row in log["labels"]}
    declared = "as each text says" if not part.silent else ALL
    return {
        "split": part.split,
        "name": known.name,
        "file": known.file.as_posix(),
        "md5": md5_of_path(known.file),
        "format": part.format,
        "unit": part.unit,
        "read": part.read,
        "taken": len(part.records),
        "order": known.order,
        **({"where": dict(known.where)} if known.where else {}),
        "weight": known.weight,
        "annotates": declared if known.annotates is None else list(known.annotates),
        "spans": dict(sorted(spans.items())),
        "labels": log["labels"],
        "unused_labels": sorted(set(known.options.labels) - found),
        "assumed": log["assumed"],
        "notices": log["notices"],
    }
