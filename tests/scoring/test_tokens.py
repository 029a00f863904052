from hypothesis import given

from scripts.annotations.records import Span
from scripts.scoring.tokens import Tagged, iob_tags, tag_tokens, tally_tags

from .corpora import documents, tokens_of

TOKENS = [(0, 4), (5, 8), (8, 9), (10, 12)]


def test_iob_tags_of_a_span_off_the_token_edges():
    spans = [Span(1, 8, "PER"), Span(10, 12, "LOC")]
    assert iob_tags(TOKENS, spans) == ["B-PER", "I-PER", "O", "B-LOC"]


def test_iob_tags_of_a_span_between_tokens():
    assert iob_tags(TOKENS, [Span(4, 5, "PER"), Span(9, 10, "PER")]) == ["O"] * 4


def test_tag_tokens_confusion_and_tallies():
    tagged = tag_tokens(
        [
            Tagged(TOKENS, [Span(0, 8, "PER")], [Span(0, 8, "LOC")]),
            Tagged(TOKENS, [Span(0, 4, "PER")], [Span(0, 8, "PER")]),
        ]
    )
    assert tagged.tags == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    confusion = {
        (tagged.tags[i], tagged.tags[j]): int(n)
        for i, row in enumerate(tagged.confusion)
        for j, n in enumerate(row)
        if n
    }
    assert confusion == {
        ("O", "O"): 4,
        ("O", "I-PER"): 1,
        ("B-PER", "B-PER"): 1,
        ("B-PER", "B-LOC"): 1,
        ("I-PER", "I-LOC"): 1,
    }
    found, gold, right, predicted = tally_tags(tagged).sum(axis=0)[3]
    assert (found, gold, right, predicted) == (1, 2, 1, 1)


def test_tag_tokens_leaves_out_tokens_that_touch_missing_annotation():
    tagged = tag_tokens([Tagged(TOKENS, [], [Span(0, 8, "PER")], missing=[(3, 6)])])
    assert tagged.confusion.sum() == 2


@given(documents())
def test_tag_tokens_agrees_with_iob_tags(document):
    gold, predicted, size = document
    tokens = tokens_of(size)
    tagged = tag_tokens([Tagged(tokens, gold, predicted)])
    assert [tagged.tags[i] for i in tagged.gold] == iob_tags(tokens, gold)
    assert [tagged.tags[i] for i in tagged.predicted] == iob_tags(tokens, predicted)
