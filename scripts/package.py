"""Build an installable package of a trained pipeline."""

from __future__ import annotations

import tempfile
from importlib import import_module
from itertools import islice
from pathlib import Path

import srsly
import typer
from spacy.cli.package import package
from wasabi import msg

from .common.console import run
from .common.errors import UserError
from .common.files import check_replaceable, new_directory
from .corpora.gold import read_gold
from .inference.predict import load_pipeline
from .pipelines.licences import UNKNOWN
from .pipelines.packaging import OURS, Prepared, check_request, prepare
from .pipelines.smoke import Smoke, try_wheel

# Texts that the smoke test marks.
SMOKE_TEXTS = 20


def main(
    model: Path = typer.Argument(Path("training/model-best"), help="Trained pipeline"),
    output: Path = typer.Option(Path("packages"), "--output", "-o", help="Where packages go"),
    name: str = typer.Option("ner", "--name", "-n", help="Package name, without the language"),
    version: str = typer.Option("0.1.0", "--version", "-v", help="Package version"),
    calibration: Path = typer.Option(
        Path("metrics/calibration.json"), help="What calibrate wrote for the model"
    ),
    smoke: Smoke = typer.Option(
        Smoke.none, help="Install the wheel in a new environment and load it there by name: with "
        "the packages of this one (linked), or with all from the package index (full)",
    ),
    corpus: Path = typer.Option(
        Path("corpus"), help="Corpus directory: the smoke test marks texts of its dev"
    ),
) -> None:  # fmt: skip
    """Build an installable package (sdist and wheel) of a trained pipeline.

    It holds the model card, the calibration if it was made for this model, and the licences of the
    weights and of what they were made from; no path of this machine.
    """
    full_name = check_request(model, name, version)
    target = output / f"{full_name}-{version}"
    check_replaceable(target, [full_name, *OURS])
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".") as temporary:
        folder = Path(temporary)
        prepared = prepare(model, folder, name, version, calibration)
        _print_prepared(prepared)
        built = _build(prepared, folder / "built", name, version)
        if smoke is not Smoke.none:
            _smoke(_wheel(built), full_name, model, corpus, folder, smoke)
        with new_directory(target) as place:
            for path in built.iterdir():
                path.rename(place / path.name)
    msg.good(f"Install it with: python -m pip install {_wheel(target).as_posix()}")
    msg.text(f"Then, anywhere: spacy.load({full_name!r})")


def _build(prepared: Prepared, folder: Path, name: str, version: str) -> Path:
    """Runs spaCy's package and gives the directory of the package."""
    folder.mkdir()
    package(
        prepared.pipeline, folder, meta_path=prepared.meta, name=name, version=version,
        create_sdist=True, create_wheel=True, silent=False,
        # Since 3.8 spaCy itself is no requirement of a package unless asked for.
        require_parent=True,
    )  # fmt: skip
    [built] = folder.iterdir()
    return built


def _wheel(built: Path) -> Path:
    wheels = sorted(built.glob("dist/*.whl"))
    if not wheels:
        raise UserError("No wheel was built", where=str(built.name), todo="See the output above.")
    return wheels[-1]


def _print_prepared(prepared: Prepared) -> None:
    (msg.info if prepared.calibrated else msg.warn)(f"Calibration: {prepared.calibration}")
    if not prepared.calibrated:
        msg.text("Confidences of the installed package will be raw, not calibrated.")
    if prepared.shortened:
        msg.info(f"{prepared.shortened} absolute paths cut down to their last part")
    licence = srsly.read_json(prepared.meta).get("license") or UNKNOWN
    (msg.warn if licence == UNKNOWN else msg.info)(f"Licence of the weights: {licence}")


def _smoke(
    wheel: Path, name: str, model: Path, corpus: Path, folder: Path, smoke: Smoke
) -> None:  # fmt: skip
    nlp = load_pipeline(model, -1)
    texts, source = _texts(corpus, nlp.lang)
    msg.text(f"Smoke test ({smoke.value}): installing {wheel.name} in a new environment …")
    tried = try_wheel(wheel, name, nlp, texts, folder, smoke)
    msg.good(
        f"Installed and loaded by name (spaCy {tried.spacy}), without this project and without "
        f"the network: the same {tried.ents} entities in {tried.texts} texts ({source})"
    )


def _texts(corpus: Path, lang: str) -> tuple[list[str], str]:
    """Texts for the smoke test, and where they are from: dev, else spaCy's own examples."""
    gold = corpus / "dev.gold.jsonl"
    if gold.is_file():
        return [record.text for record in islice(read_gold(gold), SMOKE_TEXTS)], str(gold)
    try:
        examples = import_module(f"spacy.lang.{lang}.examples").sentences
    except ImportError:
        examples = import_module("spacy.lang.xx.examples").sentences
    return list(examples[:SMOKE_TEXTS]), "spaCy's example sentences"


if __name__ == "__main__":
    run(main)
