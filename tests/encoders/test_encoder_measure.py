from __future__ import annotations

import numpy
import pytest
import spacy
from spacy.tokens import DocBin

from scripts.common.errors import UserError
from scripts.encoders.measure import choose_window, count_truncated, measure
from scripts.encoders.texts import find_train_files, load_pipeline, read_texts

from . import make_corpus, make_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    made = make_tokenizer(["ঢাকা", "যাই"])
    made.model_max_length = 512
    return made


def test_measure_counts_wordpieces_per_token(tokenizer):
    # ঢাকা 1, কখ 2, the danda 1; the white-space token counts as no token.
    nlp = spacy.blank("bn")
    measured = measure(["ঢাকা  কখ।", "যাই কখগ"], nlp, tokenizer, max_docs=10)
    assert measured.docs == 2
    assert measured.pieces.mean == pytest.approx((1 + 2 + 1 + 1 + 3) / 5)
    assert (measured.pieces.p95, measured.pieces.max) == (3, 3)
    assert measured.unknown_rate == 0
    assert (measured.window, measured.stride) == (128, 96)
    assert measured.docs_longer_than_window == 0


def test_measure_counts_unknown_pieces(tokenizer):
    measured = measure(["ঢাকা 日 যাই 本"], spacy.blank("bn"), tokenizer, max_docs=10)
    assert measured.unknown_rate == 0.5


def test_measure_stops_and_says_so(tokenizer):
    measured = measure(["যাই"] * 5, spacy.blank("bn"), tokenizer, max_docs=3)
    assert (measured.docs, measured.more_docs) == (3, True)
    assert not measure(["যাই"] * 3, spacy.blank("bn"), tokenizer, max_docs=3).more_docs


def test_measure_ignores_padding_and_truncation_saved_in_the_tokenizer():
    tokenizer = make_tokenizer(["যাই"])
    tokenizer.model_max_length = 512
    tokenizer.backend_tokenizer.enable_truncation(2)
    tokenizer.backend_tokenizer.enable_padding(length=50)
    measured = measure(["যাই যাই যাই যাই"], spacy.blank("bn"), tokenizer, max_docs=3)
    assert (measured.pieces.mean, measured.unknown_rate) == (1, 0)


@pytest.mark.parametrize("texts", [[], ["", "  "]])
def test_measure_refuses_an_empty_corpus(tokenizer, texts):
    with pytest.raises(UserError, match="no training texts"):
        measure(texts, spacy.blank("bn"), tokenizer, max_docs=3)


def test_choose_window_is_the_widest_that_always_fits():
    # 508 of 510 wordpieces are for use: 127 tokens of four pieces, so 120 in steps of 8.
    assert choose_window(numpy.array([4] * 300), 510) == 120
    assert choose_window(numpy.array([1] * 300), 510) == 128
    assert choose_window(numpy.array([10] * 300), 510) == 48


def test_choose_window_looks_at_windows_that_start_anywhere():
    doc = numpy.ones(300, dtype=int)
    doc[100:164] = 7  # no stride starts here
    assert choose_window(doc, 510) == 120


def test_choose_window_does_not_shrink_for_a_monster_token():
    tokens = [2] * 200_000
    tokens[1000] = 600
    assert choose_window(numpy.array(tokens), 510) == 128


def test_choose_window_thinks_of_longer_docs_than_the_corpus_has():
    assert choose_window(numpy.array([10] * 20), 510) == 48


@pytest.mark.parametrize(
    ("doc", "window", "stride", "capacity", "expected"),
    [
        ([1] * 100, 128, 96, 510, 0),
        ([1, 1, 600, 1], 128, 96, 510, 2),  # the token itself and the one behind it
        ([1, 600, 0, 1], 128, 96, 510, 2),  # a white-space token loses nothing
        ([4] * 200, 128, 96, 510, 0),  # token 127 is cut in the first window, whole in the next
        ([2] * 12, 8, 8, 10, 3),  # no overlap: tokens 5 to 7 of the first window
    ],
)
def test_count_truncated_counts_tokens_cut_in_every_window(doc, window, stride, capacity, expected):
    assert count_truncated(numpy.array(doc), window, stride, capacity) == expected


def test_count_truncated_agrees_with_spacy_transformers(tokenizer):
    from spacy_transformers.span_getters import get_strided_spans

    doc = spacy.blank("bn")("কখ " * 50)
    pieces = numpy.array([2] * len(doc))
    for window, stride, capacity in ((16, 12, 21), (24, 18, 33), (32, 24, 40)):
        kept = {
            token.i
            for span in get_strided_spans([doc], window, stride)[0]
            for place, token in enumerate(span)
            if 2 * (place + 1) <= capacity
        }
        assert count_truncated(pieces, window, stride, capacity) == len(doc) - len(kept)


def test_texts_are_read_from_shards_in_order(tmp_path):
    nlp = spacy.blank("bn")
    (tmp_path / "train.spacy").mkdir()
    for number, text in enumerate(["ক", "খ", "গ"]):
        DocBin(docs=[nlp(text)]).to_disk(tmp_path / "train.spacy" / f"{number:05d}.spacy")
    assert list(read_texts(find_train_files(tmp_path))) == ["ক", "খ", "গ"]


def test_texts_are_of_the_training_file_alone(tmp_path):
    corpus = make_corpus(tmp_path, ["ক"])
    shutil_text = "গোপন"
    DocBin(docs=[spacy.blank("bn")(shutil_text)]).to_disk(corpus / "dev.spacy")
    assert list(read_texts(find_train_files(corpus))) == ["ক"]


def test_texts_missing_or_broken_are_user_errors(tmp_path):
    with pytest.raises(UserError, match="no corpus"):
        find_train_files(tmp_path)
    with pytest.raises(UserError, match="no tokenizer pipeline"):
        load_pipeline(tmp_path)
    (tmp_path / "train.spacy").write_bytes(b"not a DocBin")
    with pytest.raises(UserError, match="Not a DocBin"):
        list(read_texts(find_train_files(tmp_path)))
