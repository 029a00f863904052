"""Label maps: what they may hold, and which labels need one."""

from __future__ import annotations

import pytest

from scripts.annotations.labels import map_label, read_label_map
from scripts.annotations.records import Span
from scripts.common.errors import UserError


def test_labels_map_renames_merges_and_drops(tmp_path):
    path = tmp_path / "map.yml"
    path.write_text("PERSON: PER\nব্যক্তি: PER\n1: LOC\nMISC: null\nDATE: ~\n", encoding="utf8")
    labels = read_label_map(path)
    assert labels == {"PERSON": "PER", "ব্যক্তি": "PER", "1": "LOC", "MISC": None, "DATE": None}
    used = [map_label(Span(0, 1, old), labels, path, 1) for old in (*labels, "ORG")]
    assert used == ["PER", "PER", "LOC", None, None, "ORG"]


@pytest.mark.parametrize(
    "content",
    [
        "- PER",
        "PER: [A]",
        "PER: ''",
        "PER: 3",
        "yes: PER",
        "PER: {",
        "PER: no",
        "\x00",
        "a: *b",
        "A: B\nA: C",
    ],
)
def test_labels_map_refuses_what_is_no_map_of_words(tmp_path, content):
    path = tmp_path / "map.yml"
    path.write_text(content, encoding="utf8")
    with pytest.raises(UserError) as caught:
        read_label_map(path)
    assert caught.value.where == str(path)


def test_labels_map_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match="no such label map"):
        read_label_map(tmp_path / "no.yml")


@pytest.mark.parametrize("label", ["0", "17", "LABEL_3", "_", "*", "-", "???"])
def test_labels_without_a_name_need_a_map(tmp_path, label):
    span, path = Span(0, 1, label), tmp_path / "x.jsonl"
    with pytest.raises(UserError) as caught:
        map_label(span, {}, path, 7)
    assert caught.value.where == f"{path}, line 7"
    assert "--label-map" in caught.value.todo
    assert map_label(span, {label: "PER"}, path, 7) == "PER"
    assert map_label(span, {label: None}, path, 7) is None


@pytest.mark.parametrize("tag", ["O", "B-PER"])
def test_labels_map_of_numbers_gives_no_tags(tmp_path, tag):
    with pytest.raises(UserError, match="where a label is due"):
        map_label(Span(0, 1, "1"), {"1": tag}, tmp_path, 1)


@pytest.mark.parametrize("label", ["PER", "B-PER", "ব্যক্তি", "T1", "1st", "LABEL_A", "地名"])
def test_labels_with_a_name_need_none(tmp_path, label):
    assert map_label(Span(0, 1, label), {}, tmp_path, 1) == label


def test_labels_map_that_is_a_directory_is_named(tmp_path):
    with pytest.raises(UserError) as caught:
        read_label_map(tmp_path)
    assert caught.value.where == str(tmp_path)
