"""What a student is trained on: gold wins, doubt is left missing, dev and test are kept apart."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import spacy

from scripts.common.errors import UserError
from scripts.corpora.conversion import Settings, convert
from scripts.corpora.docbins import docbin_files, read_docs
from scripts.experiments import silver
from scripts.experiments.distilling import distillation_table, size_of, speed_texts
from scripts.experiments.silver import leaked, mark_silver, student_corpus
from scripts.inference.filling import Thresholds
from scripts.inference.marking import Entity, Marked

NAMES = ["করিম", "রহিমা", "শফিক", "মিতা", "সুমন", "সালমা", "নজরুল", "জসীম"]
PLACES = ["ঢাকায়", "খুলনায়", "পাবনায়", "সিলেটে", "যশোরে", "বগুড়ায়", "রংপুরে", "ভোলায়"]
# Each text is about something else: nearly equal ones would be taken for leaks.
WORDS = ["নদীর ঘাটে নৌকা বাঁধল", "বাজার থেকে ইলিশ কিনল", "স্কুলে অঙ্কের পরীক্ষা দিল",
         "পুরোনো চিঠি খুঁজে পেল", "ট্রেনের জানালায় বসে ছিল", "ধানের খেতে কাজ শেষ করল",
         "রাতভর গান শুনে কাটাল", "হাসপাতালে ডাক্তার দেখাল"]  # fmt: skip


def _text(i):
    return f"{NAMES[i]} {PLACES[i]} {WORDS[i]}"


def _line(i):
    start = len(NAMES[i]) + 1
    spans = [[0, len(NAMES[i]), "PER"], [start, start + len(PLACES[i]), "LOC"]]
    return {"text": _text(i), "label": spans}


@pytest.fixture(scope="module")
def gold(tmp_path_factory):
    """A corpus of three training texts, one of weight 2, and one text each of dev and test."""
    folder = tmp_path_factory.mktemp("gold")
    # The dev text lacks a letter: its gold as given is not the repaired one.
    off = {"text": _text(3), "label": [[0, len(NAMES[3]) - 1, "PER"]]}
    splits = {"train": [{**_line(0), "weight": 2}, _line(1), _line(2)], "dev": [off],
              "test": [_line(4)]}  # fmt: skip
    for name, lines in splits.items():
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf8")
    convert({s: folder / f"{s}.jsonl" for s in splits}, folder / "corpus", Settings())
    return folder / "corpus"


@pytest.fixture
def marker(monkeypatch):
    """A teacher that finds the name and the place of a text, sure of them as is said here."""
    monkeypatch.setattr(silver, "known_labels", lambda nlp: frozenset(("PER", "LOC")))

    def mark(texts):
        for text in texts:
            i = next(i for i, name in enumerate(NAMES) if text.startswith(name))
            [(_, end, _), (start, stop, _)] = _line(i)["label"]
            sure = {5: (0.95, 0.9), 6: (0.5, 0.05)}.get(i, (1.0, 1.0))
            yield Marked(
                text, (Entity(0, end, "PER", sure[0]), Entity(start, stop, "LOC", sure[1]))
            )

    return SimpleNamespace(nlp=None, mark=mark)


def _mark(marker, gold, tmp_path, texts):
    raw = tmp_path / "raw.txt"
    raw.write_bytes(b"".join(t if isinstance(t, bytes) else t.encode() + b"\n" for t in texts))
    counts = mark_silver(marker, raw, gold, tmp_path / "silver.jsonl", Thresholds(0.9, 0.1))
    written = (tmp_path / "silver.jsonl").read_text(encoding="utf8").splitlines()
    return counts, [json.loads(line) for line in written]


def test_distilling_leaves_doubtful_entities_missing(marker, gold, tmp_path):
    counts, lines = _mark(marker, gold, tmp_path, [_text(5), _text(6)])
    sure, doubtful = lines
    assert [(s["start"], s["label"], s["filled"]) for s in sure["label"]] == [
        (0, "PER", 0.95), (len(NAMES[5]) + 1, "LOC", 0.9),
    ]  # fmt: skip
    assert "missing" not in sure
    assert (doubtful["label"], doubtful["missing"]) == ([], [[0, len(NAMES[6])]])
    assert counts.as_dict()["fates"] == {"kept": 2, "missing": 1, "dropped": 1}
    assert counts.as_dict()["labels"] == {"LOC": 1, "PER": 1}


def test_distilling_counts_what_it_leaves_out(marker, gold, tmp_path):
    # The gold text differs in punctuation alone.
    texts = [f"{_text(0)}।", _text(5), f" {_text(5)}", b"\xff\xfe broken\n", _text(7)]
    counts, lines = _mark(marker, gold, tmp_path, texts)
    assert [line["text"] for line in lines] == [_text(5), _text(7)]
    assert (counts.texts, counts.gold, counts.repeated, counts.bad, counts.marked) == (
        4,
        1,
        1,
        1,
        2,
    )


def test_distilling_refuses_texts_of_which_none_is_new(marker, gold, tmp_path):
    with pytest.raises(UserError, match=r"1 read, 1 of them in train"):
        _mark(marker, gold, tmp_path, [_text(1)])
    assert not (tmp_path / "silver.jsonl").exists()


def test_distilling_adds_silver_to_gold_and_keeps_dev_and_test_apart(marker, gold, tmp_path):
    # Texts 3 and 4 are those of dev and test.
    _, lines = _mark(marker, gold, tmp_path, [_text(i) for i in (3, 4, 5, 6)])
    assert len(lines) == 4
    audit = student_corpus(gold, tmp_path / "silver.jsonl", tmp_path / "corpus", Settings())
    assert leaked(audit) == {"leak": 2, "near-leak": 0}
    docs = list(
        read_docs(docbin_files(tmp_path / "corpus" / "train.spacy"), spacy.blank("bn").vocab)
    )
    assert sorted(doc.text for doc in docs) == sorted(_text(i) for i in (0, 0, 1, 2, 5, 6))
    found = {doc.text: doc for doc in docs}
    assert [ent.label_ for ent in found[_text(5)].ents] == ["PER", "LOC"]
    # The doubtful name is unknown to training, the place that was dropped is no entity.
    assert [token.ent_iob_ for token in found[_text(6)]][:2] == ["", "O"]
    assert [ent.text for ent in found[_text(1)].ents] == [NAMES[1], PLACES[1]]
    for name in ("dev.gold.jsonl", "test.gold.jsonl", "dev.spacy"):
        assert (tmp_path / "corpus" / name).read_bytes() == (gold / name).read_bytes()
    names = {path.name for path in (tmp_path / "corpus").iterdir()}
    assert names == {path.name for path in gold.iterdir()}


def test_distilling_takes_speeds_on_dev_and_test(gold, tmp_path):
    assert speed_texts(gold) == [_text(3), _text(4)]
    (tmp_path / "ner").mkdir()
    (tmp_path / "ner" / "model").write_bytes(b"12345")
    assert size_of(tmp_path) == 5


def test_distilling_shows_teacher_and_students_side_by_side():
    def system(f, sd, words):
        own = {"mean": f, "sd": sd}
        return {"f": {"dev": {"repaired": own, "as_given": own}}, "bytes": 4_200_000,
                "words_per_second": words}  # fmt: skip

    systems = {"teacher": system(0.5, None, 1000.0), "student": system(0.4, 0.01, 12_500.0)}
    table = distillation_table({"systems": systems, "seeds": [0, 1]})
    assert table.header == ["", "dev F, repaired", "dev F, as given", "words/s", "× teacher", "MB"]
    assert table.rows == [
        ["teacher", "50.0", "50.0", "1,000", "1.0", "4.2"],
        ["student, gold and silver", "40.0 ± 1.0", "40.0 ± 1.0", "12,500", "12.5", "4.2"],
    ]
