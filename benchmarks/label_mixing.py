"""Three ways to train on sets with different labels, side by side.

    python -m benchmarks.label_mixing SPEC.yml --config configs/ner_cpu.cfg --seeds 3
    python -m benchmarks.label_mixing SPEC.yml --encoder assets/encoders/selected --seeds 3

Mixes the sets of SPEC.yml (docs/mixing.md) and trains on them with each of several seeds:

- keep: what a set does not annotate is learned as no entity (naive mixing);
- missing: the unmarked tokens of such a set are not trained on;
- fill: a teacher, trained on the sets that annotate the label, fills it in first.

All are scored on the same dev and test, each test set and all together. Started again, it runs
only what is not finished. Writes benchmarks/results/label_mixing.json and prints the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import srsly
import typer
from tqdm import tqdm
from wasabi import msg

from scripts.annotations.faults import parse_policies
from scripts.annotations.formats.base import ReadOptions, WriteOptions
from scripts.annotations.formats.span_jsonl import write_span_jsonl
from scripts.annotations.reading import read_records
from scripts.annotations.records import Record
from scripts.common.console import print_table, run
from scripts.common.devices import find_device
from scripts.common.errors import UserError
from scripts.common.files import md5_of_file, new_file, write_json
from scripts.common.tables import Table
from scripts.corpora.conversion import Settings, convert
from scripts.corpora.datasets import test_inputs
from scripts.corpora.mix_spec import ALL, read_spec
from scripts.corpora.mixing import mix
from scripts.experiments.children import Children, alone_in
from scripts.experiments.setup import Setup, machine
from scripts.experiments.summary import percent, summarise
from scripts.experiments.trials import run_trials
from scripts.inference.confidence import find_calibration
from scripts.inference.filling import Tally, Thresholds, fill
from scripts.inference.predict import load_pipeline

RESULTS = Path(__file__).parent / "results" / "label_mixing.json"
WAYS = ("keep", "missing", "fill")
FAULT = "unannotated-label"


@dataclass(frozen=True)
class Bench:
    """What all trainings have in common, and where they go."""

    lang: str
    config: Path
    encoder: Path
    gpu_id: str
    options: tuple[str, ...]
    work: Path
    children: Children

    def convert(self, train: Path, name: str, policy: str, dev: Path | None = None) -> Path:
        folder, output = self.work / "mix", self.work / "corpora" / name
        inputs = {"train": train, "dev": dev or folder / "dev.jsonl"}
        test = next(p for p in (folder / "test", folder / "test.jsonl") if p.exists())
        inputs.update(test_inputs(str(test), ReadOptions(lang=self.lang)))
        policies = parse_policies([f"{FAULT}={policy}"])
        convert(inputs, output, Settings(lang=self.lang, policies=policies))
        return output

    def train(self, corpus: Path, seeds: Sequence[int], output: Path) -> dict[str, Any]:
        setup = Setup(self.config, corpus, self.encoder, self.lang, self.gpu_id, self.options)
        with alone_in(output):
            report = run_trials(setup, seeds, output, run=self.children.run,
                                stop=self.children.stop)  # fmt: skip
        if report["failed"]:
            raise UserError("A seed failed", where=str(output / "logs"))
        return report


def teachers(report: dict[str, Any]) -> dict[tuple[str, ...], list[str]]:
    """Sets that can teach, and what: names of training sets to labels that other sets lack.

    A set of which each text says for itself what was looked for teaches nothing.
    """
    annotated: dict[str, set[str]] = {}
    for part in report["sets"]:
        if part["split"] == "train":
            said = part["annotates"]
            of_texts = set(report["labels"]) if said == ALL else set()
            annotated[part["name"]] = of_texts if isinstance(said, str) else set(said)
    found: dict[tuple[str, ...], list[str]] = {}
    for label in report["labels"]:
        sets = tuple(sorted(name for name, labels in annotated.items() if label in labels))
        if sets and len(sets) < len(annotated):
            found.setdefault(sets, []).append(label)
    return found


def fill_all(bench: Bench, gaps: dict[tuple[str, ...], list[str]]) -> tuple[Path, dict[str, Any]]:
    """Trains a teacher for each group of labels and fills the mix; gives its file and counts."""
    source = bench.work / "mix" / "train.jsonl"
    counts = {}
    for sets, labels in gaps.items():
        name = "-".join(labels)
        folder = bench.work / "teachers" / name
        train, dev = folder / "train.jsonl", folder / "dev.jsonl"
        _write(_of_sets(bench, sets), train)
        _write(_annotating(bench.work / "mix" / "dev.jsonl", labels), dev)
        corpus = bench.convert(train, f"teacher-{name}", "missing", dev)
        bench.train(corpus, [0], folder / "trials")
        model, metrics = folder / "trials" / "best", folder / "metrics"
        bench.children.run(
            ["scripts.calibrate", str(model), "--corpus", str(corpus), "--output", str(metrics),
             "--gpu-id", bench.gpu_id], folder / "calibrate.txt",
        )  # fmt: skip
        target = folder / "filled.jsonl"
        counts[name] = _fill(bench, model, metrics / "calibration.json", labels, (source, target))
        source = target
    return source, counts


def _fill(
    bench: Bench, model: Path, calibration: Path, labels: list[str], files: tuple[Path, Path]
) -> dict[str, Any]:
    nlp = load_pipeline(model, find_device(bench.gpu_id).gpu_id)
    known, words = find_calibration(calibration, model)
    tally = Tally()
    records = tqdm(read_records(files[0]), desc="fill", unit=" records", disable=None)
    _write(fill(nlp, records, Thresholds(), known, tally, labels), files[1])
    fates = {label: dict(sorted(own.items())) for label, own in sorted(tally.fates.items())}
    return {"texts": tally.filled, "confidences": words.split(" by ")[0], "fates": fates}


def _of_sets(bench: Bench, names: Iterable[str]) -> Iterable[Record]:
    for name in names:
        yield from read_records(bench.work / "mix" / "sets" / f"{name}.jsonl")


def _annotating(path: Path, labels: Iterable[str]) -> list[Record]:
    records = [
        record
        for record in read_records(path)
        if record.annotated_labels is None or record.annotated_labels.issuperset(labels)
    ]
    if not records:
        raise UserError(f"No dev set annotates {', '.join(labels)}", where=str(path))
    return records


def _write(records: Iterable[Record], path: Path) -> None:
    options = WriteOptions(lambda text: [])
    with new_file(path) as temporary:
        write_span_jsonl(records, temporary, options, lambda notice: None)


def summary(folder: Path, seeds: Sequence[int]) -> dict[str, Any]:
    """F over the seeds on repaired gold, by test set: all labels together, and each."""
    found: dict[str, dict[str, list[float | None]]] = {}
    for seed in seeds:
        for path in sorted((folder / f"seed-{seed}" / "metrics").glob("test*.json")):
            gold = srsly.read_json(path)["gold"]["repaired"]
            own = found.setdefault(path.stem, {})
            own.setdefault("micro", []).append(gold["micro"]["f"])
            for label, scores in gold["labels"].items():
                own.setdefault(label, []).append(scores["f"])
    return {
        name: {label: summarise(values) for label, values in own.items()}
        for name, own in found.items()
    }


def table(ways: dict[str, Any]) -> Table:
    """F in percent, mean ± sd over the seeds: a row for each test set and label."""
    rows = []
    for name, labels in next(iter(ways.values()))["f"].items():
        for label in labels:
            scores = [ways[way]["f"].get(name, {}).get(label) for way in ways]
            cells = ["–" if s is None else f"{percent(s['mean'])} ± {percent(s['sd'])}"
                     for s in scores]  # fmt: skip
            rows.append((name, label, *cells))
    return Table(
        "Strict F, repaired gold, mean ± sd over the seeds", ("gold", "label", *ways), rows
    )


def main(
    ctx: typer.Context,
    spec: Path = typer.Argument(..., help="A mix: docs/mixing.md"),
    config: Path = typer.Option(Path("configs/ner.cfg"), help="spaCy training config"),
    encoder: Path = typer.Option(Path("assets/encoders/selected"), help="Encoder directory"),
    seeds: int = typer.Option(3, min=1, help="Number of seeds"),
    sample: int | None = typer.Option(None, min=1, help="At most so many texts of each set"),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    work: Path = typer.Option(Path("training/label_mixing"), help="Where trainings go"),
    output: Path = typer.Option(RESULTS, "--output", "-o", help="JSON to write"),
) -> None:
    """Compare three ways to train on sets with different labels."""
    mixture = read_spec(spec)
    report = mix(mixture, work / "mix", sample=sample)
    gaps = teachers(report)
    if not gaps or not {"dev", "test"} <= set(mixture.splits):
        raise UserError(
            "The mix must have dev and test, and a label that one training set annotates and "
            "another does not", where=str(spec),
        )  # fmt: skip
    numbers = list(range(seeds))
    ways: dict[str, Any] = {}
    with Children() as children:
        bench = Bench(mixture.lang, config, encoder, gpu_id, tuple(ctx.args), work, children)
        filled, counts = fill_all(bench, gaps)
        for way in WAYS:
            train = filled if way == "fill" else work / "mix" / "train.jsonl"
            corpus = bench.convert(train, way, "keep" if way == "keep" else "missing")
            msg.info(f"{way}: {seeds} trainings")
            trials = bench.train(corpus, numbers, work / "trials" / way)
            audit = srsly.read_json(corpus / "audit.json")["splits"]["train"]
            ways[way] = {
                "f": summary(work / "trials" / way, numbers),
                "train": {"docs": audit["docs"], "labels": audit["labels"]},
                "seconds": [row["seconds"] for row in trials["seeds"]],
            }
    with new_file(output) as temporary:
        write_json(temporary, {
            "version": 1, "spec": spec.name, "spec_md5": md5_of_file(spec), "sets": report["sets"],
            "config": config.as_posix(), "options": list(ctx.args), "seeds": numbers,
            "sample": sample, "filled": counts, "ways": ways, "machine": machine(),
        })  # fmt: skip
    print_table(table(ways))
    msg.good(f"All numbers are in {output}")


if __name__ == "__main__":
    run(main, more_options=True)
