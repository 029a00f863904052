"""The command predict as a whole, on a pipeline that is trained in a second."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training import Example
from spacy.util import fix_random_seed

from scripts.annotations.formats.base import ReadOptions
from scripts.annotations.formats.conll import read_conll
from scripts.common.errors import UserError
from scripts.inference.blocks import Reading
from scripts.inference.engines.local import run_local
from scripts.inference.jobs import Job, Worker
from scripts.inference.marking import Marker
from scripts.inference.whole import Request, predict_whole

ROOT = Path(__file__).resolve().parents[2]
TRAIN = [
    ("করিম ঢাকায় থাকেন", [(0, 4, "PER"), (5, 11, "LOC")]),
    ("আজ খুলনায় বৃষ্টি", [(3, 10, "LOC")]),
    ("সে বই পড়ে", []),
]
TEXTS = [f"{i} করিম আজ {city} থাকেন" for i in range(9) for city in ("ঢাকায়", "খুলনায়")]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    fix_random_seed(0)
    nlp = spacy.blank("bn")
    tok2vec = {"@architectures": "spacy.HashEmbedCNN.v2", "width": 16, "depth": 1,
               "embed_size": 200, "window_size": 1, "maxout_pieces": 2,
               "subword_features": True, "pretrained_vectors": None}  # fmt: skip
    nlp.add_pipe("ner", config={"model": {"tok2vec": tok2vec}})
    examples = [Example.from_dict(nlp.make_doc(text), {"entities": ents}) for text, ents in TRAIN]
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.01
    for _ in range(15):
        nlp.update(examples, sgd=optimizer)
    path = tmp_path_factory.mktemp("training") / "model-best"
    nlp.to_disk(path)
    return path


def _source(tmp_path, lines=TEXTS):
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": t}) + "\n" for t in lines), encoding="utf8")
    return path


def _predict(tmp_path, model, name="out.jsonl", engine=run_local, **options):
    """Predicts TEXTS four to a block; gives the outcome and the numbers of the blocks done."""
    target = options.pop("target", "jsonl")
    job = Job(model, Path(), form="csv" if target == "csv" else "jsonl", **options.pop("job", {}))
    source = options.pop("source", None) or _source_once(tmp_path)
    reading = Reading(records=options.pop("records", 4))
    request = Request(str(source), str(tmp_path / name), target, reading, **options)
    done = []
    outcome = predict_whole(request, job, engine, None, lambda result: done.append(result.number))
    return outcome, done


def _source_once(tmp_path):
    path = tmp_path / "texts.jsonl"
    return path if path.exists() else _source(tmp_path)


def _broken(after):
    """An engine that fails after some blocks, as a killed one does."""

    def run(job, blocks):
        for number, result in enumerate(run_local(job, blocks)):
            if number == after:
                raise KeyboardInterrupt
            yield result

    return run


def test_predict_goes_on_where_it_stopped(tmp_path, model):
    _predict(tmp_path, model, "whole.jsonl")
    with pytest.raises(KeyboardInterrupt):
        _predict(tmp_path, model, engine=_broken(2))
    assert not (tmp_path / "out.jsonl").exists()
    outcome, done = _predict(tmp_path, model)
    assert outcome.continued == 3 and done == [3, 4]
    assert outcome.total.records == len(TEXTS) and outcome.records == 6
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert not list(tmp_path.glob(".*"))


def test_predict_does_not_go_on_with_something_else(tmp_path, model):
    with pytest.raises(KeyboardInterrupt):
        _predict(tmp_path, model, engine=_broken(1))
    with pytest.raises(UserError, match="threshold"):
        _predict(tmp_path, model, job={"threshold": 0.5})
    _source(tmp_path, TEXTS[:5])
    with pytest.raises(UserError, match="another input"):
        _predict(tmp_path, model)
    outcome, done = _predict(tmp_path, model, restart=True)
    assert done == [0, 1] and outcome.continued == 0


def test_predict_marks_what_the_pipeline_marks(tmp_path, model):
    _predict(tmp_path, model)
    nlp = spacy.load(model)
    for line in (tmp_path / "out.jsonl").read_text(encoding="utf8").splitlines():
        record = json.loads(line)
        ents = [[e.start_char, e.end_char, e.label_] for e in nlp(record["text"]).ents]
        assert record["label"] == ents and ents


def test_predict_lists_bad_lines_and_removes_an_old_list(tmp_path, model):
    source = tmp_path / "t.jsonl"
    source.write_text('{"text": "করিম"}\n{"text": 1}\nx\n', encoding="utf8")
    outcome, _ = _predict(tmp_path, model, source=source)
    lines = [json.loads(x) for x in outcome.bad_path.read_text(encoding="utf8").splitlines()]
    assert [(x["file"], x["line"], x["raw"]) for x in lines] == [
        ("t.jsonl", 2, '{"text": 1}'), ("t.jsonl", 3, "x"),
    ]  # fmt: skip
    assert outcome.total.bad == 2 and outcome.total.records == 1
    source.write_text('{"text": "করিম"}\n', encoding="utf8")
    assert _predict(tmp_path, model, source=source)[0].bad_path is None
    assert not (tmp_path / "out.jsonl.bad.jsonl").exists()


@pytest.mark.parametrize(("content", "what"), [("x\n", "1 bad lines"), ("\n", "no text")])
def test_predict_fails_where_nothing_can_be_marked(tmp_path, model, content, what):
    source = tmp_path / "t.jsonl"
    source.write_text(content, encoding="utf8")
    with pytest.raises(UserError, match=what):
        _predict(tmp_path, model, source=source)
    assert not (tmp_path / "out.jsonl").exists()
    assert (tmp_path / "out.jsonl.bad.jsonl").exists() == (content == "x\n")


@pytest.mark.project
def test_predict_writes_other_formats(tmp_path, model):
    _predict(tmp_path, model)
    records = [json.loads(x) for x in (tmp_path / "out.jsonl").open(encoding="utf8")]
    given = [(r["text"], [tuple(s) for s in r["label"]]) for r in records]

    _predict(tmp_path, model, "out.csv", target="csv")
    rows = (tmp_path / "out.csv").read_text(encoding="utf8").splitlines()
    assert rows[0] == "file,line,start,end,label,text,confidence"
    start, end, label = given[0][1][0]
    assert rows[1] == f"texts.jsonl,1,{start},{end},{label},{given[0][0][start:end]},"
    assert len(rows) == 1 + sum(len(spans) for _, spans in given)

    _predict(tmp_path, model, "out.conll", target="conll")
    read = read_conll(tmp_path / "out.conll", ReadOptions(lang="bn"), lambda notice: None)
    assert [(r.text, [(s.start, s.end, s.label) for s in r.spans]) for r in read] == given

    _predict(tmp_path, model, "out.spacy", target="spacy-docbin")
    docs = list(DocBin().from_disk(tmp_path / "out.spacy").get_docs(spacy.blank("bn").vocab))
    assert [
        (d.text, [(e.start_char, e.end_char, e.label_) for e in d.ents]) for d in docs
    ] == given  # fmt: skip

    _predict(tmp_path, model, "out.brat", target="brat")
    assert any((tmp_path / "out.brat").glob("*.ann"))


def test_predict_shards_large_docbins(tmp_path, model, monkeypatch):
    monkeypatch.setattr("scripts.inference.sinks.SHARD_DOCS", 7)
    for _ in range(2):
        _predict(tmp_path, model, "out.spacy", target="spacy-docbin")
        files = sorted((tmp_path / "out.spacy").iterdir())
        assert [len(DocBin().from_disk(file)) for file in files] == [7, 7, 4]


def test_predict_keeps_a_file_a_block_in_a_directory(tmp_path, model):
    (tmp_path / "parts").mkdir()
    for _ in range(2):
        _predict(tmp_path, model, "parts")
    _predict(tmp_path, model)
    files = sorted((tmp_path / "parts").iterdir())
    assert [file.name for file in files] == [f"part-{i:08d}.jsonl" for i in range(5)]
    assert b"".join(f.read_bytes() for f in files) == (tmp_path / "out.jsonl").read_bytes()


def test_predict_says_where_a_record_of_a_folder_comes_from(tmp_path, model):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("করিম", encoding="utf8")
    (folder / "b.jsonl").write_text('\n{"text": "করিম", "source": "x"}\n', encoding="utf8")
    _predict(tmp_path, model, source=folder)
    first, second = (json.loads(x) for x in (tmp_path / "out.jsonl").open(encoding="utf8"))
    assert first["source"] == "a.txt:1"
    assert (second["source"], second["predict_source"]) == ("x", "b.jsonl:2")
    with pytest.raises(UserError, match="lies in it"):
        _predict(tmp_path, model, "in/out.jsonl", source=folder)


def test_marking_gives_texts_back_in_order_and_blank_ones_empty(model):
    texts = ["করিম ঢাকায় থাকেন আজ", "", "করিম", " \n", "করিম ঢাকায়"]
    marked = list(Marker.load(model, confidence=True).mark(iter(texts)))
    assert [m.text for m in marked] == texts
    assert [m.ents for m in marked if not m.text.strip()] == [(), ()]
    assert all(0 < e.confidence <= 1 for m in marked for e in m.ents)


def test_jobs_done_twice_are_the_same(tmp_path, model):
    from scripts.inference.blocks import blocks

    worker = Worker(Job(model, tmp_path))
    (block,) = blocks(_source(tmp_path))
    files = []
    for _ in range(2):
        worker.do(block)
        files.append((tmp_path / "part-00000000.jsonl").read_bytes())
    assert files[0] == files[1]


def test_local_engine_refuses_processes_that_share_a_gpu(model):
    with pytest.raises(UserError, match="2 processes"):
        list(run_local(Job(model, Path(), gpu_id=0), [], n_process=2))


def _command(model, *arguments):
    return [sys.executable, "-m", "scripts.predict", str(model), *map(str, arguments), "-g", "-1"]


def _wait_for_blocks(running, parts, number):
    while len(list(parts.glob("*.counts"))) < number and running.poll() is None:
        time.sleep(0.01)


@pytest.mark.project
def test_predict_killed_twice_leaves_no_output_and_goes_on_to_the_same_bytes(tmp_path, model):
    texts = TEXTS * 200
    source, parts = _source(tmp_path, texts), tmp_path / ".out.jsonl.parts"
    command = _command(model, source, tmp_path / "out.jsonl", "--block", 10)
    # A worker is killed: the command says so, and ends.
    running = subprocess.Popen(
        [*command, "--n-process", "2"], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, encoding="utf8",
    )  # fmt: skip
    _wait_for_blocks(running, parts, 5)
    workers = psutil.Process(running.pid).children()
    os.kill(next(w.pid for w in workers if "spawn_main" in "".join(w.cmdline())), signal.SIGTERM)
    printed, _ = running.communicate()
    assert running.returncode == 1 and "Traceback" not in printed
    assert "A process ended before its work was done" in " ".join(printed.split())
    first = len(list(parts.glob("*.counts")))
    # The command itself is killed.
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _wait_for_blocks(running, parts, first + 5)
    running.kill()
    running.wait()
    second = len(list(parts.glob("*.counts")))
    assert 5 <= first < first + 5 <= second < 360
    assert not (tmp_path / "out.jsonl").exists()
    outcome, _ = _predict(tmp_path, model, source=source, records=10)
    assert outcome.continued == second and outcome.total.records == len(texts)
    _predict(tmp_path, model, "whole.jsonl", source=source, records=10)
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert {p.name for p in tmp_path.iterdir()} == {"texts.jsonl", "out.jsonl", "whole.jsonl"}


@pytest.mark.project
def test_predict_reads_stdin_and_writes_stdout(tmp_path, model):
    ended = subprocess.run(
        [*_command(model, "-", "-"), "--from", "jsonl", "--block", "2"], cwd=ROOT,
        input=_source(tmp_path).read_bytes(), capture_output=True,
    )  # fmt: skip
    assert ended.returncode == 0
    _predict(tmp_path, model)
    lines = [json.loads(x) for x in ended.stdout.splitlines()]
    assert lines == [json.loads(x) for x in (tmp_path / "out.jsonl").open(encoding="utf8")]
    assert "entities in 18 texts" in ended.stderr.decode("utf8")
    failed = subprocess.run(_command(model, "-", "-"), cwd=ROOT, input=b"\n", capture_output=True)
    assert failed.returncode == 1 and not failed.stdout
    assert b"no text in the input" in failed.stderr
