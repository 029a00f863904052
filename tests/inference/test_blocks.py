import io
import json
import pickle
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.common.errors import UserError
from scripts.inference import rows
from scripts.inference.blocks import Reading, blocks, read_block
from scripts.inference.texts import Bad, Item


def _write(tmp_path, name, content):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf8"))
    return path


def _read(source, **options):
    return [item for block in blocks(source, Reading(**options)) for item in read_block(block)]


def _texts(source, **options):
    return [(i.line, i.text) for i in _read(source, **options) if isinstance(i, Item)]


def _bad(source, **options):
    return [(i.line, i.reason) for i in _read(source, **options) if isinstance(i, Bad)]


def test_blocks_of_text_have_a_text_a_line(tmp_path):
    path = _write(tmp_path, "t.txt", "\ufeffকরিম\r\n\n  \nঢাকা\u2028খুলনা\nশেষ")
    expected = [(1, "করিম"), (4, "ঢাকা\u2028খুলনা"), (5, "শেষ")]
    for records in (1, 2, 1000):
        assert _texts(path, records=records) == expected


def test_blocks_say_what_is_wrong_with_a_line_and_go_on(tmp_path):
    lines = [b'{"text": "\xe0\xa6\x95"}', b'{"text": ', b"\xff", b'{"text": "\\ud83d"}', b"[1]",
             b'{"text": "a\\u0000"}', b"a\0b", b'{"body": 1}', b'{"text": 1, "text": 2}',
             b'{"text": "x", "deep": ' + b"[" * 500 + b"]" * 500 + b"}", b"[" * 100_000,
             b'{"text": "y", "n": 7}']  # fmt: skip
    path = _write(tmp_path, "t.jsonl", b"\n".join(lines))
    assert _texts(path) == [(1, "ক"), (12, "y")]
    reasons = dict(_bad(path))
    assert sorted(reasons) == list(range(2, 12))
    for line, words in [(2, "not valid JSON"), (3, "not UTF-8"), (4, "half a surrogate"),
                        (5, "not an object"), (6, "NUL"), (7, "NUL"), (8, "no text under"),
                        (9, "stands twice"), (10, "nested too deeply"), (11, "JSON")]:  # fmt: skip
        assert words in reasons[line]
    # What is said of bad lines can itself be written.
    assert json.dumps([i.raw for i in _read(path) if isinstance(i, Bad)]).encode("utf8")


def test_blocks_pass_over_a_line_that_is_too_long_without_holding_it(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "LINE_BYTES", 100)
    path = _write(tmp_path, "t.txt", "ক\n" + "x" * 5000 + "\nখ\n")
    assert _texts(path) == [(1, "ক"), (3, "খ")]
    (bad,) = [i for i in _read(path) if isinstance(i, Bad)]
    assert bad.line == 2 and "longer than" in bad.reason and len(bad.raw) < 300


def test_blocks_of_csv_keep_quoted_line_ends_and_other_columns(tmp_path):
    text = 'id,body,label\r\n1,"ক, ""খ""\nগ",x\r\n\r\n2,ঘ,y\r\n3,a,b,c\r\n4,"ঙ"z,\r\n5,"চ,\n6,ছ,\n'
    path = _write(tmp_path, "t.csv", "\ufeff" + text)
    for records in (1, 2, 1000):
        read = _read(path, text_key="body", records=records)
        assert [(i.line, i.text, i.meta) for i in read if isinstance(i, Item)] == [
            (2, 'ক, "খ"\nগ', {"id": "1", "meta_label": "x"}),
            (5, "ঘ", {"id": "2", "meta_label": "y"}),
            (9, "ছ", {"id": "6", "meta_label": ""}),
        ]  # fmt: skip
        reasons = {i.line: i.reason for i in read if isinstance(i, Bad)}
        assert sorted(reasons) == [6, 7, 8]
        assert "4 columns" in reasons[6] and "not valid CSV" in reasons[7]
        assert "not closed" in reasons[8]


