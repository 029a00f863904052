"""Build an installable package of a trained pipeline."""

from __future__ import annotations

import tempfile
from pathlib import Path

import srsly
import typer
from spacy.cli.package import package
from wasabi import msg

from .common.console import run
from .common.errors import UserError
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
    with tempfile.TemporaryDirectory() as folder:
        meta = Path(folder) / "meta.json"
        srsly.write_json(meta, package_meta(model, name, version))
        package(
            model, output, meta_path=meta, name=name, version=version, create_sdist=True,
            create_wheel=True, force=True, silent=False,
        )  # fmt: skip
    wheels = sorted(output.glob(f"*_{name}-{version}/dist/*.whl"))
    if not wheels:
        raise UserError("No wheel was built", where=str(output))
    msg.good(f"Install it with: python -m pip install {wheels[-1].as_posix()}")


if __name__ == "__main__":
    run(main)
