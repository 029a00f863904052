"""The span JSONL reader: every form that it takes, and where it says what is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.annotations.formats.base import ReadOptions, WriteOptions
from scripts.annotations.formats.span_jsonl import FORMAT, read_span_jsonl
from scripts.annotations.reading import read_records
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

FORMS = Path(__file__).parents[2] / "data" / "span_forms.jsonl"
GOOD = '{"text": "ঢাকা", "label": [[0, 4, "LOC"]]}'
BOM = "\ufeff"


def file_of(folder: Path, content: str | bytes) -> Path:
    path = folder / "annotations.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf8"))
    return path


def read(folder: Path, content: str | bytes, **options: Any) -> list[Record]:
    return list(stream_of(file_of(folder, content), **options))


def stream_of(path: Path, **options: Any) -> Iterator[Record]:
    return read_span_jsonl(path, ReadOptions(**options), lambda notice: None)


def error(folder: Path, content: str | bytes, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        read(folder, content, **options)
    return caught.value


def with_spans(*spans: Any) -> str:
    return json.dumps({"text": "ঢাকা", "label": list(spans)}, ensure_ascii=False)


@pytest.mark.parametrize("index", range(6))
def test_span_jsonl_reads_every_form(index: int) -> None:
    records = list(stream_of(FORMS))
    assert len(records) == 6
    record = records[index]
    assert record.line == index + 1
    assert [record.text[s.start : s.end] for s in record.spans] == ["ঢাকা", "চট্টগ্রাম"]
    assert {s.label for s in record.spans} == {"LOC"}


def test_span_jsonl_keeps_everything_else_as_meta(tmp_path: Path) -> None:
    value = {"id": 7, "text": "ঢাকা", "label": [], "meta": {"উৎস": ["ক", None]}, "doc": "d1"}
    [record] = read(tmp_path, json.dumps(value, ensure_ascii=False))
    assert record.meta == {"id": 7, "meta": {"উৎস": ["ক", None]}, "doc": "d1"}
    assert (record.id, record.document) == ("7", "d1")


def test_span_jsonl_keeps_offsets_and_order_as_given(tmp_path: Path) -> None:
    [record] = read(tmp_path, with_spans([9, 2, "LOC"], [-1, 90, "B-PER"], [0, 0, " LOC "]))
    assert record.spans == (Span(9, 2, "LOC"), Span(-1, 90, "B-PER"), Span(0, 0, " LOC "))


def test_span_jsonl_keeps_the_text_as_given(tmp_path: Path) -> None:
    text = f"{BOM} ড়/ড়\u00a0\r\n\t\u2028\u0085\u200d😀 "
    [record] = read(tmp_path, json.dumps({"text": text, "label": []}, ensure_ascii=False))
    assert record.text == text
    [escaped] = read(tmp_path, json.dumps({"text": text, "label": []}))
    assert escaped.text == text


def test_span_jsonl_takes_the_keys_that_it_is_told(tmp_path: Path) -> None:
    line = '{"sentence": "ঢাকা", "gold": [[0, 4, "LOC"]], "label": [[0, 1, "X"]], "text": 3}'
    [record] = read(tmp_path, line, text_key="sentence", spans_key="gold")
    assert (record.text, record.spans) == ("ঢাকা", (Span(0, 4, "LOC"),))
    assert record.meta == {"label": [[0, 1, "X"]], "text": 3}
    path = file_of(tmp_path, line)
    assert [record] == list(read_records(path, ReadOptions(text_key="sentence", spans_key="gold")))


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "ঢাকা", "label": [], "entities": [[0, 4, "LOC"]]}',
        '{"text": "ঢাকা", "label": "গৃহীত", "spans": [[0, 4, "LOC"]]}',
        '{"text": "ঢাকা", "label": null, "labels": [[0, 4, "LOC"]]}',
    ],
)
def test_span_jsonl_passes_over_unused_span_keys(tmp_path: Path, line: str) -> None:
    [record] = read(tmp_path, line)
    assert record.spans == (Span(0, 4, "LOC"),)


def test_span_jsonl_takes_empty_lists_for_a_text_without_entities(tmp_path: Path) -> None:
    [record] = read(tmp_path, '{"text": "ঢাকা", "label": [], "entities": []}')
    assert record.spans == ()


def test_span_jsonl_passes_over_blank_lines_but_counts_them(tmp_path: Path) -> None:
    records = read(tmp_path, f"\n{GOOD}\n  \n\t\n{GOOD}")
    assert [record.line for record in records] == [2, 5]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_span_jsonl_takes_both_line_ends(tmp_path: Path, end: str) -> None:
    records = read(tmp_path, f"{GOOD}{end}{end}{GOOD}{end}")
    assert [(r.text, r.line) for r in records] == [("ঢাকা", 1), ("ঢাকা", 3)]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085", "\u000b", "\u001c"])
def test_span_jsonl_splits_lines_at_newlines_alone(tmp_path: Path, separator: str) -> None:
    # JSON wants control characters escaped, U+2028 and its like it does not.
    inside = json.dumps(separator)[1:-1] if separator < " " else separator
    line = f'{{"text": "ঢাকা{inside}শহর", "label": [[5, 8, "LOC"]]}}'
    records = read(tmp_path, f"{line}\n{line}\n")
    assert [r.line for r in records] == [1, 2]
    assert records[0].text == f"ঢাকা{separator}শহর"


def test_span_jsonl_takes_a_bom_on_the_first_line(tmp_path: Path) -> None:
    records = read(tmp_path, f"{BOM}{GOOD}\n{GOOD}\n")
    assert [r.text for r in records] == ["ঢাকা", "ঢাকা"]
    assert [r.line for r in read(tmp_path, f"{BOM}\n{GOOD}\n")] == [2]


def test_span_jsonl_refuses_a_bom_on_a_later_line(tmp_path: Path) -> None:
    # Two files put together; to JSON the mark is a stray character.
    found = error(tmp_path, f"{GOOD}\n{BOM}{GOOD}\n")
    assert found.where.endswith(", line 2")


def test_span_jsonl_gives_the_records_before_a_faulty_line(tmp_path: Path) -> None:
    stream = stream_of(file_of(tmp_path, f"{GOOD}\n{{\n"))
    assert next(stream).line == 1
    with pytest.raises(UserError):
        next(stream)


FAULTY = {
    "not UTF-8": (b'{"text": "\xa2\xbe", "label": []}', "not UTF-8 (byte 10)"),
    "cut in a character": (GOOD.encode()[:12], "not UTF-8"),
    "truncated": (GOOD[:-5], "not valid JSON"),
    "two objects": (f"{GOOD} {GOOD}", "not valid JSON"),
    "a tuple": ("('ঢাকা', {'entities': []})", "not valid JSON"),
    "nested too deep": ('{"text": ' + "[" * 100_000, "not valid JSON"),
    "array": (f"[{GOOD}]", "JSON list, not an object"),
    "string": ('"ঢাকা"', "JSON str, not an object"),
    "null": ("null", "JSON NoneType, not an object"),
    "repeated key": ('{"text": "ঢাকা", "label": [], "label": []}', "'label' stands twice"),
    "repeated key inside": (
        '{"text": "ঢাকা", "label": [{"start": 0, "start": 1, "end": 4, "label": "LOC"}]}',
        "'start' stands twice",
    ),
    "no text": ('{"sentence": "ঢাকা", "label": []}', "no text under 'text'"),
    "null text": ('{"text": null, "label": []}', "no text under 'text'"),
    "list of words": ('{"text": ["ঢাকা"], "label": []}', "no text under 'text'"),
    "half surrogate": ('{"text": "ক\\ud83d", "label": []}', "half a surrogate pair"),
    "no spans": ('{"text": "ঢাকা"}', "no list of spans under 'label' or 'labels'"),
    "null spans": ('{"text": "ঢাকা", "label": null}', "no list of spans"),
    "spans in an object": ('{"text": "ঢাকা", "label": {"0": [0, 4, "LOC"]}}', "no list of spans"),
    "two filled keys": (
        '{"text": "ঢাকা", "label": [[0, 4, "LOC"]], "spans": [[0, 4, "LOC"]]}',
        "several keys: label, spans",
    ),
    "two numbers": (with_spans([0, 4]), "Span 0 is neither"),
    "four values": (with_spans([0, 4, "LOC", "ঢাকা"]), "Span 0 is neither"),
    "span is a string": (with_spans("LOC"), "Span 0 is neither"),
    "span is null": (with_spans([0, 4, "LOC"], None), "Span 1 is neither"),
    "bool start": (with_spans([False, 4, "LOC"]), ": start is no whole number"),
    "float end": (with_spans([0, 4.0, "LOC"]), ": end is no whole number"),
    "string start": (with_spans(["0", 4, "LOC"]), ": start is no whole number"),
    "null end": (with_spans([0, None, "LOC"]), ": end is no whole number"),
    "object without end": (with_spans({"start": 0, "label": "LOC"}), ": end is no whole number"),
    "endless end": ('{"text": "ঢাকা", "label": [[0, 1e999, "LOC"]]}', ": end is no whole number"),
    "empty label": (with_spans([0, 4, ""]), "Span 0 has no label"),
    "blank label": (with_spans([0, 4, " \u00a0"]), "Span 0 has no label"),
    "list of labels": (with_spans({"start": 0, "end": 4, "label": ["LOC"]}), "Span 0 has no label"),
    "object without label": (with_spans({"start": 0, "end": 4}), "Span 0 has no label"),
}


@pytest.mark.parametrize(("line", "what"), FAULTY.values(), ids=FAULTY)
def test_span_jsonl_names_file_and_line_of_a_fault(
    tmp_path: Path, line: str | bytes, what: str
) -> None:
    raw = line if isinstance(line, bytes) else line.encode()
    found = error(tmp_path, GOOD.encode() + b"\n\n" + raw)
    assert what in found.what
    assert found.where == f"{tmp_path / 'annotations.jsonl'}, line 3"


def test_span_jsonl_names_the_record_by_its_id(tmp_path: Path) -> None:
    found = error(tmp_path, '{"id": 17, "text": "ঢাকা", "label": [[0, 4, null]]}')
    assert found.where.endswith(", line 1 (id 17)")


def test_span_jsonl_names_the_spans_key_that_it_was_told(tmp_path: Path) -> None:
    found = error(tmp_path, GOOD, spans_key="gold")
    assert "under 'gold'" in found.what
    assert "--spans-key" in found.todo


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "ঢাকা", "label": [[0, 4, "LOC\\ud83d"]]}',
        '{"id": "\\udc00", "text": "ঢাকা", "label": []}',
    ],
    ids=["label", "id"],
)
def test_span_jsonl_refuses_half_surrogates_beside_the_text(tmp_path: Path, line: str) -> None:
    # Labels and ids are written to the corpus and the findings, which are UTF-8.
    assert error(tmp_path, line).where.startswith(str(tmp_path))


@pytest.mark.skipif(not hasattr(sys, "set_int_max_str_digits"), reason="Python has no such limit")
def test_span_jsonl_refuses_a_number_that_python_will_not_read(tmp_path: Path) -> None:
    # Python stops at 4300 digits with a ValueError of its own.
    found = error(tmp_path, f'{{"text": "ঢাকা", "label": [[0, {"9" * 5000}, "LOC"]]}}')
    assert found.where.endswith(", line 1")


def test_span_jsonl_writes_meta_that_would_be_read_as_spans_under_another_key(
    tmp_path: Path,
) -> None:
    meta = {"labels": [[0, 4, "X"]], "text": "another", "missing": 1, "entities": []}
    path = tmp_path / "written.jsonl"
    FORMAT.write([Record("ঢাকা", (), 1, meta)], path, WriteOptions(lambda text: []), print)
    [record] = read_span_jsonl(path, ReadOptions(), print)
    assert (record.text, record.spans, record.missing) == ("ঢাকা", (), ())
    assert record.meta == {
        "meta_labels": [[0, 4, "X"]], "meta_text": "another", "meta_missing": 1, "entities": [],
    }  # fmt: skip
