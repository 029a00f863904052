"""Marking on a Ray cluster: the same bytes as without it, whatever is killed."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.training import Example
from spacy.util import fix_random_seed

from scripts.common.errors import UserError
from scripts.inference.blocks import Block, Reading, blocks
from scripts.inference.engines import ray_data
from scripts.inference.engines.ray_data import (
    ATTEMPTS,
    TASK_BLOCKS,
    Actor,
    Spool,
    blocks_per_task,
    run_ray,
)
from scripts.inference.jobs import Job, PartResult, Worker, part_path

NAMES = ["করিম", "রহিমা", "শফিক", "মিতা", "সুমন"]
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed (requirements-ray.txt)"
)


def block(number, payload=None):
    return Block(number, "-", "", "lines", "text", payload=payload)


@pytest.fixture
def spool(tmp_path):
    made = Spool(tmp_path / "spool")
    made.directory.mkdir()
    return made


def test_ray_engine_finds_each_spooled_block_by_its_index(spool):
    given_blocks = [block(7), block(9, "ঢাকা\n".encode() * 1000), block(11)]
    assert spool.fill(iter(given_blocks)) == 3
    there = pickle.loads(pickle.dumps(spool))
    assert [there.get(i) for i in (2, 0, 1)] == [given_blocks[i] for i in (2, 0, 1)]


def test_ray_engine_sees_that_a_directory_is_another_of_its_name(spool):
    spool.fill([block(0)])
    assert spool.is_seen()
    assert not Spool(spool.directory).is_seen()


@given(st.integers(1, 10**7), st.integers(1, 10**4))
def test_ray_engine_tasks_leave_every_actor_work(number, actors):
    size = blocks_per_task(number, actors)
    assert 1 <= size <= TASK_BLOCKS
    assert size == 1 or number / size >= actors * ray_data.ACTOR_TASKS


class Dying:
    """A worker that takes its process down with block 1."""

    def do(self, given_block):
        if given_block.number == 1:
            raise SystemExit
        return PartResult(given_block.number)


def _do(actor, index):
    return [pickle.loads(r) for r in actor({"id": [index]})["result"]][0]


def test_ray_engine_gives_up_on_a_block_that_takes_its_workers_down(spool):
    spool.fill([block(0), block(1)])
    actor = Actor.__new__(Actor)
    actor.spool, actor.error, actor.worker = spool, None, Dying()
    for _ in range(ATTEMPTS):
        with pytest.raises(SystemExit):
            _do(actor, 1)
    assert "Block 1 took its worker down" in _do(actor, 1).what
    assert [_do(actor, 0) for _ in range(ATTEMPTS + 2)] == [PartResult(0)] * (ATTEMPTS + 2)


@pytest.mark.parametrize("unseen", ["model", "spool"])
def test_ray_engine_refuses_a_node_that_does_not_see_the_files(tmp_path, spool, unseen):
    spool.fill([block(0)])
    if unseen == "spool":
        spool = Spool(spool.directory)
    model = tmp_path if unseen == "spool" else tmp_path / "elsewhere"
    error = _do(Actor(Job(model, tmp_path), spool, Path.cwd()), 0)
    assert isinstance(error, UserError)
    assert "does not see" in error.what
    assert error.where == str(tmp_path if unseen == "spool" else model)


def test_ray_engine_says_how_to_install_ray(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"pip install -r requirements-ray.txt"):
        list(run_ray(Job(tmp_path, tmp_path), [block(0)]))
    assert not list(tmp_path.iterdir())


def test_ray_engine_refuses_a_ray_client_address(tmp_path):
    with pytest.raises(UserError, match="Ray Client"):
        list(run_ray(Job(tmp_path, tmp_path), [block(0)], address="ray://head:10001"))


def test_ray_engine_does_not_start_ray_for_no_blocks(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert list(run_ray(Job(tmp_path, tmp_path), [])) == []


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A pipeline that has learnt names for a second."""
    fix_random_seed(0)
    nlp = spacy.blank("bn")
    ner = {"hidden_width": 16, "tok2vec": {
        "@architectures": "spacy.HashEmbedCNN.v2", "width": 32, "depth": 1, "embed_size": 500,
        "window_size": 1, "maxout_pieces": 2, "subword_features": True, "pretrained_vectors": None,
    }}  # fmt: skip
    nlp.add_pipe("ner", config={"model": ner})
    examples = [
        Example.from_dict(
            nlp.make_doc(f"{name} {i}টি বই কিনল"), {"entities": [(0, len(name), "PER")]}
        )
        for i, name in enumerate(NAMES * 4)
    ]
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.01
    for _ in range(15):
        nlp.update(examples, sgd=optimizer)
    path = tmp_path_factory.mktemp("training") / "model-best"
    nlp.to_disk(path)
    return path


