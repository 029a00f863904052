"""What a record says of itself."""

from __future__ import annotations

import pytest

from scripts.annotations.records import Record


@pytest.mark.parametrize(
    ("meta", "expected"),
    [({"id": 17}, "17"), ({"id": "ক-১"}, "ক-১"), ({"id": None}, None), ({}, None)],
)
def test_records_id_is_text_or_none(meta: dict, expected: str | None) -> None:
    assert Record("ঢাকা", (), 1, meta).id == expected


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"doc": "d1", "doc_id": "d2"}, "d1"),
        ({"doc_id": 2}, "2"),
        ({"document": "d3"}, "d3"),
        ({"doc": {"name": "d4"}, "document": "d5"}, "d5"),
        ({"source": "d6"}, None),
    ],
)
def test_records_document_is_found_under_its_usual_keys(meta: dict, expected: str | None) -> None:
    assert Record("ঢাকা", (), 1, meta).document == expected
