"""A training config made ready for this machine, corpus and encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import spacy
from confection import ConfigValidationError
from spacy.util import load_config
from thinc.api import Config

from ..common.errors import UserError
from ..encoders.report import read_report

# The embedded encoder knows a few hundred sentences: it learns at a higher rate than a pretrained
# one, is done after some thirty epochs of the sample, and must be within minutes on a CPU.
SAMPLE_TRAINING: dict[str, Any] = {
    "training.max_steps": 300,
    "training.eval_frequency": 50,
    "training.patience": 300,
    "training.accumulate_gradient": 1,
    "training.optimizer.learn_rate.initial_rate": 0.001,
    "training.optimizer.learn_rate.warmup_steps": 50,
    "training.optimizer.learn_rate.total_steps": 300,
}


def has_transformer(path: Path) -> bool:
    """Whether a config's pipeline holds a transformer."""
    return "transformer" in read_config(path)["nlp"]["pipeline"]


def read_config(path: Path, overrides: dict[str, Any] | None = None) -> Config:
    """Reads a config with its variables left as they are.

    Raises:
        UserError: The file is missing, or an override names nothing in it.
    """
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.cfg"))) or "none"
        raise UserError(
            "There is no such config", where=str(path), todo=f"Configs beside it: {known}."
        )
    try:
        return load_config(path, overrides=overrides or {}, interpolate=False)
    except (ConfigValidationError, ValueError) as error:
        raise UserError("The config cannot be read", where=str(path), todo=str(error)) from None


def automatic_settings(
    path: Path,
    *,
    corpus: Path,
    encoder_dir: Path,
    lang: str,
    seed: int,
    log: Path,
    gpu: bool,
) -> dict[str, Any]:
    """The overrides that this project sets on a config, as ``section.key`` to value.

    Args:
        path: The config.
        corpus: Corpus directory.
        encoder_dir: Prepared encoder directory; looked at only if the config has a transformer.
        lang: Language of the pipeline.
        seed: Seed of the training.
        log: Where the JSONL log goes.
        gpu: Whether training runs on a GPU: then in mixed precision.

    Raises:
        UserError: The encoder is not prepared, or was prepared for a config without one.
    """
    settings: dict[str, Any] = {
        "paths.train": (corpus / "train.spacy").as_posix(),
        "paths.dev": (corpus / "dev.spacy").as_posix(),
        "paths.tokenizer": (corpus / "tokenizer").as_posix(),
        "nlp.lang": lang,
        "system.seed": seed,
        "training.logger.output_file": log.as_posix(),
    }
    if not has_transformer(path):
        return settings
    encoder = read_report(encoder_dir)
    if encoder.kind == "none":
        raise UserError(
            "The config has a transformer, but no encoder was prepared",
            where=str(encoder_dir),
            todo=f"Prepare one: python -m scripts.encoder auto {encoder_dir} --config {path}",
        )
    model = "components.transformer.model"
    settings[f"{model}.name"] = encoder_dir.as_posix()
    settings[f"{model}.tokenizer_config.model_max_length"] = encoder.model_max_length
    settings[f"{model}.get_spans.window"] = encoder.window
    settings[f"{model}.get_spans.stride"] = encoder.stride
    settings[f"{model}.mixed_precision"] = gpu
    if encoder.kind == "sample":
        settings.update(SAMPLE_TRAINING)
    return settings


def use_corpus_tokenizer(config: Config, tokenizer: Path) -> Config:
    """Gives the config the tokenizer section of the corpus' tokenizer.

    spaCy copies a tokenizer only between pipelines that name the same one, and some languages
    (Chinese, Japanese, Thai, …) have their own.

    Raises:
        UserError: There is no tokenizer, or it is of another language than the config.
    """
    if not (tokenizer / "config.cfg").is_file():
        raise UserError(
            "The corpus has no tokenizer",
            where=str(tokenizer),
            todo="Make the corpus first: python -m spacy project run data",
        )
    base = spacy.util.load_config(tokenizer / "config.cfg")
    if base["nlp"]["lang"] != config["nlp"]["lang"]:
        raise UserError(
            f"The corpus was made with the tokenizer of {base['nlp']['lang']!r}, the pipeline "
            f"is to be {config['nlp']['lang']!r}",
            where=str(tokenizer),
            todo="Use the same --lang for convert and train.",
        )
    config["nlp"]["tokenizer"] = base["nlp"]["tokenizer"]
    return config
