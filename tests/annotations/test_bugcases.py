"""Inputs on which public tools failed real users, each with what should come of it.

The collection is kept beside the repository; without it these tests are skipped.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scripts.annotations.audit import RecordAudit, audit_record
from scripts.annotations.edges import TokenEdges
from scripts.annotations.faults import parse_policies
from scripts.annotations.formats import read_records
from scripts.annotations.records import Record, Span
from scripts.annotations.survey import Evidence
from scripts.corpora.tokenizer import build_tokenizer, token_edges

COLLECTION = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "bugcases.jsonl"

tokenizer = cache(build_tokenizer)


def _load() -> list[dict[str, Any]]:
    if not COLLECTION.is_file():
        return []
    with COLLECTION.open(encoding="utf8") as file:
        return [json.loads(line) for line in file]


def _is_record(case: dict[str, Any]) -> bool:
    """Whether the case holds plain character spans; other formats come with their readers."""
    if case["format"] == "spacy_v2_train_data":
        # One string is a whole file, and for its reader.
        return isinstance(case["input"], list)
    return case["format"] == "span_jsonl"


def _each(cases: list[dict[str, Any]]) -> pytest.MarkDecorator:
    absent = pytest.mark.skip(reason="the collection of bug cases is not here")
    params = [pytest.param(case, id=case["id"]) for case in cases]
    return pytest.mark.parametrize("case", params or [pytest.param({}, marks=absent, id="none")])


CASES = _load()
every_case = _each([case for case in CASES if _is_record(case)])
other_case = _each([case for case in CASES if not _is_record(case)])


def record_of(case: dict[str, Any], folder: Path) -> Record:
    """The case's input as a record."""
    given = case["input"]
    if case["format"] == "span_jsonl":
        path = folder / "case.jsonl"
        line = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        path.write_bytes(line.encode("utf8"))
        [record] = read_records(path)
        return record
    text, annotations = given
    spans = annotations["entities"] if isinstance(annotations, dict) else annotations
    return Record(text, tuple(Span(*span) for span in spans), 1)


def edges_of(case: dict[str, Any], text: str) -> TokenEdges:
    return token_edges(tokenizer(case["spacy_3_8_18"]["lang"]).make_doc(text))


def audit(case: dict[str, Any], record: Record, *policies: str) -> RecordAudit:
    # Of one record's unit nothing can be decided; the user says what it is.
    unit = "crlf-as-three" if "shifted_by" in case["expect"] else "codepoint"
    edges = edges_of(case, record.text)
    return audit_record(record, edges, Evidence(unit=unit), parse_policies(policies))


def expected(case: dict[str, Any], record: Record) -> list[Span] | None:
    """The spans to come out: those that whole tokens can hold, or None if nothing is said."""
    expect = case["expect"]
    if "policy_expand" in expect:
        # A span inside a token: the case leaves it to the policy, which is to grow by default.
        [span] = record.spans
        return [Span(*expect["policy_expand"], span.label)]
    if "spans" not in expect:
        return None
    edges = edges_of(case, record.text)
    spans = [Span(start, end, label) for start, end, label, _ in expect["spans"]]
    return sorted(span for span in spans if edges.fits(span.start, span.end))


@other_case
def test_bugcases_of_other_formats(case: dict[str, Any]) -> None:
    pytest.skip(f"format {case['format']} is not read yet")


@every_case
def test_bugcases_text_and_spans(case: dict[str, Any], tmp_path: Path) -> None:
    record = record_of(case, tmp_path)
    wanted = expected(case, record)
    assert record.text == case["expect"].get("text", record.text)
    for start, end, _, surface in case["expect"].get("spans", []):
        assert record.text[start:end] == surface
    if wanted is None:
        pytest.skip("the case names no spans")
    result = audit(case, record)
    # Beside them there may be spans that had to be moved because no whole tokens hold them.
    given = {(s.start, s.end) for s in record.spans}
    moved = {d.span for d in result.decisions if d.span and (d.span.start, d.span.end) not in given}
    assert set(wanted) <= set(result.ents)
    assert set(result.ents) - set(wanted) <= moved


@every_case
def test_bugcases_no_span_is_lost_without_a_word(case: dict[str, Any], tmp_path: Path) -> None:
    record = record_of(case, tmp_path)
    result = audit(case, record)
    assert [d.given for d in result.decisions] == list(record.spans)
    assert not result.stop
    for decision in result.decisions:
        if decision.span != decision.given:
            assert decision.faults


@every_case
def test_bugcases_diagnosis(case: dict[str, Any], tmp_path: Path) -> None:
    record = record_of(case, tmp_path)
    expect, decisions = case["expect"], audit(case, record).decisions
    faults = {(d.given.start, d.given.end): set(d.faults) for d in decisions}
    spans = {(d.given.start, d.given.end): d.span for d in decisions}
    trimmed = {place for place, found in faults.items() if "edge-whitespace" in found}
    wanted = expect.get("trimmed", 0)
    if isinstance(wanted, int):
        assert len(trimmed) == wanted
    else:
        assert trimmed == {tuple(place) for place in wanted}
    for start, end, _, _ in expect.get("dropped_overlap", []):
        assert faults[start, end] & {"nested", "crossing"}
        assert spans[start, end] is None
    if expect.get("policy_strict") == "drop":
        strict = ("off-by-one=drop", "mid-token=drop", "mostly-outside=drop")
        assert not audit(case, record, *strict).ents
    if "suggest" in expect:
        [span] = spans.values()
        assert [span.start, span.end] == expect["suggest"]
    if expect.get("diagnostic") == "misaligned" or "misaligned" in expect:
        assert faults.keys() & {place for place, found in faults.items() if found}
    if expect.get("diagnostic") == "overlap":
        assert set.union(*faults.values()) & {"nested", "crossing"}