@pytest.fixture
def texts(write_jsonl):
    """2,400 texts, some of many words."""
    lines = [
        {"id": i, "text": f"{NAMES[i % 5]} {i}টি বই কিনল। " * (1 + i % 13)} for i in range(2400)
    ]
    return write_jsonl("texts.jsonl", lines)


def _actor_processes():
    for child in psutil.Process().children(recursive=True):
        try:
            if any("Actor" in word and "MapWorker" in word for word in child.cmdline()):
                yield child
        except psutil.Error:
            continue


@needs_ray
@pytest.mark.project
def test_ray_engine_writes_the_same_parts_though_an_actor_is_killed(model, texts, tmp_path, capfd):
    reading = Reading(records=120)
    job = Job(model, tmp_path / "here", confidence=True)
    there = replace(job, parts=tmp_path / "there")
    job.parts.mkdir()
    there.parts.mkdir()
    worker = Worker(job)
    expected = [replace(worker.do(each), seconds=0) for each in blocks(texts, reading)]
    results, killed = [], None
    for result in run_ray(there, blocks(texts, reading), actors=2):
        results.append(replace(result, seconds=0))
        if killed is None:
            killed = next(_actor_processes())
            killed.send_signal(signal.SIGKILL)
    assert killed is not None
    assert sorted(results, key=lambda r: r.number) == expected
    assert sum(r.entities for r in results) > 500
    for each in expected:
        paths = [part_path(parts, each.number, job.form) for parts in (job.parts, there.parts)]
        assert paths[0].read_bytes() == paths[1].read_bytes(), each.number
    assert not list(there.parts.glob(".ray-*")), "the spool stayed behind"
    assert capfd.readouterr().out == "", "results may go to the standard output"


def _command(*arguments):
    return [sys.executable, "-m", "scripts.predict", *map(str, arguments)]


@needs_ray
@pytest.mark.project
def test_ray_engine_goes_on_where_a_killed_driver_stopped(model, texts, tmp_path):
    local, output = tmp_path / "local.jsonl", tmp_path / "ray.jsonl"
    common = ("--block", 100, "--gpu-id", -1)
    subprocess.run(_command(model, texts, local, *common), check=True, capture_output=True)
    ray = _command(model, texts, output, *common, "--engine", "ray", "--n-process", 2)
    driver = subprocess.Popen(ray, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    parts = tmp_path / ".ray.jsonl.parts"
    limit = time.monotonic() + 240
    while not list(parts.glob("*.counts")) and driver.poll() is None:
        assert time.monotonic() < limit
        time.sleep(0.02)
    driver.kill()
    driver.wait()
    done = list(parts.glob("*.counts"))
    assert not output.exists(), "half an output, or none was left to do"
    assert 0 < len(done) < 24
    again = subprocess.run(ray, capture_output=True, text=True, timeout=240)
    assert again.returncode == 0, again.stderr
    assert output.read_bytes() == local.read_bytes()
    assert len(output.read_text(encoding="utf8").splitlines()) == 2400
    assert json.loads(output.read_text(encoding="utf8").splitlines()[0])["id"] == 0
    assert not parts.exists()
