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
from scripts.annotations.formats.gliner import FORMAT
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
BN = spacy.blank("bn")


def tokens(text: str) -> list[tuple[int, int]]:
    return [(t.idx, t.idx + len(t)) for t in BN.make_doc(text)]


def read(path: Path, **options) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(**options), notices.append)), notices


def write(path: Path, value: object) -> Path:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    path.write_text(text, encoding="utf8", newline="")
    return path


def test_gliner_counts_the_last_token_in_and_keeps_nested_entities(tmp_path: Path) -> None:
    item = {
        "tokenized_text": ["ঢাকা", "বিশ্ববিদ্যালয়", "😀", "।"],
        "ner": [[0, 1, "ORG"], [0, 0, "LOC"], [2, 2, 7]],
        "id": "a",
    }
    path = write(tmp_path / "a", "[\n" + json.dumps(item) + ",\n" + json.dumps(item) + "]")
    assert FORMAT.sniff(read_head(path))
    records, notices = read(path, lang="bn")
    assert [r.line for r in records] == [2, 3]
    first = records[0]
    assert first.text == "ঢাকা বিশ্ববিদ্যালয় 😀।"
    assert [(first.text[s.start : s.end], s.label) for s in first.spans] == [
        ("ঢাকা বিশ্ববিদ্যালয়", "ORG"),
        ("ঢাকা", "LOC"),
        ("😀", "7"),
    ]
    assert first.id == "a" and [n.code for n in notices] == ["read-as"]


def test_gliner_tells_entities_whose_tokens_are_not_there(tmp_path: Path) -> None:
    entities = [[0, 1, "X"], [-1, 0, "X"], [0, 0, "Y"]]
    path = write(tmp_path / "a", {"tokenized_text": ["ক"], "ner": entities})
    [record], notices = read(path)
    assert record.spans == (Span(0, 1, "Y"),)
    assert [(n.code, n.line, n.spans) for n in notices[:2]] == [("not-text", 1, 1)] * 2


@pytest.mark.parametrize(
    "value",
    [
        {"tokenized_text": ["a"], "ner": [["a", "X"]]},
        {"tokenized_text": ["a"], "ner": [["0", 0, "X"]]},
        {"tokenized_text": ["a"], "ner": [[0, 0.0, "X"]]},
        {"tokenized_text": ["a"], "ner": [[0, 0, None]]},
        {"tokenized_text": [None], "ner": []},
        {"tokenized_text": ["a"], "ner": None},
        {"ner": []},
        7,
    ],
)
def test_gliner_refuses_what_it_cannot_read(tmp_path: Path, value: object) -> None:
    with pytest.raises(UserError, match="line 1"):
        read(write(tmp_path / "a", value))


@pytest.mark.parametrize(
    "text", ["", "[]", "[1]", '{"tokens": ["a"], "ner": []}', '{"text": "a", "label": []}']
)
def test_gliner_does_not_claim_other_json(tmp_path: Path, text: str) -> None:
    assert not FORMAT.sniff(read_head(write(tmp_path / "a", text)))


def test_gliner_cut_off_anywhere_is_read_or_refused(tmp_path: Path) -> None:
    item = {"tokenized_text": ["ক", "😀"], "ner": [[0, 1, "X"]]}
    whole = json.dumps([item, item], ensure_ascii=False).encode()
    path = tmp_path / "a"
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        FORMAT.sniff(read_head(path))
        try:
            assert not read(path)[0] and not size
        except UserError:
            continue


ALPHABET = "কািী্ যে়a1।,(‘-😀\u200c\u200d\r\n \u00a0"


@st.composite
def records(draw: st.DrawFn) -> Record:
    text = draw(st.text(ALPHABET, max_size=30))
    places = tokens(text) or [(0, 0)]
    some = st.sampled_from(places)
    pairs = draw(st.lists(st.tuples(some, some, st.sampled_from(["PER", "LOC"])), max_size=5))
    spans = tuple(Span(min(a, b)[0], max(a, b)[1], label) for a, b, label in pairs)
    return Record(text, spans, 1, draw(st.sampled_from([{}, {"id": 5, "k": ["v"]}])))


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=3))
def test_gliner_round_trip_loses_only_what_it_tells(
    tmp_path_factory: pytest.TempPathFactory, given_records: list[Record]
) -> None:
    path = tmp_path_factory.mktemp("gliner") / "a"
    told: list[Notice] = []
    FORMAT.write(given_records, path, WriteOptions(tokens), told.append)
    assert FORMAT.sniff(read_head(path))
    back, _ = read(path)
    assert [(r.text, r.meta) for r in back] == [(r.text, r.meta) for r in given_records]
    kept = Counter((i, s) for i, r in enumerate(back) for s in r.spans)
    spans = Counter((i, s) for i, r in enumerate(given_records) for s in r.spans)
    assert not kept - spans
    assert kept.total() + sum(n.spans for n in told) == spans.total()
    # Nothing but white space at its edges keeps a span of whole tokens out.
    held = {(i, s): n for (i, s), n in spans.items() if _trimmed(given_records[i].text, s)}
    assert not Counter(held) - kept


def _trimmed(text: str, span: Span) -> bool:
    words = text[span.start : span.end]
    return bool(words) and words == words.strip()


def test_gliner_tells_what_tokens_cannot_hold(tmp_path: Path) -> None:
    spans = (Span(0, 2, "PART"), Span(0, 6, "GAPS", ((0, 4), (5, 6))), Span(0, 4, "PER"))
    record = Record("করিম ও", spans, 9, missing=((5, 6),))
    told: list[Notice] = []
    FORMAT.write([record], tmp_path / "a", WriteOptions(tokens), told.append)
    assert [(n.code, n.line, n.spans) for n in told] == [
        ("not-written", 9, 0),
        ("not-written", 9, 1),
        ("not-written", 9, 1),
    ]
    assert read(tmp_path / "a")[0][0].spans == (Span(0, 4, "PER"),)


def test_gliner_reads_its_own_sample() -> None:
    path = SHARED / "tokens_json/gliner_sample/sample_data.json"
    if not path.is_file():
        pytest.skip("the shared corpora are not at hand")
    records, notices = read(path, lang="en")
    assert (len(records), sum(len(r.spans) for r in records)) == (64, 236)
    assert [n.code for n in notices] == ["read-as"]
