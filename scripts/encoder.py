"""Puts a ready encoder directory, and its report, where the training config expects it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer
from transformers.utils import logging
from wasabi import msg

from .common.console import run
from .common.devices import find_device
from .encoders.prepare import EncoderRequest, prepare_encoder
from .encoders.report import EncoderReport
from .encoders.resolve import read_config_encoder, resolve_encoder
from .encoders.sample import SampleSettings

Arg = typer.Argument
Opt = typer.Option


def main(
    encoder: str = Arg(..., help="auto, sample, none, directory, package:NAME or name on the hub"),
    out: Path = Arg(..., help="Encoder directory to make, with encoder.json in it"),
    corpus: Path = Opt("corpus", help="Directory with train.spacy and tokenizer"),
    config: Path = Opt("configs/ner.cfg", help="Training config; auto takes the encoder from it"),
    gpu_id: str = Opt("auto", "--gpu-id", "-g", help="auto, -1 (the CPU) or the number of a GPU"),
    revision: str = Opt(None, help="Branch, tag or commit on the hub, instead of the pinned one"),
    seed: int = Opt(0, help="Seed of sample"),
    steps: int = Opt(SampleSettings.steps, min=1, help="Pretraining steps of sample"),
    max_docs: int = Opt(EncoderRequest.max_docs, min=1, help="Training docs to measure at most"),
) -> None:
    """Get an encoder, prepare it for spacy-transformers and measure it on the training texts."""
    logging.set_verbosity_error()
    source = _choose(encoder, config, gpu_id)
    settings = replace(SampleSettings(), seed=seed, steps=steps)
    request = EncoderRequest(source, corpus, revision, max_docs, settings)
    report = prepare_encoder(request, out)
    msg.table(_rows(report))
    for note in report.notes:
        msg.warn(note)
    msg.good(f"Encoder ready: {out}")


def _choose(encoder: str, config: Path, gpu_id: str) -> str:
    """Resolves ``auto`` and prints what was chosen and why."""
    has_transformer, config_encoder, on_gpu = False, "", False
    if encoder == "auto":
        has_transformer, config_encoder = read_config_encoder(config)
        device = find_device(gpu_id)
        on_gpu = device.gpu_id >= 0
        if device.warning and has_transformer:
            msg.warn(device.reason, device.warning)
    source, reason = resolve_encoder(encoder, has_transformer, on_gpu, config_encoder)
    msg.info(f"Encoder: {source}", f"Why: {reason}")
    return source


def _rows(report: EncoderReport) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = [("name", report.name), ("kind", report.kind)]
    pieces = report.wordpieces_per_token
    if pieces:
        rows += [
            ("revision", report.revision or "-"),
            ("licence", report.licence),
            ("architecture", f"{report.architecture}, {report.parameters:,} parameters"),
            ("cased", "yes" if report.cased else "no"),
            ("normaliser", report.normaliser or "-"),
            ("longest input", f"{report.model_max_length} wordpieces"),
            (
                "wordpieces per token",
                f"mean {pieces.mean}, p95 {pieces.p95}, p99 {pieces.p99}, max {pieces.max}",
            ),
            ("unknown wordpieces", f"{report.unknown_rate:.2%}"),
            ("window, stride", f"{report.window}, {report.stride} tokens"),
            (
                "docs measured",
                f"{report.docs_measured}, longer than the window {report.docs_longer_than_window}",
            ),
            ("tokens cut off", report.truncated_tokens),
        ]
    return rows


if __name__ == "__main__":
    run(main)
