"""What a whole file says: its offset unit, its ends, its labels."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from scripts.annotations.edges import TokenEdges
from scripts.annotations.records import Record, Span
from scripts.annotations.survey import (
    Survey,
    decide_inclusive,
    decide_unit,
    label_variants,
    span_size,
)
from scripts.annotations.units import CODEPOINT, UNITS
from scripts.corpora.tokenizer import build_tokenizer, token_edges

tokenizer = cache(build_tokenizer)

# In each of these texts করিম stands behind something that the unit counts differently.
SHIFTED = {
    "utf16": "😀 জানান করিম ঢাকায়",
    "grapheme": "জানান করিম ঢাকায়",
    "utf8": "জানান করিম ঢাকায়",
    "crlf-as-one": "জানান\r\nখবর করিম ঢাকায়",
    "crlf-as-three": "জানান\r\nখবর করিম ঢাকায়",
}
every_unit = pytest.mark.parametrize("unit", UNITS)


def edges_of(text: str) -> TokenEdges:
    return token_edges(tokenizer("bn").make_doc(text))


def at(text: str, surface: str, label: str = "PER") -> Span:
    start = text.index(surface)
    return Span(start, start + len(surface), label)


def in_unit(text: str, span: Span, unit: str) -> Span:
    if unit == CODEPOINT:
        return span
    positions = UNITS[unit].positions(text)
    return Span(positions[span.start], positions[span.end], span.label)


def survey_of(*records: Record, contexts: bool = False) -> Survey:
    survey = Survey()
    for record in records:
        survey.add(record, edges_of(record.text), contexts=contexts)
    return survey


def file_in(unit: str, wanted: int, plain: int = 0) -> Survey:
    """A survey of ``wanted`` records with offsets in the unit and ``plain`` in code points."""
    text = SHIFTED[unit]
    span = at(text, "করিম")
    records = [Record(text, (in_unit(text, span, unit),), 1)] * wanted
    return survey_of(*records, *[Record(text, (span,), 1)] * plain)


def reason_for(unit: str, survey: Survey, wanted: str = "auto") -> str:
    chosen, hypotheses = decide_unit(survey, wanted)
    return next(h.reason for h in hypotheses if unit in h.counts)


@every_unit
def test_survey_unit_is_found_from_ten_deciding_spans(unit: str) -> None:
    chosen, hypotheses = decide_unit(file_in(unit, 10))
    assert chosen == unit
    decided = next(h for h in hypotheses if unit in h.counts)
    assert decided.chosen == unit
    assert decided.counts == {CODEPOINT: 0, unit: 10}
    assert "of 10 spans" in decided.reason
    assert "too few" not in decided.reason


@every_unit
def test_survey_unit_stays_code_points_with_nine_deciding_spans_and_says_so(unit: str) -> None:
    survey = file_in(unit, 9)
    assert decide_unit(survey)[0] == CODEPOINT
    assert f"too few to decide by, set --offset-unit {unit} if it is so" in reason_for(unit, survey)


@every_unit
def test_survey_unit_stays_code_points_for_a_file_in_code_points(unit: str) -> None:
    survey = file_in(unit, 0, plain=20)
    chosen, hypotheses = decide_unit(survey)
    assert chosen == CODEPOINT
    counts = next(h.counts for h in hypotheses if unit in h.counts)
    assert counts[CODEPOINT] == 20
    assert "too few" not in reason_for(unit, survey)


@pytest.mark.parametrize(("wanted", "plain", "chosen"), [(18, 2, "utf16"), (17, 3, CODEPOINT)])
def test_survey_unit_needs_nine_spans_in_ten(wanted: int, plain: int, chosen: str) -> None:
    assert decide_unit(file_in("utf16", wanted, plain))[0] == chosen


def test_survey_unit_needs_a_file_that_does_not_fit_as_code_points_too() -> None:
    # Under both readings every span is a whole token: nothing speaks against code points.
    survey = survey_of(*[Record("😀।।।।", (Span(3, 4, "PER"),), 1)] * 20)
    assert survey.units["utf16"] == Counter(spans=20, codepoint=20, utf16=20)
    assert decide_unit(survey)[0] == CODEPOINT


def test_survey_unit_counts_only_spans_that_the_unit_places_elsewhere() -> None:
    # Before the emoji both units agree.
    text = "করিম 😀"
    survey = survey_of(*[Record(text, (at(text, "করিম"),), 1)] * 20)
    assert not survey.units["utf16"]["spans"]
    assert not any("UTF-16" in h.question for h in decide_unit(survey)[1])


def test_survey_unit_looks_past_blanks_at_the_edges() -> None:
    text = SHIFTED["utf16"]
    wide = in_unit(text, at(text, "করিম "), "utf16")
    assert decide_unit(survey_of(*[Record(text, (wide,), 1)] * 10))[0] == "utf16"


@pytest.mark.parametrize("wanted", [CODEPOINT, *UNITS])
def test_survey_unit_is_what_the_user_says(wanted: str) -> None:
    survey = file_in("utf16", 20)
    chosen, hypotheses = decide_unit(survey, wanted)
    assert chosen == wanted
    assert hypotheses
    for hypothesis in hypotheses:
        assert hypothesis.chosen == wanted
        assert hypothesis.reason.endswith(f"set by the user: {wanted}")


def test_survey_unit_that_lost_to_a_better_one_is_not_called_undecided() -> None:
    survey = Survey()
    survey.units["utf16"].update({"spans": 20, "utf16": 20})
    survey.units["utf8"].update({"spans": 20, "utf8": 19})
    assert decide_unit(survey)[0] == "utf16"
    assert "too few" not in reason_for("utf8", survey)


def test_survey_of_parts_equals_the_survey_of_the_whole() -> None:
    records = [
        Record(SHIFTED["utf16"], (at(SHIFTED["utf16"], "করিম"),), 1),
        Record("জানান করিম", (Span(6, 9, "PER"), Span(0, 90, "LOC")), 2),
        Record("ঢাকা\r\nশহর", (Span(6, 9, "LOC"), Span(4, 3, "LOC")), 3),
        Record("", (), 4),
    ]
    parts = survey_of(records[0], contexts=True)
    parts.update(survey_of(*records[1:3], contexts=True))
    parts.update(survey_of(records[3], contexts=True))
    assert parts == survey_of(*records, contexts=True)
    assert (parts.records, parts.spans, parts.labels) == (4, 5, Counter(PER=2, LOC=3))


def test_survey_leaves_contexts_out_when_told() -> None:
    record = Record("জানান করিম", (at("জানান করিম", "করিম"),), 1)
    assert not survey_of(record, contexts=False).contexts.seen
    assert survey_of(record, contexts=True).contexts.spans == {"PER": 1}


def test_survey_ends_count_what_fits_in_one_way_alone() -> None:
    text = "জানান করিম খান, ঢাকায়"
    spans = [
        at(text, "করিম"),  # fits as given
        at(text, "করি"),  # fits moved
        at(text, "করিম খা"),  # fits moved, two tokens
        at(text, "খান"),  # fits both ways: the comma is a token too
        at(text, "রিম"),  # starts inside a token: says nothing of ends
        at(text, "করিম "),  # took in a blank: surely not one too short
        Span(-4, 3, "PER"),
        Span(9, 6, "PER"),
    ]
    ends = survey_of(Record(text, tuple(spans), 1)).ends[CODEPOINT]
    assert ends == {
        "single": Counter({"as-given": 2, "end-plus-one": 1}),
        "multi": Counter({"end-plus-one": 1}),
    }


def test_survey_ends_count_a_one_letter_word_marked_by_its_only_offset() -> None:
    text = "এ কে এম"
    survey = survey_of(Record(text, (Span(0, 0, "PER"),), 1))
    assert survey.ends[CODEPOINT]["single"] == Counter({"end-plus-one": 1})


def test_survey_ends_are_counted_in_every_unit() -> None:
    text = SHIFTED["utf16"]
    short = in_unit(text, at(text, "করি"), "utf16")
    survey = survey_of(*[Record(text, (short,), 1)] * 10)
    assert survey.ends["utf16"]["single"] == Counter({"end-plus-one": 10})
    assert decide_inclusive(survey, "utf16")[0] == {"single": "all", "multi": "no"}
    assert decide_inclusive(survey, CODEPOINT)[0] == {"single": "no", "multi": "no"}


@pytest.mark.parametrize(
    ("given", "moved", "habit"),
    [
        (0, 0, "no"),
        (0, 9, "no"),
        (0, 10, "all"),
        (2, 18, "all"),
        (3, 18, "some"),
        (40, 10, "some"),
        (41, 10, "no"),
        (1000, 0, "no"),
    ],
)
@pytest.mark.parametrize("size", ["single", "multi"])
def test_survey_inclusive_habit_by_share(size: str, given: int, moved: int, habit: str) -> None:
    survey = Survey()
    survey.ends[CODEPOINT][size].update({"as-given": given, "end-plus-one": moved})
    chosen, hypotheses = decide_inclusive(survey, CODEPOINT)
    other = "multi" if size == "single" else "single"
    assert chosen == {size: habit, other: "no"}
    if given + moved:
        [hypothesis] = hypotheses
        assert hypothesis.chosen == habit
        assert hypothesis.counts == {"as-given": given, "end-plus-one": moved}
        assert size in hypothesis.question
    else:
        assert not hypotheses


def test_survey_span_size_counts_touched_tokens() -> None:
    text = "করিম খান"
    edges = edges_of(text)
    assert span_size(0, 4, edges) == span_size(1, 2, edges) == span_size(6, 6, edges) == "single"
    assert span_size(0, 8, edges) == span_size(3, 6, edges) == "multi"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"PER": 9, "Per": 2, "per": 1, "LOC": 5}, {"Per": "PER", "per": "PER"}),
        ({"B_ORG": 1, "B-ORG": 3, "b org": 2}, {"B_ORG": "B-ORG", "b org": "B-ORG"}),
        ({"ব্যক্তি": 3, "স্থান": 2}, {}),
        ({"PER": 1, "PERSON": 4}, {}),
        ({}, {}),
    ],
)
def test_survey_label_variants_point_to_the_most_frequent(
    labels: dict[str, int], expected: dict[str, str]
) -> None:
    assert label_variants(Counter(labels)) == expected


def test_survey_label_variants_do_not_depend_on_the_order_of_the_file() -> None:
    labels = [("per", 2), ("PER", 2), ("Per", 2)]
    results = [label_variants(Counter(dict(order))) for order in (labels, labels[::-1])]
    assert results[0] == results[1]
    assert len(results[0]) == 2
