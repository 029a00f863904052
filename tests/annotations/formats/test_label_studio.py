"""Label Studio's JSON: regions of plain text and of HTML, and whose annotations are gold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import read_head
from scripts.annotations.formats.label_studio import FORMAT
from scripts.annotations.records import Span
from scripts.annotations.survey import Survey, decide_unit
from scripts.common.errors import UserError

from .label_studio_files import error, file_of, read, read_path, region

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "label_studio"
TEXT = "করিম ঢাকা গেল"


def annotation(*result: Any, **more: Any) -> dict[str, Any]:
    return {"result": list(result), **more}


def task(*annotations: Any, text: str = TEXT, data: Any = None, **more: Any) -> dict[str, Any]:
    return {"data": {"text": text, **(data or {})}, "annotations": list(annotations), **more}


def html_region(path: str, start: int, end: int, text: str | None, **more: Any) -> dict[str, Any]:
    value = {"start": path, "end": path, "startOffset": start, "endOffset": end, **more}
    if text is not None:
        value["text"] = text
    value["hypertextlabels"] = ["PER"]
    return {"type": "hypertextlabels", "from_name": "ner", "to_name": "text", "value": value}


def test_label_studio_reads_regions_and_everything_else(tmp_path: Path) -> None:
    value = task(
        annotation(
            region(0, 4, "PER", "AUTHOR", id="a", value={"text": "করিম"}),
            region("5", "9", "LOC", id="b"),
            {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right"},
            {"type": "choices", "from_name": "kind", "value": {"choices": ["খবর"]}},
            completed_by=3,
        ),
        id=17, data={"doc": "d1"}, file_upload="x.csv", predictions=[],
    )  # fmt: skip
    [record], notices = read(tmp_path, [value])
    assert record.text == TEXT
    assert record.spans == (Span(0, 4, "PER"), Span(0, 4, "AUTHOR"), Span(5, 9, "LOC"))
    assert [span.surface for span in record.spans] == ["করিম", "করিম", None]
    assert record.spans[0].meta == {"id": "a", "from_name": "label", "to_name": "text"}
    assert (record.id, record.document, record.line) == ("17", "d1", 2)
    assert record.meta["task"] == {"file_upload": "x.csv"}
    kept = record.meta["annotation"]
    assert kept["completed_by"] == 3
    assert [other["type"] for other in kept["result"]] == ["relation", "choices"]
    assert not notices


@pytest.mark.parametrize("layout", ["one", "list", "lines"])
def test_label_studio_reads_every_layout_and_the_old_names(tmp_path: Path, layout: str) -> None:
    old = {"id": 1, "data": {"text": TEXT}, "completions": [annotation(region(0, 4, "PER"))]}
    line = json.dumps(old)
    value = {"one": old, "list": [old, old], "lines": f"\ufeff{line}\n\n{line}"}[layout]
    path = file_of(tmp_path, value)
    assert FORMAT.sniff(read_head(path))
    records, _ = read_path(path)
    assert [record.spans for record in records] == [(Span(0, 4, "PER"),)] * len(records)
    assert len(records) == (1 if layout == "one" else 2)


def test_label_studio_tells_of_every_annotation_that_is_not_gold(tmp_path: Path) -> None:
    marked = region(0, 4, "PER")
    tasks = [
        task(annotation(marked, was_cancelled=True)),
        task(annotation(marked, marked, skipped=True), annotation(region(5, 9, "LOC"))),
        task(predictions=[annotation(marked)]),
        {"data": {"text": TEXT}, "id": 4},
        task(drafts=[annotation(marked)]),
    ]
    records, notices = read(tmp_path, "\n".join(json.dumps(value) for value in tasks))
    assert [(record.line, record.spans) for record in records] == [(2, (Span(5, 9, "LOC"),))]
    assert [(n.code, n.line, n.spans) for n in notices] == [
        ("left-out", 1, 1),
        ("left-out", 2, 2),
        ("unannotated", 3, 1),
        ("unannotated", 4, 0),
        ("left-out", 5, 1),
        ("unannotated", 5, 0),
    ]


def test_label_studio_empty_result_is_a_negative(tmp_path: Path) -> None:
    [record], notices = read(tmp_path, [task(annotation())])
    assert (record.spans, record.versions, notices) == ((), {}, [])


def test_label_studio_predictions_are_read_on_demand(tmp_path: Path) -> None:
    value = task(
        annotation(region(0, 4, "PER")),
        predictions=[annotation(region(5, 9, "LOC"), model_version="m1", score=0.5)],
    )
    [record], _ = read(tmp_path, [value], layer="predictions")
    assert record.spans == (Span(5, 9, "LOC"),)
    assert record.meta["annotation"] == {"model_version": "m1", "score": 0.5}


def test_label_studio_several_annotators_are_versions(tmp_path: Path) -> None:
    marked = region(0, 4, "PER")
    value = task(
        annotation(marked, completed_by=1),
        annotation(completed_by={"id": 2, "email": "k@x.org"}),
        annotation(marked, id=9),
        annotation(marked, completed_by=1),
        annotation(marked, completed_by=5, was_cancelled=True),
    )
    [record], _ = read(tmp_path, [value])
    span = Span(0, 4, "PER")
    assert record.spans == ()
    assert record.versions == {
        "1": (span,), "k@x.org": (), "annotation-9": (span,), "1-2": (span,)
    }  # fmt: skip


def test_label_studio_labels_on_other_things_are_told(tmp_path: Path) -> None:
    box = {"type": "rectanglelabels", "value": {"x": 1, "rectanglelabels": ["A", "B"]}}
    sound = region(0.5, 2.0, "A")
    value = task(annotation(region(0, 4, "PER"), box, sound, region(0, 4)))
    [record], [notice] = read(tmp_path, [value])
    assert record.spans == (Span(0, 4, "PER"),)
    assert (notice.code, notice.spans) == ("not-text", 4)
    assert len(record.meta["annotation"]["result"]) == 3
    image = {"data": {"image": "/data/upload/1/a.png"}, "annotations": [annotation(box)]}
    records, [notice] = read(tmp_path, [image])
    assert (records, notice.code, notice.spans) == ([], "not-text", 2)


@pytest.mark.parametrize(
    ("data", "item", "options", "text"),
    [
        ({"ner": "খবর"}, {}, {}, "খবর"),
        ({"url": "https://x.org/a", "ner": "খবর"}, {}, {}, "খবর"),
        ({"text": "শিরোনাম", "body": "খবর"}, {"source": "$body"}, {}, "খবর"),
        ({"title": "শিরোনাম", "body": "খবর"}, {"to_name": "body"}, {}, "খবর"),
        ({"text": "শিরোনাম", "body": "খবর"}, {}, {"text_key": "body"}, "খবর"),
        ({"text": "শিরোনাম", "body": "খবর"}, {}, {}, "শিরোনাম"),
    ],
)
def test_label_studio_finds_the_text(
    tmp_path: Path, data: Any, item: Any, options: Any, text: str
) -> None:
    marked = {**region(0, 3, "X"), **item}
    [record], _ = read(tmp_path, [{"data": data, "annotations": [annotation(marked)]}], **options)
    assert record.text == text
    assert len(record.spans) == 1


def test_label_studio_regions_of_another_text_are_told(tmp_path: Path) -> None:
    value = task(
        annotation(
            region(0, 4, "PER", source="$text"), region(0, 2, "X", source="$title", to_name="t")
        ),
        data={"title": "শিরোনাম"},
    )
    [record], [notice] = read(tmp_path, [value])
    assert record.spans == (Span(0, 4, "PER"),)
    assert (notice.code, notice.spans) == ("not-text", 1)
    assert "--text-key title" in notice.note


def test_label_studio_layer_names_the_control(tmp_path: Path) -> None:
    value = task(annotation(region(0, 4, "PER"), region(0, 4, "N", from_name="pos")))
    [record], [notice] = read(tmp_path, [value], layer="label")
    assert record.spans == (Span(0, 4, "PER"),)
    assert (notice.code, notice.spans) == ("read-as", 1)
    assert "label, pos" in str(error(tmp_path, [value], layer="ner").todo)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"data": {"url": "https://x.org/a.txt"}, "annotations": [annotation()]}, "only an addr"),
        (task(annotation(region(0, 4, "X")), text="s3://b/a.txt"), "only its address"),
        ({"data": {"a": "ক খ", "b": "গ"}, "annotations": [annotation()]}, "several texts"),
        ({"data": {"n": 1}, "annotations": [annotation()]}, "not in the file"),
        (task(annotation(region("x", 4, "X"))), "no whole number"),
        (task(annotation(region(0, None, "X"))), "no whole number"),
        (task(annotation(region(0, 4, None))), "has no label"),  # type: ignore[arg-type]
        (task(annotation("x")), "no list of objects"),
        (task("x"), "no list of objects"),
        ({"data": "x", "annotations": []}, "no task"),
        (7, "no task"),
    ],
)
def test_label_studio_refuses_by_line(tmp_path: Path, value: Any, what: str) -> None:
    good = json.dumps(task(annotation()))
    caught = error(tmp_path, f"{good}\n{json.dumps(value)}")
    assert what in caught.what
    assert caught.where is not None and "tasks.json, line 2" in caught.where


def test_label_studio_text_that_is_an_address_may_be_annotated(tmp_path: Path) -> None:
    marked = region(8, 13, "SITE", value={"text": "x.org"})
    [record], _ = read(tmp_path, [task(annotation(marked), text="https://x.org")])
    assert record.spans == (Span(8, 13, "SITE"),)
    [record], _ = read(tmp_path, [task(annotation(), text="https://x.org")])
    assert (record.text, record.spans) == ("https://x.org", ())


def test_label_studio_surface_holds_line_ends_as_in_the_text(tmp_path: Path) -> None:
    marked = region(0, 9, "X", value={"text": "করিম\\nঢাকা"})
    [record], _ = read(tmp_path, [task(annotation(marked), text="করিম\nঢাকা")])
    assert record.spans[0].surface == "করিম\nঢাকা"
    [record], _ = read(tmp_path, [task(annotation(marked), text="করিম\\nঢাকা")])
    assert record.spans[0].surface == "করিম\\nঢাকা"


@pytest.mark.parametrize(
    ("text", "start", "end", "surface", "unit"),
    [
        ("💩This is an annotation. ", 13, 23, "annotation", "utf16"),
        ("👨🏻‍🚒 firemen drive firetrucks at work", 19, 29, "firetrucks", "codepoint"),
    ],
)
def test_label_studio_surface_decides_the_offset_unit(
    tmp_path: Path, text: str, start: int, end: int, surface: str, unit: str
) -> None:
    marked = region(start, end, "X", value={"text": surface})
    [record], _ = read(tmp_path, [task(annotation(marked), text=text)])
    assert record.spans == (Span(start, end, "X"),)

    class NoEdges:
        def fits(self, start: int, end: int) -> bool:
            return False

        def is_start(self, offset: int) -> bool:
            return False

    survey = Survey()
    survey.add(record, NoEdges(), contexts=False)  # type: ignore[arg-type]
    assert FORMAT.unit == "auto"
    assert decide_unit(survey)[0] == unit


def test_label_studio_truncated_anywhere_is_read_or_refused(tmp_path: Path) -> None:
    marked = html_region("/p[1]/text()[1]", 0, 1, "ক")
    value = [task(annotation(region(0, 4, "PER"))), task(annotation(marked), text="<p>ক</p>")]
    path = file_of(tmp_path, json.dumps(value, ensure_ascii=False))
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        FORMAT.sniff(read_head(path))
        try:
            read_path(path)
        except UserError:
            continue


LEAVES = st.none() | st.booleans() | st.integers(-3, 30) | st.floats() | st.text("ক/$x", max_size=4)
REGION_KEYS = (
    "type", "value", "start", "end", "text", "labels", "hypertextlabels", "startOffset", "result",
    "globalOffsets", "source", "to_name", "completed_by", "id",
)  # fmt: skip
JUNK = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(REGION_KEYS), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(
    outer=st.dictionaries(
        st.sampled_from(["data", "annotations", "completions", "predictions", "drafts", "id"]), JUNK
    ),
    inner=st.dictionaries(st.sampled_from(REGION_KEYS), JUNK),
    value=st.dictionaries(st.sampled_from(REGION_KEYS), JUNK),
)
def test_label_studio_wrong_types_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, outer: Any, inner: Any, value: Any
) -> None:
    base = region(0, 4, "PER")
    tasks = [
        {**task(annotation(base)), **outer},
        task(annotation({**base, **inner})),
        task(annotation({**base, "value": {**base["value"], **value}}, **inner)),
    ]
    folder = tmp_path_factory.mktemp("junk")
    for one in tasks:
        path = file_of(folder, [one])
        FORMAT.sniff(read_head(path))
        for layer in (None, "predictions"):
            try:
                read_path(path, layer=layer)
            except UserError:
                continue


def test_label_studio_sniff_leaves_other_json_alone(tmp_path: Path) -> None:
    for other in (
        {"text": TEXT, "spans": [], "answer": "accept"},
        {"text": TEXT, "label": [[0, 4, "PER"]]},
        {"data": TEXT, "label": [[0, 4, "PER"]]},
        {"data": {"rows": 1}, "version": 2},
        {"id": 1, "text": TEXT, "annotation_id": 1, "annotator": 1},
    ):
        assert not FORMAT.sniff(read_head(file_of(tmp_path, other))), other


EXAMPLES = SHARED / "lsf_examples"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets are not here")


@real
@pytest.mark.parametrize(
    ("folder", "surfaces", "lost"),
    [
        ("named_entity", ["February 22"], 0),
        ("html_document", ["Michael", "Michael", "Company Name"], 0),
        # The tool stored the fourth region's end in a text node that the first had split.
        ("rich_text_html", ["Vincent: Look, Mr. Wolfe", "Jules", "The Wolf"], 1),
    ],
)
def test_label_studio_real_examples(folder: str, surfaces: list[str], lost: int) -> None:
    [record], notices = read_path(EXAMPLES / folder / "annotations" / "1.json")
    assert [record.text[span.start : span.end] for span in record.spans] == surfaces
    assert [notice.code for notice in notices] == ["surface-mismatch"] * lost


@real
def test_label_studio_real_stale_offsets_stay_for_the_audit() -> None:
    [record], notices = read_path(EXAMPLES / "rich_text_plain" / "annotations" / "1.json")
    assert record.spans == (Span(343, 354, "Date"),)
    assert record.spans[0].surface == "February 22" != record.text[343:354]
    assert not notices


@real
def test_label_studio_real_remote_text_is_refused() -> None:
    with pytest.raises(UserError, match="not in the file"):
        read_path(EXAMPLES / "rich_text_plain_remote" / "annotations" / "1.json")


@real
@pytest.mark.parametrize(("name", "spans"), [("data", 1), ("data_repeater", 1), ("chat_data", 0)])
def test_label_studio_real_tasks_without_text_are_told(name: str, spans: int) -> None:
    path = SHARED / "sdk_json_min_tests" / f"{name}.json"
    assert FORMAT.sniff(read_head(path))
    records, [notice] = read_path(path)
    assert (records, notice.code, notice.spans) == ([], "not-text", spans)
