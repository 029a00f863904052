"""From a trained pipeline to a package that works elsewhere, and to a student of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import srsly

from scripts.common.errors import UserError
from scripts.experiments.distilling import Request, run_distillation
from scripts.experiments.setup import Setup
from scripts.inference.filling import Thresholds
from scripts.pipelines import smoke

ROOT = Path(__file__).resolve().parents[1]
STEPS = ("--training.max_steps", "30", "--training.eval_frequency", "15")

pytestmark = pytest.mark.project


def _run(folder: Path, *arguments: str, fails: bool = False) -> str:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1",
                   "PYTHONPATH": str(ROOT)}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf8",
    )  # fmt: skip
    assert (done.returncode != 0) == fails, done.stdout
    assert "Traceback" not in done.stdout, done.stdout
    return " ".join(done.stdout.split())


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A folder with the sample's corpus and a ``ner_cpu`` trained on it for a few steps."""
    folder = tmp_path_factory.mktemp("প্রকল্প")
    # Where the sample lies, convert takes its dev and test for what they are.
    shutil.copytree(ROOT / "assets" / "sample", folder / "assets" / "sample")
    shutil.copytree(ROOT / "configs", folder / "configs")
    files = [word for split in ("train", "dev", "test")
             for word in (f"--{split}", f"assets/sample/{split}.jsonl")]  # fmt: skip
    _run(folder, "scripts.convert", *files)
    # An absolute path, so that there is something to leak.
    _run(folder, "scripts.train", "configs/ner_cpu.cfg", "-o", "training", "-g", "-1",
         "--corpus", str(folder / "corpus"), *STEPS)  # fmt: skip
    return folder


def test_package_is_installed_and_loaded_by_name_without_our_code(project):
    printed = _run(project, "scripts.package", "--smoke", "linked")
    assert "without this project and without the network: the same" in printed
    assert "in 20 texts (corpus/dev.gold.jsonl)" in printed
    assert "there is no metrics/calibration.json" in printed
    [wheel] = (project / "packages").glob("bn_ner-0.1.0/dist/*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            for place in (project, ROOT, Path.home() / ""):
                assert f"{place}/".encode() not in data, name
                assert json.dumps(f"{place}/")[1:-1].encode() not in data, name
            if name.endswith("METADATA"):
                # spaCy 3.8 leaves itself out by default: pip would install what cannot be loaded.
                assert re.search(rb"\nRequires-Dist: spacy[ <>=]", data)
    # What is in its way is not taken away, and nothing else is left behind.
    (project / "packages" / "bn_ner-0.1.0" / "notes.txt").write_text("mine", encoding="utf8")
    assert "holds other files: notes.txt" in _run(project, "scripts.package", fails=True)
    assert [path.name for path in (project / "packages").iterdir()] == ["bn_ner-0.1.0"]


def test_package_smoke_lets_nothing_ask_the_network(tmp_path):
    code = smoke.PROBE.replace("import spacy\n", "import urllib.request as u; u.urlopen(URL)\n")
    code = code.replace("URL", "'http://127.0.0.1:9/'")
    with pytest.raises(UserError, match="cannot be loaded") as caught:
        smoke._run(
            [sys.executable, "-I", "-c", code], tmp_path, "", "be loaded", tmp_path / "a.whl"
        )
    assert "the network was asked for" in caught.value.todo


def test_package_distill_reports_teacher_and_students(project, monkeypatch):
    texts = [f"{line['text']} আজ" for line in srsly.read_jsonl(ROOT / "assets/sample/train.jsonl")]
    (project / "raw.txt").write_text("\n".join(texts[:60]) + "\n", encoding="utf8")
    command = ["scripts.distill", "training/model-best", "raw.txt", "student", "-g", "-1",
               "--keep", "0.5", *STEPS]  # fmt: skip
    printed = _run(project, *command)
    report = srsly.read_json(project / "student" / "distill.json")
    assert report["teacher_trained_on_this_corpus"] is True
    silver = report["silver"]
    assert (silver["texts"], silver["marked"], silver["gold"]) == (60, 60, 0)
    taken = sum(silver["leaks"].values())
    docs = silver["train_docs"]
    assert docs["gold_and_silver"] + taken == docs["gold"] + 60
    assert list(report["systems"]) == ["teacher", "student", "gold_alone"]
    for system in report["systems"].values():
        assert set(system["f"]) == {"dev", "test"}
        assert system["words_per_second"] > 0 and system["bytes"] > 1000
    # The same training on the same corpus: what the teacher was.
    best = srsly.read_json(project / "training" / "model-best" / "meta.json")["performance"]
    f = report["systems"]["gold_alone"]["f"]["dev"]["repaired"]["mean"]
    assert f == pytest.approx(best["ents_f"], abs=1e-6)
    assert "Confidences are raw, not calibrated" in printed
    # Once more: nothing is marked, trained or scored again, and other settings are not mixed in.
    monkeypatch.chdir(project)
    setup = Setup(Path("configs/ner_cpu.cfg"), Path("corpus"), Path("assets/encoders/selected"),
                  "bn", "-1", STEPS)  # fmt: skip
    request = Request(
        Path("training/model-best"), Path("raw.txt"), setup, Thresholds(0.5, 0.1), range(1)
    )

    def run(arguments, log, keep_on=None):
        raise AssertionError(arguments)

    seeds = []
    again = run_distillation(request, Path("student"), run=run, done=seeds.append)
    assert [seed.reused for seed in seeds] == [True, True]
    assert again["silver"] == silver
    other = replace(request, thresholds=Thresholds(0.5, 0.2))
    with pytest.raises(UserError, match="other settings: thresholds differ"):
        run_distillation(other, Path("student"), run=run)
