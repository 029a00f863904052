"""The Label Studio writer: what it imports again, and what it cannot hold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, WriteOptions
from scripts.annotations.formats.label_studio import FORMAT
from scripts.annotations.records import Record, Span

from .label_studio_files import read, read_path, region

TEXT = "করিম ঢাকা গেল"


def annotation(*result: Any, **more: Any) -> dict[str, Any]:
    return {"result": list(result), **more}


def task(*annotations: Any, text: str = TEXT, data: Any = None, **more: Any) -> dict[str, Any]:
    return {"data": {"text": text, **(data or {})}, "annotations": list(annotations), **more}


def written(
    folder: Path, records: list[Record], *, predicted: bool = False
) -> tuple[Path, list[Notice]]:
    notices: list[Notice] = []
    path = folder / "written.json"
    options = WriteOptions(lambda text: [], predicted=predicted)
    FORMAT.write(records, path, options, notices.append)
    return path, notices


def test_label_studio_writes_what_it_imports(tmp_path: Path) -> None:
    record = Record(TEXT, (Span(0, 4, "PER"),), 1, {"id": 5, "doc": "d"})
    [value] = json.loads(written(tmp_path, [record])[0].read_text("utf8"))
    assert value == {
        "id": 5,
        "data": {"text": TEXT, "doc": "d"},
        "annotations": [
            {
                "result": [
                    {
                        "id": "r0", "from_name": "label", "to_name": "text", "type": "labels",
                        "value": {"start": 0, "end": 4, "text": "করিম", "labels": ["PER"]},
                    }
                ]
            }
        ],
    }  # fmt: skip


def test_label_studio_writes_predictions_with_model_and_score(tmp_path: Path) -> None:
    spans = (Span(0, 4, "PER", meta={"score": 0.5}), Span(5, 9, "LOC", meta={"score": 1.0}))
    gold = {"annotation": {"completed_by": 3, "id": 8}}
    path, _ = written(tmp_path, [Record(TEXT, spans, 1, gold)], predicted=True)
    [value] = json.loads(path.read_text("utf8"))
    assert "annotations" not in value
    [prediction] = value["predictions"]
    assert set(prediction) == {"model_version", "score", "result"}
    assert prediction["score"] == 0.75
    [record], _ = read_path(path, layer="predictions")
    assert record.spans == spans


def test_label_studio_tells_what_it_cannot_write(tmp_path: Path) -> None:
    split = Span(0, 13, "X", ((0, 4), (10, 13)))
    records = [Record(TEXT, (split, Span(5, 9, "LOC")), 3, missing=((0, 4),)), Record("ক", (), 4)]
    path, notices = written(tmp_path, records)
    assert [(n.code, n.line, n.spans) for n in notices] == [
        ("not-written", 3, 0),
        ("not-written", 3, 1),
    ]
    assert [record.spans for record in read_path(path)[0]] == [(Span(5, 9, "LOC"),), ()]


def test_label_studio_writes_back_what_it_read(tmp_path: Path) -> None:
    relation = {"type": "relation", "from_id": "a", "to_id": "b"}
    tasks = [
        task(
            annotation(region(0, 4, "PER", "X", id="a"), region(5, 9, "LOC", id="b"), relation,
                       completed_by=3, lead_time=1.5),
            id=1, data={"doc": "d"}, file_upload="x.csv",
        ),
        task(annotation(completed_by=1), annotation(region(0, 4, "PER", id="a"), completed_by=2)),
    ]  # fmt: skip
    given_records, _ = read(tmp_path, tasks)
    path, notices = written(tmp_path, given_records)
    found, _ = read_path(path)
    assert not notices
    for record, other in zip(given_records, found, strict=True):
        assert (record.text, record.spans, record.versions) == (
            other.text, other.spans, other.versions,
        )  # fmt: skip
        assert record.meta == other.meta
    assert json.loads(path.read_text("utf8"))[0]["annotations"][0]["result"][-1] == relation
    merged = replace(given_records[1], spans=(Span(0, 4, "PER"),), versions={})
    [again], _ = read_path(written(tmp_path, [merged])[0])
    assert (again.spans, again.meta) == (merged.spans, merged.meta)


ALPHABET = "কখগািু্র্য়ঢ়। \t\r\n\u00a0\u200c\u200dab<>&\\🙂👩🏽‍🚒é"


@st.composite
def records(draw: st.DrawFn) -> Record:
    # A text that is an address is refused: the letters here cannot make one.
    text = draw(st.text(ALPHABET, max_size=30))
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    spans = draw(st.lists(st.tuples(places, st.sampled_from(["PER", "স্থান"])), max_size=4))
    meta = draw(
        st.dictionaries(st.sampled_from(["id", "doc", "task", "উৎস"]), st.text("ক1", max_size=3))
    )
    made = tuple(Span(*sorted(place), label) for place, label in spans)
    if draw(st.booleans()):
        return Record(text, (), 1, meta, (), {"1": made, "k@x.org": made[1:]})
    return Record(text, made, 1, meta)


@settings(max_examples=50, deadline=None)
@given(given_records=st.lists(records(), min_size=1, max_size=4))
def test_label_studio_round_trip_is_exact(
    tmp_path_factory: pytest.TempPathFactory, given_records: list[Record]
) -> None:
    path, notices = written(tmp_path_factory.mktemp("round"), given_records)
    assert FORMAT.sniff(read_head(path))
    found, told = read_path(path)
    assert not notices and not told
    for record, other in zip(given_records, found, strict=True):
        assert (other.text, other.spans, other.versions) == (
            record.text, record.spans, record.versions,
        )  # fmt: skip
        meta = {key: value for key, value in other.meta.items() if key != "annotations"}
        assert meta == record.meta
