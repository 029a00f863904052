"""What is taken from a client's bytes, and what is refused without quoting it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("fastapi")

from scripts.service.bodies import parse_texts
from scripts.service.limits import Limits
from scripts.service.problems import Problem

LIMITS = Limits(text_characters=20, texts=3)
BAD = {
    "not_utf8": [b"\xff\xfe\x00", b'{"text": "\xed\xa0\x80"}', bytes(range(256))],
    "invalid_json": [
        b"", b"{", b"text=x", b'{"text": NaN}', b'{"text": -Infinity}', b"[" * 200_000,
        b'{"text": ' + b"9" * 5000 + b"}", b'\xef\xbb\xbf{"text": "x"}', b'{"text": "a\x00"}',
    ],
    "duplicate_key": [b'{"text": "a", "text": "b"}', b'{"texts": [{"a": 1, "a": 2}]}'],
    "wrong_keys": [
        b"null", b"[]", b"{}", b'"x"', b'{"text": "a", "texts": ["a"]}', b'{"text": "a", "k": 1}',
    ],
    "wrong_type": [
        b'{"text": null}', b'{"text": 1}', b'{"texts": "a"}', b'{"texts": [["a"]]}',
        b'{"texts": ["a", 1.5]}', b'{"texts": {}}',
    ],
    "wrong_count": [b'{"texts": []}', b'{"texts": ["a", "a", "a", "a"]}'],
    "empty_text": [b'{"text": ""}', b'{"texts": ["a", ""]}'],
    "text_too_long": [json.dumps({"text": "ক" * 21}).encode()],
    "nul_character": [b'{"text": "a\\u0000"}'],
    "lone_surrogate": [b'{"text": "\\ud83d"}', b'{"texts": ["a", "\\ude00\\ud83d"]}'],
}  # fmt: skip


@pytest.mark.parametrize(("code", "body"), [(c, body) for c in BAD for body in BAD[c]],
                         ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_bodies_refuse(code, body):
    with pytest.raises(Problem) as caught:
        parse_texts(body, LIMITS)
    early = code in ("not_utf8", "invalid_json", "duplicate_key")
    assert (caught.value.code, caught.value.status) == (code, 400 if early else 422)


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
)


@settings(max_examples=25, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3), st.booleans())
def test_bodies_give_every_text_as_it_was_sent(texts, escaped):
    body = json.dumps({"texts": texts}, ensure_ascii=escaped).encode()
    assert parse_texts(body, LIMITS) == texts
    one = json.dumps({"text": texts[0]}, ensure_ascii=escaped).encode()
    assert parse_texts(one, LIMITS) == texts[:1]


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=60))
def test_bodies_meet_any_bytes_with_texts_or_a_problem(body):
    try:
        assert all(isinstance(text, str) for text in parse_texts(body, LIMITS))
    except Problem as problem:
        assert problem.status in (400, 422)
