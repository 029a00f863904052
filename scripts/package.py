"""Build an installable package of a trained pipeline."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import srsly
import typer
from spacy.cli.package import package
from wasabi import msg

from .common.console import run
from .common.errors import UserError
from .pipelines.card import README, without_front_matter
from .pipelines.meta import package_meta


def main(
    model: Path = typer.Argument(Path("training/model-best"), help="Trained pipeline"),
    output: Path = typer.Option(Path("packages"), "--output", "-o", help="Where packages go"),
    name: str = typer.Option("ner", "--name", "-n", help="Package name, without the language"),
    version: str = typer.Option("0.1.0", "--version", "-v", help="Package version"),
) -> None:
    """Build an installable package (sdist and wheel) of a trained pipeline.

    The meta names the encoder's licence, as train noted it: its weights are in the package.
    """
    if not (model / "meta.json").is_file():
        raise UserError(
            "There is no trained pipeline",
            where=str(model),
            todo="Train one first: python -m spacy project run train",
        )
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".") as folder:
        meta = Path(folder) / "meta.json"
        srsly.write_json(meta, package_meta(model, name, version))
        copy = _with_plain_card(model, Path(folder) / "pipeline")
        package(
            copy, output, meta_path=meta, name=name, version=version, create_sdist=True,
            create_wheel=True, force=True, silent=False,
        )  # fmt: skip
    wheels = sorted(output.glob(f"*_{name}-{version}/dist/*.whl"))
    if not wheels:
        raise UserError("No wheel was built", where=str(output))
    msg.good(f"Install it with: python -m pip install {wheels[-1].as_posix()}")


def _with_plain_card(model: Path, copy: Path) -> Path:
    """A copy of the pipeline, without bytes of its own, whose card has no front matter.

    ``spacy huggingface-hub push`` writes its own from the meta; two would be shown as text.
    """
    shutil.copytree(model, copy, copy_function=_link)
    card = copy / README
    if card.is_file():
        text = without_front_matter(card.read_text(encoding="utf8"))
        card.unlink()
        card.write_text(text, encoding="utf8", newline="\n")
    return copy


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


if __name__ == "__main__":
    run(main)
