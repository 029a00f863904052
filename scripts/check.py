"""Check that the project can run here, before anything long is started."""

from __future__ import annotations

from pathlib import Path

import srsly
import typer
from wasabi import msg

from .checks.assets import check_assets
from .checks.problems import Problem
from .checks.space import check_space
from .checks.variables import check_variables, given_variables, project_arguments
from .checks.versions import check_versions, read_pins
from .common.console import run
from .common.devices import find_device
from .common.errors import UserError
from .pipelines.config import has_transformer

ROOT = Path()


def main(
    config: Path = typer.Option(Path("configs/ner.cfg"), help="Config that will be trained"),
    gpu_id: str = typer.Option("auto", "--gpu-id", "-g", help="auto, -1 for the CPU, or a number"),
    train: Path | None = typer.Option(None, help="Training data that will be converted"),
) -> None:
    """Check that the project can run here, before anything long is started.

    Looks at versions, variables, asset checksums, the GPU if one is wanted, and disk space, and
    says how to mend what it finds. Exits with 1 if the workflow could not end well.
    """
    if not (ROOT / "project.yml").is_file():
        raise UserError("This is not the project's directory", todo="Change into it first.")
    project = srsly.read_yaml(ROOT / "project.yml")
    problems = check_variables(project["vars"], given_variables(project_arguments()))
    problems += check_versions(read_pins(ROOT / "requirements.txt"))
    problems += check_assets(ROOT, project["assets"])
    if train is not None and not train.is_file():
        problems.append(Problem(f"There is no training file {train}", "Check --vars.train."))
    if any(problem.fatal for problem in problems):
        _report(problems)
    device = find_device(gpu_id)
    msg.info(f"Device: {'CPU' if device.gpu_id < 0 else f'GPU {device.gpu_id}'} ({device.reason})")
    if device.warning:
        problems.append(Problem(device.reason, device.warning, fatal=False))
    large = has_transformer(config) and device.gpu_id >= 0
    _report(problems + check_space(ROOT, large=large))
    msg.good("The project can run here")


def _report(problems: list[Problem]) -> None:
    for problem in problems:
        (msg.fail if problem.fatal else msg.warn)(problem.what, problem.mend)
    if any(problem.fatal for problem in problems):
        raise SystemExit(1)


if __name__ == "__main__":
    run(main)
