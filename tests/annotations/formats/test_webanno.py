"""WebAnno TSV 3: units, stacks, numbers, escapes, the text between sentences, and the way back."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions, WriteOptions
from scripts.annotations.formats.webanno import FORMAT
from scripts.annotations.records import Record, Span
from scripts.annotations.units import to_codepoints
from scripts.common.errors import UserError

REAL = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "webanno_tsv"
NER = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
POS = "de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS"
BANGLA = (
    "#Text=😊 রহিম ঢাকায়\n1-1\t0-2\t😊\t_\t_\t\n1-2\t3-7\tরহিম\t*\tPER\t\n"
    "1-3\t8-14\tঢাকায়\t_\t_\t\n1-3.1\t8-12\tঢাকা\tQ1\tLOC\t\n"
)


def tsv(
    *sentences: str, layers: str = f"#T_SP={NER}|identifier|value\n", version: str = "3.3"
) -> str:
    return f"#FORMAT=WebAnno TSV {version}\n{layers}\n\n" + "\n".join(sentences)


def file_of(folder: Path, content: str | bytes) -> Path:
    path = folder / "doc.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf8"))
    return path


def read(
    path: Path, notices: list[Notice] | None = None, layer: str | None = None, unit: str = "auto"
) -> Record:
    options = ReadOptions(layer=layer, offset_unit=unit)
    [record] = FORMAT.read(path, options, ([] if notices is None else notices).append)
    return record


def codepoints(record: Record) -> list[tuple[str, str]]:
    spans = [s for s in to_codepoints(record.text, record.spans, "utf16") if s is not None]
    return [(record.text[s.start : s.end], s.label) for s in spans]


def error(folder: Path, content: str, layer: str | None = None) -> str:
    with pytest.raises(UserError) as caught:
        read(file_of(folder, content), layer=layer)
    return str(caught.value)


def test_webanno_reads_utf16_offsets_and_parts_of_tokens(tmp_path: Path) -> None:
    path = file_of(tmp_path, tsv(BANGLA))
    assert FORMAT.sniff(read_head(path))
    record = read(path)
    assert record.text == "😊 রহিম ঢাকায়"
    assert record.spans == (Span(3, 7, "PER"), Span(8, 12, "LOC"))
    assert codepoints(record) == [("রহিম", "PER"), ("ঢাকা", "LOC")]
    assert [s.surface for s in record.spans] == ["রহিম", "ঢাকা"]
    assert record.spans[1].meta == {"identifier": "Q1"}
    assert record.meta == {"id": "doc", "sentences": [[0, len(record.text)]]}


def test_webanno_numbers_hold_spans_together_and_stacks_apart(tmp_path: Path) -> None:
    first = "#Text=a b\n1-1\t0-1\ta\t*[1]|*[2]\tX[1]|Y[2]\t\n1-2\t2-3\tb\t*[1]\tX[1]\t\n"
    second = "#Text=c d\n2-1\t4-5\tc\t*[1]|*\tX[1]|X\t\n2-2\t6-7\td\t*\tX\t\n"
    record = read(file_of(tmp_path, tsv(first, second)))
    assert record.text == "a b\nc d"
    assert record.spans == (Span(0, 5, "X"), Span(0, 1, "Y"), Span(4, 5, "X"), Span(6, 7, "X"))
    assert record.meta["sentences"] == [[0, 3], [4, 7]]


def test_webanno_reads_escapes_and_line_breaks_in_sentences(tmp_path: Path) -> None:
    text = "#Text=a\\tb\\r\n#Text=\\\\c\n"
    units = "1-1\t0-1\ta\t*\t\\*x\\|\\[1\\]\\_\\->\\\\\t\n1-2\t5-7\t\\c\t_\t_\t\n"
    notices: list[Notice] = []
    record = read(file_of(tmp_path, tsv(text + units)), notices)
    assert record.text == "a\tb\r\n\\c"
    assert record.spans == (Span(0, 1, "*x|[1]_->\\"),)
    assert [n.code for n in notices] == ["read-as"]


def test_webanno_reads_the_java_escapes_of_version_3_1(tmp_path: Path) -> None:
    sentence = "#Text=\\u0995\\uD83D\\uDE0A \\uD83D!\n1-1\t0-3\tক😊\t_\t_\t\n"
    assert read(file_of(tmp_path, tsv(sentence, version="3.1"))).text == "ক😊 \ufffd!"


def test_webanno_fills_what_stands_between_sentences(tmp_path: Path) -> None:
    first = "#Text= one\n1-1\t3-6\tone\t_\t_\t\n"
    second = "#Text=two\n2-1\t8-11\ttwo\t*\tX\t\n"
    record = read(file_of(tmp_path, tsv(first, second).replace("\n", "\r\n")))
    assert record.text == "   one\n\ntwo"
    assert codepoints(record) == [("two", "X")]


def test_webanno_takes_the_name_of_the_layer_where_a_value_is_missing(tmp_path: Path) -> None:
    notices: list[Notice] = []
    record = read(file_of(tmp_path, tsv("#Text=a\n1-1\t0-1\ta\t*\t*\t\n")), notices)
    assert record.spans == (Span(0, 1, "NamedEntity"),)
    assert "1 have no value" in notices[0].note


def test_webanno_does_not_take_the_number_of_a_link_for_its_own(tmp_path: Path) -> None:
    layers = "#T_SP=c.Span|\n#T_SP=c.Host|ROLE_c.Host:links_c.Link|c.Span\n"
    lines = "1-1\t0-1\ta\t*[1]\tp\t1-2[2]\t\n1-2\t2-3\tb\t*[1]\tq\t1-1[2]\t\n"
    path = file_of(tmp_path, tsv(f"#Text=a b\n{lines}", layers=layers))
    assert read(path, layer="Host").spans == (Span(0, 1, "Host"), Span(2, 3, "Host"))
    assert read(path, layer="c.Span").spans == (Span(0, 3, "Span"),)


def test_webanno_chooses_the_layer_or_asks(tmp_path: Path) -> None:
    layers = f"#T_SP={POS}|PosValue\n#T_SP=c.A|x|y\n#T_RL=c.R|v|BT_c.A\n"
    line = "#Text=a\n1-1\t0-1\ta\tNN\tX\tY\t_\t_\t\n"
    assert "x, y" in error(tmp_path, tsv(line, layers=layers))
    path = file_of(tmp_path, tsv(line, layers=layers))
    assert read(path, layer="A:y").spans == (Span(0, 1, "Y"),)
    assert read(path, layer="POS").spans == (Span(0, 1, "NN"),)
    notices: list[Notice] = []
    assert read(path, notices, layer="NamedEntity").spans == ()
    assert "A (1)" in notices[0].note and "without entities" in notices[0].note
    assert "no feature 'z'" in error(tmp_path, tsv(line, layers=layers), "A:z")
    layers += "#T_SP=c.B|v\n"
    both = error(tmp_path, tsv(line.replace("\t\n", "\t_\t\n"), layers=layers))
    assert "c.A, c.B" in both and "--layer" in both


def test_webanno_without_layers_is_a_text_without_entities(tmp_path: Path) -> None:
    notices: list[Notice] = []
    record = read(file_of(tmp_path, tsv("#Text=a\n1-1\t0-1\ta\t\n", layers="")), notices)
    assert (record.text, record.spans) == ("a", ())
    assert "without entities" in notices[0].note


def test_webanno_tells_of_tokens_elsewhere(tmp_path: Path) -> None:
    notices: list[Notice] = []
    read(file_of(tmp_path, tsv("#Text=a b\n1-1\t0-1\ta\t_\t_\t\n1-2\t1-2\tb\t_\t_\t\n")), notices)
    assert [(n.code, n.line) for n in notices] == [("read-as", 0), ("surface-mismatch", 7)]


def test_webanno_offsets_of_another_unit_can_be_named(tmp_path: Path) -> None:
    second = "#Text=খ\n2-1\t3-4\tখ\t*\tX\t\n"
    content = tsv("#Text=😊😊\n1-1\t0-2\t😊😊\t_\t_\t\n", second)
    assert "--offset-unit codepoint" in error(tmp_path, content)
    record = read(file_of(tmp_path, content), unit="codepoint")
    assert (record.text, record.spans) == ("😊😊\nখ", (Span(3, 4, "X"),))


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("1-1\t0-1\ta\t*", "2 layer columns"),
        ("1-1\tx\ta\t_\t_\t", "2 layer columns"),
        ("x\t0-1\ta\t_\t_\t", "2 layer columns"),
        ("গদ্য", "2 layer columns"),
    ],
)
def test_webanno_names_the_line_that_cannot_be_read(tmp_path: Path, line: str, what: str) -> None:
    message = error(tmp_path, tsv(f"#Text=a\n{line}\n"))
    assert "doc.tsv, line 6" in message and what in message


@pytest.mark.parametrize("first", [f" # {NER} | value", "#id=1", "#FORMAT=WebAnno TSV 4.0"])
def test_webanno_refuses_other_versions_by_name(tmp_path: Path, first: str) -> None:
    content = f"{first}\n#id=1\n#text=a\n1-1\ta\tO\t\n"
    assert FORMAT.sniff(read_head(file_of(tmp_path, content)))
    assert "no WebAnno TSV 3" in error(tmp_path, content)


def test_webanno_reads_or_refuses_a_file_cut_anywhere(tmp_path: Path) -> None:
    raw = tsv(BANGLA).encode()
    for size in range(len(raw)):
        path = file_of(tmp_path, raw[:size])
        FORMAT.sniff(read_head(path))
        try:
            read(path)
        except UserError as caught:
            assert "doc.tsv" in str(caught)


def words(text: str) -> list[tuple[int, int]]:
    """Tokens as a tokenizer gives them, blanks between line ends included."""
    return [m.span() for m in re.finditer(r"[^\s.]+|\.|\n+", text)]


def written(folder: Path, records: list[Record]) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    folder.mkdir()
    FORMAT.write(records, folder, WriteOptions(tokens=words), notices.append)
    return [read(path) for path in sorted(folder.glob("*.tsv"))], notices


def test_webanno_writes_parts_of_tokens_stacks_and_lines(tmp_path: Path) -> None:
    spans = (Span(0, 4, "PER"), Span(0, 1, "A|b"), Span(3, 7, "X"))
    [record], notices = written(tmp_path / "o", [Record("😊a b\n\nc", spans, 1, {"id": "doc"})])
    assert not notices and record.text == "😊a b\n\nc"
    lines = (tmp_path / "o" / "doc.tsv").read_text(encoding="utf8").splitlines()
    assert lines[4:] == [
        "#Text=😊a b",
        "#Text=",
        "1-1\t0-3\t😊a\t*[1]\tPER[1]\t",
        "1-1.1\t0-2\t😊\t*\tA\\|b\t",
        "1-2\t4-5\tb\t*[1]|*[2]\tPER[1]|X[2]\t",
        "",
        "#Text=c",
        "2-1\t7-8\tc\t*[2]\tX[2]\t",
    ]


def test_webanno_tells_what_it_cannot_hold(tmp_path: Path) -> None:
    spans = (
        Span(0, 3, "A", ((0, 1), (2, 3))),
        Span(0, 2, "A"),
        Span(0, 1, "A\r"),
        Span(2, 3, "ok"),
    )
    [back], notices = written(tmp_path / "o", [Record("a b", spans, 7, {"id": "i"}, ((0, 1),))])
    assert back.spans == spans[3:]
    assert [(n.code, n.line, n.spans) for n in notices] == [
        ("not-written", 7, x) for x in (0, 1, 1, 1)
    ]


PIECES = st.sampled_from(
    [
        "ক",
        "া",
        "ি",
        "😊",
        "\u200d",
        "\u200c",
        "a",
        ".",
        " ",
        "\n",
        "\r\n",
        "\t",
        "\\",
        "\x01",
        "\x0b",
    ]
)


@st.composite
def annotated(draw: st.DrawFn) -> Record:
    text = "".join(draw(st.lists(PIECES, min_size=1, max_size=25)))
    inside = [i for i, c in enumerate(text) if not c.isspace()]
    spans = []
    for _ in range(draw(st.integers(0, 5)) if inside else 0):
        a, b = sorted(draw(st.tuples(st.sampled_from(inside), st.sampled_from(inside))))
        spans.append(Span(a, b + 1, draw(st.sampled_from(["PER", "_", "*", "a|[1]\\", "->\t\n;"]))))
    return Record(text, tuple(spans), 1, {"id": "r"})


@settings(max_examples=50, deadline=None)
@given(record=annotated())
def test_webanno_round_trip(tmp_path_factory: pytest.TempPathFactory, record: Record) -> None:
    [back], notices = written(tmp_path_factory.mktemp("w") / "o", [record])
    assert back.text == record.text
    assert sorted(to_codepoints(back.text, back.spans, "utf16")) == sorted(record.spans)
    assert not notices


@pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not here")
def test_webanno_reads_or_refuses_real_files_and_finds_all_named_entities() -> None:
    counts, labels = Counter[str](), Counter[str]()
    for path in sorted(REAL.rglob("*.tsv")):
        assert FORMAT.sniff(read_head(path))
        notices: list[Notice] = []
        try:
            record = read(path, notices, layer="NamedEntity")
        except UserError as caught:
            assert "no WebAnno TSV 3" in str(caught)
            counts["refused"] += 1
            continue
        counts["read"] += 1
        labels.update(s.label for s in record.spans)
        assert [n.code for n in notices] == ["read-as"]
    assert counts == {"read": 129, "refused": 27}
    assert labels.pop("NamedEntity") == 7
    assert sum(labels.values()) == 101
