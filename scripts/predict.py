"""Mark entities in texts with a trained pipeline."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import typer
from tqdm import tqdm
from wasabi import msg

from .common.console import run
from .common.devices import find_device
from .common.errors import UserError
from .inference import blocks as cutting
from .inference.confidence import find_calibration
from .inference.engines.local import run_local
from .inference.jobs import Job, PartResult
from .inference.marking import calibration_of
from .inference.sinks import JSON_LINES, PART_FORMS, TARGETS, target_of
from .inference.whole import STDOUT, Engine, Outcome, Request, predict_whole
from .inference.windows import WINDOW

ENGINES = ("local", "ray")
EPILOG = f"Formats to write: {', '.join(TARGETS)}. Forms to read: {', '.join(cutting.FORMS)}."


def main(
    model: Path = typer.Argument(..., help="Trained pipeline, such as training/model-best"),
    source: str = typer.Argument(
        ..., metavar="INPUT", help="Text, JSONL, CSV, TSV or Parquet file, folder, or - for stdin"
    ),
    output: str = typer.Argument(
        ..., help="File to write, - for stdout, or DIRECTORY/ for one file a block"
    ),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    text_key: str = typer.Option("text", help="Key or column of the text"),
    form: str = typer.Option(cutting.AUTO, "--from", help="How the input is read; auto: by suffix"),
    to: str | None = typer.Option(None, "--to", help="Format to write; by the suffix if not given"),
    confidence: bool = typer.Option(False, "--confidence", help="Say how sure each entity is"),
    threshold: float = typer.Option(
        0.0, min=0.0, max=1.0, help="Least confidence of an entity; above 0, --confidence is on"
    ),
    spans: bool = typer.Option(
        False, "--spans", help="Write all that a span categorizer marks, overlapping, as all_spans"
    ),
    calibration: Path | None = typer.Option(
        None, help="What calibrate wrote; else MODEL's own, else metrics/calibration.json"
    ),
    window: int = typer.Option(WINDOW, help="Characters of a text that are marked at once"),
    block: int = typer.Option(
        cutting.RECORDS, min=1, help="Records that are worked on, and kept if killed, as one"
    ),
    n_process: int = typer.Option(1, "--n-process", help="Processes on this machine (CPU)"),
    engine: str = typer.Option("local", help=f"What does the work: {', '.join(ENGINES)}"),
    address: str | None = typer.Option(None, help="Address of a Ray cluster; else this machine"),
    restart: bool = typer.Option(False, "--restart", help="Throw away what a killed run has done"),
) -> None:
    """Mark entities in texts with a trained pipeline.

    Writes span JSONL that convert reads: {"text": …, "label": [[start, end, label], …]}; other
    keys of the input are carried over. With --confidence the spans are objects: {"start": …,
    "end": …, "label": …, "confidence": …}. Lines that hold no text go to OUTPUT.bad.jsonl. Killed,
    it goes on where it stopped when it is started again.
    """
    stdout = sys.stdout
    if output == STDOUT:
        # For good: an error is printed after this function has ended.
        sys.stdout = sys.stderr
    target = target_of(output, to)
    job = Job(
        model=model, parts=Path(), gpu_id=find_device(gpu_id).gpu_id, confidence=confidence,
        threshold=threshold, calibration=calibration, spans=spans, window=window,
        form=target if target in PART_FORMS else JSON_LINES,
    )  # fmt: skip
    reading = cutting.Reading(text_key, form, block)
    request = Request(source, output, target, reading, restart)
    with tqdm(unit=" docs", disable=None) as bar:
        outcome = predict_whole(
            request, job, _engine(engine, n_process, address), stdout.buffer,
            lambda result: _show(bar, result),
        )  # fmt: skip
    _report(outcome, job, output)


def _engine(name: str, n_process: int, address: str | None) -> Engine:
    if name == "local" and address is None:
        return partial(run_local, n_process=n_process)
    if name != "ray":
        raise UserError(
            f"There is no engine {name!r}" if name != "local" else "--address is of --engine ray",
            where="--engine", todo=f"Possible: {', '.join(ENGINES)}.",
        )  # fmt: skip
    # Ray takes seconds to import, and need not be installed.
    from .inference.engines.ray_data import run_ray

    actors = n_process if n_process > 1 else None

    def run_blocks(job: Job, blocks: Iterable[cutting.Block]) -> Iterator[PartResult]:
        return run_ray(job, blocks, address=address, actors=actors)

    return run_blocks


def _show(bar: tqdm, result: PartResult) -> None:
    bar.set_postfix(entities=result.entities, refresh=False)
    bar.update(result.records)


def _report(outcome: Outcome, job: Job, output: str) -> None:
    total = outcome.total
    if job.confidence or job.threshold:
        _, words = find_calibration(calibration_of(job.model, job.calibration), job.model)
        msg.info(f"Confidences are {words}")
    if job.threshold:
        every = total.below + total.entities
        msg.warn(f"{total.below} of {every} entities left out: below {job.threshold:g}")
    if outcome.continued:
        msg.info(f"{outcome.continued} blocks were done by an earlier run")
    if total.windows:
        msg.info(f"Long texts were marked in {total.windows} windows (docs/predict.md)")
    if total.hard_cuts:
        msg.warn(f"{total.hard_cuts} of their cuts stand inside a word: there was no blank")
    if total.unseen:
        msg.warn(
            f"{total.unseen} tokens were not seen by the encoder: their words have too many "
            "wordpieces. Their texts have the key unseen_tokens."
        )
    if total.bad:
        msg.warn(f"{total.bad} bad lines were left out: {outcome.bad_path}")
    if outcome.made.unwritten:
        reasons = ", ".join(f"{n} × {note}" for note, n in outcome.made.notices)
        msg.warn(f"{outcome.made.unwritten} entities cannot be written in the format: {reasons}")
    speed = outcome.records / max(outcome.seconds, 1e-9)
    msg.good(f"{total.entities} entities in {total.records} texts, {speed:.1f} docs/s: {output}")


if __name__ == "__main__":
    run(main, epilog=EPILOG)
