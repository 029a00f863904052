"""The recipes of configs/recipes: each can be read, mixed and planned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import srsly

from scripts.common.variables import given_variables, refuse_unknown
from scripts.corpora.mix_spec import parse_spec
from scripts.encoders.registry import find_entry
from scripts.pipelines.config import read_config
from scripts.recipes.data import missing_files, ways
from scripts.recipes.planning import make_plan
from scripts.recipes.reading import Recipe, read_recipe, recipe_files

ROOT = Path(__file__).resolve().parents[2]
PROJECT = srsly.read_yaml(ROOT / "project.yml")
DEFAULTS = {key: str(value) for key, value in PROJECT["vars"].items()}
NAMED = {"bangla-per", "conll-mbert", "massive-slots", "mixed-sets", "span-classifier"}
PATHS = recipe_files(ROOT / "configs" / "recipes")
# Those that docs/recipes.md measures; label_mixing reads the other one, which is a mix alone.
MEASURED = [
    path
    for path in recipe_files(ROOT / "benchmarks" / "recipes")
    if path.stem != "labels-bc5cdr-ncbi"
]
every_recipe = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def _read(path: Path) -> Recipe:
    return read_recipe(path, PROJECT["vars"])


def _words(command: tuple[str, ...]) -> dict[str, str]:
    """The variables that a project command sets, or the options of another one."""
    return dict(zip(command, command[1:], strict=False))


def _train_options(recipe: Recipe, small: bool) -> tuple[list[str], dict[str, str]]:
    given = {**recipe.variables, **(recipe.small_variables if small else {})}
    words = given.get("train_options", "").split()
    pairs = list(zip(words[::2], words[1::2], strict=True))
    sections = [value for option, value in pairs if option == "--with"]
    return sections, {o.removeprefix("--"): v for o, v in pairs if o != "--with"}


def test_recipes_named_are_there():
    assert {path.stem for path in PATHS} >= NAMED


@every_recipe
def test_recipe_reads_its_data_as_mix_does(path, tmp_path, monkeypatch):
    recipe = _read(path)
    monkeypatch.chdir(tmp_path)
    for file in recipe.files():
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    spec = parse_spec(recipe.data, str(path))
    assert spec.splits["train"]


@pytest.mark.parametrize("path", [*PATHS, *MEASURED], ids=lambda path: path.stem)
def test_recipe_says_where_each_file_is_to_be_had(path):
    recipe = _read(path)
    downloads = {asset["dest"] for asset in PROJECT["assets"] if "url" in asset}
    for file in recipe.files():
        assert file in downloads or "http" in recipe.sources[file]


@pytest.mark.parametrize(
    ("path", "small"),
    [*((path, small) for path in PATHS for small in (False, True)),
     *((path, False) for path in MEASURED)],
    ids=lambda value: value.stem if isinstance(value, Path) else "small" if value else "full",
)  # fmt: skip
def test_recipe_settings_fit_its_config(path, small):
    recipe = _read(path)
    sections, options = _train_options(recipe, small)
    config = ROOT / "configs" / f"{recipe.variables['config']}.cfg"
    plain = read_config(config, sections=sections)
    for name in options:
        block = plain
        for part in name.split("."):
            assert part in block, f"{name} is not in {config.name} with {sections}"
            block = block[part]


@every_recipe
def test_recipe_encoder_is_known_with_its_licence(path):
    assert find_entry(_read(path).variables["encoder"]) is not None


@every_recipe
def test_recipe_small_run_needs_no_download_of_weights(path):
    recipe = _read(path)
    assert recipe.sample is not None and recipe.sample <= 200
    assert recipe.small_variables["encoder"] == "sample"


@every_recipe
@pytest.mark.parametrize("small", [False, True], ids=["full", "small"])
def test_recipe_plan_mixes_first_and_runs_the_project_last(path, small):
    recipe = _read(path)
    plan = make_plan(recipe, DEFAULTS, {}, small=small)
    mix, *steps, project = plan.commands
    assert mix[:2] == ("-m", "scripts.mix")
    assert ("--sample" in mix) == small
    assert project[:6] == ("-m", "spacy", "project", "run", "all", ".")
    assert len(steps) == len(recipe.steps)
    given = _words(project)
    refuse_unknown(PROJECT["vars"], given_variables(project))
    assert given["--vars.lang"] == recipe.data["lang"]
    assert given["--vars.train"].startswith(plan.data.as_posix())
    assert all(not value.startswith("--") for value in project[7::2])


@every_recipe
def test_recipe_plan_with_seeds_trains_what_the_project_would(path):
    recipe = _read(path)
    plan = make_plan(recipe, DEFAULTS, {"gpu_id": "-1"}, seeds=3)
    data, encoder, trials = plan.commands[-3:]
    assert (data[4], encoder[4]) == ("data", "encoder")
    given = _words(trials)
    assert given["--seeds"] == "3"
    assert given["--config"] == f"configs/{recipe.variables['config']}.cfg"
    assert given["--output"] == f"training/recipes/{recipe.name}"
    assert (given["--lang"], given["--gpu-id"]) == (recipe.data["lang"], "-1")
    options = recipe.variables.get("train_options", "").split()
    assert list(trials[len(trials) - len(options) :]) == options


def test_recipe_mixed_sets_fills_before_it_trains():
    recipe = _read(ROOT / "configs" / "recipes" / "mixed-sets.yml")
    plan = make_plan(recipe, DEFAULTS, {})
    assert [command[1] for command in plan.commands] == [
        "scripts.mix", "scripts.convert", "scripts.encoder", "scripts.train", "scripts.fill",
        "spacy",
    ]  # fmt: skip
    fill, project = plan.commands[-2:]
    assert _words(project)["--vars.train"] == fill[-1]
    assert _words(project)["--vars.test"] == f"{plan.data.as_posix()}/test"


def test_recipe_without_its_data_names_each_file_and_the_way_to_it(tmp_path):
    recipe = _read(ROOT / "configs" / "recipes" / "massive-slots.yml")
    other = _read(ROOT / "configs" / "recipes" / "conll-mbert.yml")
    there = {"name": "there", "file": "there.jsonl"}
    (tmp_path / "there.jsonl").touch()
    sets = [*recipe.data["train"], *other.data["train"], there, {"name": "x", "file": "x.jsonl"}]
    rows = dict(ways(replace(recipe, data={"train": sets}), PROJECT["assets"], tmp_path).rows)
    assert rows.pop("assets/remote/massive/ru-RU.jsonl").startswith("1.1/data/ru-RU.jsonl of")
    assert rows.pop("x.jsonl").startswith("put it there")
    assert rows == {"assets/remote/wnut17_train.conll": "python -m spacy project assets --extra"}
    assert missing_files(replace(recipe, data={"train": [there]}), tmp_path) == []


def test_recipe_massive_slots_scores_what_the_original_did():
    recipe = _read(ROOT / "configs" / "recipes" / "massive-slots.yml")
    words = make_plan(recipe, DEFAULTS, {}).commands[-1]
    assert "--vars.dev" in words
    assert "--vars.test" not in words
    for name in ("massive-slots-full", "massive-slots-bn"):
        recipe = _read(ROOT / "configs" / "recipes" / f"{name}.yml")
        assert "--vars.test" in make_plan(recipe, DEFAULTS, {}).commands[-1]
