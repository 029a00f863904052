"""A small student that learns from what a large teacher says of raw texts, beside both of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import spacy
import srsly

from ..common.devices import find_device
from ..common.errors import UserError
from ..common.files import md5_of_file, md5_of_path, new_file, write_json
from ..common.tables import Table
from ..corpora.conversion import Settings
from ..corpora.gold import read_gold
from ..inference.filling import Thresholds
from ..inference.marking import Marker, calibration_of
from ..inference.predict import load_pipeline, predict
from ..pipelines.meta import check_corpus
from .children import Runner, remove
from .setup import Setup, check, differences, machine, read_record, write_record
from .silver import Progress, leaked, mark_silver, student_corpus
from .summary import percent, summarise
from .trials import GOLDS, Seed, read_scores, run_trials

RESULT = "distill.json"
VERSION = 1
SILVER = "silver.jsonl"
# The speed is taken on so many words of dev and test, so many times after a first that warms up.
SPEED_WORDS = 10_000
SPEED_PASSES = 3
NAMES = {"teacher": "teacher", "student": "student, gold and silver",
         "gold_alone": "student, gold alone"}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """What is distilled.

    Args:
        teacher: The trained pipeline that marks the raw texts.
        texts: Raw texts, as ``predict`` reads them.
        setup: How students are trained; its corpus is the gold one.
        thresholds: What becomes of an entity, by the teacher's confidence.
        seeds: The students' seeds.
        calibration: What ``calibrate`` wrote for the teacher; None looks in its directory, then in
            ``metrics``.
        other_corpus: Whether the teacher may have been trained on another corpus.
    """

    teacher: Path
    texts: Path
    setup: Setup
    thresholds: Thresholds
    seeds: Sequence[int]
    calibration: Path | None = None
    other_corpus: bool = False


def run_distillation(
    request: Request,
    output: Path,
    *,
    run: Runner,
    tell: Callable[[str], None] = lambda line: None,
    done: Callable[[Seed], None] = lambda seed: None,
    progress: Progress = lambda items: items,
) -> dict[str, Any]:
    """Marks raw texts, trains a student on gold and silver and one on gold alone, compares them.

    What is finished is not done again: the marked texts, each seed's student, the teacher's scores.
    Speeds are taken anew each time, on the CPU, one pipeline after the other.

    Args:
        request: What is distilled.
        output: Directory of everything that is made.
        run: Runs a command.
        tell: Is told what comes next.
        done: Is told of every student as it ends.
        progress: Wraps what takes long.

    Returns:
        What ``distill.json`` holds.

    Raises:
        UserError: Something cannot be trained or read, the teacher was trained on another corpus,
            or the output holds what was made from something else.
    """
    gold = request.setup
    audit = _check(request)
    known = check_corpus(request.teacher, gold.corpus, other=request.other_corpus)
    silver = _silver(request, output, audit, tell, progress)
    trials = {}
    for name, corpus in (("student", output / "corpus"), ("gold_alone", gold.corpus)):
        tell(f"Training: {NAMES[name]}")
        setup = replace(gold, corpus=corpus)
        trials[name] = run_trials(setup, request.seeds, output / name, run=run, done=done)
    tell("Scoring the teacher")
    scores = {"teacher": _single(_teacher_scores(request, output, run)),
              **{name: found["summary"] for name, found in trials.items()}}  # fmt: skip
    tell("Taking the speeds, on the CPU")
    texts = speed_texts(gold.corpus)
    report = {
        **_settings(request),
        "teacher_trained_on_this_corpus": known,
        "silver": silver,
        "failed": sum(found["failed"] for found in trials.values()),
        "systems": _systems(request.teacher, output, scores, texts),
        "speed_on": {"texts": len(texts), "passes": SPEED_PASSES},
        "machine": machine(),
    }
    with new_file(output / RESULT) as temporary:
        write_json(temporary, report)
    return report


def _systems(
    teacher: Path, output: Path, scores: dict[str, Any], texts: Sequence[str]
) -> dict[str, Any]:  # fmt: skip
    """Teacher and students with F, size and speed."""
    systems = {}
    for name, f in scores.items():
        model = teacher if name == "teacher" else output / name / "best"
        systems[name] = {"model": model.as_posix(), "f": f, "bytes": size_of(model),
                         **speed(model, texts)}  # fmt: skip
    return systems


def _check(request: Request) -> dict[str, Any]:
    """Finds what would fail later, and gives the audit of the gold corpus."""
    corpus = request.setup.corpus
    check(request.setup)
    audit = srsly.read_json(corpus / "audit.json")
    if audit.get("spans_key"):
        raise UserError(
            "The corpus is one of a span categorizer: the teacher's entities are not all its spans",
            where=str(corpus),
            todo="Make one for ner: leave out --spans of convert.",
        )
    return audit


def _settings(request: Request) -> dict[str, Any]:
    return {
        "version": VERSION,
        "teacher": request.teacher.as_posix(),
        "texts": request.texts.as_posix(),
        "thresholds": asdict(request.thresholds),
        "seeds": list(request.seeds),
        "config": request.setup.config.as_posix(),
    }


def _silver(
    request: Request, output: Path, audit: dict[str, Any], tell: Callable[[str], None],
    progress: Progress,
) -> dict[str, Any]:  # fmt: skip
    """Makes OUTPUT/silver and OUTPUT/corpus, unless they are finished, and gives the counts."""
    calibration = calibration_of(request.teacher, request.calibration)
    origin = {
        "teacher_md5": md5_of_path(request.teacher),
        "texts_md5": md5_of_path(request.texts) if request.texts.exists() else None,
        "corpus_md5": md5_of_file(request.setup.corpus / "audit.json"),
        "calibration_md5": md5_of_file(calibration) if calibration.is_file() else None,
        "thresholds": asdict(request.thresholds),
    }
    folder = output / "silver"
    record = read_record(folder)
    if record and (output / "corpus" / "audit.json").is_file():
        differing = differences(record["made_from"], origin)
        if differing:
            raise UserError(
                f"The directory holds a distillation of other settings: {', '.join(differing)} "
                "differ",
                where=str(output),
                todo="Name another directory, or remove this one.",
            )
        tell("The texts were marked before")
        return record["counts"]
    tell("Marking the texts")
    marker = Marker.load(
        request.teacher, gpu_id=find_device(request.setup.gpu_id).gpu_id, confidence=True,
        calibration=request.calibration,
    )  # fmt: skip
    counts = mark_silver(
        marker, request.texts, request.setup.corpus, folder / SILVER, request.thresholds, progress
    )
    tell("Converting gold and silver")
    settings = Settings(lang=audit["lang"], seed=audit["seed"])
    made = student_corpus(
        request.setup.corpus, folder / SILVER, output / "corpus", settings, progress
    )
    train = made["splits"]["train"]
    result = {
        **counts.as_dict(),
        "confidences": marker.calibrated,
        "leaks": leaked(made),
        "train_docs": {"gold": audit["splits"]["train"]["docs"], "gold_and_silver": train["docs"]},
    }
    write_record(folder, {"made_from": origin, "counts": result})
    return result


def _teacher_scores(request: Request, output: Path, run: Runner) -> dict[str, Any]:
    """The teacher's F on each data set and gold, scored once."""
    folder = output / "teacher"
    origin = {
        "teacher_md5": md5_of_path(request.teacher),
        "corpus_md5": md5_of_file(request.setup.corpus / "audit.json"),
    }
    record = read_record(folder)
    if record and not differences(record["made_from"], origin):
        return record["f"]
    remove(folder)
    words = request.setup.evaluate(request.teacher, folder / "metrics")
    run([*words, *(["--other-corpus"] if request.other_corpus else [])],
        output / "logs" / "teacher.txt")  # fmt: skip
    scores = read_scores(folder / "metrics")
    write_record(folder, {"made_from": origin, "f": scores})
    return scores


