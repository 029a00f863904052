from __future__ import annotations

import datetime
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions, WriteOptions
from scripts.annotations.formats.hf_table import FORMAT
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
BN = spacy.blank("bn")
NAMES = ["O", "B-PER", "I-PER"]
FEATURES = {"ner_tags": {"feature": {"names": NAMES, "_type": "ClassLabel"}, "_type": "Sequence"}}


def tokens(text: str) -> list[tuple[int, int]]:
    return [(t.idx, t.idx + len(t)) for t in BN.make_doc(text)]


def read(path: Path, **options) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(**options), notices.append)), notices


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[s.start : s.end], s.label) for s in record.spans]


def save(table: pa.Table, path: Path, kind: str) -> Path:
    if kind == "parquet":
        pq.write_table(table, path)
        return path
    new = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
    with pa.OSFile(str(path), "wb") as sink, new(sink, table.schema) as writer:
        writer.write_table(table)
    return path


def tagged(features: object = FEATURES) -> pa.Table:
    table = pa.table({
        "id": ["a", "b"],
        "document_id": [4, 4],
        "day": [datetime.date(2024, 2, 1)] * 2,
        "tokens": [["করিম", "শেখ", "।"], ["😀"]],
        "ner_tags": [[1, 2, 0], [0]],
    })  # fmt: skip
    if features is None:
        return table
    metadata = json.dumps({"info": {"features": features}})
    return table.replace_schema_metadata({"huggingface": metadata})


@pytest.mark.parametrize("kind", ["parquet", "file", "stream"])
def test_hf_table_reads_names_from_the_schema(tmp_path: Path, kind: str) -> None:
    path = save(tagged(), tmp_path / "a", kind)
    assert FORMAT.sniff(read_head(path))
    records, notices = read(path, lang="bn")
    assert [marked(r) for r in records] == [[("করিম শেখ", "PER")], []]
    assert records[0].text == "করিম শেখ।"
    assert [r.line for r in records] == [1, 2]
    assert records[0].meta == {"id": "a", "document_id": 4, "day": "2024-02-01", "doc": 4}
    assert [n.code for n in notices] == ["read-as", "read-as"]


def test_hf_table_reads_names_from_the_file_beside(tmp_path: Path) -> None:
    path = save(tagged(None), tmp_path / "data.arrow", "stream")
    assert {s.label for s in read(path)[0][0].spans} == {"1", "2", "0"}
    info = json.dumps({"features": FEATURES})
    (tmp_path / "dataset_info.json").write_text(info, encoding="utf8")
    assert marked(read(path)[0][0]) == [("করিম শেখ", "PER")]
    for name in ("dataset_info.json", "state.json", "dataset_dict.json"):
        assert FORMAT.companion(tmp_path / name)


@pytest.mark.parametrize("layout", ["list of structs", "struct of lists"])
def test_hf_table_reads_a_text_with_spans(tmp_path: Path, layout: str) -> None:
    label = {"names": ["PER", "LOC"], "_type": "ClassLabel"}
    spans = [{"start": 0, "end": 4, "label": 0}, {"start": 5, "end": 9, "label": 1}]
    cell: object = spans
    feature: object = [{"label": label}]
    if layout == "struct of lists":
        cell = {key: [span[key] for span in spans] for key in spans[0]}
        feature = {"feature": {"label": label}, "_type": "Sequence"}
    table = pa.table({"text": ["করিম ঢাকা"], "entities": [cell], "n": [1]})
    metadata = json.dumps({"info": {"features": {"entities": feature}}})
    table = table.replace_schema_metadata({"huggingface": metadata})
    [record], _ = read(save(table, tmp_path / "a", "parquet"))
    assert marked(record) == [("করিম", "PER"), ("ঢাকা", "LOC")]
    assert record.meta == {"n": 1}


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"question": ["a"]}, "neither tokens with tags"),
        ({"tokens": [["a"]]}, "no list of tags"),
        ({"tokens": [["a"]], "ner_tags": [[1, 2]]}, "1 tokens and 2 tags"),
        ({"tokens": [["a"]], "ner_tags": [[0.5]]}, "no label"),
        ({"tokens": ["a"], "ner_tags": [[1]]}, "no list of tokens"),
        ({"text": ["a"], "label": [1]}, "no list of spans"),
        ({"text": [1], "spans": [[{"start": 1}]]}, "no text"),
        ({"text": ["a"], "spans": [[{"start": 1}]]}, "no whole number"),
    ],
)
def test_hf_table_refuses_other_columns(tmp_path: Path, columns: dict, says: str) -> None:
    with pytest.raises(UserError, match=says):
        read(save(pa.table(columns), tmp_path / "a", "parquet"))


