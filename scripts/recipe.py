"""Run a recipe: its data, its settings, its own steps, then the project."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import srsly
import typer
import yaml
from wasabi import msg

from .common.console import run
from .common.errors import UserError
from .common.files import new_file
from .common.tables import Table
from .common.variables import refuse_unknown
from .recipes.data import missing_files, ways
from .recipes.planning import Plan, command_line, make_plan
from .recipes.reading import DIRECTORY, Recipe, find_recipe, read_recipe, recipe_files

PROJECT = Path("project.yml")


def main(
    ctx: typer.Context,
    name: str | None = typer.Argument(None, help="Recipe of configs/recipes, or a file"),
    listed: bool = typer.Option(False, "--list", help="List the recipes"),
    small: bool = typer.Option(False, help="The small run: minutes on a CPU, to see that it works"),
    seeds: int | None = typer.Option(
        None, min=1, help="Train with so many seeds (scripts.trials) instead of the whole project"
    ),
    dry: bool = typer.Option(False, help="Print the commands and run none"),
) -> None:
    """Run a recipe: its data, its settings, its own steps, then the project.

    Further options of the form --vars.NAME=VALUE set variables of project.yml, over those of the
    recipe. Without a name, the recipes are listed.
    """
    if not PROJECT.is_file():
        raise UserError("This is not the project's directory", todo="Change into it first.")
    project = srsly.read_yaml(PROJECT)
    if listed or name is None:
        _print(_table([read_recipe(path, project["vars"]) for path in recipe_files()]))
        return
    recipe = read_recipe(find_recipe(name), project["vars"])
    overrides = variables_given(ctx.args, project["vars"])
    defaults = {key: str(value) for key, value in project["vars"].items()}
    plan = make_plan(recipe, defaults, overrides, small=small, seeds=seeds)
    msg.divider(recipe.title)
    if not dry:
        _require_data(recipe, project["assets"])
        _warn_of_earlier(plan)
        _write_specification(plan.specification, recipe.data)
    for words in plan.commands:
        msg.text("This runs:")
        print(command_line(words), flush=True)
        if not dry:
            _execute(words)
    if not dry:
        _print_outputs(plan)
        if small:
            msg.warn("This was the small run: its scores say nothing about the recipe")


def variables_given(words: Sequence[str], declared: Mapping[str, Any]) -> dict[str, str]:
    """The variables that the command line sets: ``--vars.x=1`` or ``--vars.x 1``."""
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if not option.startswith("--vars."):
            raise UserError(f"Not an option: {word}", todo="Set variables as --vars.NAME=VALUE.")
        if not equals and (not rest or rest[0].startswith("--vars.")):
            raise UserError(f"{option} has no value", todo="Write --vars.NAME=VALUE.")
        found[option.removeprefix("--vars.").replace("-", "_")] = (
            value if equals else rest.pop(0)
        ).strip()
    refuse_unknown(declared, found)
    return found


def _require_data(recipe: Recipe, assets: Sequence[Mapping[str, Any]]) -> None:
    """Refuses a recipe whose data are not there; prints how to get each file."""
    missing = ways(recipe, assets)
    if missing.rows:
        _print(missing)
        raise UserError(
            f"The recipe has {len(recipe.files())} data files, {len(missing.rows)} are missing",
            where=str(recipe.path),
            todo="Get them as listed above, then run the recipe again.",
        )


def _warn_of_earlier(plan: Plan) -> None:
    """Says what of an earlier run will be written over."""
    there = [path.as_posix() for path in plan.replaced if path.exists()]
    if there:
        msg.warn(f"Of an earlier run, this is written over: {', '.join(there)}")


def _table(recipes: Sequence[Recipe]) -> Table:
    rows = []
    for recipe in recipes:
        missing, files = len(missing_files(recipe)), len(recipe.files())
        there = "yes" if not missing else f"{files - missing} of {files}"
        rows.append((recipe.name, recipe.title, recipe.variables.get("encoder", "auto"), there))
    header = ("recipe", "title", "encoder", "data there")
    return Table(f"Recipes in {DIRECTORY.as_posix()}", header, rows)


def _write_specification(path: Path, data: Mapping[str, Any]) -> None:
    with new_file(path) as temporary:
        text = yaml.safe_dump(dict(data), allow_unicode=True, sort_keys=False)
        temporary.write_text(text, encoding="utf8", newline="\n")


def _execute(words: Sequence[str]) -> None:
    """Runs a command; ends with its status if it fails."""
    status = subprocess.run([sys.executable, *words]).returncode
    if status:
        msg.fail("The recipe stopped: this command failed", command_line(words))
        raise SystemExit(status if status > 0 else 1)


def _print_outputs(plan: Plan) -> None:
    rows = [(path.as_posix(), what) for path, what in plan.outputs if path.exists()]
    _print(Table("What there is now", ("file", "what"), rows))


def _print(table: Table) -> None:
    msg.divider(table.title)
    msg.table(table.rows, header=table.header, divider=True, max_col=80)


if __name__ == "__main__":
    run(main, more_options=True)