def _single(scores: dict[str, Any]) -> dict[str, Any]:
    """Scores of one model in the form of those of several seeds."""
    return {
        name: {gold: summarise([own[gold]]) for gold in GOLDS} for name, own in scores.items()
    }  # fmt: skip


def speed_texts(corpus: Path) -> list[str]:
    """Texts of dev and test, until they hold SPEED_WORDS words, parted by blanks."""
    texts, words = [], 0
    for split in ("dev", "test"):
        path = corpus / f"{split}.gold.jsonl"
        for gold in read_gold(path) if path.is_file() else ():
            if words >= SPEED_WORDS:
                return texts
            texts.append(gold.text)
            words += len(gold.text.split())
    return texts


def speed(model: Path, texts: Sequence[str]) -> dict[str, Any]:
    """Words (spaCy tokens) a second with which a pipeline marks texts on the CPU.

    The median of SPEED_PASSES passes over all texts, after one over a few that loads and warms up
    what is made at first use; the slowest and the fastest stand beside it.
    """
    # A teacher that marked on a GPU has left spaCy there.
    spacy.require_cpu()
    nlp = load_pipeline(model, -1)
    for _ in predict(nlp, texts[:20]):
        pass
    found = []
    for _ in range(SPEED_PASSES):
        started = time.perf_counter()
        words = sum(len(doc) for doc in predict(nlp, texts))
        found.append(round(words / (time.perf_counter() - started), 1))
    return {"words_per_second": statistics.median(found), "slowest": min(found),
            "fastest": max(found)}  # fmt: skip


def size_of(model: Path) -> int:
    """Bytes of all files of a pipeline."""
    return sum(path.stat().st_size for path in model.rglob("*") if path.is_file())


def distillation_table(report: dict[str, Any]) -> Table:
    """Teacher and students side by side: F in percent, words a second on the CPU, MB."""
    systems = report["systems"]
    datasets = list(systems["teacher"]["f"])
    columns = [(name, gold) for name in datasets for gold in GOLDS]
    header = ["", *(f"{name} F, {gold.replace('_', ' ')}" for name, gold in columns),
              "words/s", "× teacher", "MB"]  # fmt: skip
    base = systems["teacher"]["words_per_second"]
    rows = []
    for name, own in systems.items():
        cells = [_mean(own["f"].get(split, {}).get(gold)) for split, gold in columns]
        rows.append([
            NAMES[name], *cells, f"{own['words_per_second']:,.0f}",
            f"{own['words_per_second'] / base:.1f}", f"{own['bytes'] / 1e6:.1f}",
        ])  # fmt: skip
    return Table(f"F in percent, words per second on the CPU, {_seeds(report)}", header, rows)


def _seeds(report: dict[str, Any]) -> str:
    count = len(report["seeds"])
    return "one seed" if count == 1 else f"mean of {count} seeds ± standard deviation"


def _mean(summary: dict[str, Any] | None) -> str:
    if summary is None:
        return "–"
    spread = "" if summary["sd"] is None else f" ± {percent(summary['sd'])}"
    return percent(summary["mean"]) + spread
