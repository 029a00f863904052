"""PubTator: passages, annotations, relations, and the way back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions, WriteOptions
from scripts.annotations.formats.brat import FORMAT as BRAT
from scripts.annotations.formats.pubtator import FORMAT
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

REAL = Path(__file__).resolve().parents[3].parent / "shared" / "data"
CORPUS = REAL / "pubtator" / "ncbi_disease_en"
FILES = {part: CORPUS / part / f"NCBI{part}set_corpus.txt" for part in ("train", "test")}
FILES["devel"] = CORPUS / "devel" / "NCBIdevelopset_corpus.txt"
WRITE = WriteOptions(tokens=lambda text: [])
GOOD = (
    "\n12|t|ঢাকা 😊 জ্বর\n12|a|রহিম|t| অসুস্থ।\n12\t7\t11\tজ্বর\tDisease\tD1|D2\tx\n12\tCID\tD1\tD2\n\n"
)


def file_of(folder: Path, content: str | bytes) -> Path:
    path = folder / "papers.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf8"))
    return path


def read(path: Path, notices: list[Notice] | None = None) -> list[Record]:
    return list(FORMAT.read(path, ReadOptions(), ([] if notices is None else notices).append))


def error(folder: Path, content: str) -> str:
    with pytest.raises(UserError) as caught:
        read(file_of(folder, content))
    return str(caught.value)


def test_pubtator_reads_text_spans_concepts_and_relations(tmp_path: Path) -> None:
    path = file_of(tmp_path, GOOD)
    assert FORMAT.sniff(read_head(path))
    [record] = read(path)
    assert record.text == "ঢাকা 😊 জ্বর\nরহিম|t| অসুস্থ।"
    assert record.spans == (Span(7, 11, "Disease"),)
    assert record.spans[0].surface == "জ্বর"
    assert record.spans[0].meta == {"concept": "D1|D2", "columns": ["x"]}
    assert (record.line, record.meta) == (2, {"id": "12", "relations": [["CID", "D1", "D2"]]})


def test_pubtator_reads_crlf_bom_and_papers_without_blank_lines(tmp_path: Path) -> None:
    content = "\ufeff1|t|A b\r\n1|a|C\r\n1\t4\t5\tC\tX\t\r\n2|t|D\r\n"
    notices: list[Notice] = []
    first, second = read(file_of(tmp_path, content), notices)
    assert (first.text, first.spans) == ("A b\nC", (Span(4, 5, "X"),))
    assert (second.text, second.spans, second.line) == ("D", (), 4)
    assert "1 of 1 spans" in notices[0].note


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("12\t0\t5\tx", "has no type"),
        ("12\t0\t5\tx\t \tD1", "no label"),
        ("12\t0", "neither a passage nor an annotation"),
        ("13\t0\t5\tx\tT\tD1", "follows the text of '12'"),
        ("13|a|x", "follows the title of '12'"),
        ("12|a|x", "does not follow its title"),
        ("প্রেস", "neither a passage nor an annotation"),
    ],
)
def test_pubtator_names_the_line_that_cannot_be_read(tmp_path: Path, line: str, what: str) -> None:
    message = error(tmp_path, f"{GOOD.rstrip()}\n{line}\n")
    assert "papers.txt, line 6" in message and what in message


def test_pubtator_refuses_annotations_without_a_text(tmp_path: Path) -> None:
    assert "begins with its title" in error(tmp_path, "12\t0\t5\tx\tT\tD1\n")


@pytest.mark.parametrize("content", ["", "a|b|c\n", "1|t|x\nprose\n", "1|a|x\n", "a\tB-PER\n"])
def test_pubtator_is_not_what_only_looks_like_it(tmp_path: Path, content: str) -> None:
    assert not FORMAT.sniff(read_head(file_of(tmp_path, content)))


def test_pubtator_reads_or_refuses_a_file_cut_anywhere(tmp_path: Path) -> None:
    raw = GOOD.encode()
    for size in range(len(raw)):
        path = file_of(tmp_path, raw[:size])
        FORMAT.sniff(read_head(path))
        try:
            assert all(len(r.spans) <= 1 for r in read(path))
        except UserError as caught:
            assert "papers.txt, line" in str(caught)


def written(path: Path, records: list[Record]) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    FORMAT.write(records, path, WRITE, notices.append)
    return read(path), notices


def test_pubtator_writes_what_it_read_byte_by_byte(tmp_path: Path) -> None:
    path = file_of(tmp_path, GOOD)
    written(tmp_path / "out.txt", read(path))
    assert (tmp_path / "out.txt").read_text(encoding="utf8") == GOOD.removeprefix("\n")


def test_pubtator_tells_what_it_cannot_hold(tmp_path: Path) -> None:
    spans = (Span(0, 3, "A", ((0, 1), (2, 3))), Span(0, 1, "A\tB"), Span(2, 3, "ok"))
    meta = {"id": "a|b", "relations": ["x"]}
    back, notices = written(tmp_path / "o", [Record("a b", spans, 7, meta, ((0, 1),))])
    assert back[0].spans == spans[2:] and back[0].id == "a_b"
    assert [(n.code, n.line, n.spans) for n in notices] == [
        ("not-written", 7, x) for x in (0, 0, 1, 1, 0)
    ]


@pytest.mark.parametrize("text", ["a\nb\nc", "a\r\nb"])
def test_pubtator_refuses_texts_that_it_would_have_to_change(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match="one line each"):
        written(tmp_path / "o", [Record(text, (), 1)])


PIECES = st.sampled_from(["ক", "া", "ি", "😊", "\u200d", "\u200c", "a", " ", "\t", "|t|", "\u2028"])


@st.composite
def annotated(draw: st.DrawFn) -> Record:
    lines = draw(st.lists(st.lists(PIECES, max_size=12), min_size=1, max_size=2))
    text = "\n".join("".join(line) for line in lines)
    place = st.integers(0, len(text))
    found = draw(st.lists(st.tuples(place, place, st.sampled_from(["PER", "রোগ 2"])), max_size=4))
    spans = tuple(Span(min(a, b), max(a, b), label) for a, b, label in found)
    return Record(text, spans, 1, {"id": draw(st.sampled_from(["7", "ক-খ"]))})


@settings(max_examples=50, deadline=None)
@given(records=st.lists(annotated(), max_size=3))
def test_pubtator_round_trip(
    tmp_path_factory: pytest.TempPathFactory, records: list[Record]
) -> None:
    back, notices = written(tmp_path_factory.mktemp("p") / "out.txt", records)
    assert [(r.text, r.spans, r.meta) for r in back] == [(r.text, r.spans, r.meta) for r in records]
    assert not notices


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the real files are not here")
def test_pubtator_reads_real_files() -> None:
    papers, labels, mismatches = Counter[str](), Counter[str](), []
    for part, path in FILES.items():
        assert FORMAT.sniff(read_head(path))
        for record in read(path):
            papers[part] += 1
            labels.update(s.label for s in record.spans)
            wrong = [s for s in record.spans if record.text[s.start : s.end] != s.surface]
            mismatches += [(record.id, s.surface) for s in wrong]
    assert papers == {"train": 593, "devel": 100, "test": 100}
    assert labels == {
        "SpecificDisease": 3939,
        "Modifier": 1767,
        "DiseaseClass": 1016,
        "CompositeMention": 170,
    }
    assert mismatches == [("10923035", 'generalized epilepsy and febrile seizures " plus "  ')]


@pytest.mark.skipif(
    not (CORPUS.is_dir() and (REAL / "brat").is_dir()), reason="the real files are not here"
)
def test_pubtator_and_brat_give_the_same_entities() -> None:
    papers = {r.id: r for path in FILES.values() for r in read(path)}
    compared = 0
    for ann in sorted((REAL / "brat" / "ncbi_disease_en").rglob("*.ann")):
        [other] = BRAT.read(ann, ReadOptions(), lambda notice: None)
        paper = papers[other.id]
        assert paper.text.split() == other.text.split()
        assert sorted(paper.spans) == sorted(other.spans)
        compared += 1
    assert compared >= 100
