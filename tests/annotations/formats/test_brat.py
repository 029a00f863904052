"""brat: pairs of files, fragments, byte order marks, line ends, and the way back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions, WriteOptions
from scripts.annotations.formats.brat import FORMAT
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

REAL = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "brat"
WRITE = WriteOptions(tokens=lambda text: [])
BOM = "\ufeff"
BANGLA = "রহিম ঢাকায় থাকে 😊।"


def pair(folder: Path, text: str | bytes, ann: str | bytes, name: str = "doc") -> Path:
    for suffix, content in ((".txt", text), (".ann", ann)):
        raw = content.encode("utf8") if isinstance(content, str) else content
        (folder / f"{name}{suffix}").write_bytes(raw)
    return folder / f"{name}.ann"


def read(path: Path, notices: list[Notice] | None = None) -> list[Record]:
    return list(FORMAT.read(path, ReadOptions(), ([] if notices is None else notices).append))


def error(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read(path)
    return str(caught.value)


def write(folder: Path, records: list[Record]) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    folder.mkdir()
    FORMAT.write(records, folder, WRITE, notices.append)
    return [r for ann in sorted(folder.glob("*.ann")) for r in read(ann)], notices


def test_brat_reads_spans_with_words_ids_and_everything_else(tmp_path: Path) -> None:
    others = ["R1\tOrigin Arg1:T1 Arg2:T2", "#1\tAnnotatorNotes T1\tনোট", "*\tEquiv T1 T2"]
    lines = ["T1\tPER 0 4\tরহিম", "T2\tLOC 5 11\tঢাকায়", *others, ""]
    [record] = read(pair(tmp_path, BANGLA, "\n".join(lines)))
    assert record.text == BANGLA
    assert record.spans == (Span(0, 4, "PER"), Span(5, 11, "LOC"))
    assert [s.surface for s in record.spans] == ["রহিম", "ঢাকায়"]
    assert [s.meta for s in record.spans] == [{"id": "T1"}, {"id": "T2"}]
    assert record.meta == {"id": "doc", "brat": others}


def test_brat_is_recognised_by_its_text_file_too(tmp_path: Path) -> None:
    ann = pair(tmp_path, BANGLA, "T1\tPER 0 4\tরহিম\n")
    txt = ann.with_suffix(".txt")
    assert FORMAT.sniff(read_head(ann)) and FORMAT.sniff(read_head(txt))
    assert FORMAT.companion(txt) and not FORMAT.companion(ann)
    assert read(txt) == read(ann)


@pytest.mark.parametrize(
    "content", ["plain text\n", "T1\tPER\n", '{"text": "a"}', "a\tB-PER\n", ""]
)
def test_brat_is_not_what_only_looks_like_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.ann"
    path.write_text(content, encoding="utf8")
    assert not FORMAT.sniff(read_head(path))


def test_brat_empty_ann_is_a_text_without_entities(tmp_path: Path) -> None:
    ann = pair(tmp_path, BANGLA, "")
    assert FORMAT.sniff(read_head(ann))
    assert read(ann) == [Record(BANGLA, (), 1, {"id": "doc"})]


def test_brat_carriage_returns_stay_in_the_text_and_leave_the_words(tmp_path: Path) -> None:
    text = "Date: Thu (PDT)\r\nFrom: Phillip\r\n"
    ann = "T1\tEvid 0 16;17 31\tDate: Thu (PDT)\r From: Phillip\r\nT2\tX 0 4\r\n"
    [record] = read(pair(tmp_path, text, ann))
    assert record.text == text
    assert record.spans == (Span(0, 31, "Evid"), Span(0, 4, "X"))
    assert record.spans[0].surface == "Date: Thu (PDT) From: Phillip"
    assert record.spans[1].surface is None


@pytest.mark.parametrize("parts", ["0 3;4 9", "0 3;6 9", "6 9;0 3"])
def test_brat_fragments_with_white_space_between_are_one_span(tmp_path: Path, parts: str) -> None:
    [record] = read(pair(tmp_path, "Foo\n  Bar", f"T1\tSpan {parts}\tFoo   Bar\n"))
    assert record.spans == (Span(0, 9, "Span"),)


def test_brat_keeps_discontinuous_and_nested_spans(tmp_path: Path) -> None:
    ann = "T1\tA 0 3;8 11\tone two\nT2\tB 0 11\tone and two\nT3\tA 0 3;4 7;8 11\tone and two\n"
    [record] = read(pair(tmp_path, "one and two", ann))
    assert record.spans[0] == Span(0, 11, "A", ((0, 3), (8, 11)))
    assert record.spans[1:] == (Span(0, 11, "B"), Span(0, 11, "A"))


def test_brat_looks_at_gaps_in_the_unit_of_the_offsets(tmp_path: Path) -> None:
    # In UTF-16 units the second part begins at 7; as code points the gap would be "r\n".
    [record] = read(pair(tmp_path, "😊 Foo\nBar", "T1\tX 3 6;7 10\tFoo Bar\n"))
    assert record.spans == (Span(3, 10, "X"),)


@pytest.mark.parametrize(("start", "said"), [(0, "2 of 2"), (1, "0 of 2")])
def test_brat_words_say_whether_offsets_count_the_bom(
    tmp_path: Path, start: int, said: str
) -> None:
    first, second = f"{start} {start + 6}", f"{start + 17} {start + 23}"
    ann = f"{BOM}T900\tPERS {first}\tGerald\nT901\tPERS {second}\tBirkin\n"
    path = pair(tmp_path, f"{BOM}Gerald came with Birkin.", ann)
    notices: list[Notice] = []
    [record] = read(path, notices)
    assert FORMAT.sniff(read_head(path))
    assert record.text == "Gerald came with Birkin."
    assert record.spans == (Span(0, 6, "PERS"), Span(17, 23, "PERS"))
    assert [n.code for n in notices] == ["read-as"] and said in notices[0].note


def test_brat_tells_that_triggers_of_events_are_spans(tmp_path: Path) -> None:
    notices: list[Notice] = []
    read(
        pair(tmp_path, "Sony merges", "T1\tORG 0 4\tSony\nT2\tM 5 11\tmerges\nE1\tM:T2 A:T1\n"),
        notices,
    )
    assert [n.note[:6] for n in notices] == ["1 of 2"]


@pytest.mark.parametrize(
    "line", ["T1 PER 0 4 x", "T1\tPER 0\tx", "T1\tPER 0 4;\tx", "Q1\tx", "T1\tPER a b\tx"]
)
def test_brat_names_the_line_that_is_no_annotation(tmp_path: Path, line: str) -> None:
    message = error(pair(tmp_path, BANGLA, f"T9\tPER 0 4\tরহিম\n\n{line}\n"))
    assert "doc.ann, line 3" in message and "no brat annotation" in message


def test_brat_refuses_half_a_pair_and_wrong_encodings(tmp_path: Path) -> None:
    (tmp_path / "alone.ann").write_text("T1\tPER 0 4\tরহিম\n", encoding="utf8")
    assert "alone.ann has no .txt beside it" in error(tmp_path / "alone.ann")
    assert "doc.txt, line 2" in error(pair(tmp_path, b"a\n\xff", ""))
    assert "doc.ann, line 1" in error(pair(tmp_path, "a", b"T1\tX 0 1\t\xff\n"))
    assert "absurdly large" in error(pair(tmp_path, "a", f"T1\tX 0 {'9' * 5000}\ta\n"))


def test_brat_reads_or_refuses_a_file_cut_anywhere(tmp_path: Path) -> None:
    ann = f"{BOM}T1\tPER 0 4\tরহিম\r\nR1\tO Arg1:T1 Arg2:T1\n#1\tNote T1\tx\n".encode()
    for size in range(len(ann)):
        path = pair(tmp_path, BANGLA, ann[:size])
        FORMAT.sniff(read_head(path))
        try:
            assert len(read(path)[0].spans) <= 1
        except UserError as caught:
            assert "doc.ann" in str(caught)


def test_brat_writes_a_line_end_inside_a_span_as_fragments(tmp_path: Path) -> None:
    record = Record("Foo\r\n  Bar", (Span(0, 10, "X"),), 1, {"id": "a"})
    back, notices = write(tmp_path / "out", [record])
    assert (tmp_path / "out" / "a.ann").read_bytes() == b"T1\tX 0 3;7 10\tFoo Bar\n"
    assert back == [record] and not notices


def test_brat_writes_relations_only_of_spans_that_are_there(tmp_path: Path) -> None:
    lines = ["R1\tO Arg1:T7 Arg2:T7", "R2\tO Arg1:T7 Arg2:T8", "#1\tAnnotatorNotes R2\tx"]
    spans = (Span(0, 1, "new"), Span(0, 1, "X", meta={"id": "T7"}))
    back, notices = write(tmp_path / "out", [Record("a b", spans, 3, {"id": "a", "brat": lines})])
    assert back[0].meta["brat"] == lines[:1]
    assert [s.meta for s in back[0].spans] == [{"id": "T1"}, {"id": "T7"}]
    assert [(n.code, n.line) for n in notices] == [("not-written", 3)] * 2


def test_brat_writes_every_record_under_a_name_of_its_own(tmp_path: Path) -> None:
    ids = ["a/b", "a:b", "A_B", "..", "con", None, "ঢাকা", "x" * 300]
    records = [Record("t", (), i, {} if x is None else {"id": x}) for i, x in enumerate(ids)]
    back, notices = write(tmp_path / "out", records)
    assert {r.id for r in back} == {"a_b", "a_b_2", "A_B_3", "_", "_con", "000006", "ঢাকা", "x" * 200}
    assert [n.line for n in notices] == [0, 1, 2, 3, 4, 7]


def test_brat_tells_what_it_cannot_hold(tmp_path: Path) -> None:
    record = Record("a b", (Span(0, 1, "A B"), Span(2, 3, "C")), 5, {"id": "a"}, ((0, 1),))
    back, notices = write(tmp_path / "out", [record])
    assert back[0].spans == (Span(2, 3, "C"),)
    assert [(n.code, n.line, n.spans) for n in notices] == [
        ("not-written", 5, 0),
        ("not-written", 5, 1),
    ]


PIECES = st.sampled_from(
    ["ক", "া", "ি", "ং", "😊", "\u200d", "\u200c", "a", " ", "\n", "\r\n", "\xa0", BOM]
)


@st.composite
def annotated(draw: st.DrawFn) -> Record:
    text = "".join(draw(st.lists(PIECES, min_size=1, max_size=25)))
    place = st.integers(0, len(text))
    spans = []
    for _ in range(draw(st.integers(0, 4))):
        a, b, c, d = sorted(draw(st.tuples(place, place, place, place)))
        label = draw(st.sampled_from(["PER", "স্থান", "B;2"]))
        apart = text[b:c].strip() and a < b and c < d
        apart = apart and all(not text[x:y][-1:].isspace() for x, y in ((a, b), (c, d)))
        apart = apart and "\n" not in text[a:d]
        spans.append(Span(a, d, label, ((a, b), (c, d))) if apart else Span(a, b, label))
    return Record(text, tuple(spans), 1, {"id": "r"})


@settings(max_examples=50, deadline=None)
@given(record=annotated())
def test_brat_round_trip(tmp_path_factory: pytest.TempPathFactory, record: Record) -> None:
    back, notices = write(tmp_path_factory.mktemp("brat") / "out", [record])
    assert back == [record]
    assert not notices


@pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not here")
def test_brat_reads_real_files() -> None:
    labels: Counter[str] = Counter()
    for path in sorted((REAL / "ncbi_disease_en" / "devel").glob("*.ann")):
        [record] = read(path)
        labels.update(s.label for s in record.spans)
        assert all(record.text[s.start : s.end] == s.surface for s in record.spans)
    assert labels == {
        "SpecificDisease": 412,
        "Modifier": 214,
        "DiseaseClass": 126,
        "CompositeMention": 35,
    }
