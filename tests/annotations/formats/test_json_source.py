"""JSON in every layout that tools write, with the line of each value."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.formats.parts import json_source
from scripts.annotations.formats.parts.json_source import find_layout, read_items, sniff_items
from scripts.common.errors import UserError

VALUES = [{"text": "ঢাকা", "label": []}, {"text": "😀\u2028", "label": [[0, 1, "X"]]}]
LINES = [json.dumps(value, ensure_ascii=False) for value in VALUES]

LAYOUTS = {
    "lines": ("\n".join(LINES), "lines", [1, 2]),
    "lines with CRLF and blanks": (f"\r\n{LINES[0]}\r\n\r\n{LINES[1]}\r\n", "lines", [2, 4]),
    "BOM": ("\ufeff" + "\n".join(LINES), "lines", [1, 2]),
    "list on one line": (f"[{', '.join(LINES)}]", "list", [1, 1]),
    "list, a value a line": (f"[{LINES[0]},\n{LINES[1]}\n]", "list", [1, 2]),
    "indented list": (json.dumps(VALUES, indent=2, ensure_ascii=False), "list", [2, 6]),
    "indented objects": ("\n".join(json.dumps(v, indent=1) for v in VALUES), "values", [1, 5]),
}


def file_of(folder: Path, content: str | bytes) -> Path:
    path = folder / "export.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf8"))
    return path


@pytest.mark.parametrize(("content", "layout", "lines"), LAYOUTS.values(), ids=LAYOUTS)
def test_json_source_reads_every_layout(tmp_path, content, layout, lines):
    path = file_of(tmp_path, content)
    assert find_layout(path) == layout
    items = list(read_items(path))
    assert [item.value for item in items] == VALUES
    assert [item.line for item in items] == lines


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_json_source_reads_a_list_in_blocks_of_any_size(tmp_path, monkeypatch, size):
    monkeypatch.setattr(json_source, "BLOCK", size)
    values = [*VALUES, 12, [3.5, None], "ক্ষ"]
    path = file_of(tmp_path, json.dumps(values, ensure_ascii=False, indent=1))
    assert [item.value for item in read_items(path)] == values


def test_json_source_gives_the_values_before_the_fault(tmp_path):
    path = file_of(tmp_path, "[\n" + LINES[0] + ",\n" + LINES[1][:-4])
    stream = read_items(path)
    assert next(stream).value == VALUES[0]
    with pytest.raises(UserError) as caught:
        next(stream)
    assert caught.value.where == f"{path}, line 3"
    assert "cut off" in caught.value.todo
    assert [item.value for item in sniff_items(path)] == VALUES[:1]


FAULTY = {
    "list not closed": f"[\n{LINES[0]}\n",
    "list goes on": f"[\n{LINES[0]}\n]\n{LINES[0]}",
    "no comma": f"[\n{LINES[0]}\n{LINES[1]}]",
    "comma at the end": f"[\n{LINES[0]},\n]",
    "repeated key": '[\n{"text": 1, "text": 2}]',
    "half a surrogate pair": '[\n{"text": "\\ud83d"}]',
    "not UTF-8": b'[\n{"text": "\xff"}]',
    "too deep": "[\n" + "[" * 100_000,
}


@pytest.mark.parametrize("content", FAULTY.values(), ids=FAULTY)
def test_json_source_refuses_what_is_not_json_and_says_where(tmp_path, content):
    path = file_of(tmp_path, content)
    with pytest.raises(UserError) as caught:
        list(read_items(path))
    assert caught.value.where.startswith(f"{path}, line ")


def test_json_source_refuses_absurdly_long_lines_and_values(tmp_path, monkeypatch):
    monkeypatch.setattr(json_source, "MAX_LINE_BYTES", 50)
    monkeypatch.setattr(json_source, "MAX_VALUE_CHARACTERS", 50)
    monkeypatch.setattr(json_source, "BLOCK", 10)
    long = json.dumps({"text": "x" * 100})
    with pytest.raises(UserError, match="longer than"):
        list(read_items(file_of(tmp_path, f"{LINES[0]}\n{long}\n")))
    with pytest.raises(UserError, match="longer than"):
        list(read_items(file_of(tmp_path, f"[\n{long}\n]")))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab\u2028😀ক্\n", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.dictionaries(st.just("k"), json_values, min_size=1), min_size=1),
       indent=st.sampled_from([None, 0, 2]))  # fmt: skip
def test_json_source_reads_back_any_list(tmp_path_factory, values, indent):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(values, indent=indent), encoding="utf8")
    assert [item.value for item in read_items(path)] == values


@pytest.mark.parametrize(
    ("content", "layout"),
    [
        (f"[{', '.join(LINES)}]", "list"),
        ("\n".join(LINES), "values"),
        ('["ঢাকা", {"entities": []}]\n["ঢাকা", {"entities": []}]', "lines"),
    ],
    ids=["list", "objects", "lists"],
)
def test_json_source_finds_the_layout_by_the_beginning_of_a_long_line(
    tmp_path, monkeypatch, content, layout
):
    monkeypatch.setattr(json_source, "LAYOUT_BYTES", 8)
    path = file_of(tmp_path, content)
    assert find_layout(path) == layout
    assert len(list(read_items(path))) == 2


def test_json_source_memory_does_not_grow_with_a_list_on_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(json_source, "BLOCK", 1 << 14)
    value = json.dumps({"text": "ঢাকা " * 100, "label": []}, ensure_ascii=False)
    path = file_of(tmp_path, f"[{','.join([value] * 8000)}]")
    tracemalloc.start()
    assert sum(1 for _ in read_items(path)) == 8000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 10 << 20
    assert peak < 4 << 20
