"""UIMA XMI: types and features, views, offsets in UTF-16, and what is refused."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path

import pytest

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions
from scripts.annotations.formats.uima_xmi import FORMAT
from scripts.annotations.records import Record, Span
from scripts.annotations.units import to_codepoints
from scripts.common.errors import UserError

REAL = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "uima_xmi" / "cassis_tests"
HEADER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" '
    'xmlns:cas="http:///uima/cas.ecore" xmlns:tcas="http:///uima/tcas.ecore" '
    'xmlns:ner="http:///de/tudarmstadt/ukp/dkpro/core/api/ner/type.ecore" '
    'xmlns:seg="http:///de/tudarmstadt/ukp/dkpro/core/api/segmentation/type.ecore" '
    'xmlns:c="http:///custom.ecore" xmi:version="2.0"><cas:NULL xmi:id="0"/>'
)
TYPES = """<?xml version="1.0"?>
<typeSystemDescription xmlns="http://uima.apache.org/resourceSpecifier"><types>
<typeDescription><name>custom.Person</name><supertypeName>{}</supertypeName></typeDescription>
</types></typeSystemDescription>
"""
NAMED_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"


def sofa(text: str, own_id: int = 1, name: str = "_InitialView") -> str:
    return f'<cas:Sofa xmi:id="{own_id}" sofaNum="{own_id}" sofaID="{name}" sofaString="{text}"/>'


def xmi(*parts: str) -> str:
    return f"{HEADER}{''.join(parts)}</xmi:XMI>"


def entity(start: object, end: object, rest: str, own_id: int = 9, of: int = 1) -> str:
    place = f'xmi:id="{own_id}" sofa="{of}" begin="{start}" end="{end}"'
    return f"<ner:NamedEntity {place} {rest}/>"


def file_of(folder: Path, content: str | bytes) -> Path:
    path = folder / "doc.xmi"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf8"))
    return path


def read(path: Path, notices: list[Notice] | None = None, layer: str | None = None) -> list[Record]:
    tell = ([] if notices is None else notices).append
    return list(FORMAT.read(path, ReadOptions(layer=layer), tell))


def error(folder: Path, content: str | bytes, layer: str | None = None) -> str:
    with pytest.raises(UserError) as caught:
        read(file_of(folder, content), layer=layer)
    return str(caught.value)


def codepoints(record: Record) -> list[tuple[str, str]]:
    spans = [s for s in to_codepoints(record.text, record.spans, FORMAT.unit) if s is not None]
    return [(record.text[s.start : s.end], s.label) for s in spans]


def test_uima_xmi_offsets_are_utf16(tmp_path: Path) -> None:
    token = '<seg:Token xmi:id="8" sofa="1" begin="0" end="5"/>'
    text = sofa("Hello 😊, my name is রহিম.")
    path = file_of(tmp_path, xmi(entity(21, 25, 'value="PER" identifier="Q1"'), token, text))
    notices: list[Notice] = []
    [record] = read(path, notices)
    assert FORMAT.sniff(read_head(path))
    assert record.spans == (Span(21, 25, "PER"),)
    assert record.spans[0].meta == {"id": "9", "identifier": "Q1"}
    assert codepoints(record) == [("রহিম", "PER")]
    assert "UTF-16" in notices[0].note and "Token (1)" in notices[0].note


def test_uima_xmi_reads_line_ends_as_they_are_escaped(tmp_path: Path) -> None:
    [record] = read(file_of(tmp_path, xmi(entity(3, 4, 'value="X"'), sofa("a&#13;&#10;b"))))
    assert record.text == "a\r\nb"
    assert codepoints(record) == [("b", "X")]


def test_uima_xmi_gives_every_view_as_a_record(tmp_path: Path) -> None:
    parts = (
        entity(0, 1, 'value="X"', 8),
        entity(1, 2, 'value="Y"', 9, of=2),
        sofa("ab"),
        sofa("cd", 2, "অন্য"),
        '<cas:Sofa xmi:id="3" sofaNum="3" sofaID="empty"/>',
    )
    notices: list[Notice] = []
    first, second = read(file_of(tmp_path, xmi(*parts)), notices)
    assert (first.text, codepoints(first)) == ("ab", [("a", "X")])
    assert (second.text, codepoints(second)) == ("cd", [("d", "Y")])
    assert second.meta == {"id": "doc.অন্য", "doc": "doc", "view": "অন্য"}
    assert [n.code for n in notices] == ["read-as", "not-text"]


def test_uima_xmi_leaves_out_what_its_view_does_not_index(tmp_path: Path) -> None:
    view = '<cas:View sofa="1" members="8"/>'
    parts = entity(0, 1, 'value="X"', 8), entity(1, 2, 'value="Y"', 9), sofa("ab"), view
    notices: list[Notice] = []
    [record] = read(file_of(tmp_path, xmi(*parts)), notices)
    assert record.spans == (Span(0, 1, "X"),)
    assert [(n.code, n.spans) for n in notices][1:] == [("left-out", 1)]


def test_uima_xmi_takes_the_name_of_the_type_where_a_value_is_missing(tmp_path: Path) -> None:
    notices: list[Notice] = []
    parts = entity(0, 1, ""), entity(1, 2, 'value="X"', 8), sofa("ab")
    [record] = read(file_of(tmp_path, xmi(*parts)), notices)
    assert [s.label for s in record.spans] == ["NamedEntity", "X"]
    assert "1 annotations have no value" in notices[1].note


def test_uima_xmi_chooses_the_type_or_asks(tmp_path: Path) -> None:
    one = '<c:A xmi:id="8" sofa="1" begin="0" end="1" kind="X" role="Y" number="7"/>'
    text = sofa("ab")
    path = file_of(tmp_path, xmi(one, text))
    assert "kind, role" in error(tmp_path, xmi(one, text))
    assert read(path, layer="A:role")[0].spans == (Span(0, 1, "Y"),)
    assert read(path, layer="custom.A:number")[0].spans == (Span(0, 1, "7"),)
    assert "no feature 'x'" in error(tmp_path, xmi(one, text), "A:x")
    notices: list[Notice] = []
    assert read(path, notices, layer="B")[0].spans == ()
    assert "A (1)" in notices[0].note
    two = '<c:B xmi:id="9" sofa="1" begin="0" end="1"/>'
    assert "custom.A (1), custom.B (1)" in error(tmp_path, xmi(one, two, text))


@pytest.mark.parametrize("name", ["TypeSystem.xml", "typesystem.xml"])
def test_uima_xmi_finds_kinds_of_a_type_in_the_type_system(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(TYPES.format(NAMED_ENTITY), encoding="utf8")
    person = '<c:Person xmi:id="8" sofa="1" begin="0" end="1"/>'
    other = '<c:Other xmi:id="7" sofa="1" begin="0" end="1"/>'
    path = file_of(tmp_path, xmi(person, other, entity(1, 2, 'value="ORG"'), sofa("ab")))
    assert sorted(read(path)[0].spans) == [Span(0, 1, "Person"), Span(1, 2, "ORG")]
    assert FORMAT.companion(tmp_path / name) and not FORMAT.companion(path)


@pytest.mark.parametrize("value", ["", "x", "1.5", "9" * 5000])
def test_uima_xmi_refuses_offsets_that_are_no_numbers(tmp_path: Path, value: str) -> None:
    message = error(tmp_path, xmi(entity(value, 2, 'value="X"'), sofa("ab")))
    assert "doc.xmi (id 9)" in message and "begin is no whole number" in message


def test_uima_xmi_keeps_offsets_that_cannot_be_right(tmp_path: Path) -> None:
    parts = entity(5, 9, 'value="X"'), entity(2, -1, 'value="Y"', 8), sofa("ab")
    [record] = read(file_of(tmp_path, xmi(*parts)))
    assert record.spans == (Span(5, 9, "X"), Span(2, -1, "Y"))


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>' + xmi(sofa("&b;")).split("?>\n")[1],
        '<!DOCTYPE x SYSTEM "file:///etc/hostname">' + xmi(sofa("a")).split("?>\n")[1],
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
        + xmi(sofa("a")).split("?>\n")[1],
    ],
)
def test_uima_xmi_refuses_document_types_and_entities(tmp_path: Path, content: str) -> None:
    assert "document type" in error(tmp_path, content)


def test_uima_xmi_refuses_what_has_no_text(tmp_path: Path) -> None:
    assert "no text" in error(tmp_path, xmi())
    assert "not in the file" in error(tmp_path, xmi(entity(0, 1, "", of=5), sofa("a")))
    assert "no XMI" in error(tmp_path, "<a/>")
    assert "cannot be decoded" in error(tmp_path, b'<?xml version="1.0" encoding="x-9"?><a/>')


def test_uima_xmi_refuses_a_file_cut_anywhere(tmp_path: Path) -> None:
    raw = xmi(entity(0, 4, 'value="PER"'), sofa("রহিম 😊")).encode()
    for size in range(len(raw)):
        FORMAT.sniff(read_head(file_of(tmp_path, raw[:size])))
        assert "doc.xmi" in error(tmp_path, raw[:size])


@pytest.mark.parametrize("content", ["", "<a/>", "text", "<XMI>", TYPES, '{"a": 1}'])
def test_uima_xmi_is_not_what_only_looks_like_it(tmp_path: Path, content: str) -> None:
    assert not FORMAT.sniff(read_head(file_of(tmp_path, content)))


@pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not here")
def test_uima_xmi_reads_or_refuses_real_files() -> None:
    counts: Counter[str] = Counter()
    for path in sorted(p for p in REAL.rglob("*.x*") if p.is_file()):
        if FORMAT.companion(path):
            counts["type systems"] += 1
            continue
        assert FORMAT.sniff(read_head(path))
        try:
            counts["read"] += bool(read(path))
        except UserError as caught:
            assert "--layer" in str(caught) or "no text" in str(caught)
            counts["refused"] += 1
    assert counts == {"type systems": 17, "read": 11, "refused": 5}


@pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not here")
def test_uima_xmi_gives_the_offsets_that_cassis_gives() -> None:
    cassis = pytest.importorskip("cassis")
    path = REAL / "cas_with_smileys.xmi"
    types = (REAL / "typesystems" / "inception_typesystem.xml").read_text(encoding="utf8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cas = cassis.load_cas_from_xmi(path, typesystem=cassis.load_typesystem(types), lenient=True)
        expected = [(a.begin, a.end, a.value) for a in cas.select(NAMED_ENTITY)]
    [record] = read(path)
    found = to_codepoints(record.text, record.spans, FORMAT.unit)
    assert [(s.start, s.end, s.label) for s in found if s] == expected
    assert len(expected) == 5 and record.text == cas.sofa_string
