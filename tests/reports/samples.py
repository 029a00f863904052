"""Sample inputs of a report, and a parser that looks at its page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from scripts.reports.history import History, load_history, run_of
from scripts.reports.inputs import Inputs, load_inputs
from scripts.reports.page import render
from scripts.reports.plots.drawing import draw_all

VOID = {"meta", "br", "link", "img", "input", "hr"}
TEXT = "রহিম ঢাকা থেকে চট্টগ্রামে যান।"
RECORD = {
    "id": "dev-1",
    "source": "assets/sample/dev.jsonl:12",
    "text": TEXT,
    "gold": [[0, 4, "PER"], [5, 9, "LOC"], [15, 25, "LOC"]],
    "predicted": [[0, 4, "PER"], [5, 9, "স্থান"], [26, 29, "ORG"]],
    "ignored": [[10, 14]],
    "errors": [
        {"kind": "label", "gold": [5, 9, "LOC"], "predicted": [5, 9, "স্থান"]},
        {"kind": "missed", "gold": [15, 25, "LOC"], "predicted": None},
        {"kind": "spurious", "gold": None, "predicted": [26, 29, "ORG"]},
    ],
}


def score(tp: int, fp: int, fn: int) -> dict[str, Any]:
    rates = {
        "p": tp / (tp + fp) if tp + fp else None,
        "r": tp / (tp + fn) if tp + fn else None,
        "f": 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None,
    }
    intervals = {
        f"{name}_ci": None if rate is None else [max(0, rate - 0.04), min(1, rate + 0.04)]
        for name, rate in rates.items()
    }
    return {**rates, **intervals, "tp": tp, "fp": fp, "fn": fn}


def metrics(split: str) -> dict:
    gold = {
        "description": "The annotations",
        "spans": 100,
        "micro": score(80, 10, 20),
        "macro": {"p": 0.5, "r": 0.25, "f": 0.333, "f_ci": [0.3, 0.4]},
        "labels": {"PER": score(50, 5, 10), "LOC": score(30, 5, 10), "স্থান": score(0, 0, 0)},
    }
    return {
        "version": 1,
        "split": split,
        "model": "training/model-best",
        "docs": 120,
        "tokens": 1500,
        "words_per_second": 5000.0,
        "token_accuracy": 0.97,
        "machine": {"cpu": "A CPU", "python": "3.11.7", "spacy": "3.8.18", "gpu": None},
        "seed": 0,
        "resamples": 1000,
        "gold": {"repaired": gold, "as_given": {**gold, "micro": score(70, 20, 30)}},
        "confusion": {
            "labels": ["LOC", "PER", "স্থান"],
            "matrix": [[30, 0, 1, 9], [0, 50, 0, 10], [0, 0, 0, 0], [5, 4, 0, 0]],
        },
    }


def metrics_v2(name: str) -> dict:
    """Metrics of version 2, with the parts that came with it."""
    data = metrics(name.partition("-")[0])
    gold = data["gold"]["repaired"]
    label = {"PER": {"p": 0.9, "r": 0.8, "f": 0.85}}
    counts = {"correct": 80, "incorrect": 5, "partial": 0, "missed": 15, "spurious": 5}
    gold["weighted"] = {"p": 0.85, "r": 0.8, "f": 0.825}
    gold["measures"] = {
        measure: {**score(80, 10, 20), **counts, "possible": 100, "actual": 90, "labels": label}
        for measure in ("strict", "exact", "partial", "type", "left", "right")
    }
    tags = ["O", "B-PER", "I-PER"]
    slices = [
        {**score(40, 1, 2), "name": "seen in train", "gold": 42, "predicted": 41},
        {**score(0, 0, 5), "name": "unseen", "gold": 5, "predicted": 0},
    ]
    return {
        **data,
        "version": 2,
        "dataset": name,
        "corpus_md5": "c" * 32,
        "trained_on_this_corpus": True,
        "unjudged": 3,
        "token_level": {
            "accuracy": 0.913,
            "accuracy_ci": [0.9, 0.93],
            "micro": score(30, 3, 4),
            "labels": {"PER": score(30, 3, 4)},
            "tags": {"B-PER": {"p": 0.893, "r": 0.943, "f": 0.917}},
            "confusion": {"tags": tags, "matrix": [[1400, 2, 1], [3, 50, 0], [0, 4, 40]]},
        },
        "word_level": {
            "accuracy": 0.942,
            "accuracy_ci": [0.93, 0.95],
            "words": 1100,
            "accuracy_not_o": 0.731,
            "accuracy_not_o_ci": [0.7, 0.76],
            "words_not_o": 80,
        },
        "slices": {"surface": slices, "entity_length": slices, "text_length": slices},
        "per_document": [[1, 0, 0]] * 120,
    }


def calibration() -> dict:
    """``calibration.json`` of dev and test; the first bin is empty, as all are on test."""
    empty = {"low": 0.0, "high": 0.1, "count": 0, "confidence": None, "precision": None}
    full = {"low": 0.8, "high": 1.0, "count": 60, "confidence": 0.91, "precision": 0.75}
    dataset = {
        "ece_before": 0.142, "ece_after": 0.038, "brier_before": 0.21, "brier_after": 0.17,
        "bins_before": [empty, full], "bins": [empty, {**full, "confidence": 0.76}],
        "risk_coverage": [[0.5, 0.1, 0.4], [1.0, 0.25, 0.75]], "aurc": 0.2,
    }  # fmt: skip
    none = {"bins": [], "bins_before": [], "risk_coverage": []}
    return {"version": 1, "method": "isotonic", "fitted_on": "dev", "gold": "repaired",
            "spans": 60, "map": [[0.0, 0.0], [1.0, 0.9]],
            "datasets": {"dev": dataset, "test": none}}  # fmt: skip


def audit() -> dict:
    split = {
        "docs": 120,
        "tokens": 1500,
        "characters": 9000,
        "spans": {"given": 110, "trainable": 107, "kept": 100, "repaired": 7, "missing": 2,
                  "refused": 1},
        "labels": {"PER": 60, "LOC": 40, "স্থান": 7},
        "token_lengths": {"mean": 12.5, "max": 130},
    }  # fmt: skip
    return {
        "version": 1,
        "lang": "bn",
        "seed": 0,
        "inputs": {"dev": {"path": "assets/sample/dev.jsonl", "md5": "0" * 32, "records": 120}},
        "splits": {"dev": split, "train": split, "test": split},
        "faults": [
            {"fault": "edge-whitespace", "description": "White space at an edge",
             "policy": "repair", "splits": {"train": {"repaired": 7}}},
            {"fault": "overlap", "description": "Overlap", "policy": "longest", "splits": {}},
        ],
        "record_faults": [
            {"fault": "train-in-dev", "description": "a text of dev", "policy": "drop",
             "splits": {"train": {"records": 80, "dropped": 80, "spans": 101}}},
        ],
        "hypotheses": [
            {"path": "assets/sample/dev.jsonl", "question": "offset unit", "chosen": "codepoint",
             "counts": {"codepoint": 950, "utf16": 12}, "reason": "most spans fit"},
        ],
        "split_method": "given",
        "policies": {"edge-whitespace": "repair"},
    }  # fmt: skip


def log_row(step: int, value: float) -> dict:
    scores = {"ents_f": 100 * value, "ents_p": 100 * value, "ents_r": 100 * value}
    return {"epoch": 0, "step": step, "losses": {"ner": 9.0}, "scores": scores, "score": value}


class Files:
    """The input files of a report in a directory of their own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.audit = root / "corpus" / "audit.json"
        self.log = root / "training" / "log.jsonl"
        self.config = root / "training" / "config.cfg"
        self.metrics = root / "metrics"
        self.write("audit", audit())
        self.write_rows(self.log, [log_row(0, 0.0), log_row(200, 0.8), log_row(400, 0.7)])
        for split in ("dev", "test"):
            self.write(split, metrics(split))
            self.write_rows(self.errors(split), [RECORD])

    def errors(self, split: str) -> Path:
        return self.metrics / f"{split}.errors.jsonl"

    def path(self, name: str) -> Path:
        return self.audit if name == "audit" else self.metrics / f"{name}.json"

    def write(self, name: str, data: dict) -> None:
        self.write_rows(self.path(name), [data])

    def write_rows(self, path: Path, rows: list[dict]) -> None:
        path.parent.mkdir(exist_ok=True)
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        path.write_text("".join(lines), encoding="utf8")

    def load(self) -> Inputs:
        return load_inputs(self.audit, self.log, self.metrics, self.config)

    def history(self, directory: Path) -> History:
        """The history in a directory, with the run that these files are of."""
        return load_history(directory, run_of(self.load()))

    def page(self, title: str = "Report", history: History | None = None) -> str:
        inputs = self.load()
        history = history or self.history(self.root / "none")
        return render(inputs, history, draw_all(inputs, history), title=title)


class Page(HTMLParser):
    """Checks that tags nest, and collects what the tests look at."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.lines: list[str] = []
        self.marks: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "br":
            self.text += " "
        if tag == "dd" and attributes.get("class") == "text":
            self.lines.append("")
        if tag == "mark":
            self.marks.append((attributes["class"] or "", attributes.get("data-tag") or "", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag in ("td", "th", "caption", "p", "h2", "h3", "summary"):
            self.text += " "

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data
        if "dd" in self.open and self.lines:
            self.lines[-1] += data
        if "mark" in self.open:
            kind, tag, text = self.marks[-1]
            self.marks[-1] = (kind, tag, text + data)
