"""Inputs on which public tools failed real users, each with what should come of it.

The collection is kept beside the repository; without it these tests are skipped. The most telling
ones stand in the tests of their formats, written anew.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scripts.annotations.audit import RecordAudit, audit_record
from scripts.annotations.edges import TokenEdges
from scripts.annotations.faults import Fate, parse_policies
from scripts.annotations.formats import format_of
from scripts.annotations.formats.base import Notice, ReadOptions
from scripts.annotations.reading import read_records, unit_of
from scripts.annotations.records import Record, Span
from scripts.annotations.survey import Evidence, Survey, decide_unit
from scripts.common.errors import UserError
from scripts.corpora.conversion import Settings, convert
from scripts.corpora.tokenizer import build_tokenizer, token_edges

COLLECTION = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "bugcases.jsonl"

tokenizer = cache(build_tokenizer)


def _load() -> list[dict[str, Any]]:
    if not COLLECTION.is_file():
        return []
    with COLLECTION.open(encoding="utf8") as file:
        return [json.loads(line) for line in file]


CASES = _load()
ABSENT = pytest.mark.skip(reason="the collection of bug cases is not here")


# The first is of two files, the other of a file that may be refused: both have tests of their own.
APART = ("leak-train-dev", "ls-html")


def cases_with(*keys: str) -> pytest.MarkDecorator:
    """Each case that expects one of the keys; each case at all, if none is named."""
    chosen = [
        c for c in CASES if c["id"] not in APART and (not keys or set(keys) & c["expect"].keys())
    ]
    return each(chosen)


def the_case(name: str) -> pytest.MarkDecorator:
    return each([case for case in CASES if case["id"] == name])


def each(chosen: list[dict[str, Any]]) -> pytest.MarkDecorator:
    params = [pytest.param(case, id=case["id"]) for case in chosen]
    return pytest.mark.parametrize("case", params or [pytest.param({}, marks=ABSENT, id="none")])


@dataclass(frozen=True)
class Read:
    """A case's file as it was read and audited."""

    unit: str
    records: list[Record]
    notices: list[Notice]
    audits: list[RecordAudit]


XMI = """<?xml version="1.0" encoding="UTF-8"?>
<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore"
 xmlns:type="http:///de/tudarmstadt/ukp/dkpro/core/api/ner/type.ecore" xmi:version="2.0">
<cas:NULL xmi:id="0"/>
{entities}
<cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" mimeType="text" sofaString="{text}"/>
<cas:View sofa="1" members="{members}"/>
</xmi:XMI>
"""


def _xmi(given: dict[str, Any]) -> str:
    entities = [
        f'<type:NamedEntity xmi:id="{i}" sofa="1" begin="{e["begin"]}" end="{e["end"]}" '
        f'value="{e["value"]}"/>'
        for i, e in enumerate(given["NamedEntity"], start=10)
    ]
    members = " ".join(str(i) for i, _ in enumerate(entities, start=10))
    return XMI.format(entities="\n".join(entities), text=given["sofaString"], members=members)


def file_of(case: dict[str, Any], folder: Path) -> Path:
    """Writes the case's input as its tool would have written it."""
    given, kind = case["input"], case["format"]
    if kind == "brat":
        for name, content in given.items():
            (folder / name).write_bytes(content.encode("utf8"))
        return folder
    if kind == "plain_text":
        text = unicodedata.normalize("NFD", case["expect"]["text"])
        given = {"text": text, "label": [[0, len(text), "X"]]}
    elif kind == "uima_xmi":
        given = _xmi(given)
    elif kind == "rasa_json":
        given = {"rasa_nlu_data": {"common_examples": [given]}}
    elif kind.startswith(("spacy_v2", "label_studio")) and not isinstance(given, str):
        given = [given]
    content = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    path = folder / "case"
    path.write_bytes(content.encode("utf8"))
    return path


