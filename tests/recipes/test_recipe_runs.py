"""Every named recipe from a fresh copy of the project to its report, on made-up texts.

Most of a run's time are the imports of its ten commands.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import srsly
from thinc.api import Config

from scripts.recipes.reading import find_recipe, read_recipe

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ("project.yml", "requirements.txt", "README.md", "configs", "scripts", "assets/sample")
SYLLABLES = {
    "bn": ["কা", "রি", "মু", "তে", "লো", "না", "সি", "বা", "ডু", "খে"],
    "ru": ["ка", "ри", "му", "те", "ло", "на", "си", "ба", "ду", "хе"],
    "en": ["ka", "ri", "mu", "te", "lo", "na", "si", "ba", "du", "he"],
}
LABELS = {
    "wnut17": ["person", "location", "corporation", "group", "product", "creative-work"],
    "massive": ["time", "date", "place_name"],
    "banglaner": ["PER"],
}
TEXTS = 24
FEW_STEPS = "--training.max_steps 2 --training.eval_frequency 1"

pytestmark = pytest.mark.project


def _tokens(lang: str, labels: list[str], rng: random.Random) -> Iterator[tuple[str, str]]:
    """Words and tags of a text with a name in it, unlike any other text."""
    place = rng.randrange(8)
    for index in range(9):
        word = "".join(rng.choices(SYLLABLES[lang], k=rng.randint(2, 4)))
        yield word, f"B-{rng.choice(labels)}" if index == place else "O"


def _conll(texts: list[list[tuple[str, str]]], prefix: str) -> str:
    return "".join(
        "".join(f"{prefix}{word}\t{tag}\n" for word, tag in text) + "\n" for text in texts
    )


def _span_jsonl(texts: list[list[tuple[str, str]]]) -> str:
    lines = []
    for text in texts:
        spans, at = [], 0
        for word, tag in text:
            spans += [[at, at + len(word), tag[2:]]] if tag != "O" else []
            at += len(word) + 1
        line = {"text": " ".join(word for word, _ in text), "label": spans}
        lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    return "".join(lines)


def _massive(texts: list[list[tuple[str, str]]]) -> str:
    lines = []
    for number, text in enumerate(texts):
        marked = (f"[{tag[2:]} : {word}]" if tag != "O" else word for word, tag in text)
        line = {
            "id": str(number),
            "partition": ("train", "dev", "test")[number % 3],
            "utt": " ".join(word for word, _ in text),
            "annot_utt": " ".join(marked),
        }
        lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    return "".join(lines)


def _write_data(folder: Path, file: str, lang: str) -> None:
    rng = random.Random(file)
    known = next((labels for name, labels in LABELS.items() if name in file), ["PER", "LOC", "ORG"])
    texts = [list(_tokens(lang, known, rng)) for _ in range(TEXTS)]
    if "massive" in file:
        content = _massive(texts)
    elif file.endswith(".jsonl"):
        content = _span_jsonl(texts)
    else:
        content = _conll(texts, "en:" if "wikiann" in file else "")
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(content, encoding="utf8", newline="\n")


@pytest.fixture
def project(tmp_path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__")
    for name in TEMPLATE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    # The checksums are of the real files, which these are not.
    content = srsly.read_yaml(tmp_path / "project.yml")
    content["assets"] = [asset for asset in content["assets"] if "url" not in asset]
    srsly.write_yaml(tmp_path / "project.yml", content)
    # As an earlier run leaves it.
    (tmp_path / "metrics").mkdir()
    return tmp_path


def _run(folder: Path, *words: str) -> str:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.recipe", *words, "--vars.gpu_id=-1",
         "--vars.encoder_options=--steps 2"],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        encoding="utf8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


def _prepare(project: Path, name: str) -> str:
    """Writes a recipe's data; returns its small training options with fewer steps."""
    variables = srsly.read_yaml(project / "project.yml")["vars"]
    recipe = read_recipe(find_recipe(name, project / "configs" / "recipes"), variables)
    for file in recipe.files():
        _write_data(project, file, recipe.data["lang"])
    return f"{recipe.small_variables['train_options']} {FEW_STEPS}"


@pytest.mark.parametrize(
    ("name", "component", "optimizer", "scored"),
    [
        ("bangla-per", "ner", "Adam.v1", {"dev", "test"}),
        ("conll-mbert", "ner", "spans.AdamW.v1", {"dev", "test"}),
        ("massive-slots", "ner", "Adam.v1", {"dev"}),
        ("mixed-sets", "ner", "spans.AdamW.v1",
         {"dev", "test", "test-wikiann", "test-btc", "test-wnut17"}),
        ("span-classifier", "spancat", "spans.AdamW.v1", {"dev", "test"}),
    ],
)  # fmt: skip
def test_recipe_small_run_makes_model_scores_and_report(
    project, name, component, optimizer, scored
):
    options = _prepare(project, name)
    printed = _run(project, name, "--small", f"--vars.train_options={options}")
    assert "written over: metrics" in printed
    assert "This was the small run" in printed
    for file in ("training/model-best/README.md", "reports/index.html", "reports/plots/loss.png",
                 "reports/plots/confusion-tags.png",
                 f"assets/recipes/{name}-small/mix.json"):  # fmt: skip
        assert (project / file).is_file(), file
    config = Config().from_disk(project / "training" / "model-best" / "config.cfg")
    assert component in config["nlp"]["pipeline"]
    assert config["training"]["optimizer"]["@optimizers"] == optimizer
    metrics = {path.stem for path in (project / "metrics").glob("*.json")} - {"calibration"}
    assert metrics == scored
    for path in metrics:
        scores = srsly.read_json(project / "metrics" / f"{path}.json")
        words, every = scores["word_level"]["words"], 9 * scores["docs"]
        # Words that are marked MISC where nobody looked for MISC are not judged.
        partly = name == "mixed-sets" and path != "test-wnut17"
        assert 0 < words <= every if partly else words == every
        assert scores["token_level"]["tags"]


def test_recipe_with_seeds_trains_each(project):
    options = _prepare(project, "conll-mbert")
    _run(project, "conll-mbert", "--small", "--seeds", "2", f"--vars.train_options={options}")
    trials = project / "training" / "recipes" / "conll-mbert-small"
    assert (trials / "trials.json").is_file()
    assert {path.name for path in trials.glob("seed-*")} == {"seed-0", "seed-1"}
