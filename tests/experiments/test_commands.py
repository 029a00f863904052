"""The three commands for real, on the embedded sample, a few steps each."""

import json
import os
import re
import subprocess
import sys

import pytest
import spacy

from .conftest import ROOT

SHORT = ("--config", "configs/ner_cpu.cfg", "--gpu-id", "-1",
         "--training.max_steps", "20", "--training.eval_frequency", "10")  # fmt: skip

pytestmark = pytest.mark.project


def command(*words, check=True):
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)], cwd=ROOT, text=True, encoding="utf8",
        env={**os.environ, "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert "Traceback" not in done.stdout, done.stdout
    assert (done.returncode == 0) == check, done.stdout
    return done.stdout


def test_commands_on_the_sample(tmp_path):
    pytest.importorskip("optuna", reason="requirements-tune.txt is not installed")
    corpus, sample = tmp_path / "corpus", "assets/sample"
    command("scripts.convert", "--train", f"{sample}/train.jsonl", "--dev", f"{sample}/dev.jsonl",
            "--test", f"{sample}/test.jsonl", "--output", corpus)  # fmt: skip
    options = ("--corpus", corpus, *SHORT)

    trials = tmp_path / "trials"
    command("scripts.trials", "--seeds", "2", "--jobs", "2", "--output", trials, *options)
    report = json.loads((trials / "trials.json").read_text(encoding="utf8"))
    assert report["summary"]["test"]["as_given"]["n"] == 2
    assert spacy.load(trials / "best").meta["selected"]["of_seeds"] == [0, 1]
    assert "was finished before" in command(
        "scripts.trials", "--seeds", "1", "--output", trials, *options
    )

    tune = tmp_path / "tune"
    printed = command("scripts.tune", "--trials", "1", "--ranges", "configs/tune_cpu.yml",
                      "--output", tune, *options)  # fmt: skip
    # That Optuna was told of the evaluations shows that the table was read.
    report = json.loads((tune / "tune.json").read_text(encoding="utf8"))
    assert report["trials"][0]["last_step"] == 20
    pasted = re.search(r'--vars\.train_options " (.+)"', printed)[1]
    assert pasted == report["train_options"]

    curve = tmp_path / "curve"
    printed = command("scripts.curve", "--seeds", "1", "--sizes", "50,100", "--output", curve,
                      *options)  # fmt: skip
    assert "Too few sizes" in printed
    assert (curve / "curve.svg").is_file()
    assert "no such" in command("scripts.curve", "--config", "configs/no.cfg", check=False)
