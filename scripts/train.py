"""Train a pipeline with spaCy, set up for this machine, corpus and encoder."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import spacy
import srsly
import typer
from confection import ConfigValidationError
from spacy.cli._util import parse_config_overrides
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_nlp
from wasabi import msg

from .common.console import run
from .common.devices import find_device
from .common.errors import UserError
from .encoders.report import read_report
from .encoders.sample import one_thread
from .pipelines.config import (
    automatic_settings,
    has_transformer,
    read_config,
    remove_written,
    sections_for_missing,
    use_corpus_tokenizer,
    write_config,
)
from .pipelines.log import close_log, part_of, start_log
from .pipelines.meta import choice_of_entities, note_origin
from .pipelines.resume import BEST, LAST, keep_better, source_components, stage, unstage
from .pipelines.scores import NER_F, f_name, noted_f
from .pipelines.suggestions import spancats, train_lengths

# The config with its sections, which plain spaCy can train; in the output directory.
CONFIG = "config.cfg"
CODE = "scripts/training/registered.py"


def main(
    ctx: typer.Context,
    config: Path = typer.Argument(Path("configs/ner.cfg"), help="spaCy training config"),
    output: Path = typer.Option(Path("training"), "--output", "-o", help="Where models go"),
    corpus: Path = typer.Option(Path("corpus"), help="Corpus directory made by convert"),
    encoder: Path = typer.Option(
        Path("assets/encoders/selected"), help="Encoder directory made by encoder"
    ),
    lang: str = typer.Option("bn", "--lang", "-l", help="Language of the pipeline"),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    seed: int = typer.Option(0, help="Of the training"),
    sections: list[str] = typer.Option(
        [], "--with", help="Config section to merge in, see docs/training.md; may be repeated"
    ),
    resume: bool = typer.Option(False, "--resume", help="Continue a killed run from model-last"),
) -> None:
    """Train a pipeline with spaCy, set up for this machine, corpus and encoder.

    Further options of the form --section.key VALUE override the config, as in spacy train.
    """
    device = find_device(gpu_id)
    msg.info(f"Device: {device}")
    if device.warning:
        msg.warn(device.warning)
    sections = [*sections, *sections_for_missing(config, sections, corpus)]
    log = output / "log.jsonl"
    settings = automatic_settings(
        config, corpus=corpus, encoder_dir=encoder, lang=lang, seed=seed, log=part_of(log),
        gpu=device.gpu_id >= 0, sections=sections,
    )  # fmt: skip
    settings.update(parse_config_overrides(ctx.args))
    ready = read_config(config, settings, sections)
    _print_coverage(ready, corpus)
    report = read_report(encoder) if has_transformer(config, sections) else None
    ready = use_corpus_tokenizer(ready, corpus / "tokenizer")
    _write_merged(output / CONFIG, config, sections)
    _print_settings(output / CONFIG if sections else config, output, device.gpu_id, settings,
                    own_code=bool(sections))  # fmt: skip
    started = time.perf_counter()
    with one_thread() if report and report.kind == "sample" else nullcontext():
        _train_logged(ready, output, log, device.gpu_id, resume=resume)
    _print_result(output)
    seconds = time.perf_counter() - started
    note_origin(output / BEST, corpus, report, seconds=seconds, device=device.name)


def _write_merged(path: Path, config: Path, sections: list[str]) -> None:
    """Writes the config with its sections; without any, that of an earlier training goes."""
    if sections:
        write_config(path, config, sections)
    elif config.resolve() != path.resolve():
        remove_written(path)


def _train_logged(config: Any, output: Path, log: Path, gpu_id: int, *, resume: bool) -> None:
    """Trains, or continues a training, so that pipelines and log are whole however it ends."""
    staged = None
    if resume:
        staged = stage(output)
        config = source_components(config, staged / LAST)
        msg.info("Continuing from model-last; optimizer and learning rate start anew")
    output.mkdir(parents=True, exist_ok=True)
    start_log(log, resume=resume)
    try:
        _train(config, output, gpu_id)
    finally:
        close_log(log)
        if staged is not None and not (output / LAST).is_dir():
            unstage(output, staged)
    if staged is not None:
        _keep_better(output, staged)


def _train(config: Any, output: Path, gpu_id: int) -> None:
    if gpu_id >= 0:
        spacy.require_gpu(gpu_id)
    try:
        nlp = init_nlp(config, use_gpu=gpu_id)
        train_nlp(nlp, output, use_gpu=gpu_id, stdout=sys.stdout, stderr=sys.stderr)
    except ConfigValidationError as error:
        raise UserError("The config is not valid", todo=str(error)) from None
    except (MemoryError, RuntimeError) as error:
        if "out of memory" not in str(error).lower() and not isinstance(error, MemoryError):
            raise
        batcher, name = config["training"]["batcher"], "training.batcher"
        if "batcher" in batcher:
            batcher, name = batcher["batcher"], f"{name}.batcher"
        raise UserError(
            "The device ran out of memory",
            where=f"batches of {batcher.get('size')}",
            todo=f"Use smaller batches, e.g. --{name}.size 1000, or a smaller encoder.",
        ) from error


def _keep_better(output: Path, staged: Path) -> None:
    new, old = keep_better(output, staged)
    if old is not None and old > new:
        msg.warn(f"The earlier best (F {old:.4f}) is better than the new ({new:.4f}): kept")


def _print_settings(
    config: Path, output: Path, gpu_id: int, settings: dict[str, Any], *, own_code: bool
) -> None:
    line = [f"python -m spacy train {config.as_posix()} --output {output.as_posix()}"]
    line += [f"--code {CODE}"] if own_code else []
    line += [f"--gpu-id {gpu_id}"] if gpu_id >= 0 else []
    msg.text("This runs:")
    print(" \\\n    ".join([*line, *(f"--{key} {_value(v)}" for key, v in settings.items())]))


def _print_coverage(config: Any, corpus: Path) -> None:
    """Prints which training spans a span categorizer can reach."""
    for component in spancats(config).values():
        size = component["suggester"].get("max_size")
        if size is None:
            continue
        lengths = train_lengths(corpus)
        total, reached = lengths.spans.total(), lengths.reached(size)
        msg.info(
            f"Suggestions of 1 to {size} tokens reach {reached} of {total} training spans "
            f"({reached / max(total, 1):.2%}), {lengths.suggestions(size):,} for "
            f"{lengths.docs.total():,} texts",
            f"By length and label: python -m scripts.coverage {corpus} --max-length {size}",
        )
        msg.info(f"Entities among spans that share tokens: {choice_of_entities(corpus)}")


def _value(value: Any) -> str:
    return value if isinstance(value, str) else srsly.json_dumps(value)


def _print_result(output: Path) -> None:
    meta = output / BEST / "meta.json"
    if not meta.is_file():
        raise UserError("Training saved no model", where=str(output / BEST))
    performance = srsly.read_json(meta)["performance"]
    score = noted_f(performance) or 0.0
    if score == 0:
        msg.warn(
            "The best model finds nothing right on dev (F 0)",
            "Train longer (--training.max_steps), and look at corpus/findings.jsonl.",
        )
    gold = "repaired gold" if f_name(performance) == NER_F else "all spans, overlapping ones too"
    msg.good(f"Best model: {output / BEST}, F {score:.4f} on dev ({gold})")


if __name__ == "__main__":
    run(main, more_options=True)
