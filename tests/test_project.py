"""The whole project through its own commands, on a few records and a few training steps."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import spacy

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ("project.yml", "requirements.txt", "README.md", "configs", "scripts", "assets/sample")
# weasel takes a value that starts with dashes for the next option, hence the leading blank.
FAST = {
    "encoder_options": " --steps 2",
    "train_options": " --training.max_steps 12 --training.eval_frequency 4",
    "gpu_id": "-1",
}
PRODUCING = [
    "convert", "encoder", "debug-data", "train", "evaluate", "calibrate", "report", "card",
]  # fmt: skip

pytestmark = pytest.mark.project


def _run(folder: Path, *arguments: str, check: bool = True) -> str:
    """Runs ``python ARGUMENTS`` in a project folder and returns what it printed."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf8",
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stdout
    assert check or done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


def _variables(**changes: str) -> list[str]:
    """The command line that sets the variables of FAST with some changed."""
    given = {**FAST, **changes}
    return [word for name, value in given.items() for word in (f"--vars.{name}", value)]


def _project(folder: Path, *arguments: str, check: bool = True) -> str:
    return _run(folder, "-m", "spacy", "project", "run", *arguments, check=check)


def _copy_template(folder: Path) -> Path:
    for name in TEMPLATE:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = _copy_template(tmp_path_factory.mktemp("project"))
    _project(folder, "all", ".", *_variables())
    return folder


def test_project_all_makes_everything(project):
    for name in ("corpus/train.spacy", "corpus/audit.json", "corpus/findings.jsonl",
                 "training/model-best/meta.json", "training/log.jsonl", "metrics/dev.json",
                 "metrics/test.json", "reports/index.html"):  # fmt: skip
        assert (project / name).is_file(), name
    rows = (project / "training" / "log.jsonl").read_text(encoding="utf8").splitlines()
    assert [json.loads(row)["step"] for row in rows] == [0, 4, 8, 12]


def test_project_second_run_skips_all_that_produces_something(project):
    printed = _project(project, "all", ".", *_variables())
    assert printed.count("nothing changed") == len(PRODUCING)


@pytest.mark.parametrize(
    ("change", "rerun"),
    [
        ({"train_options": " --training.max_steps 4"}, ["train"]),
        ({"config": "ner_cpu"}, ["encoder", "debug-data", "train"]),
        ({"seed": "7"}, ["convert", "encoder", "train", "evaluate", "calibrate"]),
    ],
)
def test_project_change_of_a_variable_runs_what_names_it(project, change, rerun):
    # A dry run does not carry a change on through the outputs; what it would run first is enough.
    printed = _project(project, "all", ".", *_variables(**change), "--dry")
    skipped = [name for name in PRODUCING if f"Skipping '{name}'" in printed]
    assert skipped == [name for name in PRODUCING if name not in rerun]


def test_project_refuses_a_mistyped_variable(project):
    printed = _project(project, "all", ".", "--vars.trian", "my.jsonl", check=False)
    assert "no variable 'trian'" in printed
    assert "--vars.train" in printed


def test_project_model_loads_anywhere_without_our_code(project, tmp_path):
    shutil.copytree(project / "training" / "model-best", tmp_path / "model")
    aside = project.with_name("project-moved-away")
    project.rename(aside)
    code = (
        "import spacy, sys; nlp = spacy.load('model'); "
        "assert not [name for name in sys.modules if name.startswith('scripts')]; "
        "print([token.text for token in nlp('ব্যাংক।তিনি বলেন,‘আমি করিমের(৩৫)’')])"
    )
    try:
        printed = _run(tmp_path, "-c", code)
    finally:
        aside.rename(project)
    assert (
        "['ব্যাংক', '।', 'তিনি', 'বলেন', ',', '‘', 'আমি', 'করিমের', '(', '৩৫', ')', '’']" in printed
    )


@pytest.mark.parametrize(
    ("config", "options"),
    [
        ("ner", ["--components.transformer.model.name", "assets/encoders/selected"]),
        ("ner_cpu", []),
    ],
)
def test_project_corpus_trains_with_plain_spacy_train(project, tmp_path, config, options):
    _run(
        project, "-m", "spacy", "train", f"configs/{config}.cfg", "--output", str(tmp_path),
        "--training.max_steps", "2", "--training.eval_frequency", "1",
        "--training.logger.output_file", str(tmp_path / "log.jsonl"), *options,
    )  # fmt: skip
    assert spacy.load(tmp_path / "model-best").get_pipe("ner").labels == (
        "DATE",
        "LOC",
        "ORG",
        "PER",
    )


def test_project_training_resumes_from_the_last_model(project, tmp_path):
    training = tmp_path / "training"
    shutil.copytree(project / "training", training)
    shutil.rmtree(training / "model-best")
    before = (training / "log.jsonl").read_text(encoding="utf8")
    printed = _run(
        project, "-m", "scripts.train", "configs/ner.cfg", "--output", str(training), "--resume",
        "--gpu-id", "-1", "--training.max_steps", "2", "--training.eval_frequency", "1",
    )  # fmt: skip
    assert "Continuing from model-last" in printed
    after = (training / "log.jsonl").read_text(encoding="utf8")
    assert after.startswith(before) and len(after.splitlines()) == len(before.splitlines()) + 3
    assert not (training / ".resumed").exists()
    # What was learned is there from the first step on, not lost.
    resumed = json.loads(after.splitlines()[len(before.splitlines())])
    last = json.loads(before.splitlines()[-1])
    assert resumed["scores"]["ents_f"] == pytest.approx(last["scores"]["ents_f"], abs=1e-6)


def test_project_predictions_can_be_converted_again(project, tmp_path):
    texts = project / "assets" / "sample" / "test.jsonl"
    _run(
        project, "-m", "scripts.predict", "training/model-best", str(texts),
        str(tmp_path / "out.jsonl"), "--gpu-id", "-1",
    )  # fmt: skip
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf8").splitlines()
    given = [json.loads(line) for line in texts.read_text(encoding="utf8").splitlines()]
    found = [json.loads(line) for line in lines]
    assert [f["text"] for f in found] == [g["text"] for g in given]
    assert [f["id"] for f in found] == [g["id"] for g in given]
    nlp = spacy.load(project / "training" / "model-best")
    for record in found[:20]:
        ents = [[e.start_char, e.end_char, e.label_] for e in nlp(record["text"]).ents]
        assert record["label"] == ents


def test_project_own_file_alone_is_split(tmp_path):
    folder = _copy_template(tmp_path)
    shutil.copy(ROOT / "assets" / "sample" / "train.jsonl", folder / "my.jsonl")
    printed = _project(folder, "data", ".", "--vars.train", "my.jsonl")
    assert "dev is not given" in printed
    audit = json.loads((folder / "corpus" / "audit.json").read_text(encoding="utf8"))
    assert set(audit["inputs"]) == {"train"}
    assert set(audit["splits"]) == {"train", "dev", "test"}


@pytest.mark.parametrize("target", ["label-studio", "brat"])
def test_project_takes_the_files_of_other_tools_as_they_are(tmp_path, target):
    folder = _copy_template(tmp_path)
    sample = str(ROOT / "assets" / "sample" / "train.jsonl")
    _run(folder, "-m", "scripts.export", sample, "mine", "--to", target)
    printed = _project(folder, "data", ".", "--vars.train", "mine")
    assert f"format {target}" in printed
    audit = json.loads((folder / "corpus" / "audit.json").read_text(encoding="utf8"))
    counts = [split["spans"] for split in audit["splits"].values()]
    assert sum(c["given"] for c in counts) == sum(c["kept"] for c in counts) == 1162
