"""Rasa NLU training data in its three layouts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.annotations.formats import rasa_json, rasa_md, rasa_yaml, read_head
from scripts.annotations.formats.base import Format, Notice, ReadOptions, WriteOptions
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "rasa"
YAML, MD, JSON = rasa_yaml.FORMAT, rasa_md.FORMAT, rasa_json.FORMAT
TEXT = st.text(
    alphabet="কখাি্ড়😀\u200d\u200c\u00a0\u2028\x85\x00\ufeff\r\n\t x[](){}:-#'\"", max_size=14
)
LABEL = st.sampled_from(["PER", "a b", "a:b", "(x)", "স্থান", "}]"])
META = st.sampled_from([None, {"role": "from"}, {"value": "a}]b", "group": "1"}])
OPTIONS = WriteOptions(lambda text: [])


def load(known: Format, folder: Path, content: str) -> tuple[list[Record], list[Notice]]:
    path = folder / "nlu"
    path.write_bytes(content.encode("utf8"))
    notices: list[Notice] = []
    return list(known.read(path, ReadOptions(), notices.append)), notices


def words(record: Record) -> list[tuple[str, str, Any]]:
    return [(record.text[s.start : s.end], s.label, s.meta) for s in record.spans]


def error(known: Format, folder: Path, content: str) -> str:
    with pytest.raises(UserError) as caught:
        load(known, folder, content)
    return str(caught.value)


def test_rasa_yaml_reads_every_form_of_markup(tmp_path: Path) -> None:
    content = (
        'version: "3.1"\r\nnlu:\r\n- intent: travel\r\n  metadata: {tone: calm}\r\n'
        "  examples: |\r\n    - 😀 [ঢাকা](city) থেকে\r\n\r\n"
        '    - [ঢাকা]{"entity": "city", "role": "from", "group": "1", "value": "Dhaka {x}"}\r\n'
        "    - [ক](card:credit)[খ](x)\r\n"
        '    - [ঢাকা][{"entity": "city"}, {"entity": "capital", "role": "to"}]\r\n'
        "- synonym: credit\r\n  examples: |\r\n    - card\r\nstories: []\r\n"
    )
    records, [notice] = load(YAML, tmp_path, content)
    assert [r.text for r in records] == ["😀 ঢাকা থেকে", "ঢাকা", "কখ", "ঢাকা"]
    assert [r.line for r in records] == [6, 8, 9, 10]
    assert words(records[0]) == [("ঢাকা", "city", None)]
    meta = {"role": "from", "group": "1", "value": "Dhaka {x}"}
    assert words(records[1]) == [("ঢাকা", "city", meta)]
    assert words(records[2]) == [("ক", "card", {"value": "credit"}), ("খ", "x", None)]
    assert words(records[3]) == [("ঢাকা", "city", None), ("ঢাকা", "capital", {"role": "to"})]
    assert records[0].meta == {"intent": "travel", "intent_metadata": {"tone": "calm"}}
    assert notice.code == "not-text"
    assert "synonym (1), top-level stories (1)" in notice.note


def test_rasa_yaml_reads_examples_with_metadata(tmp_path: Path) -> None:
    content = (
        "nlu:\n- intent: no\n  examples:\n"
        '  - text: " [ঢাকা](city)\\r\\n"\n    metadata: {id: 7, doc: "৮", on: 2020-01-01, x: [yes]}\n'
        "  - text: |\n      [ঢাকা](city)\n    metadata: note\n"
    )
    first, second = load(YAML, tmp_path, content)[0]
    assert (first.text, first.spans, first.line) == (" ঢাকা\r\n", (Span(1, 5, "city"),), 4)
    assert first.meta == {"intent": "no", "id": 7, "doc": "৮", "on": "2020-01-01", "x": ["yes"]}
    assert (second.text, second.meta) == ("ঢাকা", {"metadata": "note", "intent": "no"})
    assert (first.id, first.document) == ("7", "৮")


@pytest.mark.parametrize(
    ("example", "text"),
    [("[ক] (x)", "[ক] (x)"), ("[ক]()", "[ক]()"), ("[](x) খ", "[](x) খ"), ("[ক](x:)", "[ক](x:)")],
)
def test_rasa_markup_that_is_none_stays_and_is_told(
    example: str, text: str, tmp_path: Path
) -> None:
    [record], [notice] = load(
        YAML, tmp_path, f"nlu:\n- intent: a\n  examples: |\n    - {example}\n"
    )
    assert (record.text, record.spans) == (text, ())
    assert (notice.code, notice.line) == ("read-as", 4)


def test_rasa_markup_follows_the_first_bracket(tmp_path: Path) -> None:
    [record], _ = load(MD, tmp_path, "## intent:a\n- ক [খ [গ](x) [ঘ] ]\n")
    assert (record.text, words(record)) == ("ক খ [গ [ঘ] ]", [("খ [গ", "x", None)])


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("nlu:\n- intent: &x a\n", 2, "aliases, anchors or tags"),
        ("nlu:\n- intent: a\n  examples: !!str x\n", 3, "aliases, anchors or tags"),
        ("nlu:\n- intent: a\n  intent: b\n", 3, "stands twice"),
        ("nlu:\n- intent: a\n  examples: |\n    - ক\n    খ\n", 5, "dash"),
        ("nlu:\n- intent: a\n  examples: |\n    - [ক]{x}\n", 4, "no JSON object"),
        ('nlu:\n- intent: a\n  examples: |\n    - [ক]{"role": "x"}\n', 4, "no label"),
        ("nlu:\n- intent: a\n  examples:\n  - ক\n", 4, "mapping"),
        ("nlu:\n- intent: [a\n", 3, "not valid YAML"),
        ("nlu: 3\n", 1, "no list under 'nlu'"),
    ],
)
def test_rasa_yaml_says_where_it_is_wrong(
    content: str, line: int, message: str, tmp_path: Path
) -> None:
    said = error(YAML, tmp_path, content)
    assert message in said
    assert f"line {line} " in said


def test_rasa_yaml_refuses_what_grows(tmp_path: Path) -> None:
    laughs = "a: &a [x, x]\nb: &b [*a, *a]\nnlu: [*b]\n"
    assert "line 1 " in error(YAML, tmp_path, laughs)
    assert "nested too deeply" in error(YAML, tmp_path, "nlu: " + "[" * 200 + "]" * 200)


def test_rasa_md_reads_intents_and_tells_the_rest(tmp_path: Path) -> None:
    content = (
        "\ufeff<!-- একটি\nমন্তব্য --!>\n## intent: find_date\r\n- starting[6Nov18](date_start) \r\n"
        "* [ঢাকা](city:Dhaka) <!-- x -->যাব\n+ \n[ঢাকা](city)\n## synonym:a\n- b\n"
    )
    first, second = load(MD, tmp_path, content)[0]
    assert (first.text, first.spans, first.line) == (
        "starting6Nov18",
        (Span(8, 14, "date_start"),),
        4,
    )
    assert first.meta == {"intent": "find_date"}
    assert (second.text, words(second)) == ("ঢাকা যাব", [("ঢাকা", "city", {"value": "Dhaka"})])
    [notice] = load(MD, tmp_path, content)[1]
    assert "line that is no list item (1), line under synonym (1)" in notice.note
    assert "line 2 | The comment" in error(MD, tmp_path, "## intent:a\n<!-- x\n- ক\n")
    assert "no section 'story'" in error(MD, tmp_path, "## intent:a\n## story: x\n")


def test_rasa_json_reads_examples_with_their_lines(tmp_path: Path) -> None:
    city = {"start": 0, "end": 4, "value": "ঢাকা", "entity": "city"}
    card = {"start": 0, "end": 2, "value": "credit", "entity": "card", "role": "from"}
    data = {
        "regex_features": [{"name": "{", "pattern": "}"}],
        "common_examples": [
            {"text": "ঢাকা যাব", "intent": "go", "id": 3, "entities": [city]},
            {"text": "কখ", "entities": [card, {**card, "start": 9}]},
        ],
        "intent_examples": [{"text": "না", "intent": "no"}],
    }
    content = json.dumps({"rasa_nlu_data": data}, ensure_ascii=False, indent=1)
    [first, second], notices = load(JSON, tmp_path, content)
    lines = content.split("\n")
    assert '"ঢাকা যাব"' in lines[first.line] and '"কখ"' in lines[second.line]
    assert (first.spans[0].surface, first.spans[0].meta) == ("ঢাকা", None)
    assert first.meta == {"intent": "go", "id": 3}
    assert second.spans == (Span(0, 2, "card"), Span(9, 2, "card"))
    assert second.spans[0].meta == {"value": "credit", "role": "from"}
    assert [(n.code, n.spans) for n in notices] == [("not-text", 0), ("unannotated", 0)]


def test_rasa_json_reads_bare_examples(tmp_path: Path) -> None:
    zh = {
        "text": "下个星期五在南京",
        "intent": "weather",
        "entities": [
            {"start": 0, "end": 5, "value": "下个星期五", "entity": "date"},
            {"start": 6, "end": 8, "value": "南京", "entity": "city"},
        ],
    }
    content = json.dumps(zh, ensure_ascii=False)
    [record], _ = load(JSON, tmp_path, content)
    assert JSON.sniff(read_head(tmp_path / "nlu"))
    assert record.spans == (Span(0, 5, "date"), Span(6, 8, "city"))
    assert "no whole number" in error(JSON, tmp_path, content.replace("5", '"5"'))


def record_of(text: str, data: st.DataObject, number: int) -> Record:
    place = st.integers(-1, len(text) + 1)
    spans = data.draw(
        st.lists(st.builds(Span, place, place, LABEL, meta=META), max_size=4), label="spans"
    )
    metas = [{"intent": "a"}, {"intent": "হ্যাঁ: না\n"}, {"intent": "no", "id": 7, "x": {"y": [None]}}]
    return Record(text, tuple(spans), number, data.draw(st.sampled_from(metas)))


def write(known: Format, path: Path, records: list[Record]) -> tuple[list[Record], list[Notice]]:
    told: list[Notice] = []
    assert known.write is not None
    known.write(records, path, OPTIONS, told.append)
    return list(known.read(path, ReadOptions(), lambda notice: None)), told


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(TEXT, max_size=3), st.data())
def test_rasa_yaml_reads_back_what_it_wrote(
    tmp_path: Path, texts: list[str], data: st.DataObject
) -> None:
    records = [record_of(text, data, i) for i, text in enumerate(texts, 1)]
    try:
        again, told = write(YAML, tmp_path / "out.yml", records)
    except UserError as refused:
        assert "marked up" in refused.what
        return
    assert [(r.text, r.meta) for r in again] == [(r.text, r.meta) for r in records]
    for record, found in zip(records, again, strict=True):
        lost = sum(n.spans for n in told if n.line == record.line)
        assert len(found.spans) == len(record.spans) - lost
        given_spans = [(s, s.meta) for s in record.spans]
        assert all((s, s.meta) in given_spans for s in found.spans)
    if records:
        assert yaml.safe_load((tmp_path / "out.yml").read_text(encoding="utf8"))["nlu"]


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(TEXT, max_size=3), st.data())
def test_rasa_json_reads_back_what_it_wrote(
    tmp_path: Path, texts: list[str], data: st.DataObject
) -> None:
    records = [record_of(text, data, i) for i, text in enumerate(texts, 1)]
    again, told = write(JSON, tmp_path / "out.json", records)
    assert not told
    assert [(r.text, r.spans, r.meta) for r in again] == [
        (r.text, r.spans, r.meta) for r in records
    ]


def test_rasa_yaml_writes_lines_that_people_can_read(tmp_path: Path) -> None:
    spans = (Span(0, 4, "city"), Span(0, 4, "capital"), Span(5, 8, "x:y", meta={"role": "a}"}))
    records = [
        Record("ঢাকা [ক]", spans[:2], 1, {"intent": "go"}),
        Record("ঢাকা কখগ", spans, 2, {"intent": "go"}),
        Record("ক\nখ", (), 3),
    ]
    again, told = write(YAML, tmp_path / "out.yml", records)
    assert [r.spans for r in again] == [spans[:2], spans, ()]
    assert not told
    assert (tmp_path / "out.yml").read_text(encoding="utf8") == (
        'version: "3.1"\n\nnlu:\n- intent: go\n  examples: |\n'
        '    - [ঢাকা][{"entity": "city"}, {"entity": "capital"}] [ক]\n'
        '    - [ঢাকা][{"entity": "city"}, {"entity": "capital"}] '
        '[কখগ]{"entity": "x:y", "role": "a\\u007d"}\n'
        '- intent: none\n  examples:\n  - text: "ক\\nখ"\n'
    )


def test_rasa_writers_tell_what_they_cannot_hold(tmp_path: Path) -> None:
    parts = Span(0, 4, "x", fragments=((0, 1), (3, 4)))
    inner = Span(1, 2, "y")
    record = Record("কখগঘ", (parts, Span(0, 3, "z"), inner, Span(2, 2, "e"), Span(3, 9, "o")), 5)
    again, told = write(YAML, tmp_path / "out.yml", [record])
    assert again[0].spans == (Span(0, 3, "z"),)
    assert [(n.code, n.line, n.spans) for n in told] == [("not-written", 5, 1)] * 4
    again, told = write(JSON, tmp_path / "out.json", [record])
    assert again[0].spans == record.spans[1:]
    assert [(n.code, n.spans) for n in told] == [("not-written", 1)]
    with pytest.raises(UserError, match="reads as if it were marked up"):
        write(YAML, tmp_path / "out.yml", [Record("[১](সূত্র)", (), 1)])


def test_rasa_yaml_reads_the_real_files() -> None:
    path = SHARED / "financial_demo_en" / "nlu.yml"
    if not path.is_file():
        pytest.skip("the real Rasa files are not beside the project")
    notices: list[Notice] = []
    assert YAML.sniff(read_head(path))
    records = list(YAML.read(path, ReadOptions(), notices.append))
    spans = [span for record in records for span in record.spans]
    # 611 lines begin with a dash there: 578 examples, 13 synonyms, and 20 heads of blocks.
    assert (len(records), len(spans)) == (578, 258)
    assert sum("value" in (s.meta or {}) for s in spans) == 11
    assert [n.code for n in notices] == ["not-text"]


def test_rasa_yaml_reads_files_without_entities() -> None:
    folder = SHARED / "nlu_training_data"
    if not folder.is_dir():
        pytest.skip("the real Rasa files are not beside the project")
    files = sorted(folder.rglob("*"))
    known = [path for path in files if path.is_file() and YAML.sniff(read_head(path))]
    assert {path.name for path in known} == {"nlu.yml"} and len(known) == 9
    records = [r for path in known for r in YAML.read(path, ReadOptions(), lambda n: None)]
    assert (len(records), sum(len(r.spans) for r in records)) == (1164, 0)