def read(case: dict[str, Any], folder: Path, *policies: str) -> Read:
    """Reads and audits the case."""
    path, lang = file_of(case, folder), case["spacy_3_8_18"]["lang"]
    options, notices = ReadOptions(lang=lang), []
    records = list(read_records(path, options, notices.append))
    edges = [token_edges(tokenizer(lang).make_doc(record.text)) for record in records]
    unit = unit_of(format_of(path, options), options)
    documented = unit != "auto"
    if "shifted_by" in case["expect"]:
        # Of one record's line ends nothing can be decided; the user says what they are.
        unit = "crlf-as-three"
    elif unit == "auto":
        survey = Survey()
        for record, own in zip(records, edges, strict=True):
            survey.add(record, own, contexts=False)
        unit = decide_unit(survey)[0]
    evidence = Evidence(unit=unit, documented=documented)
    chosen = parse_policies(policies)
    audits = [audit_record(r, e, evidence, chosen) for r, e in zip(records, edges, strict=True)]
    return Read(unit, records, notices, audits)


def edges_of(case: dict[str, Any], text: str) -> TokenEdges:
    return token_edges(tokenizer(case["spacy_3_8_18"]["lang"]).make_doc(text))


HANDLED = {
    "text", "spans", "diagnostic", "suggest", "misaligned", "policy_expand", "policy_strict",
    "trimmed", "dropped_overlap", "action", "never", "counted", "docs", "skipped", "ents",
    "tokens", "tags", "unit", "shifted_by", "nfc_length", "raw_length", "merged",
    "fragments_bridge_whitespace", "length", "note",
}  # fmt: skip


@each(CASES)
def test_bugcases_expect_nothing_that_is_not_tested(case):
    assert case["expect"].keys() <= HANDLED


@pytest.mark.skipif(not CASES, reason="the collection of bug cases is not here")
def test_bugcases_are_thirty_five():
    assert len(CASES) == 35


@cases_with()
def test_bugcases_no_span_is_lost_without_a_word(case, tmp_path):
    found = read(case, tmp_path)
    for record, audit in zip(found.records, found.audits, strict=True):
        assert [d.given for d in audit.decisions] == list(record.spans)
        assert not audit.stop
        for decision in audit.decisions:
            if decision.span != decision.read:
                assert decision.faults


@cases_with("text", "spans", "docs", "length", "raw_length", "nfc_length")
def test_bugcases_text_and_spans(case, tmp_path):
    found, expect = read(case, tmp_path), case["expect"]
    if isinstance(expect.get("docs"), int):
        assert len(found.records) == expect["docs"]
        return
    wanted = expect.get("docs", [expect])
    for record, audit, want in zip(found.records, found.audits, wanted, strict=True):
        text = unicodedata.normalize("NFD", want["text"]) if "length" in want else want["text"]
        assert record.text == text
        assert len(record.text) == want.get("length", want.get("raw_length", len(text)))
        if "nfc_length" in want:
            assert len(unicodedata.normalize("NFC", record.text)) == want["nfc_length"]
        for start, end, _, surface in want.get("spans", []):
            assert record.text[start:end] == surface
        check_ents(case, record, audit, want)


def check_ents(case, record, audit, want):
    edges = edges_of(case, record.text)
    if "policy_expand" in want:
        # A span inside a token: the case leaves it to the policy, which is to grow by default.
        ents = [Span(*want["policy_expand"], span.label) for span in record.spans]
    elif "spans" in want:
        spans = [Span(start, end, label) for start, end, label, _ in want["spans"]]
        ents = sorted(span for span in spans if edges.fits(span.start, span.end))
    else:
        return
    # Beside them there may be spans that had to be moved because no whole tokens hold them.
    given = {(s.start, s.end) for s in audit.read}
    moved = {d.span for d in audit.decisions if d.span and (d.span.start, d.span.end) not in given}
    assert set(ents) <= set(audit.ents)
    assert set(audit.ents) - set(ents) <= moved


@cases_with("ents", "tags", "tokens")
def test_bugcases_entities_of_tags(case, tmp_path):
    found, expect = read(case, tmp_path), case["expect"]
    ents = [(r.text[s.start : s.end], s.label) for r in found.records for s in r.spans]
    if isinstance(expect.get("ents"), int):
        assert len(ents) == expect["ents"]
    elif "ents" in expect:
        assert ents == [tuple(ent) for ent in expect["ents"]]
    if "tags" in expect:
        # Tokens hold blanks; the tag column is the last, and adjacent I- tags are one entity.
        assert {label for _, label in ents} == {tag.split("-")[1] for tag in expect["tags"]}
        given = [line.split(" _ ")[0] for line in case["input"].splitlines() if line]
        assert [word for ent, _ in ents for word in ent.split()] == " ".join(given).split()
    if "tokens" in expect:
        assert len(found.records[0].text.split()) == expect["tokens"]


