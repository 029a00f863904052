"""What all trainings of an experiment have in common, and how one of them is run."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
import srsly
from click import UsageError
from spacy.cli._util import parse_config_overrides
from thinc.api import Config

from ..common.devices import find_device
from ..common.errors import UserError
from ..common.files import md5_of_file, md5_of_path, new_file, write_json
from ..pipelines.config import automatic_settings, has_transformer, read_config
from ..pipelines.resume import BEST, LAST
from ..pipelines.scores import noted_f
from ..pipelines.sections import find_section, set_by
from .children import remove

RECORD = "run.json"
RECORD_VERSION = 1

# What an experiment sets, or must keep the same, in all its trainings.
REFUSED = {
    "system.seed": "every training is given its own with --seed",
    "training.seed": "every training is given its own with --seed",
    "training.logger": "the log goes where the experiment reads it",
    "paths": "use --corpus",
    "nlp.lang": "use --lang",
    "corpora.dev": "dev must be the same in all trainings",
    "training.score_weights": "F on dev must choose the best checkpoint",
}


@dataclass(frozen=True)
class Setup:
    """The options of train that are the same in all trainings of an experiment.

    Args:
        config: spaCy training config.
        corpus: Corpus directory made by convert.
        encoder: Encoder directory; looked at only if the config has a transformer.
        lang: Language of the pipeline.
        gpu_id: ``auto``, ``-1`` or the number of a GPU.
        options: Further options, ``--section.key VALUE``, as words.
        sections: Names or paths of config sections that are merged over the config.
    """

    config: Path
    corpus: Path
    encoder: Path
    lang: str
    gpu_id: str
    options: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()

    def overrides(self) -> dict[str, Any]:
        """The further options by name; those of spaCy's environment variable included.

        Raises:
            UserError: A word is no such option.
        """
        try:
            return parse_config_overrides(list(self.options))
        except UsageError as error:
            raise UserError(
                f"Not an option: {error.format_message()}",
                todo="Further options have the form --section.key VALUE, as in spacy train.",
            ) from None

    def settings(self) -> dict[str, Any]:
        """What train will set on the config, further options included, by name.

        Raises:
            UserError: Something is missing, as in train.
        """
        automatic = automatic_settings(
            self.config, corpus=self.corpus, encoder_dir=self.encoder, lang=self.lang, seed=0,
            log=Path("log.jsonl"), gpu=self.on_gpu(), sections=self.sections,
        )  # fmt: skip
        return {**automatic, **self.overrides()}

    def ready(self) -> Config:
        """The config as it will be trained, its variables left as they are.

        Raises:
            UserError: Something is missing or does not fit, as in train.
        """
        return read_config(self.config, self.settings(), self.sections)

    def with_options(self) -> list[str]:
        """The words that give the sections to a command."""
        return [word for section in self.sections for word in ("--with", section)]

    def on_gpu(self) -> bool:
        """Whether trainings run on a GPU."""
        return find_device(self.gpu_id).gpu_id >= 0

    def train(self, output: Path, seed: int, *more: str) -> list[str]:
        """The words after ``python -m`` that train with a seed."""
        return [
            "scripts.train", str(self.config), "--output", str(output),
            "--corpus", str(self.corpus), "--encoder", str(self.encoder), "--lang", self.lang,
            "--gpu-id", self.gpu_id, "--seed", str(seed), *self.with_options(),
            *self.options, *more,
        ]  # fmt: skip

    def evaluate(self, model: Path, output: Path) -> list[str]:
        """The words after ``python -m`` that score a model on all of the corpus' gold."""
        return [
            "scripts.evaluate", str(model), "--corpus", str(self.corpus), "--output", str(output),
            "--gpu-id", self.gpu_id,
        ]  # fmt: skip


