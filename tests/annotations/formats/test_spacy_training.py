from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from scripts.annotations.formats import (
    ner_annotator,
    read_head,
    spacy_doc_json,
    spacy_json,
    spacy_training,
)
from scripts.annotations.formats.base import Format, Notice, ReadOptions, WriteOptions
from scripts.annotations.records import Record, Span
from scripts.annotations.units import to_codepoints
from scripts.common.errors import UserError

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
FORMATS = [m.FORMAT for m in (spacy_training, ner_annotator, spacy_json, spacy_doc_json)]
TRAIN, ANNOTATOR, V2, DOC = FORMATS
BN = spacy.blank("bn")
PAIR = ["করিম 😀 ঢাকা", {"entities": [[0, 4, "PER"], [7, 11, "LOC"], [0, 6, "X"]]}]
PARAGRAPH = {
    "raw": "করিম\r\n ঢাকা।",
    "sentences": [
        {"tokens": [{"orth": "করিম", "ner": "U-PER"}]},
        {"tokens": [{"orth": "ঢাকা", "ner": "-"}, {"orth": "।", "ner": "O"}]},
    ],
    "cats": [{"label": "NEWS", "value": 1}],
}
EXAMPLES = {
    TRAIN.name: [PAIR, []],
    ANNOTATOR.name: {"classes": [{"id": 1, "name": "PER"}], "annotations": [PAIR, None]},
    V2.name: [{"id": 4, "paragraphs": [PARAGRAPH]}],
    DOC.name: {
        "text": "ক খ",
        "ents": [{"start": 0, "end": 1, "label": "X"}],
        "tokens": [{"id": 0, "start": 0, "end": 1}, {"id": 1, "start": 2, "end": 3}],
    },
}


def tokens(text: str) -> list[tuple[int, int]]:
    return [(t.idx, t.idx + len(t)) for t in BN.make_doc(text)]


def read(known: Format, path: Path, **options) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    return list(known.read(path, ReadOptions(**options), notices.append)), notices


def write(path: Path, *values: object) -> Path:
    text = "\n".join(v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values)
    path.write_text(text, encoding="utf8", newline="")
    return path


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_only_its_own_format_claims_a_file(tmp_path: Path, known: Format) -> None:
    path = write(tmp_path / "a", EXAMPLES[known.name])
    head = read_head(path)
    assert [other.name for other in FORMATS if other.sniff(head)] == [known.name]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[null]",
        "[[]]",
        "কথা [('a', 1)]",
        '{"text": "a", "label": []}',
        '["text", {"entities": []}]',
        '["text", ["O"]]',
        '{"classes": ["a"], "annotations": [{"text": "a"}]}',
        '{"data": [{"paragraphs": [{"context": "a"}]}]}',
        '{"paragraphs": [{"context": "a"}]}',
        '{"text": "a", "tokens": [{"text": "a", "start": 0, "end": 1, "id": 0}], "spans": []}',
        "[" * 5000,
    ],
)
def test_no_format_of_spacy_claims_other_files(tmp_path: Path, text: str) -> None:
    head = read_head(write(tmp_path / "a", text))
    assert not [known.name for known in FORMATS if known.sniff(head)]


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_a_file_of_spacy_cut_off_anywhere_is_read_or_refused(tmp_path: Path, known: Format) -> None:
    whole = json.dumps(EXAMPLES[known.name], ensure_ascii=False).encode()
    path = tmp_path / "a"
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        known.sniff(read_head(path))
        try:
            assert not read(known, path)[0]
        except UserError:
            continue


def _broken(value: object) -> list[object]:
    """The value with each of its parts replaced by something else in turn."""
    others: list[object] = [None, 1, "x", [], {}, [[]], [{}]]
    if isinstance(value, dict):
        inner = [{**value, k: other} for k, v in value.items() for other in _broken(v)]
    elif isinstance(value, list):
        inner = [[*value[:i], o, *value[i + 1 :]] for i, v in enumerate(value) for o in _broken(v)]
    else:
        inner = []
    return [*others, *inner]


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_a_file_of_spacy_with_wrong_types_is_read_or_refused(tmp_path: Path, known: Format) -> None:
    refused = 0
    for value in _broken(EXAMPLES[known.name]):
        path = write(tmp_path / "a", value)
        known.sniff(read_head(path))
        try:
            read(known, path)
        except UserError as error:
            assert "line 1" in str(error)
            refused += 1
    assert refused > 10