def test_hf_table_refuses_a_number_without_a_name(tmp_path: Path) -> None:
    features = {"ner_tags": {"feature": {"names": ["O"], "_type": "ClassLabel"}}}
    with pytest.raises(UserError, match="row 1.*only 1 tags have names"):
        read(save(tagged(features), tmp_path / "a", "parquet"))


@pytest.mark.parametrize("kind", ["parquet", "file", "stream"])
def test_hf_table_cut_off_anywhere_is_read_or_refused(tmp_path: Path, kind: str) -> None:
    whole = save(tagged(), tmp_path / "a", kind).read_bytes()
    path = tmp_path / "b"
    refused = 0
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        FORMAT.sniff(read_head(path))
        try:
            read(path)
        except UserError:
            refused += 1
    # An Arrow stream may end after any message.
    assert refused > 100


@pytest.mark.parametrize("data", [b"", b"PAR", b"\xff\xff\xff\xff", b"\xff\xff\xff\xff\x7f" * 9])
def test_hf_table_does_not_claim_other_bytes(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    assert not FORMAT.sniff(read_head(tmp_path / "a"))


def test_hf_table_writes_tags_as_words(tmp_path: Path) -> None:
    records = [
        Record("করিম ঢাকা", (Span(0, 4, "PER"), Span(5, 9, "LOC")), 1, missing=((5, 6),)),
        Record("রহিম শেখ ও", (Span(0, 8, "PER"),), 2, missing=((9, 10),)),
    ]
    path = tmp_path / "a"
    FORMAT.write(records, path, WriteOptions(tokens), lambda notice: None)
    tags = [["B-PER", "B-LOC"], ["B-PER", "I-PER", None]]
    assert pq.read_table(path).column("ner_tags").to_pylist() == tags


def test_hf_table_writes_the_same_bytes_again(tmp_path: Path) -> None:
    records = [Record("করিম ঢাকা", (Span(0, 4, "PER"),), 1, {"k": "v"})] * 3
    for name in "ab":
        FORMAT.write(records, tmp_path / name, WriteOptions(tokens), lambda notice: None)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


ALPHABET = "কািী্ যে়a1।,(‘-😀\u200c\u200d\r\n \u00a0"


@st.composite
def records(draw: st.DrawFn) -> Record:
    text = draw(st.text(ALPHABET, max_size=30))
    at = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(at, at, st.sampled_from(["PER", "LOC"])), max_size=4))
    spans = tuple(Span(min(a, b), max(a, b), label) for a, b, label in pairs)
    return Record(text, spans, 1, draw(st.sampled_from([{}, {"id": "ক"}, {"id": 5, "k": "v"}])))


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), max_size=3))
def test_hf_table_round_trip_loses_only_what_it_tells(
    tmp_path_factory: pytest.TempPathFactory, given_records: list[Record]
) -> None:
    path = tmp_path_factory.mktemp("table") / "a"
    told: list[Notice] = []
    FORMAT.write(given_records, path, WriteOptions(tokens), told.append)
    assert FORMAT.sniff(read_head(path))
    back, _ = read(path, scheme="IOB2")
    assert [(r.text, r.meta) for r in back] == [(r.text, r.meta) for r in given_records]
    kept = Counter((i, s) for i, r in enumerate(back) for s in r.spans)
    spans = Counter((i, s) for i, r in enumerate(given_records) for s in r.spans)
    assert not kept - spans
    assert kept.total() + sum(n.spans for n in told) == spans.total()


def test_hf_table_reads_saved_data_sets() -> None:
    folder = SHARED / "hf_arrow/spanmarker_tiny"
    if not folder.is_dir():
        pytest.skip("the shared corpora are not at hand")
    found = {}
    for path in sorted(folder.rglob("*.arrow")):
        records, notices = read(path, lang="en")
        name = path.relative_to(folder).parts[:2]
        found["/".join(name)] = (len(records), sum(len(r.spans) for r in records))
        assert {n.code for n in notices} == {"read-as"}
    assert found == {
        "tiny_conll2003/test": (10, 21),
        "tiny_conll2003/train": (2, 4),
        "tiny_conll2003_with_context/test": (2, 3),
        "tiny_conll2003_with_context/train": (2, 4),
        "tiny_fabner/test": (10, 31),
        "tiny_fabner/train": (2, 5),
        "tiny_fewnerd_super/test": (10, 29),
        "tiny_fewnerd_super/train": (2, 3),
    }
