from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions, WriteOptions
from scripts.annotations.formats.token_lists import FORMAT
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
BN = spacy.blank("bn")


def tokens(text: str) -> list[tuple[int, int]]:
    return [(t.idx, t.idx + len(t)) for t in BN.make_doc(text)]


def write(path: Path, *values: object) -> Path:
    text = "\n".join(v if isinstance(v, str) else json.dumps(v) for v in values)
    path.write_text(text, encoding="utf8", newline="")
    return path


def read(path: Path, **options) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(**options), notices.append)), notices


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[s.start : s.end], s.label) for s in record.spans]


def test_token_lists_reads_objects_with_string_tags(tmp_path: Path) -> None:
    row = {"id": "৭", "tokens": ["করিম", "ঢাকায়", "।"], "ner_tags": ["B-PER", "B-LOC", "O"]}
    path = write(tmp_path / "a", row)
    assert FORMAT.sniff(read_head(path))
    [record], notices = read(path, lang="bn")
    assert record.text == "করিম ঢাকায়।"
    assert marked(record) == [("করিম", "PER"), ("ঢাকায়", "LOC")]
    assert record.id == "৭" and record.line == 1
    assert [n.code for n in notices] == ["read-as", "read-as"]


def test_token_lists_keeps_the_text_when_it_is_given(tmp_path: Path) -> None:
    text = " করিম\r\n\u00a0ঢাকায়  "
    row = {"text": text, "tokens": ["করিম", "ঢাকায়"], "tags": ["O", "B-LOC"]}
    [record], _ = read(write(tmp_path / "a", row))
    assert record.text == text
    assert marked(record) == [("ঢাকায়", "LOC")]


def test_token_lists_says_when_the_tokens_are_not_those_of_the_text(tmp_path: Path) -> None:
    row = {"text": "রহিম", "tokens": ["করিম"], "tags": ["B-PER"]}
    [record], notices = read(write(tmp_path / "a", row))
    assert record.text == "করিম" and record.meta["text"] == "রহিম"
    assert any("not made of the tokens" in n.note for n in notices)


@pytest.mark.parametrize("place", ["file", "beside"])
def test_token_lists_names_numbers_by_features(tmp_path: Path, place: str) -> None:
    names = ["O", "B-PER", "I-PER"]
    feature = {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "Sequence"}
    features = {"ner_tags": feature}
    columns = {"id": ["a", "b"], "tokens": [["x", "y"], ["z"]], "ner_tags": [[1, 2], [0]]}
    if place == "file":
        columns["features"] = features
    else:
        info = json.dumps({"features": features})
        (tmp_path / "dataset_info.json").write_text(info, encoding="utf8")
        assert FORMAT.companion(tmp_path / "dataset_info.json")
    path = write(tmp_path / "a.json", columns)
    assert FORMAT.sniff(read_head(path))
    records, _ = read(path)
    assert [marked(r) for r in records] == [[("x y", "PER")], []]
    assert [r.meta for r in records] == [{"id": "a"}, {"id": "b"}]


def test_token_lists_reads_a_page_of_the_datasets_server(tmp_path: Path) -> None:
    tags = {"feature": {"names": ["O", "B-LOC"], "_type": "ClassLabel"}, "_type": "List"}
    page = {
        "features": [{"feature_idx": 0, "name": "ner_tags", "type": tags}],
        "rows": [{"row_idx": 0, "row": {"tokens": ["ঢাকা"], "ner_tags": [1]}}],
    }
    path = write(tmp_path / "a", page)
    assert FORMAT.sniff(read_head(path))
    [record], _ = read(path)
    assert marked(record) == [("ঢাকা", "LOC")]


def test_token_lists_numbers_without_names_stay_for_the_label_map(tmp_path: Path) -> None:
    path = write(tmp_path / "a", {"tokens": ["ক", "খ", "গ"], "ner_tags": [3, 4, 0]})
    assert {s.label for s in read(path)[0][0].spans} == {"3", "4", "0"}
    labels = {"0": "O", "3": "B-PER", "4": "I-PER"}
    assert marked(read(path, labels=labels)[0][0]) == [("ক খ", "PER")]
    dropped = {"0": None, "3": "B-PER", "4": "I-PER"}
    spans = {(s.start, s.label) for s in read(path, labels=dropped)[0][0].spans}
    assert spans == {(0, "PER"), (4, "0")}


