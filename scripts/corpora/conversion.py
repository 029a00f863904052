"""Annotation files to a corpus directory: surveyed, placed, audited, written, all or nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from spacy.language import Language

from ..annotations.audit import looked_for, reconcile
from ..annotations.faults import Policies, Policy, default_policies
from ..annotations.formats import format_of
from ..annotations.formats.base import ReadOptions
from ..annotations.reading import read_records
from ..annotations.reading_log import ReadingLog
from ..annotations.records import Span
from ..annotations.survey import Evidence, Hypothesis, Survey
from ..common.errors import UserError
from ..common.files import (
    check_replaceable,
    json_line,
    md5_of_file,
    md5_of_path,
    new_directory,
    write_json,
)
from .datasets import TEST, dataset_of, split_of
from .docbins import SHARD_DOCS, DocBinWriter
from .gold import gold_line
from .ledger import SHOWN_STOPS, Ledger
from .passes import AuditSettings, Chunk, Mapper, Worker, chunks, mapper
from .placement import place_records
from .surveying import agreements, bounded, conclude
from .table import Placement, RecordTable
from .tokenizer import build_tokenizer

AUDIT_VERSION = 1
FINDINGS = "findings.jsonl"
# What a corpus directory holds.
OURS = ("*.spacy", "*.gold.jsonl", FINDINGS, "audit.json", "tokenizer")

Progress = Callable[[Iterable[Any], str], Iterable[Any]]


@dataclass(frozen=True)
class Settings:
    """What a user can set of a conversion.

    Args:
        lang: Language of the tokenizer.
        seed: Of the split.
        dev_fraction: Share of the training records for dev, where no dev file is given.
        test_fraction: Share for test, where neither dev nor test file is given.
        near_duplicate: Jaccard similarity from which two texts are nearly the same, 0 to 1.
        policies: Policy of every fault.
        read: How to read the files.
        n_process: Number of processes.
        shard_docs: Largest number of Docs in one DocBin file.
        spans_key: Key of ``doc.spans`` for all spans, those that overlap included, for a span
            categorizer; None for a corpus of a ``ner``.
    """

    lang: str = "bn"
    seed: int = 0
    dev_fraction: float = 0.1
    test_fraction: float = 0.1
    near_duplicate: float = 0.8
    policies: Policies = field(default_factory=default_policies)
    read: ReadOptions = field(default_factory=ReadOptions)
    n_process: int = 1
    shard_docs: int = SHARD_DOCS
    spans_key: str | None = None


def convert(
    inputs: Mapping[str, Path],
    output: Path,
    settings: Settings,
    progress: Progress = lambda items, _: items,
) -> dict[str, Any]:
    """Converts annotation files to a corpus directory and returns its audit.

    Reads every file twice (three times if copies of a text differ), a chunk at a time; between the
    passes only a few numbers a record are kept. The directory is replaced when everything is
    written, and left as it was on any error.

    Args:
        inputs: ``train`` and optionally ``dev`` and ``test`` (or ``test:NAME`` for each of
            several test sets) to a file or directory; what is not given is split off train,
            except test where dev is given.
        output: The corpus directory.
        settings: See there.
        progress: Wraps an iterable of chunks to show progress; gets the pass's name.

    Returns:
        What audit.json holds.

    Raises:
        UserError: A file cannot be read, two splits are the same file, nothing can be trained
            on, or a fault was found that the policies do not allow.
    """
    _check(inputs, output)
    # A worker that cannot make its tokenizer would be started again for ever.
    nlp = build_tokenizer(settings.lang)
    with new_directory(output) as folder:
        # Before it has read a text, so that its vocabulary holds none of their words.
        nlp.to_disk(folder / "tokenizer")
        blank = AuditSettings(settings.lang, {}, settings.policies, {})
        table = RecordTable(folder)
        try:
            with mapper(blank, nlp, settings.n_process) as run:
                surveys, logs = _survey(inputs, folder, settings, table, run, progress)
            evidence, hypotheses = conclude(surveys, inputs, settings.read)
            placement = _place(table, inputs, settings)
        finally:
            table.close()
        labels = frozenset(surveys["train"].labels)
        blank = replace(blank, evidence=evidence, spans_key=settings.spans_key, labels=labels)
        known = _with_contested(inputs, settings, placement, Worker(blank, nlp))
        with mapper(known, nlp, settings.n_process) as run:
            ledger = _write(inputs, folder, settings, placement, run, progress)
        _refuse(ledger, settings)
        audit = _audit(inputs, folder, settings, surveys, placement, hypotheses, ledger)
        audit["reading"] = _reading(inputs, settings, logs, evidence, nlp)
        write_json(folder / "audit.json", audit)
    return audit


def _place(table: RecordTable, inputs: Mapping[str, Path], settings: Settings) -> Placement:
    return place_records(
        table, [split_of(name) for name in inputs], _fractions(inputs, settings),
        settings.policies, threshold=settings.near_duplicate, seed=settings.seed,
    )  # fmt: skip


def _check(inputs: Mapping[str, Path], output: Path) -> None:
    check_replaceable(output, OURS)
    if any(output.resolve() in path.resolve().parents for path in inputs.values()):
        raise UserError("An input file lies in the output directory", where=str(output))
    digests: dict[str, str] = {}
    for split, path in inputs.items():
        if not path.exists():
            raise UserError(
                f"There is no {split} file", where=str(path), todo="Check the path given."
            )
        digest = md5_of_path(path)
        if digest in digests:
            raise UserError(
                f"{digests[digest]} and {split} are the same file",
                where=str(path),
                todo="A score on texts that were trained on says nothing. Give train alone, and "
                "dev and test are split off it.",
            )
        digests[digest] = split


def _fractions(inputs: Mapping[str, Path], settings: Settings) -> dict[str, float]:
    if "dev" in inputs:
        return {}
    shares = {"dev": settings.dev_fraction}
    if not any(split_of(name) == TEST for name in inputs):
        shares["test"] = settings.test_fraction
    rest = 1 - sum(shares.values())
    if rest <= 0 or min(shares.values()) <= 0:
        raise UserError(
            "The dev and test fractions leave nothing for one of the splits",
            where=", ".join(f"{split} {share}" for split, share in shares.items()),
        )
    return {"train": rest, **shares}


def _chunks(
    inputs: Mapping[str, Path], settings: Settings, logs: Mapping[str, ReadingLog] | None = None
) -> Iterator[Chunk]:
    """Reads all files a chunk at a time; what reading tells goes to the logs, if there are any."""
    for split, path in inputs.items():
        log = logs[split] if logs else ReadingLog()
        found = read_records(path, settings.read, log.tell, log.labels)
        yield from chunks(split, (bounded(record, path) for record in found))


def _survey(
    inputs: Mapping[str, Path],
    folder: Path,
    settings: Settings,
    table: RecordTable,
    run: Mapper,
    progress: Progress,
) -> tuple[dict[str, Survey], dict[str, ReadingLog]]:
    """Pass one: counts over each file, keys of each record, and what reading came to."""
    surveys = {split: Survey() for split in inputs}
    order = list(inputs)
    waiting: list[Chunk] = []
    with (folder / FINDINGS).open("w", encoding="utf8", newline="\n") as findings:
        logs = {split: ReadingLog(_sink(findings, split, path)) for split, path in inputs.items()}

        def jobs() -> Iterator[Chunk]:
            for chunk in _chunks(inputs, settings, logs):
                waiting.append(chunk)
                yield chunk

        for result in progress(run("survey", jobs()), "survey"):
            chunk = waiting.pop(0)
            surveys[chunk.file].update(result.survey)
            for record, print_ in zip(chunk.records, result.fingerprints, strict=True):
                labels = [span.label for span in record.spans]
                table.add(order.index(chunk.file), print_, labels)
    _check_surveys(surveys, inputs)
    return surveys, logs


def _sink(findings: TextIO, split: str, path: Path) -> Callable[[dict[str, Any]], None]:
    def write(line: dict[str, Any]) -> None:
        findings.write(json_line({"split": split, **line, "file": line["file"] or str(path)}))

    return write


def _check_surveys(surveys: Mapping[str, Survey], inputs: Mapping[str, Path]) -> None:
    for split, survey in surveys.items():
        if not survey.records:
            raise UserError(f"The {split} file holds no record", where=str(inputs[split]))
    if not surveys["train"].spans:
        raise UserError(
            "The training file holds no span: there is nothing to learn",
            where=str(inputs["train"]),
            todo="If the spans stand under another key, name it with --spans-key.",
        )


def _with_contested(
    inputs: Mapping[str, Path], settings: Settings, placement: Placement, worker: Worker
) -> AuditSettings:
    """Adds to the worker's settings what the copies of texts annotated in several ways come to."""
    if not placement.contested:
        return worker.settings
    wanted = set(placement.contested)
    versions: dict[tuple[str, str], list[frozenset[Span]]] = defaultdict(list)
    looked: dict[tuple[str, str], list[frozenset[str] | None]] = defaultdict(list)
    index = 0
    for chunk in _chunks(inputs, settings):
        for record in chunk.records:
            if index in wanted:
                split = placement.splits[index]
                edges = worker.edges(record)[1]
                audit = worker.audit_one(record, edges, chunk.file, split)
                versions[split, record.text].append(frozenset(audit.trainable))
                looked[split, record.text].append(audit.annotated)
            index += 1
    policy = settings.policies["contested"]
    reconciled = {key: reconcile(found, policy, looked[key]) for key, found in versions.items()}
    contested = {key: copies for key, copies in reconciled.items() if copies is not None}
    united = {} if policy is Policy.KEEP else {k: looked_for(own) for k, own in looked.items()}
    return replace(worker.settings, contested=contested, annotated=united)


