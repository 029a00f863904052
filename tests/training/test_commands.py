"""The train command with sections, for a few steps; what it makes needs nothing of ours."""

import json
import os
import subprocess
import sys
from itertools import takewhile

import pytest
import srsly

from .conftest import ROOT, TEXTS

pytestmark = pytest.mark.project
SHORT = ("--training.max_steps", "5", "--training.eval_frequency", "5")
OFFLINE = {**os.environ, "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1",
           "ANSI_COLORS_DISABLED": "1"}  # fmt: skip


def python(*words, cwd=ROOT, check=True):
    done = subprocess.run(
        [sys.executable, *map(str, words)], cwd=cwd, text=True, encoding="utf8", env=OFFLINE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert (done.returncode == 0) == check, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory, encoder, corpus):
    """Output directory of a training with sections, and what the command printed."""
    output = tmp_path_factory.mktemp("training")
    printed = python(
        "-m", "scripts.train", "configs/ner.cfg", "--with", "cosine", "--with", "adamw",
        "--with", "bf16", "--with", "checkpointing", "--corpus", corpus, "--encoder", encoder,
        "--output", output, "--gpu-id", "-1", *SHORT,
    )  # fmt: skip
    return output, printed


def test_train_with_sections_loads_in_plain_spacy_elsewhere(trained, tmp_path):
    output, _ = trained
    code = (
        "import spacy, sys, json\n"
        f"nlp = spacy.load({str(output / 'model-best')!r})\n"
        f"print(json.dumps([len(nlp({TEXTS[0]!r})), 'scripts' in sys.modules]))"
    )
    printed = python("-c", code, cwd=tmp_path)
    assert json.loads(printed.splitlines()[-1]) == [3, False]
    config = (output / "model-best" / "config.cfg").read_text(encoding="utf8")
    assert "spans.AdamW.v1" in config and "spans.warmup_cosine.v1" in config


def test_train_with_sections_prints_a_line_that_plain_spacy_runs(trained, tmp_path):
    output, printed = trained
    lines = takewhile(lambda line: line.startswith(("python", "    --")),
                      printed.split("This runs:\n")[1].splitlines())  # fmt: skip
    line = " ".join(lines).replace("\\", " ").split()
    assert line[:2] == ["python", "-m"]
    assert f"{output.as_posix()}/config.cfg" in line and "--code" in line
    words = line[1 : line.index("--output")]
    rest = line[line.index("--output") + 2 :]
    rest[rest.index("--training.logger.output_file") + 1] = str(tmp_path / "log.jsonl")
    python(*words, "--output", tmp_path, *rest)
    logs = [list(srsly.read_jsonl(folder / "log.jsonl")) for folder in (output, tmp_path)]
    assert len(logs[0]) == 2
    for ours, plain in zip(*logs, strict=True):
        assert ours["losses"] == pytest.approx(plain["losses"], rel=1e-3)


def test_train_with_a_section_that_does_not_fit_is_refused_before_anything_is_written(
    corpus, tmp_path
):
    printed = python(
        "-m", "scripts.train", "configs/ner_cpu.cfg", "--with", "bf16", "--corpus", corpus,
        "--output", tmp_path / "training", "--gpu-id", "-1", check=False,
    )  # fmt: skip
    assert "Traceback" not in printed
    assert "pipeline with transformer" in printed
    assert not (tmp_path / "training").exists()
