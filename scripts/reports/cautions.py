"""What a reader must know before trusting the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .evaluations import Evaluation, is_part
from .inputs import Inputs
from .schemas.audit import Audit
from .training import TrainingLog

FEW_SPANS = 30
"""Gold spans of a label below which its score says little: one span moves recall by 3 points."""

WIDE_INTERVAL = 0.10
"""Width of the interval of F from which on a difference of some points may be chance."""


def cautions(inputs: Inputs) -> list[str]:
    """Collects what the audit, the log and the scores warn of, gravest first."""
    found = list(_stale(inputs))
    if not any(e.metrics.split == "test" for e in inputs.evaluations.values()):
        found.append(
            "There are no scores on a test set: dev chose the checkpoint, so that every score here "
            "is optimistic."
        )
    found += _uncertain(inputs.evaluations)
    found += _data(inputs.audit)
    found += _training(inputs.log)
    return found


def _stale(inputs: Inputs) -> Iterator[str]:
    """Scores that do not belong to this corpus, or not to each other."""
    metrics = {name: evaluation.metrics for name, evaluation in inputs.evaluations.items()}
    splits = inputs.audit.splits
    for name, metric in metrics.items():
        audited = splits.get(metric.split)
        if audited is None:
            yield f"There are scores for {name}, but the audit knows no such split."
        elif audited.docs != metric.docs and not is_part(name):
            yield (
                f"{name} was scored on {metric.docs:,} documents, but the audited "
                f"corpus has {audited.docs:,}: the corpus was converted anew since; evaluate again."
            )
    md5 = inputs.audit_md5
    stale = [name for name, metric in metrics.items() if metric.corpus_md5 not in (None, md5)]
    if stale:
        yield f"Scored on another corpus than the audited one: {', '.join(stale)}; evaluate again."
    foreign = [name for name, m in metrics.items() if m.trained_on_this_corpus is False]
    if foreign:
        yield (
            f"The model was trained on another corpus than it was scored on; it may have seen "
            f"texts of {', '.join(foreign)}."
        )
    models = sorted({metric.model for metric in metrics.values()})
    if len(models) > 1:
        yield f"The data sets were scored with different models: {', '.join(models)}."
    calibration = inputs.calibration
    if calibration and calibration.corpus_md5 not in (None, md5):
        yield "The confidences were calibrated on another corpus than the audited one."
    if calibration and calibration.model not in (None, *models):
        yield f"The confidences are of another model than the scores: {calibration.model}."


def _uncertain(evaluations: Mapping[str, Evaluation]) -> Iterator[str]:
    wide = []
    for name, evaluation in evaluations.items():
        gold = evaluation.metrics.gold.repaired
        few = [
            f"{label} ({score.tp + score.fn})"
            for label, score in sorted(gold.labels.items())
            if score.tp + score.fn < FEW_SPANS
        ]
        if few:
            which = "this label" if len(few) == 1 else "these labels"
            yield (
                f"The repaired gold of {name} has fewer than {FEW_SPANS} spans of "
                f"{', '.join(few)}: the scores of {which} say little."
            )
        low, high = gold.micro.f_ci or (None, None)
        if low is not None and high is not None and high - low > WIDE_INTERVAL:
            wide.append(f"{100 * (high - low):.1f} points on {name}")
    if wide:
        yield (
            f"The 95 % interval of F, repaired gold, is wide: {', '.join(wide)}. Smaller "
            "differences between two models may be chance."
        )


def _data(audit: Audit) -> Iterator[str]:
    for name, reading in audit.reading.items():
        lost = {code: n.spans for code, n in reading.notices.items() if n.spans}
        if lost:
            listed = ", ".join(f"{code} {spans:,}" for code, spans in lost.items())
            yield f"Spans of the file that were not read from {name}: {listed}."
    learned = audit.splits["train"].labels if "train" in audit.splits else {}
    splits = {name: audit.splits[name] for name in audit.split_names}
    refused = _of_given({name: (s.spans.refused, s.spans.given) for name, s in splits.items()})
    if refused:
        yield f"Spans refused: {refused}."
    missing = _of_given({name: (s.spans.missing, s.spans.given) for name, s in splits.items()})
    if missing:
        yield (
            f"Spans left as missing: {missing}. Their tokens count as missing "
            "annotation, neither trained nor scored."
        )
    for name, split in splits.items():
        unknown = sorted(k for k, number in split.labels.items() if number and not learned.get(k))
        if unknown:
            yield f"Labels of {name} that train has no span of: {', '.join(unknown)}."
    for fault in audit.record_faults:
        for split in audit.split_names:
            dropped = fault.splits[split].dropped if split in fault.splits else 0
            if dropped:
                why = fault.description.rstrip(".")
                yield f"Records dropped from {split}: {dropped:,} ({why})."


def _of_given(counts: dict[str, tuple[int, int]]) -> str:
    """Lists ``2 of 600 in train`` for the splits that have any; empty if none has."""
    return ", ".join(
        f"{some:,} of {given:,} in {name}" for name, (some, given) in counts.items() if some
    )


def _training(log: TrainingLog) -> Iterator[str]:
    if log.truncated:
        yield "The last line of the training log was cut off and is left out."
    runs = log.segments
    if len(runs) > 1:
        yield (
            f"The training log holds {len(runs)} runs; the best step is that of the last one, "
            "from which model-best comes."
        )
    *before, last = [row.score for row in runs[-1]]
    if not any([*before, last]):
        yield "The score stayed at 0 in every evaluation: the model has learned nothing."
    elif before and last > max(before):
        yield (
            f"The best step, {log.best.step:,}, is the last one: training ended before the score "
            "stopped rising, and longer training may give more."
        )