def test_spacy_training_reads_every_shape_of_an_example(tmp_path: Path) -> None:
    bare = ["ঢাকা", [[0, 4, "LOC", "Q1354"], {"start": 0, "end": 2, "label": "X"}]]
    rest = ["ঢাকা", {"entities": [], "cats": {"A": 1}}]
    values = (PAIR, bare, [], None, ["ঢাকা", None], ["ঢাকা", {"cats": {}}], rest)
    text = "[\n" + ",\n".join(json.dumps(v) for v in values) + "\n]"
    path = write(tmp_path / "a", text)
    assert TRAIN.sniff(read_head(path)) and TRAIN.unit == "auto"
    records, notices = read(TRAIN, path)
    assert [r.line for r in records] == [2, 3, 8]
    assert records[0].text == PAIR[0]
    assert [[s.start, s.end, s.label] for s in records[0].spans] == PAIR[1]["entities"]
    assert records[1].spans == (Span(0, 4, "LOC"), Span(0, 2, "X"))
    assert records[1].spans[0].meta == {"kb_id": "Q1354"}
    assert records[2].meta == {"cats": {"A": 1}}
    assert [(n.code, n.line) for n in notices] == [
        ("left-out", 4),
        ("unannotated", 5),
        ("unannotated", 6),
        ("unannotated", 7),
    ]


@pytest.mark.parametrize(
    "source",
    [
        'TRAIN_DATA = [\n    ("a", {"entities": [(0, 1, \'X\')]}),\n]',
        "# data\nTRAIN_DATA: list = [('a', {'entities': []})]",
        "[('a', {'entities': [(0, 1, 'X')]})]",
        "[['a', {'entities': [[0, 1, 'X']]}]]",
    ],
)
def test_spacy_training_says_how_python_becomes_json(tmp_path: Path, source: str) -> None:
    path = write(tmp_path / "a", source)
    assert TRAIN.sniff(read_head(path))
    with pytest.raises(UserError, match=r"Python source.*json\.dump"):
        read(TRAIN, path)


def _bugcases() -> list[dict]:
    path = SHARED / "bugcases.jsonl"
    if not path.is_file():
        return []
    cases = map(json.loads, path.read_text(encoding="utf8").splitlines())
    return [case for case in cases if case["format"] == "spacy_v2_train_data"]


@pytest.mark.parametrize("case", _bugcases(), ids=lambda case: case["id"])
def test_spacy_training_reads_what_other_tools_broke_on(tmp_path: Path, case: dict) -> None:
    whole = isinstance(case["input"], str)
    path = write(tmp_path / "a", case["input"] if whole else [case["input"]])
    assert TRAIN.sniff(read_head(path))
    [record], notices = read(TRAIN, path)
    if whole:
        expected = case["expect"]["docs"][0]
        assert [n.code for n in notices] == ["left-out"]
        assert [[s.start, s.end, s.label] for s in record.spans] == [expected["spans"][0][:3]]
        return
    entities = case["input"][1]
    entities = entities["entities"] if isinstance(entities, dict) else entities
    assert record.text == case["input"][0] and not notices
    assert [[s.start, s.end, s.label] for s in record.spans] == entities


def test_ner_annotator_counts_in_utf16(tmp_path: Path) -> None:
    example = ["😀 ঢাকা", {"entities": [[3, 7, "LOC", [["accepted", "ann"]]]]}]
    path = write(tmp_path / "a", {"classes": ["LOC"], "annotations": [None, example]})
    [record], notices = read(ANNOTATOR, path)
    [span] = to_codepoints(record.text, record.spans, ANNOTATOR.unit)
    assert span is not None and record.text[span.start : span.end] == "ঢাকা"
    assert record.spans[0].meta == {"more": [[["accepted", "ann"]]]}
    assert [n.code for n in notices] == ["unannotated"]


def test_spacy_json_finds_the_tokens_in_the_raw_text(tmp_path: Path) -> None:
    [record], notices = read(V2, write(tmp_path / "a", EXAMPLES[V2.name]))
    assert record.text == PARAGRAPH["raw"]
    assert record.spans == (Span(0, 4, "PER"),)
    assert record.missing == ((7, 11),)
    assert (record.id, record.document) == ("4-0", "4")
    assert record.meta["cats"] == PARAGRAPH["cats"]
    assert {n.code for n in notices} == {"read-as", "tag-missing"}


def test_spacy_json_joins_tokens_without_a_raw_text(tmp_path: Path) -> None:
    sentences = PARAGRAPH["sentences"]
    path = write(tmp_path / "a", {"paragraphs": [{"sentences": sentences}]})
    [record], notices = read(V2, path, lang="bn")
    assert record.text == "করিম ঢাকা।" and notices[-1].code == "read-as"


def test_spacy_json_knows_the_treebank_s_quotes(tmp_path: Path) -> None:
    words = [("``", "O"), ("A", "U-X"), ("''", "O"), ("-LRB-", "O")]
    sentence = {"tokens": [{"orth": word, "ner": tag} for word, tag in words]}
    value = {"paragraphs": [{"raw": '"A" (', "sentences": [sentence]}]}
    [record], _ = read(V2, write(tmp_path / "a", value))
    assert record.text == '"A" (' and record.spans == (Span(1, 2, "X"),)


