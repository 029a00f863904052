"""Label Studio's JSON-MIN: flat rows whose keys do not say what they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions
from scripts.annotations.formats.label_studio_min import FORMAT
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "label_studio"
TEXT = "করিম ঢাকা গেল"
KARIM = {"start": 0, "end": 4, "text": "করিম", "labels": ["PER"]}
DHAKA = {"start": "5", "end": "9", "labels": ["LOC", "CITY"]}


def file_of(folder: Path, *rows: Any) -> Path:
    path = folder / "min.json"
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf8", newline="\n")
    return path


def read(path: Path, **options: Any) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(**options), notices.append)), notices


def error(path: Path, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        read(path, **options)
    return caught.value


def row(*regions: Any, **more: Any) -> dict[str, Any]:
    value = {"id": 1, "text": TEXT, "annotator": 1, "annotation_id": 3, "lead_time": 2.5, **more}
    return {**value, "label": list(regions)} if regions else value


def test_label_studio_min_reads_regions_and_everything_else(tmp_path: Path) -> None:
    path = file_of(tmp_path, row(KARIM, DHAKA, doc="d", sentiment="ভালো"))
    assert FORMAT.sniff(read_head(path))
    [record], notices = read(path)
    assert record.text == TEXT
    assert record.spans == (Span(0, 4, "PER"), Span(5, 9, "LOC"), Span(5, 9, "CITY"))
    assert [span.surface for span in record.spans] == ["করিম", None, None]
    assert record.meta == {
        "id": 1, "doc": "d", "sentiment": "ভালো", "annotator": 1, "annotation_id": 3,
        "lead_time": 2.5,
    }  # fmt: skip
    assert (record.id, record.document, record.line) == ("1", "d", 2)
    assert not notices


def test_label_studio_min_row_without_regions_is_a_negative_if_annotated(tmp_path: Path) -> None:
    path = file_of(tmp_path, row(), row(id=2, annotation_id=None, annotator=None))
    assert FORMAT.sniff(read_head(path))
    [record], [notice] = read(path)
    assert (record.id, record.spans) == ("1", ())
    assert notice.code == "unannotated"


def test_label_studio_min_rows_of_one_task_are_versions(tmp_path: Path) -> None:
    path = file_of(
        tmp_path,
        row(KARIM),
        row(KARIM, id=2),
        row(annotator="k@x.org", annotation_id=4),
        row(DHAKA, annotation_id=5),
    )
    records, _ = read(path)
    assert [record.id for record in records] == ["2", "1"]
    assert records[1].versions == {
        "1": (Span(0, 4, "PER"),),
        "k@x.org": (),
        "1-2": (Span(5, 9, "LOC"), Span(5, 9, "CITY")),
    }
    assert records[1].spans == ()
    assert [own["annotation_id"] for own in records[1].meta["annotations"]] == [3, 4, 5]


def test_label_studio_min_refuses_one_id_with_two_texts(tmp_path: Path) -> None:
    caught = error(file_of(tmp_path, row(KARIM), row(KARIM, text="অন্য")))
    assert "another text" in caught.what
    assert caught.where is not None and caught.where.endswith("(id 1)")


def test_label_studio_min_reads_regions_that_stand_in_a_string(tmp_path: Path) -> None:
    quoted = json.dumps([KARIM], ensure_ascii=False)
    [record], _ = read(file_of(tmp_path, row(label=quoted)))
    assert record.spans == (Span(0, 4, "PER"),)


def test_label_studio_min_several_controls_need_the_users_word(tmp_path: Path) -> None:
    path = file_of(tmp_path, row(KARIM, pos=[DHAKA]))
    assert "several keys: pos, label" in error(path).what
    [record], _ = read(path, spans_key="pos")
    assert record.spans == (Span(5, 9, "LOC"), Span(5, 9, "CITY"))
    assert record.meta["label"] == [KARIM]


def test_label_studio_min_finds_the_text(tmp_path: Path) -> None:
    value = row(KARIM, url="https://x.org/a", created_at="2024-01-01")
    value["body"] = value.pop("text")
    [record], _ = read(file_of(tmp_path, value))
    assert record.text == TEXT
    path = file_of(tmp_path, {**value, "title": "খবর"})
    assert "several texts" in error(path).what
    assert read(path, text_key="body")[0][0].text == TEXT


def test_label_studio_min_reads_html_as_shown(tmp_path: Path) -> None:
    html = {
        "start": "/p[1]/b[1]/text()[1]", "end": "/p[1]/b[1]/text()[1]", "startOffset": 0,
        "endOffset": 4, "text": "করিম", "hypertextlabels": ["PER"],
    }  # fmt: skip
    path = file_of(tmp_path, row(html, text="<p>ক <b>করিম</b></p>"))
    assert FORMAT.sniff(read_head(path))
    [record], _ = read(path)
    assert (record.text, record.spans) == ("ক করিম", (Span(2, 6, "PER"),))
    assert "None of the 1" in error(file_of(tmp_path, row(html, text="<p>করিম</p>"))).what


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (7, "not an object"),
        (row({**KARIM, "labels": []}), "no label"),
        (row({"labels": ["PER"]}), "no stretch of text"),
        (row({**KARIM, "start": 0.5}), "no whole number"),
        (row({**KARIM, "labels": "PER", "end": None}), "no whole number"),
        (row({**KARIM, "labels": [None]}), "has no label"),
        (row(KARIM, text=None), "no text"),
        (row(KARIM, text="https://x.org/a.txt"), "only its address"),
    ],
)
def test_label_studio_min_refuses_by_line(tmp_path: Path, value: Any, what: str) -> None:
    path = tmp_path / "min.jsonl"
    lines = [json.dumps(one) for one in (row(id=9), value)]
    path.write_text("\n".join(lines), encoding="utf8")
    caught = error(path)
    assert what in caught.what
    assert caught.where is not None and "min.jsonl, line 2" in caught.where


def test_label_studio_min_truncated_anywhere_is_read_or_refused(tmp_path: Path) -> None:
    path = file_of(tmp_path, row(KARIM), row(DHAKA))
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        FORMAT.sniff(read_head(path))
        try:
            read(path)
        except UserError:
            continue


LEAVES = st.none() | st.booleans() | st.integers(-3, 30) | st.floats() | st.text('ক[/"', max_size=4)
KEYS = ("start", "end", "text", "labels", "label", "hypertextlabels", "startOffset", "id")
JUNK = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(
    outer=st.dictionaries(st.sampled_from((*KEYS, "annotator", "annotation_id")), JUNK),
    inner=st.dictionaries(st.sampled_from(KEYS), JUNK),
    spans_key=st.sampled_from([None, "label", "text"]),
)
def test_label_studio_min_wrong_types_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, outer: Any, inner: Any, spans_key: str | None
) -> None:
    folder = tmp_path_factory.mktemp("junk")
    for value in ({**row(KARIM), **outer}, row({**KARIM, **inner})):
        path = file_of(folder, value, row(KARIM))
        FORMAT.sniff(read_head(path))
        try:
            read(path, spans_key=spans_key)
        except UserError:
            continue


def test_label_studio_min_sniff_leaves_other_json_alone(tmp_path: Path) -> None:
    for other in (
        {"text": TEXT, "spans": [{"start": 0, "end": 4, "label": "PER"}], "answer": "accept"},
        {"text": TEXT, "label": [[0, 4, "PER"]]},
        {"text": TEXT, "label": []},
        {"tokens": ["করিম"], "labels": ["B-PER"]},
        {"data": {"text": TEXT}, "annotations": []},
    ):
        assert not FORMAT.sniff(read_head(file_of(tmp_path, other))), other


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets are not here")
def test_label_studio_min_leaves_the_full_exports_alone() -> None:
    for path in sorted(SHARED.rglob("*.json")):
        assert not FORMAT.sniff(read_head(path)), path
