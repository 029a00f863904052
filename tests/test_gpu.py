"""Training and scoring on a GPU; skipped where PyTorch sees none."""

import subprocess
import sys
from pathlib import Path

import pytest
import srsly

ROOT = Path(__file__).resolve().parents[1]

pytestmark = [pytest.mark.gpu, pytest.mark.project]


def _run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, encoding="utf8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_gpu_trains_in_mixed_precision_and_scores(tmp_path):
    sample = ROOT / "assets" / "sample"
    corpus, encoder, model = tmp_path / "corpus", tmp_path / "encoder", tmp_path / "training"
    _run("scripts.convert", "--train", str(sample / "train.jsonl"), "--dev",
         str(sample / "dev.jsonl"), "--output", str(corpus))  # fmt: skip
    _run("scripts.encoder", "sample", str(encoder), "--corpus", str(corpus), "--steps", "2")
    printed = _run(
        "scripts.train", "configs/ner.cfg", "--output", str(model), "--corpus", str(corpus),
        "--encoder", str(encoder), "--gpu-id", "0",
        "--training.max_steps", "20", "--training.eval_frequency", "10",
    )  # fmt: skip
    assert "mixed_precision true" in printed
    _run("scripts.evaluate", str(model / "model-best"), "--corpus", str(corpus),
         "--output", str(tmp_path / "metrics"), "--gpu-id", "0")  # fmt: skip
    assert srsly.read_json(tmp_path / "metrics" / "dev.json")["machine"]["gpu"]