@settings(max_examples=30, deadline=None)
@given(
    table=st.lists(
        st.tuples(st.text(alphabet='ক,;"\n\r a', max_size=12), st.integers(0, 9)), max_size=12
    ),
    records=st.integers(1, 5),
)
def test_blocks_of_csv_are_what_the_csv_module_reads(tmp_path_factory, table, records):
    import csv

    path = tmp_path_factory.getbasetemp() / "property.csv"
    with path.open("w", encoding="utf8", newline="") as file:
        csv.writer(file).writerows([("text", "n"), *table])
    read = _read(path, records=records)
    assert [(i.text, i.meta) for i in read] == [(t, {"n": str(n)}) for t, n in table]


def test_blocks_of_parquet_are_slices_of_row_groups(tmp_path):
    path = tmp_path / "t.parquet"
    table = pa.table({"text": ["ক", None, "গ", "ঘ", "ঙ"], "n": [1, 2, 3, 4, 5],
                      "day": [None, None, None, None, b"\xff"]})  # fmt: skip
    pq.write_table(table, path, row_group_size=3)
    cut = list(blocks(path, Reading(records=2)))
    assert [(b.group, b.start, b.end, b.first_line) for b in cut] == [
        (0, 0, 2, 1), (0, 2, 3, 3), (1, 0, 2, 4),
    ]  # fmt: skip
    assert _texts(path, records=2) == [(1, "ক"), (3, "গ"), (4, "ঘ"), (5, "ঙ")]
    assert _bad(path, records=2) == [(2, "has no text under 'text'")]
    assert _read(path)[-1].meta == {"n": 5, "day": "ff"}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("t.csv", "a,b\n1,2\n", "no column 'text'"),
        ("t.csv", "text,text\n1,2\n", "twice"),
        ("t.parquet", "nothing", "not a Parquet file"),
    ],
)
def test_blocks_of_a_table_that_cannot_be_read_say_why(tmp_path, name, content, reason):
    ((line, found),) = _bad(_write(tmp_path, name, content))
    assert line == 1 and reason in found


def test_blocks_of_a_folder_are_its_files_in_order(tmp_path):
    _write(tmp_path, "in/b.jsonl", '{"text": "খ"}\n')
    _write(tmp_path, "in/a/1.txt", "ক\nক")
    _write(tmp_path, "in/a/2.txt", "\n")
    _write(tmp_path, "in/a/.hidden/3.txt", "না")
    _write(tmp_path, "in/c.pdf", "না")
    found = [(i.file, i.line, i.text) for i in _read(tmp_path / "in")]
    assert found == [("a/1.txt", 1, "ক\nক"), ("b.jsonl", 1, "খ")]
    found = [(i.file, i.line, i.text) for i in _read(tmp_path / "in", form="lines")]
    assert found == [("a/1.txt", 1, "ক"), ("a/1.txt", 2, "ক")]
    assert [i.text for i in _read(tmp_path / "in" / "a" / "1.txt", form="document")] == ["ক\nক"]
    with pytest.raises(UserError, match="no file of texts"):
        _read(tmp_path / "in" / "a", form="csv")


def test_blocks_of_stdin_hold_their_bytes_and_survive_pickling(monkeypatch):
    raw = io.BytesIO('text;n\nক;1\n"খ\nখ";2\nগ;3\n'.encode())
    stdin = io.TextIOWrapper(io.BufferedReader(raw))
    monkeypatch.setattr(sys, "stdin", stdin)
    cut = [pickle.loads(pickle.dumps(b)) for b in blocks("-", Reading(form="csv", records=2))]
    assert [b.number for b in cut] == [0, 1]
    items = [i for b in cut for i in read_block(b)]
    assert [(i.file, i.line, i.text) for i in items] == [
        ("-", 2, "ক"), ("-", 3, "খ\nখ"), ("-", 5, "গ"),
    ]  # fmt: skip


def test_blocks_end_by_bytes_too(tmp_path):
    path = _write(tmp_path, "t.txt", "কখগ\n" * 10)
    assert [(b.start, b.end) for b in blocks(path, Reading(size=25))] == [
        (0, 30), (30, 60), (60, 90), (90, 100),
    ]  # fmt: skip


def test_blocks_need_an_input(tmp_path):
    with pytest.raises(UserError, match="no such file or folder"):
        list(blocks(tmp_path / "none"))
    with pytest.raises(UserError, match="no form"):
        list(blocks(tmp_path, Reading(form="pdf")))