def test_spacy_json_leaves_out_paragraphs_without_tags(tmp_path: Path) -> None:
    value = {"paragraphs": [{"sentences": [{"tokens": [{"orth": "a"}]}]}]}
    records, notices = read(V2, write(tmp_path / "a", value))
    assert not records and notices[-1].code == "unannotated"


def test_spacy_doc_json_reads_what_spacy_writes(tmp_path: Path) -> None:
    doc = BN("করিম 😀 ঢাকা")
    doc.ents = [doc.char_span(7, 11, "LOC")]
    doc.spans["nested"] = [doc.char_span(0, 4, "PER")]
    doc.spans["sc"] = [doc.char_span(0, 4, "X")]
    path = write(tmp_path / "a", doc.to_json())
    assert DOC.sniff(read_head(path))
    [record], _ = read(DOC, path)
    assert record.text == doc.text
    assert record.spans == (Span(7, 11, "LOC"), Span(0, 4, "PER"))
    assert list(record.meta["spans"]) == ["sc"]
    assert read(DOC, path, layer="sc")[0][0].spans == (Span(0, 4, "X"),)


ALPHABET = "কািী্ যে়a1।,(‘-😀\u200c\u200d\r\n \u00a0"


@st.composite
def records(draw: st.DrawFn) -> Record:
    text = draw(st.text(ALPHABET, max_size=30))
    at = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(at, at, st.sampled_from(["PER", "LOC"])), max_size=4))
    return Record(text, tuple(Span(min(a, b), max(a, b), label) for a, b, label in pairs), 1)


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=3))
def test_spacy_training_round_trip_keeps_every_span(
    tmp_path_factory: pytest.TempPathFactory, given_records: list[Record]
) -> None:
    path = tmp_path_factory.mktemp("train") / "a"
    told: list[Notice] = []
    TRAIN.write(given_records, path, WriteOptions(tokens), told.append)
    assert TRAIN.sniff(read_head(path)) and not told
    back, _ = read(TRAIN, path)
    assert [(r.text, r.spans) for r in back] == [(r.text, r.spans) for r in given_records]


@settings(max_examples=50, deadline=None)
@given(records())
def test_spacy_doc_json_round_trip_loses_only_what_it_tells(
    tmp_path_factory: pytest.TempPathFactory, record: Record
) -> None:
    path = tmp_path_factory.mktemp("docs") / "a"
    told: list[Notice] = []
    DOC.write([record], path, WriteOptions(tokens), told.append)
    [back], _ = read(DOC, path)
    assert back.text == record.text
    assert not Counter(back.spans) - Counter(record.spans)
    assert len(back.spans) + sum(n.spans for n in told) == len(record.spans)
    line = json.loads(path.read_text(encoding="utf8"))
    line.pop("meta", None)
    assert Doc(BN.vocab).from_json(line).text == record.text


def test_spacy_training_tells_discontinuous_spans(tmp_path: Path) -> None:
    record = Record("ক খ গ", (Span(0, 5, "X", ((0, 1), (4, 5))),), 3, {"id": "a", "cats": {}})
    told: list[Notice] = []
    TRAIN.write([record], tmp_path / "a", WriteOptions(tokens), told.append)
    assert [(n.code, n.line, n.spans) for n in told] == [("not-written", 3, 1)]
    [back], _ = read(TRAIN, tmp_path / "a")
    assert not back.spans and back.meta == {"cats": {}}


@pytest.mark.parametrize(
    ("known", "name", "docs", "ents"),
    [
        (TRAIN, "spacy_v2/projects_ner_demo/train.json", 2, 3),
        (TRAIN, "spacy_v2/projects_ner_demo/dev.json", 2, 2),
        (V2, "spacy_v2/spacy_ner_example_data/training-data.json", 1, 11),
        (V2, "spacy_v2/spacy_ner_example_data/ner-sent-per-line.json", 1, 7),
        (V2, "spacy_v2/spacy_ner_example_data/ner-token-per-line.json", 1, 7),
        (V2, "spacy_v2/spacy_ner_example_data/ner-token-per-line-with-pos.json", 1, 7),
        (V2, "spacy_v2/spacy_ner_example_data/ner-token-per-line-conll2003.json", 1, 7),
        (V2, "span_jsonl/doccano_transformer_tests/labeling_text_label.spacy.user0", 2, 11),
        (DOC, "span_jsonl/doccano_boardgames_es/converted_spacy_docjson.jsonl", 49, 86),
    ],
)
def test_a_published_file_of_spacy_is_read_whole(
    known: Format, name: str, docs: int, ents: int
) -> None:
    path = SHARED / name
    if not path.is_file():
        pytest.skip("the shared corpora are not at hand")
    records, notices = read(known, path, lang="en")
    assert (len(records), sum(len(r.spans) for r in records)) == (docs, ents)
    assert {n.code for n in notices} <= {"read-as"}
    if name.endswith("training-data.json"):
        words = {r.text[s.start : s.end] for r in records for s in r.spans}
        assert {"The Misanthrope", "Leisure & Arts", "Kim Cattrall"} <= words
