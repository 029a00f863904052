"""Files with the faults that public tools stumbled over, as our own small ones."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from scripts.annotations.formats import format_of
from scripts.annotations.formats.base import ReadOptions
from scripts.annotations.reading_log import ReadingLog
from scripts.corpora.surveying import read_codepoints
from scripts.corpora.tokenizer import build_tokenizer

FILE = Path(__file__).parents[2] / "data" / "formats.jsonl"
CASES = [json.loads(line) for line in FILE.read_text(encoding="utf8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_cases_are_read_as_they_are_meant(case, tmp_path):
    for name, content in case["files"].items():
        (tmp_path / name).write_bytes(content.encode("utf8"))
    options, log = ReadOptions(lang="bn"), ReadingLog()
    reading = read_codepoints(tmp_path, options, build_tokenizer("bn"), log)
    records = list(reading.records)
    assert format_of(tmp_path, options).name == case["format"]
    assert reading.unit == case.get("unit", "codepoint")
    found = [[r.text, [[s.start, s.end, s.label] for s in r.spans]] for r in records]
    assert found == case["records"]
    missing = [[list(place) for place in record.missing] for record in records]
    assert missing == case.get("missing", [[] for _ in records])
    assert Counter(case.get("notices", {})) == log.notices