def _write(
    inputs: Mapping[str, Path],
    folder: Path,
    settings: Settings,
    placement: Placement,
    run: Mapper,
    progress: Progress,
) -> Ledger:
    """Pass two: DocBins, findings and the gold of dev and test; returns the books."""
    ledger = Ledger(settings.policies)
    names = [split for split in ("train", "dev", "test") if split in set(placement.splits)]
    writers = {name: DocBinWriter(folder / f"{name}.spacy", settings.shard_docs) for name in names}
    waiting: list[tuple[Chunk, int]] = []
    jobs = _audit_jobs(_chunks(inputs, settings), placement, waiting)
    gold = {name: (folder / f"{name}.gold.jsonl").open("w", encoding="utf8", newline="\n")
            for name in names if name != "train"}  # fmt: skip
    findings = (folder / FINDINGS).open("a", encoding="utf8", newline="\n")
    try:
        for result in progress(run("audit", jobs), "audit"):
            chunk, first = waiting.pop(0)
            for split, docs in result.docs.items():
                writers[split].add(docs)
            for i, (audit, tokens) in enumerate(zip(result.audits, result.tokens, strict=True)):
                index = first + i
                split = placement.splits[index]
                file = audit.record.file or str(inputs[chunk.file])
                dropped = placement.dropped.get(index, audit.dropped)
                lines = ledger.enter(
                    audit, split=split, file=file, tokens=tokens,
                    faults=placement.faults.get(index, {}), dropped=dropped,
                )  # fmt: skip
                findings.writelines(json_line(line) for line in lines)
                if split in gold and dropped is None:
                    every = settings.spans_key is not None
                    line = gold_line(audit, file, dataset_of(chunk.file), spans=every)
                    gold[split].write(json_line(line))
    finally:
        for file in (findings, *gold.values()):
            file.close()
    for writer in writers.values():
        writer.close()
    return ledger


