"""Several test sets: how they are named, and that their gold says which it is of."""

from __future__ import annotations

import json

import pytest
import srsly

from scripts.annotations.formats.base import ReadOptions
from scripts.common.errors import UserError
from scripts.corpora import datasets
from scripts.corpora.conversion import Settings, convert

NAMES = ["করিম", "রহিম", "সলিম", "জসিম", "নাজমা", "সালমা", "ফাতেমা", "আমেনা"]
THINGS = ["বই", "কলম", "খাতা", "মাঠ", "নদী", "পথ", "গাছ", "ফুল"]


def write(path, *numbers):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"text": f"{NAMES[i]} {THINGS[i]} দেখে", "label": [[0, len(NAMES[i]), "PER"]]})
        for i in numbers
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf8")
    return path


def inputs(value):
    return datasets.test_inputs(value, ReadOptions())


def test_datasets_of_one_file_is_the_test_split(tmp_path):
    path = write(tmp_path / "news.jsonl", 0)
    assert inputs(str(path)) == {"test": path}


def test_datasets_of_a_list_are_named_after_the_files(tmp_path):
    news, web = write(tmp_path / "news.jsonl", 0), write(tmp_path / "web.jsonl", 1)
    assert inputs(f"{news},{web}") == {"test:news": news, "test:web": web}


def test_datasets_of_a_directory_are_its_files_or_folders(tmp_path):
    news, web = write(tmp_path / "a" / "news.jsonl", 0), write(tmp_path / "a" / "web.jsonl", 1)
    assert inputs(str(tmp_path / "a")) == {"test:news": news, "test:web": web}
    write(tmp_path / "b" / "x" / "1.jsonl", 0)
    write(tmp_path / "b" / "y" / "1.jsonl", 1)
    assert inputs(str(tmp_path / "b")) == {
        "test:x": tmp_path / "b" / "x", "test:y": tmp_path / "b" / "y",
    }  # fmt: skip


def test_datasets_of_single_documents_are_one(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text("রহিম", encoding="utf8")
        (tmp_path / f"{name}.ann").write_text("T1\tPER 0 4\tরহিম\n", encoding="utf8")
    assert inputs(str(tmp_path)) == {"test": tmp_path}


def test_datasets_with_one_name_are_told_apart_by_their_folders(tmp_path):
    first, second = write(tmp_path / "a" / "test.jsonl", 0), write(tmp_path / "b" / "test.jsonl", 1)
    assert list(inputs(f"{first},{second}")) == ["test:a-test.jsonl", "test:b-test.jsonl"]


def test_datasets_that_are_not_there_are_named(tmp_path):
    with pytest.raises(UserError, match="no such test data"):
        inputs(f"{write(tmp_path / 'a.jsonl', 0)},{tmp_path / 'no.jsonl'}")


def test_convert_writes_which_test_set_a_gold_record_is_of(tmp_path):
    given = {
        "train": write(tmp_path / "train.jsonl", 0, 1, 2),
        "dev": write(tmp_path / "dev.jsonl", 3),
        "test:news": write(tmp_path / "news.jsonl", 4, 5),
        "test:web": write(tmp_path / "web.jsonl", 6),
    }
    audit = convert(given, tmp_path / "corpus", Settings(near_duplicate=1.0))
    assert audit["splits"]["test"]["docs"] == 3
    assert list(audit["inputs"]) == list(given)
    gold = srsly.read_jsonl(tmp_path / "corpus" / "test.gold.jsonl")
    assert [line["dataset"] for line in gold] == ["news", "news", "web"]
    [dev] = srsly.read_jsonl(tmp_path / "corpus" / "dev.gold.jsonl")
    assert "dataset" not in dev


def test_convert_takes_texts_of_any_test_set_out_of_train(tmp_path):
    given = {
        "train": write(tmp_path / "train.jsonl", 0, 1, 2),
        "dev": write(tmp_path / "dev.jsonl", 3),
        "test:news": write(tmp_path / "news.jsonl", 4),
        "test:web": write(tmp_path / "web.jsonl", 1),
    }
    audit = convert(given, tmp_path / "corpus", Settings(near_duplicate=1.0))
    assert audit["splits"]["train"]["docs"] == 2
    assert audit["leaks"]["test"]["exact"] == 1