def check(setup: Setup, refused: Mapping[str, str] = REFUSED) -> None:
    """Finds what would make every training fail, before the first is begun.

    Args:
        setup: What the trainings have in common.
        refused: Names that options may not set, or that theirs may not begin with, and why.

    Raises:
        UserError: An option or section is refused or unknown, or config, corpus or encoder is
            missing.
    """
    for name in sorted({*setup.overrides(), *set_by(setup.sections)}):
        for start, why in refused.items():
            if f"{name}.".startswith(f"{start}."):
                raise UserError(f"{name} cannot be set here", todo=f"{why[0].upper()}{why[1:]}.")
    for name in ("train.spacy", "dev.spacy", "audit.json", "tokenizer"):
        if not (setup.corpus / name).exists():
            raise UserError(
                f"The corpus has no {name}",
                where=str(setup.corpus),
                todo="Make it first: python -m spacy project run data",
            )
    setup.ready()


def made_from(setup: Setup) -> dict[str, Any]:
    """What decides the outcome of a training, beside its seed: results go together if it is equal.

    ``corpus_md5`` is the one that the metrics name, the md5 of ``audit.json``.
    """
    corpus = setup.corpus
    transformer = has_transformer(setup.config, setup.sections)
    encoder = md5_of_path(setup.encoder) if transformer else None
    # In their order, in which later ones win.
    sections = [f"{Path(name).stem} {md5_of_file(find_section(name))}" for name in setup.sections]
    return {
        "config": setup.config.as_posix(),
        "config_md5": md5_of_file(setup.config),
        "corpus_md5": md5_of_file(corpus / "audit.json"),
        "train_md5": md5_of_path(corpus / "train.spacy"),
        "dev_md5": md5_of_path(corpus / "dev.spacy"),
        "tokenizer_md5": md5_of_path(corpus / "tokenizer"),
        "encoder_md5": encoder,
        "lang": setup.lang,
        # Only if there are any: the results of earlier runs have no such entry.
        **({"sections": sections} if sections else {}),
        "options": dict(sorted(setup.overrides().items())),
        "device": "gpu" if setup.on_gpu() else "cpu",
        "spacy": spacy.__version__,
    }


def machine() -> dict[str, Any]:
    """The machine that results were made on."""
    return {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def refuse_others(directory: Path, pattern: str, origin: Mapping[str, Any]) -> None:
    """Refuses a directory with finished runs of other settings, rather than mix or lose them.

    Args:
        directory: The output directory.
        pattern: Glob pattern of the runs' folders in it.
        origin: What the runs to come are made from.

    Raises:
        UserError: There is a run that was made from something else.
    """
    for path in sorted(directory.glob(f"{pattern}/{RECORD}")):
        differing = differences(read_record(path.parent).get("made_from", {}), origin)
        if differing:
            raise UserError(
                f"The directory holds runs of other settings: {', '.join(differing)} differ",
                where=str(path.parent),
                todo="Name another directory with --output, or remove this one.",
            )


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names of what differs; a config's path does not matter where its content is the same."""
    names = sorted({*before, *now} - {"config"})
    return [name for name in names if before.get(name) != now.get(name)]


def read_record(folder: Path) -> dict[str, Any]:
    """The record of a finished run; empty if the run is not finished.

    Raises:
        UserError: The record cannot be read.
    """
    path = folder / RECORD
    if not path.is_file():
        return {}
    try:
        record = srsly.read_json(path)
    except ValueError:
        record = None
    if not isinstance(record, dict) or record.get("version") != RECORD_VERSION:
        raise UserError(
            "Not the record of a run", where=str(path), todo="Remove the folder it is in."
        )
    return record


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Marks a run as finished: the record is what is written last."""
    with new_file(folder / RECORD) as temporary:
        write_json(temporary, {"version": RECORD_VERSION, **record})


def dev_score(output: Path) -> float:
    """F on dev (repaired gold) of the best pipeline in a training's output, 0 to 1."""
    meta = srsly.read_json(output / BEST / "meta.json")
    return float(noted_f(meta["performance"]) or 0.0)


def remove_models(output: Path, names: Sequence[str] = (BEST, LAST)) -> None:
    """Removes pipelines of a training's output."""
    for name in names:
        remove(output / name)
