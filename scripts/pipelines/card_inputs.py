"""What a model card is made from, read and checked against each other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import srsly

from ..common.errors import UserError
from ..common.files import md5_of_file
from ..encoders.report import EncoderReport, read_report
from .config import read_config
from .meta import ORIGIN, ner_md5
from .scores import noted_f

METRICS_VERSIONS = (1, 2)
CALIBRATION_KEYS = ("ner_md5", "method", "reason", "fitted_on", "gold", "spans", "datasets")
# spaCy scores a prediction beside a missing place a little otherwise; a larger difference between
# its F on dev and ours means that the metrics are of another training.
SAME_F = 0.02
# In percent; the log rounds.
SAME_ROW = 0.05


@dataclass(frozen=True)
class Owner:
    """What only the author can say; None and "" where nothing is said.

    Args:
        name: Package name, without the language.
        author: Who made the pipeline.
        email: Where to reach them.
        url: Page of the pipeline or its author.
        description: One sentence; made from the data if empty.
        licence: Of the weights.
        data_licence: Of the training data.
        data_name: What the training data is called.
    """

    name: str = "ner"
    author: str = ""
    email: str = ""
    url: str = ""
    description: str = ""
    licence: str | None = None
    data_licence: str | None = None
    data_name: str | None = None


@dataclass(frozen=True)
class CardInputs:
    """Everything that a card says, as files have it.

    Args:
        meta: The pipeline's meta.json.
        config: Its config.cfg, variables filled in.
        audit: The corpus' audit.json.
        same_corpus: Whether meta.json says that it was trained on this corpus; None if it is
            silent.
        metrics: Dataset to its metrics, dev and test first.
        calibration: metrics/calibration.json, if there is one and it is of this pipeline.
        other_calibration: Whether there is one of another pipeline.
        encoder: The encoder's report, if the pipeline has a transformer.
        log: Rows of the training log, if there is one.
        owner: What the author says.
    """

    meta: dict[str, Any]
    config: dict[str, Any]
    audit: dict[str, Any]
    same_corpus: bool | None
    metrics: dict[str, dict[str, Any]]
    calibration: dict[str, Any] | None
    other_calibration: bool
    encoder: EncoderReport | None
    log: list[dict[str, Any]]
    owner: Owner

    @property
    def noted_f(self) -> float | None:
        """F on dev that spaCy noted when it saved the pipeline, 0 to 1."""
        return noted_f(self.meta.get("performance") or {})

    @property
    def saved_row(self) -> dict[str, Any] | None:
        """The log's row at which the pipeline was saved; None if no row fits it.

        spaCy saves anew on a tie (spacy/training/loop.py): the last of the best rows of a run. A
        resumed training may have kept the best of an earlier run.
        """
        runs: list[list[dict[str, Any]]] = []
        for row in self.log:
            if not runs or row["step"] <= runs[-1][-1]["step"]:
                runs.append([])
            runs[-1].append(row)
        best = [max(run, key=lambda row: (row["score"], row["step"])) for run in runs]
        noted = -1 if self.noted_f is None else 100 * self.noted_f
        fit = [row for row in best if abs((noted_f(row["scores"]) or -100) - noted) < SAME_ROW]
        return fit[-1] if fit else None

    @property
    def other_training(self) -> bool:
        """Whether the metrics of dev do not fit the F that spaCy noted when it saved."""
        noted = self.noted_f
        scored = self.metrics.get("dev")
        # What spaCy notes of a span categorizer is F over all its spans.
        data = scored and scored.get("all_spans", scored["gold"]["repaired"])
        found = data["micro"]["f"] if data else None
        return None not in (noted, found) and abs(noted - found) > SAME_F


def read_inputs(
    pipeline: Path, *, corpus: Path, metrics: Path, encoder: Path, log: Path, owner: Owner
) -> CardInputs:
    """Reads what a card is made from.

    Args:
        pipeline: A trained pipeline.
        corpus: The corpus directory.
        metrics: The metrics directory.
        encoder: The encoder's directory; looked at only if the pipeline has a transformer.
        log: The training log; it may be absent.
        owner: What the author says.

    Raises:
        UserError: A file is not there or not what it should be, or the corpus or the encoder is
            not the one that the pipeline was trained with.
    """
    if not (pipeline / "meta.json").is_file():
        raise UserError("There is no trained pipeline", where=str(pipeline), todo=_run("train"))
    meta = _read_json(pipeline / "meta.json", "train")
    audit_path = corpus / "audit.json"
    audit = _read_json(audit_path, "convert")
    trained_on = meta.get(ORIGIN, {}).get("audit_md5")
    if trained_on not in (None, md5_of_file(audit_path)):
        raise UserError(
            "The pipeline was trained on another corpus than this one",
            where=f"{pipeline}, {corpus}",
            todo="Name the corpus that it was trained on with --corpus.",
        )
    config = read_config(pipeline / "config.cfg").interpolate()
    calibration = _read_calibration(metrics / "calibration.json")
    other = calibration is not None and calibration["ner_md5"] != ner_md5(pipeline)
    return CardInputs(
        meta=meta,
        config=config,
        audit=audit,
        same_corpus=None if trained_on is None else True,
        metrics=_read_metrics(metrics),
        calibration=None if other else calibration,
        other_calibration=other,
        encoder=_read_encoder(encoder, meta) if "transformer" in meta["pipeline"] else None,
        log=_read_log(log),
        owner=owner,
    )


def _read_metrics(directory: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(directory.glob("*.json")):
        data = _read_json(path, "evaluate")
        if "gold" not in data or "confusion" not in data:
            continue
        if data.get("version") not in METRICS_VERSIONS:
            raise UserError("This version of metrics is not known", where=str(path),
                            todo=_run("evaluate"))  # fmt: skip
        found[path.stem] = data
    if not found:
        raise UserError("There are no scores", where=str(directory), todo=_run("evaluate"))
    order = sorted(found, key=lambda name: (name != "dev", name != "test", name))
    return {name: found[name] for name in order}


def _read_encoder(path: Path, meta: dict[str, Any]) -> EncoderReport:
    report = read_report(path)
    named = [s["name"] for s in meta.get("sources") or [] if isinstance(s, dict) and "name" in s]
    if named and encoder_name(report) not in named and report.name not in named:
        raise UserError(
            f"The pipeline was trained with {named[0]}, the encoder here is {report.name}",
            where=str(path),
            todo="Name the encoder that it was trained with with --encoder.",
        )
    return report


def encoder_name(report: EncoderReport) -> str:
    """The encoder's name; of a directory its last part, because paths are nobody's business."""
    return Path(report.name).name if report.kind == "directory" else report.name


def _read_log(path: Path) -> list[dict[str, Any]]:
    rows = list(srsly.read_jsonl(path, skip=True)) if path.is_file() else []
    return [row for row in rows if isinstance(row, dict) and "step" in row]


def _read_calibration(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    data = _read_json(path, "calibrate")
    missing = [key for key in CALIBRATION_KEYS if key not in data]
    if missing or not isinstance(data["datasets"], dict):
        raise UserError(f"This is not what calibrate writes: {', '.join(missing) or 'datasets'}",
                        where=str(path), todo=_run("calibrate"))  # fmt: skip
    return data


def _read_json(path: Path, command: str) -> dict[str, Any]:
    if not path.is_file():
        raise UserError("A file that the card needs is not there", where=str(path),
                        todo=_run(command))  # fmt: skip
    try:
        data = json.loads(path.read_text(encoding="utf8"))
    except ValueError as error:
        raise UserError(f"This is no JSON: {error}", where=str(path), todo=_run(command)) from None
    if not isinstance(data, dict):
        raise UserError("This is no JSON object", where=str(path), todo=_run(command))
    return data


def _run(command: str) -> str:
    return f"Make it with: python -m spacy project run {command}"
