from __future__ import annotations

import random
import zlib
from collections import Counter
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions, WriteOptions
from scripts.annotations.formats.spacy_docbin import FORMAT, words_and_spaces
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
BN = spacy.blank("bn")
TEXT = "করিম শেখ ঢাকায়\r\n থাকেন 😀।"


def tokens(text: str) -> list[tuple[int, int]]:
    return [(t.idx, t.idx + len(t)) for t in BN.make_doc(text)]


def read(path: Path, **options) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(**options), notices.append)), notices


def save(path: Path, *docs: Doc, **options) -> Path:
    DocBin(docs=docs, **options).to_disk(path)
    return path


def make_doc() -> Doc:
    doc = BN(TEXT)
    doc.set_ents([doc.char_span(0, 8, "PER")], missing=[doc[2:4]])
    doc.spans["nested"] = [doc.char_span(0, 4, "PER")]
    doc.spans["sc"] = [doc.char_span(0, 4, "X")]
    doc.spans["none"] = []
    doc.cats = {"NEWS": 1.0}
    doc.user_data = {"id": "৭", "rows": [1, [2]], ("._.", "url", None, None): "u"}
    return doc


def test_spacy_docbin_reads_all_that_a_doc_says(tmp_path: Path) -> None:
    doc = make_doc()
    path = save(tmp_path / "a", doc, BN(""), store_user_data=True)
    assert FORMAT.sniff(read_head(path))
    [first, empty], notices = read(path)
    assert first.text == TEXT and empty.text == ""
    assert first.spans == (Span(0, 8, "PER"), Span(0, 4, "PER"))
    assert first.missing == ((9, doc[3].idx + len(doc[3])),)
    assert first.meta == {
        "id": "৭",
        "rows": [1, [2]],
        "url": "u",
        "cats": {"NEWS": 1.0},
        "spans": {"sc": [[0, 4, "X"]]},
    }
    assert [r.line for r in (first, empty)] == [1, 2] and not notices


def test_spacy_docbin_layer_names_a_span_group(tmp_path: Path) -> None:
    path = save(tmp_path / "a", make_doc())
    [record], _ = read(path, layer="sc")
    assert record.spans == (Span(0, 4, "X"),) and not record.missing
    with pytest.raises(UserError, match="nested, none, sc"):
        read(path, layer="SC")


def test_spacy_docbin_takes_the_only_group_where_nothing_has_ents(tmp_path: Path) -> None:
    doc = BN(TEXT)
    doc.spans["sc"] = [doc.char_span(0, 4, "X")]
    path = save(tmp_path / "a", doc)
    [record], [notice] = read(path)
    assert record.spans == (Span(0, 4, "X"),) and notice.code == "read-as"
    doc.spans["sd"] = []
    with pytest.raises(UserError, match="several span groups: sc, sd"):
        read(save(tmp_path / "a", doc))


def test_spacy_docbin_without_annotation_is_missing_throughout(tmp_path: Path) -> None:
    [record], _ = read(save(tmp_path / "a", BN("করিম ও"), attrs=["LEMMA"]))
    assert record.missing == ((0, 6),)


def test_spacy_docbin_keeps_the_ids_of_ents(tmp_path: Path) -> None:
    doc = BN("করিম")
    doc.ents = [doc.char_span(0, 4, "PER", kb_id="Q1", span_id="e1")]
    [record], _ = read(save(tmp_path / "a", doc))
    assert record.spans[0].meta == {"kb_id": "Q1", "id": "e1"}


def test_spacy_docbin_does_not_read_the_parse(tmp_path: Path) -> None:
    doc = spacy.blank("en")("He saw it")
    for token, head in zip(doc, (1, 1, 1), strict=True):
        token.head, token.dep_ = doc[head], "dep"
    doc.ents = [doc.char_span(0, 2, "X")]
    assert read(save(tmp_path / "a", doc))[0][0].spans == (Span(0, 2, "X"),)


def test_spacy_docbin_refuses_types_without_boundaries(tmp_path: Path) -> None:
    doc = make_doc()
    with pytest.raises(UserError, match="ENT_IOB"):
        read(save(tmp_path / "a", doc, attrs=["ENT_TYPE"]))


def test_spacy_docbin_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = save(tmp_path / "a", make_doc()).read_bytes()
    path = tmp_path / "b"
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        FORMAT.sniff(read_head(path))
        with pytest.raises(UserError):
            read(path)


