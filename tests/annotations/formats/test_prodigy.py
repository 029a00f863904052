"""Prodigy's JSONL: whose answers are gold, and what a binary answer leaves unsaid."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions, WriteOptions
from scripts.annotations.formats.prodigy import FORMAT
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "prodigy"
TEXT = "করিম ঢাকা গেল"
KARIM = {"start": 0, "end": 4, "label": "PER"}
DHAKA = {"start": 5, "end": 9, "label": "LOC"}


def file_of(folder: Path, *rows: Any) -> Path:
    path = folder / "rows.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_bytes("\n".join(lines).encode("utf8"))
    return path


def read(path: Path) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(), notices.append)), notices


def row(*spans: Any, text: str = TEXT, answer: str = "accept", **more: Any) -> dict[str, Any]:
    return {"text": text, "spans": list(spans), "answer": answer, **more}


def words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


def written(folder: Path, records: list[Record]) -> tuple[Path, list[Notice]]:
    notices: list[Notice] = []
    path = folder / "written.jsonl"
    FORMAT.write(records, path, WriteOptions(words), notices.append)
    return path, notices


def error(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        read(path)
    return caught.value


def test_prodigy_reads_spans_surface_and_everything_else(tmp_path: Path) -> None:
    line = row(
        {**KARIM, "text": "করিম", "source": "model", "token_start": 0, "token_end": 0},
        _input_hash=5, tokens=[], meta={"source": "দৈনিক"}, _view_id="ner_manual",
    )  # fmt: skip
    [record], notices = read(file_of(tmp_path, line))
    assert record.text == TEXT
    assert record.spans == (Span(0, 4, "PER"),)
    assert record.spans[0].surface == "করিম"
    assert record.spans[0].meta == {"source": "model"}
    assert record.meta == {"_input_hash": 5, "meta": {"source": "দৈনিক"}, "_view_id": "ner_manual"}
    assert not notices


@pytest.mark.parametrize("spans", [{"spans": None}, {"spans": []}, {}])
def test_prodigy_accepted_row_without_spans_is_a_negative(
    tmp_path: Path, spans: dict[str, Any]
) -> None:
    path = file_of(tmp_path, {"text": "nothing here", "answer": "accept", **spans})
    assert FORMAT.sniff(read_head(path))
    [record], notices = read(path)
    assert (record.text, record.spans, record.missing) == ("nothing here", (), ())
    assert not notices


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_prodigy_rejected_and_ignored_rows_are_told(tmp_path: Path, answer: str) -> None:
    path = file_of(
        tmp_path,
        row(KARIM, DHAKA, answer=answer, _view_id="ner_manual"),
        row(KARIM, _view_id="ner_manual"),
    )
    records, [notice] = read(path)
    assert [record.line for record in records] == [2]
    assert (notice.code, notice.line, notice.spans) == ("left-out", 1, 2)


def test_prodigy_counts_spans_by_tokens_where_offsets_are_absent(tmp_path: Path) -> None:
    tokens = [
        {"text": "করিম", "start": 0, "end": 4, "id": 0},
        {"text": "ঢাকা", "start": 5, "end": 9, "id": 1},
    ]
    span = {"token_start": 0, "token_end": 1, "label": "X"}
    [record], _ = read(file_of(tmp_path, row(span, tokens=tokens)))
    assert record.spans == (Span(0, 9, "X"),)
    assert "no such token" in error(file_of(tmp_path, row(span, tokens=tokens[:1]))).what


def test_prodigy_binary_answers_leave_the_other_words_unannotated(tmp_path: Path) -> None:
    path = file_of(
        tmp_path,
        row(KARIM, _view_id="ner"),
        row({**DHAKA, "label": "PER"}, answer="reject", _view_id="ner"),
        row(DHAKA, _view_id="ner"),
        row(KARIM, _view_id="ner"),
    )
    [record], notices = read(path)
    assert record.spans == (Span(0, 4, "PER"), Span(5, 9, "LOC"))
    assert record.missing == ((4, 5), (9, len(TEXT)))
    assert record.line == 1
    codes = [(notice.code, notice.spans) for notice in notices]
    assert codes == [("read-as", 0), ("left-out", 1), ("read-as", 0)]
    assert "twice" in notices[-1].note


def test_prodigy_row_says_itself_whether_it_is_binary(tmp_path: Path) -> None:
    path = file_of(
        tmp_path,
        row(KARIM, _view_id="ner", _is_binary=False),
        row(KARIM, _view_id="ner_manual", _is_binary=True, text=TEXT + "।"),
    )
    records, _ = read(path)
    assert [bool(record.missing) for record in records] == [False, True]


def test_prodigy_finds_binary_rows_by_rejected_single_spans(tmp_path: Path) -> None:
    texts = [f"{TEXT} {n}" for n in range(4)]
    binary = [row(KARIM, text=text) for text in texts]
    path = file_of(tmp_path, *binary, row(DHAKA, answer="reject"))
    records, notices = read(path)
    assert all(record.missing == ((4, len(record.text)),) for record in records)
    assert notices[0].code == "read-as" and "4 accept, 1 reject" in notices[0].note


@pytest.mark.parametrize(
    "evidence",
    [
        row(answer="accept", text="কিছু নেই"),
        row(KARIM, tokens=[{"start": 0, "end": 4}], text="করিম"),
        row(KARIM, DHAKA, text=TEXT + "?"),
    ],
    ids=["a negative", "tokens", "several spans"],
)
def test_prodigy_rows_are_manual_where_anything_speaks_for_it(
    tmp_path: Path, evidence: dict[str, Any]
) -> None:
    path = file_of(tmp_path, row(KARIM), row(DHAKA, answer="reject"), evidence)
    records, _ = read(path)
    assert len(records) == 2
    assert not any(record.missing for record in records)


def test_prodigy_binary_span_with_another_answer_is_left_out(tmp_path: Path) -> None:
    path = file_of(tmp_path, row({**KARIM, "answer": "accept"}, {**DHAKA, "answer": "reject"}))
    [record], notices = read(path)
    assert record.spans == (Span(0, 4, "PER"),)
    assert record.missing == ((4, len(TEXT)),)
    assert ("left-out", 1) in [(notice.code, notice.spans) for notice in notices]


def test_prodigy_several_annotators_of_a_text_are_versions(tmp_path: Path) -> None:
    path = file_of(
        tmp_path,
        row(KARIM, _annotator_id="আলী", _view_id="ner_manual"),
        row(text="অন্য", _annotator_id="আলী", _view_id="ner_manual"),
        row(KARIM, DHAKA, _session_id="set-bob", _view_id="ner_manual"),
        row(DHAKA, _annotator_id="আলী", _view_id="ner_manual"),
    )
    records, notices = read(path)
    assert [record.text for record in records] == ["অন্য", TEXT]
    assert records[1].spans == ()
    assert records[1].line == 1
    assert records[1].versions == {
        "আলী": (Span(0, 4, "PER"),),
        "set-bob": (Span(0, 4, "PER"), Span(5, 9, "LOC")),
        "আলী-2": (Span(5, 9, "LOC"),),
    }
    assert not notices


def test_prodigy_one_annotator_keeps_rows_of_the_same_text_apart(tmp_path: Path) -> None:
    path = file_of(tmp_path, *[row(KARIM, _annotator_id="a", _view_id="ner_manual")] * 2)
    records, _ = read(path)
    assert [(record.line, record.versions) for record in records] == [(1, {}), (2, {})]


def test_prodigy_rows_of_other_interfaces_are_no_negatives(tmp_path: Path) -> None:
    path = file_of(
        tmp_path,
        {"text": TEXT, "label": "খবর", "answer": "accept", "_view_id": "classification"},
        {"text": TEXT, "_input_hash": 1},
    )
    records, notices = read(path)
    assert not records
    assert [notice.code for notice in notices][-2:] == ["not-text", "unannotated"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (row(KARIM, answer="maybe"), "answer is neither"),
        ({"answer": "accept", "spans": []}, "no text"),
        (row("PER"), "no list of objects"),
        (row({"start": "0", "end": 4, "label": "PER"}), "no whole number"),
        (row({"start": 0, "end": 4}), "has no label"),
        ([1], "not an object"),
        ("{", "not valid JSON"),
    ],
)
def test_prodigy_refuses_what_is_no_row_by_line(tmp_path: Path, line: Any, what: str) -> None:
    caught = error(file_of(tmp_path, row(KARIM), line))
    assert what in caught.what
    assert caught.where is not None and caught.where.endswith("rows.jsonl, line 2")


def test_prodigy_truncated_anywhere_is_read_or_refused(tmp_path: Path) -> None:
    data = file_of(tmp_path, row(KARIM, _annotator_id="a"), row(DHAKA, _annotator_id="b"))
    whole = data.read_bytes()
    for size in range(len(whole)):
        data.write_bytes(whole[:size])
        FORMAT.sniff(read_head(data))
        try:
            read(data)
        except UserError:
            continue


LEAVES = st.none() | st.booleans() | st.integers(-3, 30) | st.floats() | st.text("ক x", max_size=4)
JUNK = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "start", "end", "label", "token_start", "answer"]), inner
        )
    ),
    max_leaves=6,
)
KEYS = (
    "text", "spans", "tokens", "answer", "_is_binary", "_view_id", "_annotator_id", "_input_hash",
    "meta",
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.tuples(st.sampled_from(KEYS), JUNK), max_size=4))
def test_prodigy_wrong_types_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, values: list[tuple[str, Any]]
) -> None:
    path = file_of(tmp_path_factory.mktemp("junk"), {**row(KARIM), **dict(values)}, row(DHAKA))
    FORMAT.sniff(read_head(path))
    try:
        read(path)
    except UserError:
        return


def test_prodigy_writes_tokens_with_inclusive_token_ends(tmp_path: Path) -> None:
    record = Record(TEXT, (Span(0, 9, "X"), Span(1, 4, "Y")), 1)
    path, _ = written(tmp_path, [record])
    line = json.loads(path.read_text("utf8"))
    assert line["tokens"][0] == {"text": "করিম", "start": 0, "end": 4, "id": 0, "ws": True}
    assert line["tokens"][2]["ws"] is False
    assert line["spans"] == [
        {"start": 0, "end": 9, "token_start": 0, "token_end": 1, "label": "X"},
        {"start": 1, "end": 4, "label": "Y"},
    ]
    assert line["answer"] == "accept"


def test_prodigy_tells_what_it_cannot_write(tmp_path: Path) -> None:
    whole = Span(0, 4, "PER")
    split = Span(0, 13, "X", ((0, 4), (10, 13)))
    records = [
        Record(TEXT, (whole, split), 3),
        Record(TEXT, (whole,), 4, missing=((5, 9),)),
    ]
    path, notices = written(tmp_path, records)
    assert [(n.code, n.line, n.spans) for n in notices] == [
        ("not-written", 3, 1),
        ("not-written", 4, 0),
    ]
    assert [record.spans for record in read(path)[0]] == [(whole,), (whole,)]


def test_prodigy_holds_binary_answers_and_annotators(tmp_path: Path) -> None:
    binary = Record(TEXT, (Span(0, 4, "PER"),), 1, {"_view_id": "ner"}, ((4, len(TEXT)),))
    versions = {"আলী": (Span(0, 4, "PER"),), "bob": ()}
    several = Record(TEXT, (), 2, {"id": 7}, (), versions)
    path, notices = written(tmp_path, [binary, several])
    assert not notices
    first, second = read(path)[0]
    assert (first.spans, first.missing, first.meta) == (binary.spans, binary.missing, binary.meta)
    assert second.versions == versions


ALPHABET = "কখগািু্র্য়ঢ়। \t\r\n\u00a0\u200c\u200dab🙂👩🏽‍🚒é"


@st.composite
def records(draw: st.DrawFn) -> Record:
    text = draw(st.text(ALPHABET, max_size=30))
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    spans = draw(st.lists(st.tuples(places, st.sampled_from(["PER", "স্থান"])), max_size=4))
    meta = draw(st.dictionaries(st.sampled_from(["id", "doc", "উৎস"]), st.text("ক1", max_size=3)))
    return Record(text, tuple(Span(*sorted(place), label) for place, label in spans), 1, meta)


@settings(max_examples=50, deadline=None)
@given(given_records=st.lists(records(), min_size=1, max_size=4))
def test_prodigy_round_trip_is_exact(
    tmp_path_factory: pytest.TempPathFactory, given_records: list[Record]
) -> None:
    path, notices = written(tmp_path_factory.mktemp("round"), given_records)
    assert FORMAT.sniff(read_head(path))
    found, _ = read(path)
    assert not notices
    assert [(r.text, r.spans, r.meta) for r in found] == [
        (r.text, r.spans, r.meta) for r in given_records
    ]


def test_prodigy_sniff_leaves_other_json_alone(tmp_path: Path) -> None:
    for other in (
        {"text": TEXT, "spans": [KARIM]},
        {"text": TEXT, "label": [[0, 4, "PER"]]},
        {"data": {"text": TEXT}, "annotations": []},
        {"question": "?", "answer": "accept"},
        {"text": "q", "answer": "yes"},
    ):
        assert not FORMAT.sniff(read_head(file_of(tmp_path, other))), other


real = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets are not here")


@real
def test_prodigy_real_files_give_the_published_counts() -> None:
    tweets, told = read(SHARED / "ner_tweets_en" / "test_annotated.jsonl")
    assert len(tweets) == 519
    assert sum(len(record.spans) for record in tweets) == 242
    assert [notice.code for notice in told] == ["left-out"] * 4
    news, told = read(
        SHARED / "prodigy_recipes_en" / "annotated_news_headlines-ORG-PERSON-LOCATION-ner.jsonl"
    )
    assert (len(news), sum(len(record.spans) for record in news), len(told)) == (372, 303, 1)
    assert all(not record.missing for record in (*tweets, *news))
    for record in (*tweets, *news):
        for span in record.spans:
            assert span.surface in (None, record.text[span.start : span.end])


@real
def test_prodigy_real_binary_file_leaves_the_rest_unannotated() -> None:
    records, told = read(SHARED / "prodigy_recipes_en" / "annotated_reddit-PRODUCT-ner.jsonl")
    # 438 accepted rows of 428 texts; 446 spans, 1 of them rejected, 10 accepted a second time.
    assert (len(records), sum(len(record.spans) for record in records)) == (428, 435)
    assert all(record.missing for record in records if record.spans[0].end < len(record.text))
    rejected = [n for n in told if n.code == "left-out" and "answer is" in n.note]
    assert len(rejected) == 1276 + 86
    assert sum(notice.spans for notice in told) == 1293 + 88 + 1
