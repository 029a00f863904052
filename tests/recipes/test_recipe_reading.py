"""Recipe files with mistakes in them, and the command around them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from scripts.common.errors import UserError
from scripts.recipe import main, variables_given
from scripts.recipes.planning import command_line, make_plan
from scripts.recipes.reading import fill, find_recipe, read_recipe

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = {
    "train": "a", "dev": "b", "test": "c", "lang": "bn", "config": "ner", "encoder": "auto",
    "gpu_id": "auto", "seed": "0", "train_options": "",
}  # fmt: skip
GOOD = {
    "title": "নাম",
    "data": {"lang": "bn", "train": [{"name": "a", "file": "a.jsonl"}]},
    "vars": {"encoder": "sample"},
}


@pytest.fixture
def write(tmp_path):
    def write(**changes) -> Path:
        path = tmp_path / "mine.yml"
        content = {k: v for k, v in {**GOOD, **changes}.items() if v is not ...}
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf8")
        return path

    return write


def test_read_recipe_of_ones_own(write):
    recipe = read_recipe(write(), VARIABLES)
    assert (recipe.name, recipe.title, recipe.files()) == ("mine", "নাম", ["a.jsonl"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": ...}, "no title"),
        ({"data": ...}, "no set to train on"),
        ({"data": {"train": [{"name": "a"}]}}, "each name a file"),
        ({"setps": []}, "Unknown key 'setps'"),
        ({"vars": {"encodr": "x"}}, "no variable 'encodr'"),
        ({"vars": {"gpu_id": False}}, "gpu_id is False"),
        ({"vars": {"encoder": 'a "b"'}}, "cannot carry"),
        ({"vars": {"encoder": "{nothing}"}}, "Unknown placeholder {nothing}"),
        ({"steps": ["rm -rf assets"]}, "no command of the project"),
        ({"steps": ["scripts.fill {model}"]}, "Unknown placeholder {model}"),
        ({"steps": "scripts.fill"}, "no list of command lines"),
        ({"small": {"sample": 0}}, "sample is 0"),
        ({"small": {"steps": []}}, "more than sample and vars"),
        ({"small": {"vars": {"encodr": "x"}}}, "no variable 'encodr'"),
        ({"vars": ["encoder"]}, "'vars' is no mapping"),
        ({"steps": ["scripts.nothing {data}"]}, "no command of the project"),
        ({"steps": ["scripts.fill 'a b"]}, "No closing quotation"),
        ({"small": {"sample": True}}, "sample is True"),
        ({"sources": {"b.jsonl": "http://x"}}, "no file 'b.jsonl'"),
    ],
)
def test_read_recipe_says_what_is_wrong(write, changes, message):
    path = write(**changes)
    with pytest.raises(UserError) as caught:
        read_recipe(path, VARIABLES)
    assert message in caught.value.what
    assert str(path) in caught.value.where
    assert caught.value.todo


@pytest.mark.parametrize("text", ["a: [", "- a", "", "\xff"])
def test_read_recipe_refuses_what_is_no_mapping(tmp_path, text):
    path = tmp_path / "mine.yml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match="The recipe is"):
        read_recipe(path, VARIABLES)


def test_read_recipe_refuses_a_set_that_stands_twice(tmp_path):
    # A YAML reader would drop the first without a word, and its texts with it.
    path = tmp_path / "mine.yml"
    path.write_text(
        "title: x\ndata:\n  lang: bn\n  train: [{name: a, file: a}]\n"
        "  train: [{name: b, file: b}]\n",
        encoding="utf8",
    )
    with pytest.raises(UserError, match="stands twice"):
        read_recipe(path, VARIABLES)


@pytest.mark.parametrize("name", ["my recipe", "a,b", "a$b", "it's"])
def test_read_recipe_refuses_names_that_commands_cannot_carry(write, name):
    path = write()
    with pytest.raises(UserError, match="name cannot be"):
        read_recipe(path.rename(path.with_name(f"{name}.yml")), VARIABLES)


def test_make_plan_refuses_a_recipe_that_the_mix_would_write_over(tmp_path, write, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "assets" / "recipes").mkdir(parents=True)
    path = write().rename(tmp_path / "assets" / "recipes" / "mine.yml")
    with pytest.raises(UserError, match="no place for a recipe"):
        make_plan(read_recipe(path, VARIABLES), VARIABLES, {})


def test_find_recipe_by_name_and_path(tmp_path):
    mine = tmp_path / "mine.yml"
    mine.touch()
    assert find_recipe("mine", tmp_path) == mine
    assert find_recipe(str(mine), tmp_path / "none") == mine
    with pytest.raises(UserError, match="no recipe 'yours'") as caught:
        find_recipe("yours", tmp_path)
    assert "mine" in caught.value.todo


def test_fill_leaves_other_text_alone():
    assert fill("{data}/train {gpu_id}", {"data": "d", "gpu_id": "-1"}, "x") == "d/train -1"


def test_make_plan_lets_the_user_win_over_small_and_small_over_the_recipe(write):
    small = {"sample": 5, "vars": {"encoder": "from-small", "config": "ner_cpu"}}
    recipe = read_recipe(write(small=small, steps=["scripts.fill {encoder} {config}"]), VARIABLES)
    plan = make_plan(recipe, VARIABLES, {"encoder": "from-user"}, small=True)
    assert plan.commands[1] == ("-m", "scripts.fill", "from-user", "ner_cpu")
    assert make_plan(recipe, VARIABLES, {}).commands[1] == ("-m", "scripts.fill", "sample", "ner")


def test_make_plan_takes_no_dev_or_test_that_the_mix_does_not_make(write):
    words = make_plan(read_recipe(write(), VARIABLES), VARIABLES, {}).commands[-1]
    assert "--vars.train" in words
    assert not {"--vars.dev", "--vars.test"} & set(words)


def test_make_plan_refuses_a_value_that_cannot_be_carried(write):
    with pytest.raises(UserError, match="cannot carry"):
        make_plan(read_recipe(write(), VARIABLES), VARIABLES, {"encoder": "C:\\x"})


def test_command_line_can_be_typed():
    assert command_line(["-m", "x", "--vars.o", " --with a"]) == "python -m x --vars.o ' --with a'"


def _recipe(folder: Path, *words: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.recipe", *words], cwd=folder, env=environment,
        capture_output=True, text=True, encoding="utf8",
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize("words", [(), ("--list",)])
def test_recipe_command_lists(words, monkeypatch):
    monkeypatch.chdir(ROOT)
    app = typer.Typer()
    app.command()(main)
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "conll-mbert" in done.stdout


def test_recipe_command_refuses_other_options():
    done = _recipe(ROOT, "conll-mbert", "--dry", "--vars.trian=x")
    assert (done.returncode, "no variable 'trian'" in done.stdout) == (1, True), done.stdout
    for words, message in [
        (("--gpu", "1"), "Not an option: --gpu"),
        (("--vars.lang",), "--vars.lang has no value"),
        (("--vars.encoder", "--vars.lang=en"), "--vars.encoder has no value"),
    ]:
        with pytest.raises(UserError, match=message):
            variables_given(words, VARIABLES)


def test_recipe_command_takes_values_in_both_forms():
    words = ("--vars.gpu-id", "-1", "--vars.train_options=--with adamw", "--vars.lang=a=b")
    assert variables_given(words, VARIABLES) == {
        "gpu_id": "-1", "train_options": "--with adamw", "lang": "a=b",
    }  # fmt: skip


@pytest.mark.project
def test_recipe_command_stops_with_the_status_of_what_failed(tmp_path):
    for name in ("scripts", "configs"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    shutil.copy(ROOT / "project.yml", tmp_path)
    recipe = {**GOOD, "data": {"lang": "bn", "train": [{"name": "a", "file": "empty.jsonl"}]}}
    (tmp_path / "mine.yml").write_text(yaml.safe_dump(recipe), encoding="utf8")
    (tmp_path / "empty.jsonl").touch()
    done = _recipe(tmp_path, "mine.yml")
    assert done.returncode == 1
    assert "this command failed" in done.stdout
    assert "spacy project run" not in done.stdout
