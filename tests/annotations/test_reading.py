"""Files and directories read as records, with everything counted that is not taken as it stands."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from scripts.annotations.formats import format_of
from scripts.annotations.formats.base import NOTICES, Notice, ReadOptions
from scripts.annotations.reading import read_records, unit_of
from scripts.annotations.reading_log import ReadingLog, reading_tables
from scripts.annotations.records import Span
from scripts.common.errors import UserError

RECORDS = [
    {"id": 1, "text": "রহিম ঢাকায়", "label": [[0, 4, "PERSON"], [5, 10, "LOC"]]},
    {"id": 2, "text": "করিম", "label": [[0, 4, "person"]]},
]
BY_TWO = {
    "id": 3,
    "text": "সলিম",
    "annotations": [
        {"start_offset": 0, "end_offset": 4, "label": 1, "user": 7},
        {"start_offset": 0, "end_offset": 3, "label": 1, "user": 8},
    ],
}


def test_reading_maps_labels_and_counts_them(write_jsonl):
    path, log = write_jsonl("a.jsonl", RECORDS), ReadingLog()
    options = ReadOptions(labels={"PERSON": "PER", "person": "PER", "LOC": None})
    records = list(read_records(path, options, log.tell, log.labels))
    assert [r.spans for r in records] == [(Span(0, 4, "PER"),), (Span(0, 4, "PER"),)]
    assert log.labels == Counter({("PERSON", "PER"): 1, ("person", "PER"): 1, ("LOC", None): 1})
    assert log.notices == Counter({"label-dropped": 1})
    tables = {table.title: table for table in reading_tables({"train": log.as_dict()})}
    assert ("LOC", "(dropped)", "train", 1) in tables["Labels"].rows
    assert [row[:4] for row in tables["While reading"].rows] == [("label-dropped", "train", 1, 1)]


def test_reading_refuses_labels_without_a_name_and_takes_them_from_a_map(write_jsonl):
    path = write_jsonl("a.jsonl", [RECORDS[0], BY_TWO])
    with pytest.raises(UserError, match="'1' is no name") as caught:
        list(read_records(path))
    assert caught.value.where == f"{path}, line 2"
    *_, last = read_records(path, ReadOptions(labels={"1": "PER"}))
    assert last.spans == (Span(0, 3, "PER"), Span(0, 4, "PER"))


def test_reading_brings_annotators_together_and_says_so(write_jsonl):
    path, lines = write_jsonl("a.jsonl", [BY_TWO]), []
    log = ReadingLog(lines.append)
    options = ReadOptions(labels={"1": "PER"}, annotators="agree")
    [record] = read_records(path, options, log.tell)
    assert record.spans == ()
    assert log.notices == Counter({"several-annotators": 1, "annotators-differ": 2})
    assert log.spans["annotators-differ"] == 2
    assert [line["line"] for line in lines] == [1, 1, 1]
    one = ReadOptions(labels={"1": "PER"}, annotators="8")
    [record] = read_records(path, one, log.tell)
    assert record.spans == (Span(0, 3, "PER"),)
    assert log.spans["annotators-differ"] == 3


def test_reading_refuses_an_annotator_that_does_not_occur(write_jsonl):
    path = write_jsonl("a.jsonl", [BY_TWO])
    with pytest.raises(UserError, match="no annotator 'সালমা'") as caught:
        list(read_records(path, ReadOptions(labels={"1": "PER"}, annotators="সালমা")))
    assert "7, 8" in caught.value.todo


def test_reading_takes_no_others_text_for_the_one_asked_for(write_jsonl):
    lone = {**BY_TWO, "annotations": BY_TWO["annotations"][:1]}
    path, log = write_jsonl("a.jsonl", [lone, BY_TWO]), ReadingLog()
    options = ReadOptions(labels={"1": "PER"}, annotators="8")
    [record] = read_records(path, options, log.tell)
    assert record.line == 2
    assert (log.notices["unannotated"], log.spans["unannotated"]) == (1, 1)


def test_reading_takes_a_file_without_annotators_for_the_one_asked_for(write_jsonl):
    path, log = write_jsonl("a.jsonl", RECORDS), ReadingLog()
    assert len(list(read_records(path, ReadOptions(annotators="8"), log.tell))) == 2
    assert "names no annotators" in log.assumed[0]


def test_reading_a_directory_reads_its_files_in_order_and_names_them(tmp_path):
    folder = tmp_path / "data"
    (folder / "b").mkdir(parents=True)
    for i, name in enumerate(["b/2.jsonl", "a.jsonl", ".hidden"]):
        (folder / name).write_text(json.dumps(RECORDS[i % 2]), encoding="utf8")
    (folder / "LICENSE").write_text("Free to use, with no warranty.\n", encoding="utf8")
    log = ReadingLog()
    records = list(read_records(folder, tell=log.tell))
    assert [r.id for r in records] == ["2", "1"]
    assert [r.file for r in records] == [str(folder / "a.jsonl"), str(folder / "b/2.jsonl")]
    assert log.notices == Counter({"file-passed-over": 1})


def test_reading_a_directory_without_annotations_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("শুধু লেখা", encoding="utf8")
    with pytest.raises(UserError, match="no file of a format"):
        list(read_records(tmp_path))


def test_reading_a_directory_names_the_file_of_a_fault(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "ঢাকা", "label": []}\n{"text": 1}\n', "utf8")
    with pytest.raises(UserError) as caught:
        list(read_records(tmp_path))
    assert caught.value.where == f"{tmp_path / 'a.jsonl'}, line 2"


def test_reading_unit_is_the_users_then_the_formats(write_jsonl):
    path = write_jsonl("a.jsonl", RECORDS)
    known = format_of(path, ReadOptions())
    assert unit_of(known, ReadOptions()) == "auto"
    assert unit_of(known, ReadOptions(offset_unit="utf16")) == "utf16"


def test_reading_log_keeps_each_assumption_once_and_knows_every_notice():
    log = ReadingLog()
    from scripts.annotations.formats.base import Notice

    for _ in range(3):
        log.tell(Notice("read-as", 0, "tags are IOB2"))
    assert log.assumed == ["tags are IOB2"]
    for code in NOTICES:
        log.tell(Notice(code, 1, "x"))
    rows = [row for table in reading_tables({"a": log.as_dict()}) for row in table.rows]
    assert {row[0] for row in rows} == NOTICES.keys() - {"read-as"}


def test_reading_log_lists_assumptions_of_a_line_each_and_prints_them_once():
    lines = []
    log = ReadingLog(lines.append)
    for line in (0, 3, 7):
        log.tell(Notice("read-as", line, "the tokens are joined"))
    assert log.as_dict()["assumed"] == ["the tokens are joined"]
    assert [found["line"] for found in lines] == [3, 7]