def _audit_jobs(
    stream: Iterable[Chunk], placement: Placement, waiting: list[tuple[Chunk, int]]
) -> Iterator[tuple[Chunk, list[str], list[bool]]]:
    """Jobs of pass two; puts each chunk and the index of its first record on the waiting list."""
    index = 0
    for chunk in stream:
        stop = index + len(chunk.records)
        waiting.append((chunk, index))
        wanted = [i not in placement.dropped for i in range(index, stop)]
        yield chunk, placement.splits[index:stop], wanted
        index = stop


def _refuse(ledger: Ledger, settings: Settings) -> None:
    if ledger.stops:
        shown = [f"{place}: {code}" for place, code in ledger.stops[:SHOWN_STOPS]]
        if len(ledger.stops) > SHOWN_STOPS:
            shown.append(f"… and {len(ledger.stops) - SHOWN_STOPS} more")
        codes = Counter(code for _, code in ledger.stops)
        counted = ", ".join(f"{n} × {code}" for code, n in codes.most_common())
        raise UserError(
            f"Annotations would be lost that no policy allows to lose: {counted}",
            where="\n".join(shown),
            todo="Mend the file, or say what may be done, for example "
            f"--policy {next(iter(codes))}=drop. Nothing was written.",
        )
    if not ledger.splits["train"].spans["trainable"]:
        raise UserError(
            "No span of the training set is left to train on",
            todo="See the faults: python -m scripts.convert --help lists the options that say "
            "how a file is to be read.",
        )


def _audit(
    inputs: Mapping[str, Path],
    folder: Path,
    settings: Settings,
    surveys: Mapping[str, Survey],
    placement: Placement,
    hypotheses: Mapping[str, list[Hypothesis]],
    ledger: Ledger,
) -> dict[str, Any]:
    written = sorted(p for p in folder.rglob("*") if p.is_file())
    return {
        "version": AUDIT_VERSION,
        "lang": settings.lang,
        "seed": settings.seed,
        **({} if settings.spans_key is None else {"spans_key": settings.spans_key}),
        "inputs": {
            split: {
                "path": path.as_posix(),
                "md5": md5_of_path(path),
                "records": surveys[split].records,
            }
            for split, path in inputs.items()
        },
        "splits": {split: ledger.splits[split].as_dict() for split in ("train", "dev", "test")
                   if split in ledger.splits},
        "split_method": placement.method,
        "leaks": placement.leaks,
        "faults": ledger.fault_rows(),
        "record_faults": ledger.record_rows(),
        "hypotheses": [
            {"path": inputs[split].as_posix(), **asdict(hypothesis), "plain": hypothesis.plain}
            for split, found in hypotheses.items()
            for hypothesis in found
        ],
        "policies": {code: policy.value for code, policy in settings.policies.items()},
        "files": {p.relative_to(folder).as_posix(): md5_of_file(p) for p in written},
    }  # fmt: skip


def _reading(
    inputs: Mapping[str, Path],
    settings: Settings,
    logs: Mapping[str, ReadingLog],
    evidence: Mapping[str, Evidence],
    nlp: Language,
) -> dict[str, dict[str, Any]]:
    """What reading each input came to: format, assumptions, notices, labels, agreement."""
    return {
        split: {
            "format": format_of(path, settings.read).name,
            "unit": evidence[split].unit,
            **logs[split].as_dict(),
            "agreement": agreements(path, settings.read, evidence[split].unit, nlp)
            if logs[split].notices["several-annotators"]
            else [],
        }
        for split, path in inputs.items()
    }
