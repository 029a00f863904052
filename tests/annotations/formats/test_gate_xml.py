"""GATE XML: nodes, sets and types, and what is refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from scripts.annotations.formats import read_head
from scripts.annotations.formats.base import Notice, ReadOptions
from scripts.annotations.formats.gate_xml import FORMAT
from scripts.annotations.records import Record, Span
from scripts.annotations.units import to_codepoints
from scripts.common.errors import UserError

REAL = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "gate_xml" / "btc_en_a"
TEXT = (
    '<TextWithNodes><Node id="0"/>😊<Node id="2"/> <Node id="3"/>রহিম<Node id="7"/> &amp; '
    '<Node id="10"/>ঢাকা<Node id="14"/></TextWithNodes>'
)


def mark(kind: str, start: object, end: object, inside: str = "", own_id: int = 1) -> str:
    place = f'StartNode="{start}" EndNode="{end}"'
    return f'<Annotation Id="{own_id}" Type="{kind}" {place}>{inside}</Annotation>'


def in_set(name: str, *marks: str) -> str:
    named = f' Name="{name}"' if name else ""
    return f"<AnnotationSet{named}>{''.join(marks)}</AnnotationSet>"


def feature(name: str, value: str) -> str:
    return f"<Feature><Name>{name}</Name><Value>{value}</Value></Feature>"


def gate(*parts: str, text: str = TEXT) -> str:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- a --><GateDocument version="3">'
    features = f"<GateDocumentFeatures>{feature('উৎস', 'x')}</GateDocumentFeatures>"
    return f"{head}{features}{text}{''.join(parts)}</GateDocument>"


def file_of(folder: Path, content: str | bytes) -> Path:
    path = folder / "doc.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf8"))
    return path


def read(path: Path, notices: list[Notice] | None = None, layer: str | None = None) -> Record:
    tell = ([] if notices is None else notices).append
    [record] = FORMAT.read(path, ReadOptions(layer=layer), tell)
    return record


def error(folder: Path, content: str | bytes, layer: str | None = None) -> str:
    with pytest.raises(UserError) as caught:
        read(file_of(folder, content), layer=layer)
    return str(caught.value)


def codepoints(record: Record) -> list[tuple[str, str]]:
    spans = [s for s in to_codepoints(record.text, record.spans, FORMAT.unit) if s is not None]
    return [(record.text[s.start : s.end], s.label) for s in spans]


def test_gate_xml_reads_nodes_as_utf16_offsets(tmp_path: Path) -> None:
    person = mark("Person", 3, 7, feature("string", "রহিম") + feature("rule", "r1"), 5)
    path = file_of(tmp_path, gate(in_set("Key", person, mark("Token", 0, 2))))
    notices: list[Notice] = []
    record = read(path, notices)
    assert FORMAT.sniff(read_head(path))
    assert record.text == "😊 রহিম & ঢাকা"
    assert record.spans == (Span(3, 7, "Person"),)
    assert codepoints(record) == [("রহিম", "Person")]
    assert record.spans[0].meta == {"id": "5", "string": "রহিম", "rule": "r1"}
    assert record.meta == {"id": "doc", "features": {"উৎস": "x"}}
    assert len(notices) == 1 and "Person (1) of the set Key" in notices[0].note
    assert "Token (1)" in notices[0].note


def test_gate_xml_chooses_the_set_or_asks(tmp_path: Path) -> None:
    unnamed = in_set("", mark("Person", 3, 7), mark("Lookup", 3, 7))
    other = in_set("crowd", mark("Location", 10, 14))
    markup = in_set("Original markups", mark("html", 0, 14))
    assert codepoints(read(file_of(tmp_path, gate(unnamed, markup)))) == [("রহিম", "Person")]
    assert "(default): Person; crowd: Location" in error(tmp_path, gate(unnamed, other))
    path = file_of(tmp_path, gate(unnamed, other))
    assert codepoints(read(path, layer="crowd")) == [("ঢাকা", "Location")]
    assert codepoints(read(path, layer="(default)")) == [("রহিম", "Person")]
    assert codepoints(read(path, layer=":Lookup")) == [("রহিম", "Lookup")]
    notices: list[Notice] = []
    assert read(path, notices, layer="gold").spans == ()
    assert "crowd: Location (1)" in notices[0].note


def test_gate_xml_key_is_the_gold_also_without_entities(tmp_path: Path) -> None:
    key = in_set("Key", mark("Token", 3, 7))
    assert read(file_of(tmp_path, gate(key, in_set("crowd", mark("X", 0, 2))))).spans == ()


def test_gate_xml_takes_nodes_where_they_stand(tmp_path: Path) -> None:
    inside = '<Node id="0"/>😊<Node id="1"/> <Node id="2"/>ক<Node id="3"/>'
    text = f"<TextWithNodes>{inside}</TextWithNodes>"
    path = file_of(tmp_path, gate(in_set("Key", mark("X", 2, 3)), text=text))
    notices: list[Notice] = []
    assert codepoints(read(path, notices)) == [("ক", "X")]
    assert "3 of 4 nodes" in notices[1].note


def test_gate_xml_keeps_offsets_outside_the_text(tmp_path: Path) -> None:
    path = file_of(tmp_path, gate(in_set("Key", mark("X", 3, 99))))
    assert read(path).spans == (Span(3, 99, "X"),)


@pytest.mark.parametrize(
    ("marked", "what"),
    [
        (mark("X", "", 7), "StartNode is no node"),
        (mark("X", 3, "ক"), "EndNode is no node"),
        (mark("X", 3, "9" * 5000), "EndNode is no node"),
        (mark("", 3, 7), "has no type"),
    ],
)
def test_gate_xml_names_the_annotation_that_cannot_be_read(
    tmp_path: Path, marked: str, what: str
) -> None:
    message = error(tmp_path, gate(in_set("Key", marked)))
    assert "doc.xml (id 1)" in message and what in message


@pytest.mark.parametrize(
    "declared",
    ['<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">', '<!ENTITY a SYSTEM "file:///etc/hostname">', ""],
)
def test_gate_xml_refuses_document_types_and_entities(tmp_path: Path, declared: str) -> None:
    content = gate().replace("<!-- a -->", f"<!DOCTYPE x [{declared}]>")
    assert "document type" in error(tmp_path, content)


def test_gate_xml_refuses_other_documents(tmp_path: Path) -> None:
    assert "no GATE document" in error(tmp_path, "<a/>")
    assert "no GATE document" in error(tmp_path, "<GateDocument/>")
    assert not FORMAT.sniff(read_head(file_of(tmp_path, "<a><GateDocument/></a>")))


def test_gate_xml_refuses_a_file_cut_anywhere(tmp_path: Path) -> None:
    raw = gate(in_set("Key", mark("Person", 3, 7))).encode()
    for size in range(len(raw)):
        FORMAT.sniff(read_head(file_of(tmp_path, raw[:size])))
        assert "doc.xml" in error(tmp_path, raw[:size])


@pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not here")
def test_gate_xml_reads_real_files() -> None:
    labels: Counter[str] = Counter()
    files = sorted(REAL.glob("*.xml"))
    for path in files:
        assert FORMAT.sniff(read_head(path))
        notices: list[Notice] = []
        record = read(path, notices)
        labels.update(s.label for s in record.spans)
        assert len(notices) == 1
        # Tokens say which words they cover: the offsets are right if these stand there.
        tokens = read(path, layer="Key:Token")
        found = to_codepoints(tokens.text, tokens.spans, FORMAT.unit)
        assert all(s and tokens.text[s.start : s.end].endswith(s.meta["string"]) for s in found)
    assert len(files) == 40
    assert labels == {"Product": 8, "Organization": 6, "Person": 5, "Location": 3}