def test_spacy_docbin_with_wrong_bytes_is_read_or_refused(tmp_path: Path) -> None:
    whole = zlib.decompress(save(tmp_path / "a", make_doc()).read_bytes())
    chance = random.Random(0)
    refused = 0
    for _ in range(300):
        data = bytearray(whole)
        data[chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / "a").write_bytes(zlib.compress(bytes(data), 1))
        try:
            read(tmp_path / "a")
        except UserError:
            refused += 1
    assert refused


def test_spacy_docbin_refuses_what_unpacks_without_end(tmp_path: Path) -> None:
    start = b"\x88\xa7version\xa30.1\xa5attrs"
    (tmp_path / "a").write_bytes(zlib.compress(start + bytes(80 << 20)))
    with pytest.raises(UserError, match="unpacks to more than"):
        read(tmp_path / "a")


@pytest.mark.parametrize("data", [b"", b"x", b"\x78\x9c", zlib.compress(b"a"), b"\x78text"])
def test_spacy_docbin_does_not_claim_other_bytes(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    assert not FORMAT.sniff(read_head(tmp_path / "a"))


def test_spacy_docbin_tells_what_a_doc_cannot_hold(tmp_path: Path) -> None:
    spans = (Span(0, 4, "PER"), Span(5, 7, "PART"), Span(0, 15, "GAPS", ((0, 4), (9, 15))))
    record = Record("করিম শেখ ঢাকায়", spans, 5)
    told: list[Notice] = []
    FORMAT.write([record], tmp_path / "a", WriteOptions(tokens), told.append)
    assert [(n.code, n.line, n.spans) for n in told] == [("not-written", 5, 1)] * 2
    [back], _ = read(tmp_path / "a")
    assert back.spans == spans[:1]
    # Their tokens are not taught as O; that of the ent stays one.
    assert back.missing == ((5, len(record.text)),)


def test_spacy_docbin_is_what_spacy_reads(tmp_path: Path) -> None:
    record = Record(TEXT, (Span(0, 8, "PER"), Span(0, 4, "PER")), 1, {"id": "৭"})
    FORMAT.write([record], tmp_path / "a", WriteOptions(tokens), lambda notice: None)
    [doc] = DocBin().from_disk(tmp_path / "a").get_docs(BN.vocab)
    assert doc.text == TEXT and [t.text for t in doc] == [t.text for t in BN.make_doc(TEXT)]
    assert [(e.text, e.label_) for e in doc.ents] == [("করিম শেখ", "PER")]
    assert [s.text for s in doc.spans["nested"]] == ["করিম"]
    assert doc.user_data["id"] == "৭"


ALPHABET = "কািী্ যে়a1।,(‘-😀\u200c\u200d\r\n \u00a0"


@given(st.text(ALPHABET, max_size=30), st.booleans())
def test_words_and_spaces_give_the_text_back(text: str, visible: bool) -> None:
    places = [p for p in tokens(text) if not visible or text[slice(*p)].strip()]
    words, spaces = words_and_spaces(text, places)
    assert Doc(BN.vocab, words, spaces).text == text


@st.composite
def records(draw: st.DrawFn) -> Record:
    text = draw(st.text(ALPHABET, max_size=30))
    at = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(at, at, st.sampled_from(["PER", "LOC"])), max_size=4))
    spans = tuple(Span(min(a, b), max(a, b), label) for a, b, label in pairs)
    return Record(text, spans, 1, draw(st.sampled_from([{}, {"id": 5, "k": [1, {"v": None}]}])))


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), max_size=3))
def test_spacy_docbin_round_trip_loses_only_what_it_tells(
    tmp_path_factory: pytest.TempPathFactory, given_records: list[Record]
) -> None:
    path = tmp_path_factory.mktemp("docbin") / "a"
    told: list[Notice] = []
    FORMAT.write(given_records, path, WriteOptions(tokens), told.append)
    assert FORMAT.sniff(read_head(path))
    back, _ = read(path)
    assert [(r.text, r.meta) for r in back] == [(r.text, r.meta) for r in given_records]
    kept = Counter((i, s) for i, r in enumerate(back) for s in r.spans)
    spans = Counter((i, s) for i, r in enumerate(given_records) for s in r.spans)
    assert not kept - spans
    assert kept.total() + sum(n.spans for n in told) == spans.total()


@pytest.mark.project
def test_spacy_docbin_reads_healthsea() -> None:
    path = SHARED / "docbin/healthsea_en/dev.spacy"
    if not path.is_file():
        pytest.skip("the shared corpora are not at hand")
    records, notices = read(path)
    labels = Counter(span.label for record in records for span in record.spans)
    assert len(records) == 1253 and not notices
    assert labels == {"CONDITION": 459, "BENEFIT": 303}
    assert not any(record.missing for record in records)
