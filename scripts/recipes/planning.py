"""From a recipe to the commands that run it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..common.errors import UserError
from .reading import PLACEHOLDERS, Recipe, checked_value, fill

# Mixed data, one directory a recipe; the specification beside it.
DATA = Path("assets/recipes")
TRIALS = Path("training/recipes")
SELECTED = "assets/encoders/selected"
CORPUS = Path("corpus")
# Of reports, the history of earlier runs stays.
PROJECT_OUTPUTS = (CORPUS, Path("training/model-best"), Path("metrics"), Path("reports"))


@dataclass(frozen=True)
class Plan:
    """What a run of a recipe does.

    Args:
        data: Directory of the mixed data.
        specification: File that the mix is read from, written before the first command.
        commands: The words after ``python`` of each command.
        outputs: What there is afterwards: path and what it is.
        replaced: What of an earlier run is written over.
    """

    data: Path
    specification: Path
    commands: tuple[tuple[str, ...], ...]
    outputs: tuple[tuple[Path, str], ...]
    replaced: tuple[Path, ...]


def make_plan(
    recipe: Recipe,
    defaults: Mapping[str, str],
    overrides: Mapping[str, str],
    *,
    small: bool = False,
    seeds: int | None = None,
) -> Plan:
    """The commands of a recipe: mix, its own steps, then the project, or trials.

    Args:
        recipe: The recipe.
        defaults: The variables of project.yml and their values.
        overrides: Variables that the user sets; they win over the recipe's.
        small: Whether it is the small run: a sample of each set, and ``small: vars``.
        seeds: Train so many times with ``scripts.trials`` instead of running the whole project.

    Raises:
        UserError: A value cannot be carried, a placeholder is unknown, or the recipe lies where
            mixed data are written.
    """
    if DATA.resolve() in recipe.path.resolve().parents:
        todo = "It could be written over there, and clean removes it. Move it elsewhere."
        raise UserError(f"{DATA.as_posix()} is no place for a recipe", where=str(recipe.path),
                        todo=todo)  # fmt: skip
    name = f"{recipe.name}-small" if small else recipe.name
    data = DATA / name
    given = _variables(recipe, data, overrides, small)
    values = {**defaults, **given}
    known = {key: values[key] for key in PLACEHOLDERS if key != "data"} | {"data": data.as_posix()}
    specification = DATA / f"{name}.yml"
    mix = ["-m", "scripts.mix", specification.as_posix(), data.as_posix()]
    mix += ["--seed", values["seed"]]
    mix += ["--sample", str(recipe.sample)] if small and recipe.sample else []
    steps = [
        ("-m", *shlex.split(fill(step, known, f"{recipe.path}, steps"))) for step in recipe.steps
    ]
    if seeds is None:
        rest = [_project("all", given)]
        outputs, replaced = _project_outputs(), PROJECT_OUTPUTS
    else:
        trials = TRIALS / name
        rest = [_project("data", given), _project("encoder", given), _trials(values, trials, seeds)]
        outputs, replaced = _trial_outputs(trials), (CORPUS,)
    outputs = ((data / "mix.json", "what was taken of each data set"), *outputs)
    return Plan(data, specification, (tuple(mix), *steps, *rest), outputs, replaced)


def command_line(words: Sequence[str]) -> str:
    """A command as one can type it."""
    return shlex.join(["python", *words])


def _variables(
    recipe: Recipe, data: Path, overrides: Mapping[str, str], small: bool
) -> dict[str, str]:
    """The variables that differ from project.yml's: those of the data, the recipe's, the user's."""
    found = {"train": f"{data.as_posix()}/train.jsonl"}
    if "lang" in recipe.data:
        found["lang"] = str(recipe.data["lang"])
    if recipe.data.get("dev"):
        found["dev"] = f"{data.as_posix()}/dev.jsonl"
    tests = recipe.data.get("test") or []
    if tests:
        found["test"] = f"{data.as_posix()}/" + ("test.jsonl" if len(tests) == 1 else "test")
    found |= recipe.variables
    if small:
        found |= recipe.small_variables
    where, place = str(recipe.path), {"data": data.as_posix()}
    found = {name: fill(value, place, where) for name, value in found.items()}
    return found | {n: checked_value(n, v, "the command line") for n, v in overrides.items()}


def _project(workflow: str, given: Mapping[str, str]) -> tuple[str, ...]:
    words = ["-m", "spacy", "project", "run", workflow, "."]
    for name, value in given.items():
        # weasel takes a value that starts with dashes for the next option, hence the blank.
        words += [f"--vars.{name}", f" {value}" if value.startswith("--") else value]
    return tuple(words)


def _trials(values: Mapping[str, str], output: Path, seeds: int) -> tuple[str, ...]:
    return (
        "-m", "scripts.trials", "--seeds", str(seeds), "--first-seed", values["seed"],
        "--config", f"configs/{values['config']}.cfg", "--encoder", SELECTED,
        "--lang", values["lang"], "--gpu-id", values["gpu_id"], "--output", output.as_posix(),
        *shlex.split(values["train_options"]),
    )  # fmt: skip


def _project_outputs() -> tuple[tuple[Path, str], ...]:
    return (
        (Path("training/model-best"), "the trained pipeline, for spacy.load"),
        (Path("training/model-best/README.md"), "its model card"),
        (Path("metrics"), "scores on dev and on each test set, errors, calibration"),
        (Path("reports/index.html"), "the report: tables, tag confusion, losses"),
        (Path("reports/plots"), "its plots, loss.png and confusion-tags.png among them"),
        (Path("corpus/audit.json"), "what was found in the annotations"),
    )


def _trial_outputs(trials: Path) -> tuple[tuple[Path, str], ...]:
    return (
        (trials / "trials.json", "mean, spread and interval of the scores over the seeds"),
        (trials / "best", "the pipeline that is best on dev"),
        (trials / "logs", "what each training printed"),
        (Path("corpus/audit.json"), "what was found in the annotations"),
    )