def test_token_lists_tags_that_are_missing(tmp_path: Path) -> None:
    row = {"tokens": ["a", "b", "c"], "ner_tags": [None, "B-X", None]}
    [record], notices = read(write(tmp_path / "a", row))
    assert record.missing == ((0, 1), (4, 5))
    assert "tag-missing" in {n.code for n in notices}
    numbers = {"tokens": ["a", "b"], "ner_tags": [-100, "O"]}
    assert read(write(tmp_path / "b", numbers))[0][0].missing == ((0, 1),)


def test_token_lists_spans_key_names_the_tags(tmp_path: Path) -> None:
    row = {"tokens": ["a"], "ner_tags": ["O"], "fine": ["B-FINE"]}
    path = write(tmp_path / "a", row)
    assert marked(read(path, spans_key="fine")[0][0]) == [("a", "FINE")]
    assert marked(read(path, layer="fine")[0][0]) == [("a", "FINE")]


def test_token_lists_finds_the_tokens_of_pairs_by_their_number(tmp_path: Path) -> None:
    pairs = [
        ["করিম ঢাকায় থাকেন।", ["U-PERSON", "U-GPE", "O", "O"]],
        # Older spaCy took the bracket and the colon apart.
        ["হাটহাজারী (চট্টগ্রাম): পাঁচ", ["O", "O", "U-GPE", "O", "O", "U-N"]],
        ["এক দুই", ["O"] * 9 + ["U-X"]],
    ]
    path = write(tmp_path / "a", *pairs)
    assert FORMAT.sniff(read_head(path))
    records, notices = read(path, lang="bn")
    assert [marked(r) for r in records] == [
        [("করিম", "PERSON"), ("ঢাকায়", "GPE")],
        [("চট্টগ্রাম", "GPE"), ("পাঁচ", "N")],
    ]
    [differ] = [n for n in notices if n.code == "tokens-differ"]
    assert (differ.line, differ.spans) == (3, 1)
    assert "punctuation apart in 2" in notices[-1].note


def test_token_lists_pairs_split_at_white_space_are_known_by_most_texts(tmp_path: Path) -> None:
    pairs = [[f"এক, দুই {i}।", ["O", "B-X", "O"]] for i in range(3)]
    # By spaCy this one has three tokens as well, others.
    records, _ = read(write(tmp_path / "a", *pairs, ["এক দুই।", ["O", "B-X"]]), lang="bn")
    assert marked(records[0]) == [("দুই", "X")]
    assert marked(records[3]) == [("দুই।", "X")]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"tokens": ["a"], "ner_tags": []}, "1 tokens and 0 tags"),
        ({"tokens": ["a"]}, "no list of tags"),
        ({"tokens": "a b", "tags": ["O"]}, "no list of tokens"),
        ({"tokens": [1], "tags": ["O"]}, "no word"),
        ({"tokens": ["a"], "tags": [True]}, "no label"),
        ({"tokens": ["a"], "tags": [""]}, "no label"),
        (["a", [["x"]]], "neither"),
        (7, "neither"),
    ],
)
def test_token_lists_refuses_what_is_no_row(tmp_path: Path, value: object, says: str) -> None:
    good = {"tokens": ["a"], "tags": ["O"]}
    with pytest.raises(UserError, match=says) as error:
        read(write(tmp_path / "a", good, value))
    assert "line 2" in str(error.value)


def test_token_lists_refuses_a_number_beyond_the_names(tmp_path: Path) -> None:
    value = {"features": {"tags": {"names": ["O"]}}, "tokens": [["a"]], "tags": [[1]]}
    with pytest.raises(UserError, match="only 1 tags have names"):
        read(write(tmp_path / "a", value))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"text": "a", "label": []}',
        '["text", {"entities": []}]',
        '["text", ["sports", "news"]]',
        '["text", []]',
        '[["text", [[0, 4, "X"]]]]',
        '[{"tokenized_text": ["a"], "ner": []}]',
        '{"text": "a", "tokens": [{"text": "a", "start": 0}], "spans": []}',
        "{" * 5000,
        "[" * 5000,
    ],
)
def test_token_lists_does_not_claim_other_json(tmp_path: Path, text: str) -> None:
    assert not FORMAT.sniff(read_head(write(tmp_path / "a", text)))


