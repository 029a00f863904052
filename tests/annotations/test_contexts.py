"""Which occurrence of some words the corpus points to."""

from __future__ import annotations

import pytest

from scripts.annotations.contexts import EDGE, ContextCounts, likelier_occurrence, neighbours
from scripts.annotations.edges import TokenEdges
from scripts.annotations.records import Record, Span


def by_blanks(text: str) -> TokenEdges:
    """Edges of words parted by single blanks."""
    words = text.split(" ")
    ends = [len(" ".join(words[: i + 1])) for i in range(len(words))]
    return TokenEdges([end - len(word) for end, word in zip(ends, words, strict=True)], ends)


def at(text: str, surface: str, label: str = "PER") -> Span:
    start = text.index(surface)
    return Span(start, start + len(surface), label)


def counts(*sentences: tuple[str, str], times: int = 1) -> ContextCounts:
    result = ContextCounts()
    for text, surface in sentences * times:
        spans = (at(text, surface),) if surface else ()
        result.add(Record(text, spans, 1), by_blanks(text))
    return result


PERSON = counts(("জনাব রহিম বলেন", "রহিম"), ("লাল ফুল দেখে এল", ""), times=60)
TEXT = "লাল করিম ফুল দেখে জনাব করিম বলেন"


def occurrence(start: int, end: int, contexts: ContextCounts, *taken: tuple[int, int]):
    return likelier_occurrence(TEXT, start, end, "PER", by_blanks(TEXT), contexts, list(taken))


FIRST = (TEXT.index("করিম"), TEXT.index("করিম") + 4)
SECOND = (TEXT.rindex("করিম"), TEXT.rindex("করিম") + 4)


def test_contexts_neighbours_are_the_tokens_beside() -> None:
    edges = by_blanks(TEXT)
    assert neighbours(TEXT, *FIRST, edges) == ("লাল", "ফুল")
    assert neighbours(TEXT, 0, 3, edges) == (EDGE, "করিম")
    assert neighbours(TEXT, len(TEXT) - 4, len(TEXT), edges) == ("করিম", EDGE)
    assert neighbours("ঢাকা", 0, 4, by_blanks("ঢাকা")) == (EDGE, EDGE)


def test_contexts_add_counts_only_spans_on_token_edges() -> None:
    text = "জনাব রহিম বলেন"
    spans = (at(text, "রহিম"), at(text, "রহি", "LOC"), Span(90, 95, "ORG"))
    contexts = ContextCounts()
    contexts.add(Record(text, spans, 1), by_blanks(text))
    assert contexts.spans == {"PER": 1}
    assert contexts.left == {"PER": {"জনাব": 1}}
    assert contexts.right == {"PER": {"বলেন": 1}}
    assert contexts.seen == sum(contexts.tokens.values()) == 5


def test_contexts_add_counts_a_span_that_stands_twice_once() -> None:
    text = "জনাব রহিম বলেন"
    contexts = ContextCounts()
    contexts.add(Record(text, (at(text, "রহিম"),) * 2, 1), by_blanks(text))
    assert contexts.spans == {"PER": 1}


def test_contexts_update_equals_counting_at_once() -> None:
    sentences = [("জনাব রহিম বলেন", "রহিম"), ("ঢাকা বড়", "ঢাকা"), ("জনাব করিম আসেন", "করিম")]
    parts = counts(sentences[0])
    parts.update(counts(*sentences[1:]))
    assert parts == counts(*sentences)


def test_contexts_score_is_higher_beside_usual_neighbours() -> None:
    usual = PERSON.score("PER", "জনাব", "বলেন")
    assert usual > PERSON.score("PER", "জনাব", "ফুল") > PERSON.score("PER", "লাল", "ফুল")
    assert PERSON.score("LOC", "জনাব", "বলেন") == 0


def test_contexts_likelier_occurrence_is_found() -> None:
    assert occurrence(*FIRST, PERSON) == SECOND


def test_contexts_likelier_occurrence_is_not_looked_for_from_the_likelier_one() -> None:
    assert occurrence(*SECOND, PERSON) is None


def test_contexts_likelier_occurrence_needs_strong_evidence() -> None:
    assert occurrence(*FIRST, counts(("জনাব রহিম বলেন", "রহিম"))) is None
    assert occurrence(*FIRST, ContextCounts()) is None


@pytest.mark.parametrize("taken", [SECOND, (SECOND[0] - 5, SECOND[1]), (SECOND[1] - 1, len(TEXT))])
def test_contexts_likelier_occurrence_is_touched_by_no_other_span(taken: tuple[int, int]) -> None:
    assert occurrence(*FIRST, PERSON, taken) is None


def test_contexts_likelier_occurrence_is_on_token_edges() -> None:
    text = "লাল করিম ফুল জনাব করিমকে বলেন"
    found = likelier_occurrence(text, 4, 8, "PER", by_blanks(text), PERSON, [])
    assert text[4:8] == "করিম"
    assert found is None


def test_contexts_likelier_occurrence_needs_no_counts_from_inside_a_word() -> None:
    # কে inside তাঁকে is marked; the word কে stands later.
    text = "তাঁকে এ কে এম ডাকে"
    start = text.index("কে")
    found = likelier_occurrence(text, start, start + 2, "PER", by_blanks(text), ContextCounts(), [])
    assert found == (text.index(" কে ") + 1, text.index(" কে ") + 3)


def test_contexts_likelier_occurrence_of_nothing_is_nothing() -> None:
    assert occurrence(3, 3, PERSON) is None
