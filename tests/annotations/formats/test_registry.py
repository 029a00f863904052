"""Formats are recognised by what a file holds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from scripts.annotations.formats import FORMATS, SNIFFED_BYTES, detect_format, read_head
from scripts.annotations.reading import read_records
from scripts.common.errors import UserError

GOOD = '{"text": "ঢাকা", "label": [[0, 4, "LOC"]]}\n'


def detect(folder: Path, content: bytes) -> str:
    path = folder / "export.txt"
    path.write_bytes(content)
    return detect_format(path).name


def refused(folder: Path, content: bytes) -> UserError:
    with pytest.raises(UserError) as caught:
        detect(folder, content)
    assert caught.value.where == str(folder / "export.txt")
    return caught.value


@pytest.mark.parametrize(
    "content",
    [GOOD, f"\ufeff{GOOD}", f"\n \r\n{GOOD}", '{"text": "ঢা'],
    ids=["plain", "BOM", "blank lines first", "cut off"],
)
def test_formats_span_jsonl_is_recognised(tmp_path: Path, content: str) -> None:
    assert detect(tmp_path, content.encode()) == "span-jsonl"


def test_formats_are_recognised_by_their_first_bytes(tmp_path: Path) -> None:
    # The cut after SNIFFED_BYTES may fall inside a character.
    line = '{"text": "' + "ঢ" * SNIFFED_BYTES + '", "label": []}'
    assert detect(tmp_path, line.encode()) == "span-jsonl"
    [record] = read_records(tmp_path / "export.txt")
    assert len(record.text) == SNIFFED_BYTES


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_formats_utf16_is_refused_by_name(tmp_path: Path, encoding: str) -> None:
    bom = "" if encoding == "utf-16" else "\ufeff"
    assert "UTF-16, not UTF-8" in refused(tmp_path, (bom + GOOD).encode(encoding)).what


def test_formats_utf16_without_bom_is_refused_by_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    path.write_bytes(GOOD.encode("utf-16-le"))
    with pytest.raises(UserError) as caught:
        list(read_records(path))
    assert caught.value.where == f"{path}, line 1"


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n"], ids=["empty", "blank"])
def test_formats_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "is empty" in refused(tmp_path, content).what


@pytest.mark.parametrize(
    "content",
    ["[1, 2]", "ঢাকায় থাকেন রহিমা।\n", "\x00\x01", "\ufeff\n"],
    ids=["numbers", "prose", "binary", "BOM alone"],
)
def test_formats_unknown_content_is_refused_with_the_formats_known(
    tmp_path: Path, content: str
) -> None:
    found = refused(tmp_path, content.encode())
    for name in FORMATS:
        assert name in found.todo


def test_formats_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no.jsonl"
    with pytest.raises(UserError) as caught:
        detect_format(path)
    assert caught.value.where == str(path)
    assert "no such annotation file" in caught.value.what


@pytest.mark.parametrize("unit", ["\n", " ", "[", "(", "#", "# \n", "{", "a", "a|", "<!--"])
def test_formats_sniffing_takes_no_time_on_anything(tmp_path: Path, unit: str) -> None:
    path = tmp_path / "odd"
    path.write_text(unit * 4000 + "x")
    head = read_head(path)
    for known in FORMATS.values():
        before = time.process_time()
        known.sniff(head)
        assert time.process_time() - before < 2, known.name