def test_token_lists_cut_off_anywhere_is_read_or_refused(tmp_path: Path) -> None:
    whole = json.dumps({"tokens": ["ক", "😀"], "tags": ["B-X", "O"]}, ensure_ascii=False).encode()
    path = tmp_path / "a"
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        FORMAT.sniff(read_head(path))
        try:
            assert not read(path)[0]
        except UserError:
            continue


@pytest.mark.parametrize("scheme", ["IOB2", "IOBES", "BILOU", "IOB1"])
def test_token_lists_round_trip(tmp_path: Path, scheme: str) -> None:
    text = "করিম ও 😀 রহিম\r\n  ঢাকায় থাকেন।"
    place, verb = text.index("ঢাকায়"), text.index("থাকেন")
    spans = (Span(0, 4, "PER"), Span(9, 13, "PER"), Span(place, verb - 1, "LOC"))
    missing = ((verb, verb + len("থাকেন")),)
    record = Record(text, spans, 1, {"id": "a", "doc": 3, "n": [1, {"k": None}]}, missing)
    told: list[Notice] = []
    FORMAT.write([record], tmp_path / "a", WriteOptions(tokens, scheme), told.append)
    assert FORMAT.sniff(read_head(tmp_path / "a"))
    [back], _ = read(tmp_path / "a", scheme=scheme)
    assert back == record and not told


def test_token_lists_tells_what_tags_cannot_hold(tmp_path: Path) -> None:
    spans = (
        Span(0, 11, "LONG"),
        Span(0, 4, "NESTED"),
        Span(12, 14, "PART"),
        Span(0, 16, "GAPS", ((0, 4), (12, 16))),
    )
    record = Record("করিম ও রহিম ঢাকা", spans, 4)
    told: list[Notice] = []
    FORMAT.write([record], tmp_path / "a", WriteOptions(tokens), told.append)
    assert read(tmp_path / "a")[0][0].spans == (Span(0, 11, "LONG"),)
    assert [(n.code, n.line, n.spans) for n in told] == [("not-written", 4, 1)] * 3


ALPHABET = "কখািী্ যে়a1।,(‘-😀\u200c\u200d\r\n \u00a0\u2028"


@st.composite
def records(draw: st.DrawFn) -> Record:
    text = draw(st.text(ALPHABET, max_size=30))
    at = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(at, at, st.sampled_from(["PER", "LOC"])), max_size=4))
    spans = tuple(Span(min(a, b), max(a, b), label) for a, b, label in pairs)
    return Record(text, spans, 1, draw(st.sampled_from([{}, {"id": "ক"}, {"id": 5, "k": "v"}])))


@settings(max_examples=50, deadline=None)
@given(records())
def test_token_lists_round_trip_loses_only_what_it_tells(
    tmp_path_factory: pytest.TempPathFactory, record: Record
) -> None:
    path = tmp_path_factory.mktemp("rows") / "a"
    told: list[Notice] = []
    FORMAT.write([record], path, WriteOptions(tokens), told.append)
    [back], _ = read(path, scheme="IOB2")
    assert (back.text, back.meta) == (record.text, record.meta)
    assert not Counter(back.spans) - Counter(record.spans)
    assert len(back.spans) + sum(n.spans for n in told) == len(record.spans)


def test_token_lists_reads_every_record_of_banglakit() -> None:
    path = SHARED / "bilou_jsonl/banglakit_bn/main.jsonl"
    if not path.is_file():
        pytest.skip("the shared corpora are not at hand")
    records, notices = read(path, lang="bn")
    labels = Counter(span.label for record in records for span in record.spans)
    assert len(records) == 3545
    assert labels == {"PERSON": 1549, "ORG": 1409, "GPE": 1369, "DATE": 513, "LAW": 55}
    assert {n.code for n in notices} == {"read-as"}
    assert "3538 texts" in notices[-1].note and "apart in 7 texts" in notices[-1].note
