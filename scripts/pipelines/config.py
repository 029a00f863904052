"""A training config made ready for this machine, corpus and encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import spacy
from confection import ConfigValidationError
from spacy.util import CONFIG_SECTION_ORDER, load_config
from thinc.api import Config

from ..common.errors import UserError
from ..common.files import new_file
from ..encoders.report import read_report
from .sections import merge_sections, set_by
from .suggestions import has_missing, spancats, suggester_settings

SPANCAT_MISSING = "spancat_missing"
# How the first line of a merged config ends.
WRITTEN = ": written by scripts.train."

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


def has_transformer(path: Path, sections: Sequence[str] = ()) -> bool:
    """Whether the pipeline of a config, sections merged over it, holds a transformer."""
    return "transformer" in read_config(path, sections=sections)["nlp"]["pipeline"]


def read_config(
    path: Path, overrides: dict[str, Any] | None = None, sections: Sequence[str] = ()
) -> Config:
    """Reads a config with its variables left as they are.

    Args:
        path: The config.
        overrides: Settings as ``section.key`` to value, put over everything else.
        sections: Names or paths of config sections, merged over the config in this order.

    Raises:
        UserError: The file is missing, an override names nothing in it, or a section does not fit.
    """
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.cfg"))) or "none"
        raise UserError(
            "There is no such config", where=str(path), todo=f"Configs beside it: {known}."
        )
    overrides = overrides or {}
    try:
        if not sections:
            return load_config(path, overrides=overrides, interpolate=False)
        merged = merge_sections(load_config(path, interpolate=False), sections)
        return Config(section_order=CONFIG_SECTION_ORDER).from_str(
            merged.to_str(interpolate=False), interpolate=False, overrides=overrides
        )
    except (ConfigValidationError, ValueError) as error:
        raise UserError("The config cannot be read", where=str(path), todo=str(error)) from None


def write_config(path: Path, config: Path, sections: Sequence[str]) -> None:
    """Writes a config with sections merged over it, for plain spaCy to train.

    Args:
        path: The file to write.
        config: The config.
        sections: Names or paths of config sections.

    Raises:
        UserError: As ``read_config``.
    """
    merged = read_config(config, sections=sections)
    origin = f"# {config.as_posix()} with {', '.join(sections)}{WRITTEN}\n\n"
    with new_file(path) as temporary:
        text = origin + merged.to_str(interpolate=False) + "\n"
        temporary.write_text(text, encoding="utf8", newline="\n")


def remove_written(path: Path) -> None:
    """Removes a config that ``write_config`` wrote; any other file stays."""
    if path.is_file() and path.read_text(encoding="utf8").partition("\n")[0].endswith(WRITTEN):
        path.unlink()


def sections_for_missing(path: Path, sections: Sequence[str], corpus: Path) -> list[str]:
    """The section that a span categorizer needs where training texts have places left missing.

    Args:
        path: The config.
        sections: Names or paths of the sections that are merged over it.
        corpus: Corpus directory.
    """
    if SPANCAT_MISSING in sections or not spancats(read_config(path, sections=sections)):
        return []
    return [SPANCAT_MISSING] if has_missing(corpus) else []


def automatic_settings(
    path: Path,
    *,
    corpus: Path,
    encoder_dir: Path,
    lang: str,
    seed: int,
    log: Path,
    gpu: bool,
    sections: Sequence[str] = (),
) -> dict[str, Any]:
    """The overrides that this project sets on a config, as ``section.key`` to value.

    What a section sets was asked for, and is left as it is.

    Args:
        path: The config.
        corpus: Corpus directory.
        encoder_dir: Prepared encoder directory; looked at only if the config has a transformer.
        lang: Language of the pipeline.
        seed: Seed of the training.
        log: Where the JSONL log goes.
        gpu: Whether training runs on a GPU: then in mixed precision.
        sections: Names or paths of config sections that are merged over the config.

    Raises:
        UserError: The encoder is not prepared, or was prepared for a config without one, or the
            config has a span categorizer that the corpus was not made for.
    """
    settings: dict[str, Any] = {
        "paths.train": (corpus / "train.spacy").as_posix(),
        "paths.dev": (corpus / "dev.spacy").as_posix(),
        "paths.tokenizer": (corpus / "tokenizer").as_posix(),
        "nlp.lang": lang,
        "system.seed": seed,
        "training.logger.output_file": log.as_posix(),
    }
    if has_transformer(path, sections):
        settings.update(_encoder_settings(path, encoder_dir, gpu))
    settings.update(suggester_settings(read_config(path, sections=sections), corpus))
    asked = set_by(sections)
    return {k: v for k, v in settings.items() if not any(_within(k, name) for name in asked)}


def _within(name: str, other: str) -> bool:
    """Whether a dotted name is another one or lies in it."""
    return f"{name}.".startswith(f"{other}.")


def _encoder_settings(path: Path, encoder_dir: Path, gpu: bool) -> dict[str, Any]:
    """The overrides that a prepared encoder asks for.

    Raises:
        UserError: The encoder is not prepared, or was prepared for a config without one.
    """
    encoder = read_report(encoder_dir)
    if encoder.kind == "none":
        raise UserError(
            "The config has a transformer, but no encoder was prepared",
            where=str(encoder_dir),
            todo=f"Prepare one: python -m scripts.encoder auto {encoder_dir} --config {path}",
        )
    model = "components.transformer.model"
    settings = {
        f"{model}.name": encoder_dir.as_posix(),
        f"{model}.tokenizer_config.model_max_length": encoder.model_max_length,
        f"{model}.get_spans.window": encoder.window,
        f"{model}.get_spans.stride": encoder.stride,
        f"{model}.mixed_precision": gpu,
    }
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
