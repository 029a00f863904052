"""Everything that a report is made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..common.files import md5_of_file
from .evaluations import Evaluation, load_evaluations, written_at
from .parsing import read_json, require
from .schemas.audit import Audit
from .schemas.calibration import Calibration
from .training import TrainingLog, load_log

CALIBRATION = "calibration.json"


@dataclass(frozen=True)
class Inputs:
    """Everything that a report shows.

    Args:
        audit: The data audit.
        audit_md5: The md5 of its file, by which scores name the corpus.
        log: The training log.
        log_path: Its file.
        evaluations: Scores and errors by data set: dev, test, parts of test.
        date: When the scores were written, in UTC.
        calibration: The calibration of confidence, where there is one.
    """

    audit: Audit
    audit_md5: str
    log: TrainingLog
    log_path: Path
    evaluations: dict[str, Evaluation]
    date: str
    calibration: Calibration | None = None


def load_inputs(audit: Path, log: Path, metrics: Path, config: Path | None = None) -> Inputs:
    """Reads the audit, the training log, the metrics of every data set, and the calibration.

    Args:
        audit: The ``audit.json`` that ``convert`` writes.
        log: The JSONL file that ``spacy.ConsoleLogger.v3`` writes.
        metrics: The directory of ``DATASET.json`` and ``DATASET.errors.jsonl``.
        config: The trained pipeline's config, for the learning rate; it may be absent.

    Raises:
        UserError: If a file is not there or does not have its form.
    """
    require(audit, "convert")
    require(log, "train", " with spacy.ConsoleLogger.v3 and its output_file in the config")
    evaluations = load_evaluations(metrics)
    calibration = metrics / CALIBRATION
    return Inputs(
        audit=read_json(audit, Audit, "convert"),
        audit_md5=md5_of_file(audit),
        log=load_log(log, config),
        log_path=log,
        evaluations=evaluations,
        date=written_at(metrics, list(evaluations)),
        calibration=read_json(calibration, Calibration, "calibrate")
        if calibration.is_file()
        else None,
    )
