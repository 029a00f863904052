"""CoNLL: columns, tags, documents and long sequences as they are read."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions
from scripts.annotations.formats.conll import FORMAT
from scripts.annotations.formats.iob_sentences import FORMAT as SENTENCES
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

Write = Callable[..., Path]


def read(path: Path, **options: Any) -> tuple[list[Record], list[Notice]]:
    notices: list[Notice] = []
    return list(FORMAT.read(path, ReadOptions(**options), notices.append)), notices


@pytest.fixture
def given_file(tmp_path: Path) -> Write:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "file.conll"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf8"))
        return path

    return write


def ents(records: list[Record]) -> list[tuple[str, str]]:
    return [(r.text[s.start : s.end], s.label) for r in records for s in r.spans]


def codes(notices: list[Notice]) -> list[tuple[str, int]]:
    return [(n.code, n.line) for n in notices]


# Columns


@pytest.mark.parametrize(
    "content",
    [
        "করিম\tB-PER\nসাহেব\tI-PER\nঢাকা\tB-LOC\nযান\tO\n",
        "করিম  B-PER\nসাহেব \t I-PER\nঢাকা B-LOC\nযান O\n",
        "B-PER\tকরিম\nI-PER\tসাহেব\nB-LOC\tঢাকা\nO\tযান\n",
        "করিম NNP B-NP B-PER\nসাহেব NN I-NP I-PER\nঢাকা NNP B-NP B-LOC\nযান VB B-VP O\n",
        "করিম _ _ B-PER\r\nসাহেব _ _ I-PER\r\nঢাকা _ _ B-LOC\r\nযান _ _ O\r\n",
        "1\tকরিম\tB-PER\n2\tসাহেব\tI-PER\n3\tঢাকা\tB-LOC\n4\tযান\tO\n",
        "word,tag\nকরিম,B-PER\nসাহেব,I-PER\nঢাকা,B-LOC\nযান,O\n",
        "করিম;B-PER\nসাহেব;I-PER\nঢাকা;B-LOC\nযান;O\n",
        "# global.columns = ID NER FORM\n1\tB-PER\tকরিম\n2\tI-PER\tসাহেব\n3\tB-LOC\tঢাকা\n4\tO\tযান\n",
        "\ufeffকরিম\tB-PER\nসাহেব\tI-PER\nঢাকা\tB-LOC\nযান\tO",
        "করিম\tB_PER\nসাহেব\tI_PER\nঢাকা\tB_LOC\nযান\to\n",
    ],
)
def test_conll_columns_are_found(given_file: Write, content: str) -> None:
    path = given_file(content)
    assert FORMAT.sniff(read_head(path))
    [record], notices = read(path, lang="bn")
    assert record.text == "করিম সাহেব ঢাকা যান"
    assert record.spans == (Span(0, 10, "PER"), Span(11, 15, "LOC"))
    assert [n.code for n in notices] == ["read-as"]


def test_conll_read_as_tells_columns_and_scheme_with_counts(given_file: Write) -> None:
    _, [notice] = read(given_file("ঢাকা NNP I-NP B-LOC\nনগর NN I-NP I-LOC\nযান VB B-VP O\n"))
    assert "token column 0, tag column 3 (1 O, 2 with prefix)" in notice.note
    assert "scheme IOB2 (1 B, 1 I, 1 O;" in notice.note


def test_conll_kaggle_table_has_sentences_in_a_column(given_file: Write) -> None:
    rows = 'Sentence #,Word,POS,Tag\nSentence: 1,ঢাকা,NNP,B-geo\n,",",",",O\nSentence: 2,যান,VB,O\n'
    path = given_file(rows)
    assert FORMAT.sniff(read_head(path))
    records, _ = read(path)
    assert [(r.text, r.line) for r in records] == [("ঢাকা,", 2), ("যান", 4)]


def test_conll_several_tag_columns_are_not_chosen_from_silently(given_file: Write) -> None:
    path = given_file("ঢাকা\tB-LOC\tB-ORG\nযান\tO\tO\n")
    with pytest.raises(UserError, match=r"1 \(1 entity tags\), 2 \(1 entity tags\)"):
        read(path)
    assert ents(read(path, columns=(0, -1))[0]) == [("ঢাকা", "ORG")]
    assert ents(read(path, columns=(0, 1))[0]) == [("ঢাকা", "LOC")]
    with pytest.raises(UserError, match="3 columns"):
        read(path, columns=(0, 3))


@pytest.mark.parametrize("tag", ["O", "_", "-", "X"])
def test_conll_dummy_tags_are_refused(given_file: Write, tag: str) -> None:
    path = given_file(f"ঢাকা NN I-NP {tag}\nযান NN B-VP {tag}\n" * 5)
    assert FORMAT.sniff(read_head(path))
    with pytest.raises(UserError, match="dummy tags") as error:
        read(path)
    assert error.value.where == str(path)


def test_conll_without_tags_is_refused(given_file: Write) -> None:
    path = given_file("ঢাকা\nযান\n")
    assert not FORMAT.sniff(read_head(path))
    with pytest.raises(UserError, match="No column holds entity tags"):
        read(path)


def test_conll_space_in_token_takes_the_rest(given_file: Write) -> None:
    names = ("করিম", "করিম সাহেব", "", "ঢাকা শহর", "নতুন ঢাকা শহর")
    rows = "".join(f"{name} _ O I-PER\n" if name else "\n" for name in names)
    records, _ = read(given_file(rows))
    assert ents(records) == [("করিম করিম সাহেব", "PER"), ("ঢাকা শহর নতুন ঢাকা শহর", "PER")]


def test_conll_row_with_other_columns_is_refused_with_its_line(given_file: Write) -> None:
    rows = "ঢাকা NN I-NP B-LOC\nযান VB I-VP O\n"
    for bad in ("New York JJ JJ I-NP O", "ঢাকা I-NP B-LOC", "ঢাকা B-LOC"):
        path = given_file(rows * 20 + bad + "\n" + rows)
        with pytest.raises(UserError) as error:
            read(path)
        assert error.value.where == f"{path}, line 41"
    path = given_file("ঢাকা\tB-LOC\nযান\tO\nযান\tO\tB-PER\n")
    with pytest.raises(UserError, match="line 3"):
        read(path)


def test_conll_tabs_alone_part_columns_where_there_are_tabs(given_file: Write) -> None:
    [record], _ = read(given_file("New  York\tB-LOC\nO \tB-X\nযান\t\tO\nযান\tO\t\n"))
    assert record.text == "New  York O যান যান"
    assert [s.label for s in record.spans] == ["LOC", "X"]


@pytest.mark.parametrize(
    "word", ["\ufe0f", "\u200d", "\ufeff", "\u00a0", "\u2028", "\u3000", "\x85"]
)
@pytest.mark.parametrize("separator", ["\t", " "])
def test_conll_invisible_tokens_survive(given_file: Write, word: str, separator: str) -> None:
    rows = [f"ঢাকা{separator}B-LOC", f"{word}{separator}O", f"যান{separator}O"]
    [record], _ = read(given_file("\n".join(rows)))
    assert record.text == f"ঢাকা {word} যান"


# Tags


def test_conll_iob1_entities_of_other_type_are_parted(given_file: Write) -> None:
    rows = "I O\nlove O\nLondon I-LOC\nHarry I-PER\nPotter I-PER\n"
    records, notices = read(given_file(rows))
    assert ents(records) == [("London", "LOC"), ("Harry Potter", "PER")]
    assert [n.code for n in notices] == ["read-as"]


def test_conll_invalid_tags_are_repaired_and_told_with_their_line(given_file: Write) -> None:
    records, notices = read(given_file("ক O\nখ I-PER\n\nগ B-LOC\nঘ I-PER\nঙ B-LOC\n"))
    assert ents(records) == [("খ", "PER"), ("গ", "LOC"), ("ঘ", "PER"), ("ঙ", "LOC")]
    assert codes(notices)[1:] == [("tag-repaired", 2), ("tag-repaired", 5)]


@pytest.mark.parametrize("row", ["গেল", "গেল\t", "গেল\t_", "গেল\t-", "গেল\t???"])
def test_conll_missing_tag_is_no_o(given_file: Write, row: str) -> None:
    [record], notices = read(given_file(f"ঢাকা\tB-LOC\nসে\tO\n{row}\nযান\tO\n"))
    [(start, end)] = record.missing
    assert record.text[start:end] == "গেল"
    assert codes(notices)[1:] == [("tag-missing", 3)]


def test_conll_bare_labels_and_letters(given_file: Write) -> None:
    rows = "সোমবার\tTIM\nরাতে\tTIM\nঢাকা\tB-LOC\nযান\tO\n"
    assert ents(read(given_file(rows))[0]) == [("সোমবার রাতে", "TIM"), ("ঢাকা", "LOC")]
    path = given_file("ঢাকা\tLOC\nনগর\tLOC\nযান\tO\nসে\tO\nতাই\tO\n")
    assert FORMAT.sniff(read_head(path))
    assert ents(read(path)[0]) == [("ঢাকা নগর", "LOC")]
    path = given_file("ঢাকা\tB\nনগর\tI\nযান\tO\nসে\tO\nতাই\tB\n")
    assert FORMAT.sniff(read_head(path))
    assert ents(read(path)[0]) == [("ঢাকা নগর", "ENTITY"), ("তাই", "ENTITY")]


def test_conll_tag_without_token_is_told(given_file: Write) -> None:
    records, notices = read(given_file("ঢাকা\tB-LOC\n\tO\n\tB-PER\nযান\tO\n"))
    assert records[0].text == "ঢাকা যান"
    assert "2 rows without a token" in notices[0].note
    assert [(n.code, n.line, n.spans) for n in notices[1:]] == [("not-text", 3, 1)]


def test_conll_language_prefix_is_taken_off_only_if_all_tokens_have_it(given_file: Write) -> None:
    records, notices = read(given_file("bn:ঢাকা\tB-LOC\nbn:যান\tO\n"))
    assert records[0].text == "ঢাকা যান"
    assert "'bn:' is taken off all 2 tokens" in notices[0].note
    assert read(given_file("bn:ঢাকা\tB-LOC\nযান\tO\n"))[0][0].text == "bn:ঢাকা যান"


# Documents, comments and texts


def test_conll_docstart_begins_documents(given_file: Write) -> None:
    rows = (
        "-DOCSTART- -X- O O\n\nঢাকা NN _ B-LOC\n\nযান NN _ O\n\n-DOCSTART- (d7) -X- O\n\nতাই NN _ O\n"
    )
    records, _ = read(given_file(rows))
    assert [(r.text, r.document, r.line) for r in records] == [
        ("ঢাকা", "1", 3),
        ("যান", "1", 5),
        ("তাই", "d7", 9),
    ]


def test_conll_comments_and_hash_tokens_are_told_apart(given_file: Write) -> None:
    rows = (
        "# newdoc id = d1\n# sent_id = s1\n# seen on the web\n#\tO\n#ঢাকা\tB-LOC\n# \tO\n\n"
        "# doc_id = d2\n#\tO\n"
    )
    records, _ = read(given_file(rows))
    assert [r.text for r in records] == ["# #ঢাকা #", "#"]
    assert records[0].meta == {"id": "s1", "doc": "d1", "comments": ["# seen on the web"]}
    assert records[1].document == "d2"
    assert read(given_file("# file: ক\n# O\nঢাকা B-LOC\n# file: খ\nযান O\n"))[0][1].meta == {
        "doc": "খ"
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("ঢাকা,  নগর।", "ঢাকা,  নগর।"),
        ('"ঢাকা,\\r\\nনগর।"', "ঢাকা,\r\nনগর।"),
        ("অন্য কথা", "ঢাকা, নগর।"),
    ],
)
def test_conll_text_is_used_if_it_is_made_of_the_tokens(
    given_file: Write, value: str, text: str
) -> None:
    rows = f"# text = {value}\nঢাকা\tB-LOC\n,\tO\nনগর\tB-LOC\n।\tO\n"
    [record], notices = read(given_file(rows), lang="bn")
    assert record.text == text
    assert ents([record]) == [("ঢাকা", "LOC"), ("নগর", "LOC")]
    assert len(notices) == (2 if value == "অন্য কথা" else 1)


def test_conll_u_ranges_are_no_tokens(given_file: Write) -> None:
    rows = "1-2\tdel\t_\n1\tde\tO\n2\tel\tO\n3\tঢাকা\tB-LOC\n3.1\tx\t_\n"
    records, notices = read(given_file(rows), spacing="blanks")
    assert [r.text for r in records] == ["de el ঢাকা"]
    assert "2 rows that are no single word" in notices[0].note


# Long sequences


def test_conll_long_sequence_is_cut_between_sentences_and_loses_nothing(given_file: Write) -> None:
    sentence = "করিম\tB-PER\nমো\tI-PER\n.\tI-PER\nযান\tO\n।\tO\n"
    path = given_file(sentence * 900)
    records, notices = read(path, lang="bn", spacing="blanks")
    assert len(records) == 3
    assert all(len(r.text.split(" ")) <= 2000 and r.text.endswith("।") for r in records)
    assert ents(records) == [("করিম মো .", "PER")] * 900
    assert {r.document for r in records} == {"line 1"}
    assert [r.meta["part"] for r in records] == [1, 2, 3]
    assert codes(notices)[1:] == [
        ("sequence-cut", records[1].line),
        ("sequence-cut", records[2].line),
    ]
    assert records[1].line == 2001


def test_conll_long_sequence_is_not_cut_inside_an_entity(given_file: Write) -> None:
    rows = "যান\tO\n" * 1500 + "করিম\tB-PER\n" + "।\tI-PER\n" * 1000 + "যান\tO\n" * 10
    records, _ = read(given_file(rows))
    assert [len(r.spans) for r in records] == [0, 1]
    assert sum(len(r.text.split("।")) - 1 for r in records) == 1000


def test_conll_memory_does_not_grow_with_the_file(given_file: Write) -> None:
    def peak(times: int) -> int:
        path = given_file("ঢাকা\tB-LOC\nযান\tO\n।\tO\n" * times)
        tracemalloc.start()
        for _ in FORMAT.read(path, ReadOptions(), lambda notice: None):
            pass
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    assert peak(3000) < 1.5 * peak(1500)


# Faulty files


def test_conll_truncated_anywhere_gives_records_or_user_error(given_file: Write) -> None:
    whole = (
        '\ufeff-DOCSTART- -X- O\n\n# text = "ঢাকা যান"\nঢাকা NN B-LOC\nযান VB O\n\n'
        '# meta = {"a": 1}\n😀 _ B-PER\n'
    )
    data = whole.encode("utf8")
    for end in range(len(data)):
        path = given_file(data[:end])
        assert FORMAT.sniff(read_head(path)) in (True, False)
        try:
            read(path)
        except UserError as error:
            assert error.where and str(path) in error.where


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.one_of(st.binary(max_size=60), st.text('aO-BI_# =\t \n\r"{}।ক|,;\x00', max_size=60)))
def test_conll_any_bytes_give_records_or_user_error(given_file: Write, data: bytes | str) -> None:
    path = given_file(data)
    for known in (FORMAT, SENTENCES):
        assert known.sniff(read_head(path)) in (True, False)
        try:
            list(known.read(path, ReadOptions(), lambda notice: None))
        except UserError as error:
            assert error.where and str(path) in error.where


@pytest.mark.parametrize(
    "content",
    [
        "ঢাকা বাংলাদেশের রাজধানী।\nতিনি ঢাকা যান।\n",
        "So do I\nand nor do O\nnot B-52\n",
        "id,text,label\n1,ঢাকা,LOC\n2,যান,O\n",
        '{"text": "x", "label": []}\n',
        '[["ঢাকা", "B-LOC"]]\n',
        "T1\tLOC 0 4\tঢাকা\n",
        "#FORMAT=WebAnno TSV 3.3\n1-1\t0-4\tঢাকা\tB-LOC\n",
        "#text=ঢাকা নগর\n1-1\tঢাকা\tB-LOC\n1-2\tনগর\tI-LOC\n",
        "<a> O\n<b> B-X\n",
        "",
    ],
)
def test_conll_sniff_leaves_other_files_alone(given_file: Write, content: str) -> None:
    assert not FORMAT.sniff(read_head(given_file(content)))
