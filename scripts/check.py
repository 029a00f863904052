"""Check that the project can run here, before anything long is started."""

from __future__ import annotations

from pathlib import Path

import srsly
import typer
from wasabi import msg

from .checks.assets import check_assets
from .checks.inputs import write_inputs
from .checks.problems import Problem
from .checks.setup import write_setup
from .checks.space import check_space
from .checks.versions import check_versions, read_pins
from .common.console import run
from .common.devices import find_device
from .common.errors import UserError
from .pipelines.config import has_transformer

ROOT = Path()


def main(
    ctx: typer.Context,
    config: Path = typer.Option(Path("configs/ner.cfg"), help="Config that will be trained"),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    train: Path | None = typer.Option(None, help="Training data that will be converted"),
    encoder: str = typer.Option("auto", help="Encoder that will be prepared"),
    output: Path | None = typer.Option(None, "--output", "-o", help="Where to note the set-up"),
    inputs: Path | None = typer.Option(None, help="Where to note the md5 of the files named after"),
) -> None:
    """Check that the project can run here, before anything long is started.

    Looks at versions, variables, asset checksums, the GPU if one is wanted, and disk space, and
    says how to mend what it finds. Exits with 1 if the workflow could not end well. What it found
    of the device and of a local encoder is noted in a file on which the later commands depend, so
    that they run again when a GPU appears or the encoder's files change. So are, with --inputs,
    all files that the words after the options name.
    """
    if not (ROOT / "project.yml").is_file():
        raise UserError("This is not the project's directory", todo="Change into it first.")
    project = srsly.read_yaml(ROOT / "project.yml")
    problems = check_versions(read_pins(ROOT / "requirements.txt"))
    problems += check_assets(ROOT, project["assets"])
    if train is not None and not train.exists():
        problems.append(Problem(f"There is no training data {train}", "Check --vars.train."))
    if any(problem.fatal for problem in problems):
        _report(problems)
    device = find_device(gpu_id)
    msg.info(f"Device: {device}")
    if device.warning:
        problems.append(Problem(device.reason, device.warning, fatal=False))
    large = has_transformer(config) and device.gpu_id >= 0
    _report(problems + check_space(ROOT, large=large))
    if output is not None:
        write_setup(output, device, encoder)
    if inputs is not None:
        write_inputs(inputs, ctx.args)
    msg.good("The project can run here")


def _report(problems: list[Problem]) -> None:
    for problem in problems:
        (msg.fail if problem.fatal else msg.warn)(problem.what, problem.mend)
    if any(problem.fatal for problem in problems):
        raise SystemExit(1)


if __name__ == "__main__":
    run(main, more_options=True)
