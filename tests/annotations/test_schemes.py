from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.annotations.schemes import (
    SCHEMES,
    TagCounts,
    TokenSpan,
    decode,
    encode,
    find_scheme,
    is_tag,
    split_tag,
)


def conlleval(tags: Sequence[str]) -> list[TokenSpan]:
    """Chunks by the rules of conlleval's startOfChunk and endOfChunk, with S as seqeval adds it."""
    chunks: list[TokenSpan] = []
    last, last_kind, begin = "O", "", 0
    for i, tag in enumerate([*tags, "O"]):
        now, _, kind = tag.partition("-")
        other = last != "O" and now != "O" and kind != last_kind
        ends = other or last in ("E", "S") or (last in ("B", "I") and now in ("B", "S", "O"))
        if ends:
            chunks.append((begin, i, last_kind))
        if now in ("B", "S") or (now in ("I", "E") and (last in ("E", "S", "O") or other)):
            begin = i
        last, last_kind = now, kind
    return chunks


def counted(*sequences: Sequence[str | None]) -> TagCounts:
    counts = TagCounts()
    for tags in sequences:
        counts.add(tags)
    return counts


LABELS = ("PER", "LOC")
any_tags = st.lists(
    st.sampled_from(["O", *(f"{p}-{label}" for p in "BIES" for label in LABELS)]), max_size=12
)
lengths = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(["", *LABELS])), min_size=1, max_size=8
)


def spans_of(parts: Sequence[tuple[int, str]]) -> tuple[list[TokenSpan], int]:
    spans, at = [], 0
    for size, label in parts:
        if label:
            spans.append((at, at + size, label))
        at += size
    return spans, at


@settings(max_examples=300, deadline=None)
@given(any_tags)
def test_schemes_decode_equals_conlleval_on_valid_and_invalid_tags(tags: list[str]) -> None:
    for scheme in ("IO", "IOB1", "IOB2", "IOBES"):
        assert decode(tags, scheme).spans == conlleval(tags)


@settings(max_examples=100, deadline=None)
@given(any_tags)
def test_schemes_bilou_and_bmes_are_iobes_in_other_letters(tags: list[str]) -> None:
    for scheme, letters in (("BILOU", {"E": "L", "S": "U"}), ("BMES", {"I": "M"})):
        translated = [letters.get(tag[0], tag[0]) + tag[1:] for tag in tags]
        assert decode(translated, scheme).spans == conlleval(tags)


@settings(max_examples=100, deadline=None)
@given(lengths)
@pytest.mark.parametrize("scheme", [s for s in SCHEMES if s != "IO"])
def test_schemes_encode_decodes_to_the_same_without_repairs(
    scheme: str, parts: list[tuple[int, str]]
) -> None:
    spans, size = spans_of(parts)
    tags = encode(spans, size, scheme)
    assert decode(tags, scheme).spans == spans
    assert decode(tags, scheme).repairs == []
    # A file of few tags may fit another scheme, but never one that reads it otherwise.
    assert decode(tags, find_scheme(counted(tags))).spans == spans


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        (["I-PER", "I-PER", "O", "I-LOC"], "IO"),
        (["I-PER", "I-PER", "B-PER", "O", "I-LOC"], "IOB1"),
        (["B-PER", "I-PER", "O", "B-LOC"], "IOB2"),
        (["B-PER", "E-PER", "O", "S-LOC"], "IOBES"),
        (["B-PER", "L-PER", "O", "U-LOC"], "BILOU"),
        (["B-PER", "M-PER", "E-PER", "S-LOC"], "BMES"),
    ],
)
def test_schemes_are_found_and_the_counts_are_told(tags: list[str], scheme: str) -> None:
    counts = counted(tags)
    assert find_scheme(counts) == scheme
    for prefix, number in counts.prefixes.items():
        assert f"{number} {prefix}" in counts.summary


def test_schemes_one_mistyped_tag_does_not_change_the_scheme() -> None:
    tags = ["B-PER", "I-PER", "O"] * 200
    assert find_scheme(counted([*tags, "E-PER"])) == "IOB2"
    assert find_scheme(counted([*tags, "L-PER"])) == "IOB2"


def test_schemes_counts_do_not_run_over_the_end_of_a_sequence() -> None:
    counts = counted(["B-PER"], ["I-PER"])
    assert counts.opening == {"B": 1, "I": 1}


@pytest.mark.parametrize(
    ("tags", "scheme", "token"),
    [
        (["O", "I-PER"], "IOB2", 1),
        (["B-PER", "I-LOC"], "IOB2", 1),
        (["B-PER", "O"], "IOBES", 0),
        (["B-PER", "L-PER", "I-PER", "L-PER"], "BILOU", 2),
    ],
)
def test_schemes_repairs_say_at_which_token(tags: list[str], scheme: str, token: int) -> None:
    assert token in [at for at, _ in decode(tags, scheme).repairs]


def test_schemes_i_opens_without_repair_in_io_and_iob1() -> None:
    tags = ["O", "I-PER", "I-LOC"]
    for scheme in ("IO", "IOB1"):
        assert decode(tags, scheme).repairs == []


def test_schemes_missing_tag_ends_an_entity() -> None:
    assert decode(["B-PER", None, "I-PER"], "IOB2").spans == [(0, 1, "PER"), (2, 3, "PER")]


def test_schemes_labels_without_prefix_run_on() -> None:
    assert decode(["TIM", "TIM", "O", "TIM", "B-TIM"], "IOB2").spans == [
        (0, 2, "TIM"),
        (3, 4, "TIM"),
        (4, 5, "TIM"),
    ]


def test_schemes_tags_are_split() -> None:
    assert split_tag("B-creative-work") == ("B", "creative-work")
    assert split_tag("B_LOC") == ("B", "LOC")
    assert split_tag("I-স্থান") == ("I", "স্থান")
    assert split_tag("o") == ("O", "")
    assert split_tag("X-LOC") == ("", "X-LOC")
    assert not is_tag("B-") and not is_tag("PER") and is_tag("S-PER")
