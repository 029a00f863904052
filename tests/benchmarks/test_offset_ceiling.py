"""The ceiling of misaligned gold and the score of learning by heart, on cases worked by hand."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.offset_ceiling import (
    aligned,
    answered,
    ceilings,
    find_names,
    main,
    measure,
    memorisation,
    overlap,
    remember_names,
    score,
    silent,
)
from scripts.annotations.edges import TokenEdges
from scripts.annotations.reading import read_records
from scripts.annotations.records import Record, Span

# Reads the whole corpus.
pytestmark = pytest.mark.project

TEXT = "রহিমা খাতুন ঢাকায় থাকেন"
TEXTS = {"রহিমা খাতুন": (0, 11), "রহিমা": (0, 5), "ঢাকায়": (12, 18), "ঢাকা": (12, 16)}


def words(text: str) -> TokenEdges:
    starts, ends, at = [], [], 0
    for word in text.split(" "):
        starts.append(at)
        ends.append(at + len(word))
        at += len(word) + 1
    return TokenEdges(starts, ends)


def record(*surfaces: str, text: str = TEXT) -> Record:
    found = [(text.index(s), text.index(s) + len(s)) for s in surfaces]
    return Record(text, tuple(Span(*place, "PER") for place in found), 1)


def test_ceiling_of_a_span_that_ends_before_a_case_suffix():
    # Two names of three on word edges: silent P 1, R 2/3; answering the third costs precision.
    records = [record("রহিমা খাতুন"), record("ঢাকা"), record("থাকেন")]
    found = ceilings(records, words)
    assert (found["spans"], found["on_token_edges"]) == (3, 2)
    assert found["silent"] == {"p": 100.0, "r": 66.67, "f": 80.0, "tp": 2, "fp": 0, "fn": 1}
    assert found["answered"] == {"p": 66.67, "r": 66.67, "f": 66.67, "tp": 2, "fp": 1, "fn": 1}


def test_ceiling_of_nested_spans_counts_what_doc_ents_can_hold():
    found = ceilings([record("রহিমা খাতুন", "রহিমা", "ঢাকায়")], words)
    assert found["on_token_edges"] == 3
    assert found["silent"]["tp"] == 2


def test_ceiling_counts_equal_spans_once():
    assert ceilings([record("রহিমা", "রহিমা")], words)["spans"] == 1


SPANS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 4)).map(lambda t: Span(t[0], t[0] + t[1], "PER")),
    max_size=6,
)


@given(SPANS, st.sets(st.integers(1, 12)))
def test_ceiling_silent_is_the_best_of_all_selections(spans, cuts):
    points = [0, *sorted(cuts), 13]
    edges = TokenEdges(points[:-1], points[1:])
    fitting = [s for s in set(spans) if edges.fits(s.start, s.end)]
    best = max(
        len(chosen)
        for n in range(len(fitting) + 1)
        for chosen in combinations(fitting, n)
        if all(a.end <= b.start or b.end <= a.start for a, b in combinations(chosen, 2))
    )
    assert len(silent(spans, edges)) == best
    guesses = sorted(answered(spans, edges))
    assert silent(spans, edges) <= set(guesses)
    assert all(edges.fits(s.start, s.end) for s in guesses)
    assert all(a.end <= b.start for a, b in zip(guesses, guesses[1:], strict=False))


def test_ceiling_aligned_drops_what_strict_alignment_drops():
    assert [len(r.spans) for r in aligned([record("রহিমা", "ঢাকা")], words)] == [1]


def test_memory_scores_full_on_its_own_texts_and_nothing_on_others():
    train = [record("রহিমা খাতুন"), record("ঢাকায়", text="তিনি ঢাকায় থাকেন")]
    assert memorisation(train, train, words)["texts"]["f"] == 100
    other = [record("রহিমা খাতুন", text="আজ রহিমা খাতুন এলেন")]
    assert memorisation(train, other, words)["texts"]["f"] == 0
    assert memorisation(train, other, words)["names"]["f"] == 100


def test_memory_of_names_takes_the_longest_and_the_most_frequent_label():
    spans = [Span(0, 5, "PER"), Span(0, 11, "LOC"), Span(0, 11, "PER"), Span(0, 11, "PER")]
    names = remember_names([Record(TEXT, tuple(spans), 1)])
    assert names == {"রহিমা": "PER", "রহিমা খাতুন": "PER"}
    assert find_names(TEXT, words(TEXT), names, 2) == [Span(0, 11, "PER")]


def test_score_counts_each_span_once():
    gold, guess = [[Span(0, 5, "PER")]], [[Span(0, 5, "PER"), Span(0, 5, "PER")]]
    assert score(gold, guess).as_dict()["f"] == 100


def test_overlap_sees_texts_that_differ_in_spacing():
    val = [record(), record(text=TEXT + " ।"), record(text="অন্য লেখা")]
    assert overlap([record()], val) == {
        "texts": 3, "same_text": 1, "same_letters_and_digits": 2,
    }  # fmt: skip


def test_offset_ceiling_skips_where_the_corpus_is_absent(tmp_path, capsys):
    main(tmp_path / "no.jsonl", tmp_path / "no.jsonl", "bn", 1, tmp_path / "out.json")
    assert "Skipped" in capsys.readouterr().out
    assert not (tmp_path / "out.json").exists()


def test_offset_ceiling_writes_the_same_bytes_twice(write_jsonl, tmp_path):
    rows = [{"text": TEXT, "label": [[*TEXTS["রহিমা খাতুন"], "PER"], [*TEXTS["ঢাকা"], "PER"]]}]
    path, out = write_jsonl("a.jsonl", rows), tmp_path / "results" / "out.json"
    main(path, path, "bn", 1, out)
    first = out.read_bytes()
    main(path, path, "bn", 1, out)
    assert out.read_bytes() == first
    result = json.loads(first)
    assert result["ceilings"]["ours"]["train"]["silent"]["f"] == pytest.approx(66.67)
    assert str(tmp_path) not in out.read_text(encoding="utf8")


def test_offset_ceiling_of_banglaner_is_what_the_documentation_says(banglaner):
    train, val = (list(read_records(banglaner / f"{n}.jsonl")) for n in ("train", "val"))
    assert sum(len(r.spans) for r in val[:1161]) == 1413
    result = measure(train[:400], val, "bn", 1161)
    ceiling = result["ceilings"]["stock"]["val, first 1,161"]["silent"]
    page = Path(__file__).resolve().parents[2] / "docs" / "evaluation.md"
    assert f"F {ceiling['f']:.1f}" in page.read_text(encoding="utf8")
    assert ceiling["f"] == 89.57


def test_documentation_numbers_are_those_of_the_results_file():
    root = Path(__file__).resolve().parents[2]
    page = (root / "docs" / "evaluation.md").read_text(encoding="utf8")
    path = root / "benchmarks" / "results" / "offset_ceiling.json"
    result = json.loads(path.read_text(encoding="utf8"))
    for part, values in result["ceilings"]["stock"].items():
        section = page[page.index("### What caps 81.05") :]
        row = next(line for line in section.splitlines() if line.startswith(f"| {part} |"))
        cells = [cell.strip(" *").replace(",", "") for cell in row.split("|")[2:-1]]
        silent_, answered_ = values["silent"], values["answered"]
        counts = [str(values[key]) for key in ("texts", "spans", "on_token_edges")]
        assert cells == [*counts, *(f"{v:.1f}" for v in (silent_["r"], silent_["f"],
                                                         answered_["f"]))]  # fmt: skip
    for part in ("train, aligned spans alone", "val, aligned spans alone"):
        assert f"**{result['memorised'][part]['texts']['f']:.1f}**" in page
    for part in ("train, as given", "val, as given"):
        for known in ("texts", "names"):
            assert f"{result['memorised'][part][known]['f']:.1f}" in page
