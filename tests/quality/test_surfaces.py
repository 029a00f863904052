import pytest

from scripts.annotations.records import Span
from scripts.quality.surfaces import find_surfaces, lower_bound, surface_suspects


def texts_of(training_set, marked, unmarked, odd=0):
    """Texts with ঢাকা marked LOC, left unmarked, and marked ORG."""
    records = [{"text": f"ঢাকা শহর {i}", "label": [[0, 4, "LOC"]]} for i in range(marked)]
    records += [{"text": f"ঢাকা শহর খ{i}", "label": []} for i in range(unmarked)]
    records += [{"text": f"ঢাকা শহর গ{i}", "label": [[0, 4, "ORG"]]} for i in range(odd)]
    return training_set(records).texts


@pytest.mark.parametrize(("hits", "total", "expected"), [(9, 10, 0.5958), (90, 100, 0.8256)])
def test_lower_bound_is_wilsons(hits, total, expected):
    assert lower_bound(hits, total) == pytest.approx(expected, abs=1e-4)


def test_surfaces_list_every_occurrence(training_set, nlp):
    [surface] = find_surfaces(texts_of(training_set, 8, 1, 1), nlp)
    assert surface.words == "ঢাকা"
    assert surface.counts == {"LOC": 8, "unmarked": 1, "ORG": 1}
    assert surface.majority == "LOC"
    assert len({(o.text.source, o.start) for o in surface.occurrences}) == 10


def test_surfaces_suspect_the_minority_alone(training_set, nlp):
    texts = texts_of(training_set, 8, 1, 1)
    found = surface_suspects(find_surfaces(texts, nlp), texts, nlp)
    assert sorted((s.kind, s.gold, s.suggestion) for s in found) == [
        ("label", Span(0, 4, "ORG"), Span(0, 4, "LOC")),
        ("missed", None, Span(0, 4, "LOC")),
    ]


def test_surfaces_call_a_mostly_unmarked_word_spurious(training_set, nlp):
    texts = texts_of(training_set, 1, 9)
    [found] = surface_suspects(find_surfaces(texts, nlp), texts, nlp)
    assert (found.kind, found.suggestion) == ("spurious", None)


def test_surfaces_that_are_alike_or_evenly_divided_are_not_suspect(training_set, nlp):
    assert find_surfaces(texts_of(training_set, 5, 0), nlp) == []
    texts = texts_of(training_set, 4, 4)
    assert surface_suspects(find_surfaces(texts, nlp), texts, nlp) == []


def test_surfaces_are_more_suspect_the_more_one_sided(training_set, nlp):
    def confidence(marked):
        texts = texts_of(training_set, marked, 1)
        return surface_suspects(find_surfaces(texts, nlp), texts, nlp)[0].confidence

    assert confidence(3) < confidence(10) < confidence(30)


def test_surfaces_inside_a_word_or_a_longer_span_are_not_occurrences(training_set, nlp):
    records = [{"text": f"ঢাকা শহর {i}", "label": [[0, 4, "LOC"]]} for i in range(5)]
    records += [
        {"text": "ঢাকাইয়া খাবার", "label": []},
        {"text": "ঢাকা বিশ্ববিদ্যালয়", "label": [[0, 20, "ORG"]]},
    ]
    records[-1]["label"][0][1] = len(records[-1]["text"])
    assert find_surfaces(training_set(records).texts, nlp) == []
