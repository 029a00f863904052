"""What predict refuses, keeps and continues, with a stub in place of the model."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spacy

from scripts.common.errors import UserError
from scripts.inference.blocks import Reading
from scripts.inference.jobs import Job, Worker
from scripts.inference.marking import Entity, Marked
from scripts.inference.sinks import target_of
from scripts.inference.whole import Request, predict_whole


class StubMarker:
    """Marks the first character of every text."""

    def __init__(self):
        self.nlp = spacy.blank("xx")

    def mark(self, texts):
        for text in texts:
            yield Marked(text, (Entity(0, 1, "X"),))


def _engine(job, blocks):
    worker = Worker.__new__(Worker)
    worker.job, worker.marker = job, StubMarker()
    return (worker.do(block) for block in blocks)


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model"
    spacy.blank("xx").to_disk(path)
    return path


@pytest.fixture
def predict(model):
    def run(source, output, to=None, *, engine=_engine, text_key="text", **job):
        target = target_of(str(output), to)
        form = target if target in ("jsonl", "csv") else "jsonl"
        request = Request(str(source), str(output), target, Reading(text_key=text_key, records=2))
        job = Job(model=model, parts=Path(), form=form, **job)
        return predict_whole(request, job, engine, io.BytesIO(), lambda result: None)

    return run


def _texts(path, *texts):
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps({"text": t}) + "\n" for t in texts), encoding="utf8")
    return path


def test_whole_refuses_an_input_that_is_the_side_file(tmp_path, predict, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, output in (("predict.bad.jsonl", "-"), ("x.jsonl.bad.jsonl", "x.jsonl")):
        source = _texts(tmp_path / name, "ক")
        with pytest.raises(UserError, match="where bad lines are written"):
            predict(source, output)
        assert source.is_file()


def test_whole_refuses_an_input_inside_the_output(tmp_path, predict):
    source = _texts(tmp_path / "marked" / "part-00000001.jsonl", "ক")
    other = _texts(tmp_path / "marked" / "part-00000002.jsonl", "খ")
    with pytest.raises(UserError, match="around it"):
        predict(source, f"{tmp_path}/marked/")
    assert source.is_file() and other.is_file()


@pytest.mark.parametrize("to", ["conll", "spacy-docbin", "csv"])
def test_whole_takes_no_directory_of_other_files_away(tmp_path, predict, to):
    source = _texts(tmp_path / "in.jsonl", "ক")
    notes = tmp_path / "mine.spacy" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("x")
    with pytest.raises(UserError):
        predict(source, notes.parent, to)
    assert notes.is_file()


def test_whole_replaces_a_directory_of_shards_by_a_docbin_alone(tmp_path, predict):
    source = _texts(tmp_path / "in.jsonl", "ক")
    shards = tmp_path / "out.spacy"
    shards.mkdir()
    (shards / "00000.spacy").write_bytes(b"x")
    with pytest.raises(UserError, match="directory"):
        predict(source, shards, "conll")
    predict(source, shards)
    assert shards.is_file()


def test_whole_keeps_no_csv_parts_in_a_directory(tmp_path, predict):
    with pytest.raises(UserError, match="directory"):
        predict(_texts(tmp_path / "in.jsonl", "ক"), f"{tmp_path}/out/", "csv")


def test_whole_takes_other_options_after_a_run_that_marked_nothing(tmp_path, predict):
    source = tmp_path / "in.csv"
    source.write_text("words\nঢাকা\n", encoding="utf8")
    with pytest.raises(UserError, match="no text"):
        predict(source, tmp_path / "out.jsonl")
    predict(source, tmp_path / "out.jsonl", text_key="words")
    assert json.loads((tmp_path / "out.jsonl").read_text("utf8"))["text"] == "ঢাকা"


def test_whole_names_the_option_that_differs_from_the_parts(tmp_path, predict):
    source = _texts(tmp_path / "in.jsonl", *"কখগঘ")

    def killed(job, blocks):
        done = _engine(job, blocks)
        yield next(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict(source, tmp_path / "out.jsonl", engine=killed)
    with pytest.raises(UserError, match="another window"):
        predict(source, tmp_path / "out.jsonl", window=5000)
    assert predict(source, tmp_path / "out.jsonl").continued == 1


def test_whole_gives_bad_lines_of_parquet_and_reads_on(tmp_path, predict):
    # Bytes that are no UTF-8 in a column of texts, as other writers leave them.
    broken = pa.array([b"\xe0\xa6\x95", b"\xff", b"\xe0\xa6\x96"]).view(pa.string())
    days = pa.array([0, 1, 2_000_000_000], pa.int32()).cast(pa.date32())
    pq.write_table(pa.table({"text": broken, "day": days}), tmp_path / "in.parquet")
    outcome = predict(tmp_path / "in.parquet", tmp_path / "out.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").open(encoding="utf8")]
    assert (rows[0]["text"], rows[0]["day"]) == ("ক", "1970-01-01")
    bad = [json.loads(line) for line in outcome.bad_path.open(encoding="utf8")]
    assert len(rows) + len(bad) == 3
    assert bad[0]["line"] == 2 and "'text' cannot be read" in bad[0]["reason"]


def test_whole_carries_over_a_label_that_is_no_span_and_refuses_nan(tmp_path, predict):
    source = tmp_path / "in.jsonl"
    lines = (
        '{"text": "ক", "label": "positive"}', '{"text": "NaN খ", "x": NaN}',
        '{"text": "NaN গ"}', '{"text": "ঘ", "x": 1e400}',
    )  # fmt: skip
    source.write_text("\n".join(lines), encoding="utf8")
    outcome = predict(source, tmp_path / "out.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").open(encoding="utf8")]
    assert [row["text"] for row in rows] == ["ক", "NaN গ"]
    assert rows[0]["meta_label"] == "positive" and rows[0]["label"] == [[0, 1, "X"]]
    assert [json.loads(line)["line"] for line in outcome.bad_path.open()] == [2, 4]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names are UTF-8 elsewhere")
def test_whole_reads_files_whose_names_are_not_utf8(tmp_path, predict):
    folder = tmp_path / "texts"
    folder.mkdir()
    Path(os.fsdecode(bytes(folder) + b"/caf\xe9.txt")).write_text("ক", encoding="utf8")
    predict(folder, tmp_path / "out.jsonl", sources=True)
    assert json.loads((tmp_path / "out.jsonl").read_text("utf8"))["text"] == "ক"
