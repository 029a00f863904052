import numpy as np

from scripts.annotations.records import Record
from scripts.corpora.fingerprints import content_of, fingerprint
from scripts.corpora.grouping import clusters, equal_pairs, near_duplicate_pairs

LONG = "গত বছর বন্যার পর নদীর দুই পারের মানুষ মিলে যে বাঁধটি আবার বানিয়েছিলেন সেটি এবারও টিকে গেছে"


def _signatures(texts):
    return np.stack([fingerprint(Record(text, (), 1)).signature for text in texts])


def test_near_duplicate_pairs_finds_a_changed_ending_and_not_another_text():
    texts = [LONG, "একেবারে অন্য একটি বাক্য যার সঙ্গে প্রথমটির কোনো মিল নেই", LONG + " আজও"]
    pairs = near_duplicate_pairs(_signatures(texts), threshold=0.8)
    assert pairs.tolist() == [[0, 2]]


def test_near_duplicate_pairs_connects_all_copies_of_a_text():
    pairs = near_duplicate_pairs(_signatures([LONG] * 5 + ["অন্য কথা বলা যাক এখন"]), 0.8)
    assert clusters(6, [pairs]).tolist() == [0, 0, 0, 0, 0, 1]


def test_near_duplicate_pairs_of_distinct_texts_is_empty():
    pairs = near_duplicate_pairs(_signatures(["ক খ গ ঘ ঙ চ", "ট ঠ ড ঢ ণ ত"]), 0.8)
    assert pairs.shape == (0, 2)


def test_equal_pairs_takes_zero_for_no_key():
    keys = np.array([5, 0, 7, 0, 5, 5], dtype=np.uint64)
    assert clusters(6, [equal_pairs(keys)]).tolist() == [0, 1, 2, 3, 0, 0]


def test_content_is_the_same_for_both_spellings_of_yya_and_for_other_spacing():
    assert content_of("বড়ুয়া  ও, আমি।") == content_of("বড়ুয়া ও আমি")


def test_fingerprint_annotation_ignores_the_order_of_spans():
    from scripts.annotations.records import Span

    one, two = Span(0, 3, "PER"), Span(4, 6, "LOC")
    first = fingerprint(Record("করি ম", (one, two), 1))
    assert first.annotation == fingerprint(Record("করি ম", (two, one), 9)).annotation
    assert first.annotation != fingerprint(Record("করি ম", (one,), 1)).annotation