@cases_with("unit")
def test_bugcases_offset_unit(case, tmp_path):
    found = read(case, tmp_path)
    # Azure names the unit of each record, so that its reader gives code points.
    wanted = "codepoint" if case["format"] == "azure_ner_json" else case["expect"]["unit"]
    assert found.unit == wanted
    decided = [d for audit in found.audits for d in audit.decisions]
    assert all(d.fate in (Fate.KEPT, Fate.REPAIRED) for d in decided)


@cases_with("diagnostic", "misaligned", "suggest", "trimmed", "dropped_overlap", "policy_strict")
def test_bugcases_diagnosis(case, tmp_path):
    found, expect = read(case, tmp_path), case["expect"]
    decisions = [d for audit in found.audits for d in audit.decisions]
    faults = {(d.given.start, d.given.end): set(d.faults) for d in decisions}
    spans = {(d.given.start, d.given.end): d.span for d in decisions}
    trimmed = {place for place, codes in faults.items() if "edge-whitespace" in codes}
    # A span that ends in a carriage return loses it.
    wanted = expect.get("trimmed", int(expect.get("diagnostic") == "cr_in_surface"))
    if isinstance(wanted, int):
        assert len(trimmed) == wanted
    else:
        assert trimmed == {tuple(place) for place in wanted}
    for start, end, _, _ in expect.get("dropped_overlap", []):
        assert faults[start, end] & {"nested", "crossing"}
        assert spans[start, end] is None
    if expect.get("policy_strict") == "drop":
        strict = ("off-by-one=drop", "mid-token=drop", "mostly-outside=drop")
        assert not read(case, tmp_path, *strict).audits[0].ents
    if "suggest" in expect:
        [span] = spans.values()
        assert [span.start, span.end] == expect["suggest"]
    if expect.get("diagnostic") == "misaligned" or "misaligned" in expect:
        assert any(faults.values())
    if expect.get("diagnostic") == "overlap":
        assert set.union(*faults.values()) & {"nested", "crossing"}


@cases_with("skipped", "counted")
def test_bugcases_skipped_records_are_counted(case, tmp_path):
    found = read(case, tmp_path)
    left_out = [n for n in found.notices if n.code in ("left-out", "unannotated")]
    assert len(left_out) == case["expect"].get("skipped", 1)
    assert all(notice.line for notice in left_out)


@cases_with("merged", "fragments_bridge_whitespace")
def test_bugcases_fragments_with_blanks_between_are_one_span(case, tmp_path):
    [audit] = read(case, tmp_path).audits
    [decision] = audit.decisions
    assert not decision.given.fragments
    assert "surface-mismatch" not in decision.faults
    start, end, label = case["expect"].get("merged", (0, 67, "Evidencia"))
    assert (decision.given.start, decision.given.end, decision.given.label) == (start, end, label)


@the_case("ls-html")
def test_bugcases_html_is_mapped_or_refused(case, tmp_path):
    try:
        [record] = read(case, tmp_path).records
    except UserError as error:
        assert error.todo
        return
    assert [record.text[s.start : s.end] for s in record.spans] == ["こんにちは"]


@the_case("leak-train-dev")
def test_bugcases_texts_in_two_splits_are_reported(case, tmp_path):
    lines = [
        json.dumps({"text": f"{name} ঢাকায় থাকেন", "label": [[0, 4, "PER"]]}, ensure_ascii=False)
        for name in ("করিম", "রহিম", "সলিম", "জসিম")
    ]
    inputs = {"train": tmp_path / "train.jsonl", "dev": tmp_path / "dev.jsonl"}
    inputs["train"].write_text("\n".join(lines), encoding="utf8")
    inputs["dev"].write_text("\n".join(lines[2:]), encoding="utf8")
    audit = convert(inputs, tmp_path / "corpus", Settings(near_duplicate=1.0))
    assert audit["leaks"]["dev"]["exact"] == 2
    assert audit["splits"]["train"]["docs"] == 2
