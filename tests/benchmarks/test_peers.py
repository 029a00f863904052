"""What peers do with words, the export they read, and how their runs are gone through."""

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import DocBin

from benchmarks.peers import run
from benchmarks.peers.data import (
    Text,
    read_facts,
    read_texts,
    spans_of,
    split_windows,
    strict_f,
    tag_names,
    whole_tags,
    write_predictions,
)
from benchmarks.peers.export import export
from scripts.annotations.reading import read_records
from scripts.common.errors import UserError

TEXT = "রহিমা খাতুন\n ঢাকায় থাকেন।"
OFFSETS = [(0, 5), (6, 11), (13, 19), (20, 25), (25, 26)]


@given(
    st.lists(st.integers(0, 9), max_size=60),
    st.integers(1, 20),
    st.integers(0, 12),
)
def test_windows_hold_every_word_with_pieces_once_as_their_own(pieces, limit, overlap):
    windows = split_windows(pieces, limit, overlap)
    own = [i for w in windows for i in w.words[slice(*w.own)]]
    assert own == [i for i, number in enumerate(pieces) if number]
    for window in windows:
        assert len(window.words) == 1 or sum(pieces[i] for i in window.words) <= limit
    for first, second in zip(windows, windows[1:], strict=False):
        assert len(set(first.words) & set(second.words)) <= overlap


def test_windows_of_a_text_that_fits_is_the_text():
    (window,) = split_windows([1, 2, 0, 1], 4, 2)
    assert (window.words, window.own) == ([0, 1, 3], (0, 3))
    assert split_windows([], 4) == []


def test_overlapping_windows_share_their_words_by_halves():
    windows = split_windows([1] * 10, 6, 2)
    assert [w.words for w in windows] == [[0, 1, 2, 3, 4, 5], [4, 5, 6, 7, 8, 9]]
    assert [w.words[slice(*w.own)] for w in windows] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


def test_spans_of_tags_cover_white_space_and_words_without_prediction():
    assert spans_of(["B-PER", "I-PER", "B-LOC", "O", "O"], OFFSETS) == [
        (0, 11, "PER"),
        (13, 19, "LOC"),
    ]
    # No prediction between two parts of a name: it is inside; behind a name: it is not.
    assert spans_of(["B-PER", None, "I-PER", None, "O"], OFFSETS) == [(0, 19, "PER")]
    # An I of another label, or after O, begins a span.
    assert spans_of(["B-PER", "I-LOC", "O", "I-LOC", "B-LOC"], OFFSETS) == [
        (0, 5, "PER"),
        (6, 11, "LOC"),
        (20, 25, "LOC"),
        (25, 26, "LOC"),
    ]


@given(st.lists(st.sampled_from([None, *tag_names(["LOC", "PER"])]), max_size=12))
def test_whole_tags_have_no_inside_without_its_begin(tags):
    whole = whole_tags(tags)
    for before, tag in zip([None, *whole], whole, strict=False):
        if tag and tag.startswith("I-"):
            assert before is not None
            assert before[2:] == tag[2:]
    assert [t and t[2:] for t in whole] == [t and t[2:] for t in tags]
    assert whole_tags(whole) == whole


def test_dev_f_leaves_wrong_spans_at_missing_words_unjudged():
    text = Text(TEXT, OFFSETS, ["B-PER", "I-PER", None, "O", "O"])
    assert strict_f([text], [[(0, 11, "PER"), (13, 19, "LOC")]]) == 1
    assert strict_f([text], [[(0, 11, "PER"), (20, 25, "LOC")]]) == pytest.approx(2 / 3)
    assert strict_f([text], [[]]) == 0
    part = Text(TEXT, OFFSETS, text.tags, annotated=["PER"])
    assert strict_f([part], [[(0, 11, "PER"), (20, 25, "LOC")]]) == 1
    assert strict_f([part], [[(0, 11, "PER"), (20, 25, "PER")]]) == pytest.approx(2 / 3)


@pytest.fixture
def corpus(tmp_path, nlp):
    """A corpus of one text, a place of whose annotation is missing."""
    path = tmp_path / "corpus"
    path.mkdir()
    (path / "audit.json").write_text("{}", encoding="utf8")
    nlp.to_disk(path / "tokenizer")
    doc = nlp.make_doc(TEXT)
    per = doc.char_span(0, 11, label="PER")
    doc.set_ents([per], missing=[doc.char_span(13, 19)], default="outside")
    DocBin(docs=[doc]).to_disk(path / "train.spacy")
    line = {"source": "a:1", "id": None, "text": TEXT, "meta": {}, "given": [],
            "ents": [[0, 11, "PER"]], "missing": [[13, 19]]}  # fmt: skip
    for split in ("dev", "test"):
        text = json.dumps(line, ensure_ascii=False) + "\n"
        (path / f"{split}.gold.jsonl").write_text(text, encoding="utf8")
    return path


def test_export_gives_words_tags_and_missing_places(tmp_path, corpus):
    facts = export(corpus, tmp_path / "data")
    assert facts == read_facts(tmp_path / "data")
    assert (facts["labels"], facts["missing_words"]) == (["PER"], 1)
    train, dev, test = (
        read_texts(tmp_path / "data" / f"{name}.jsonl")[0] for name in ("train", "dev", "test")
    )
    assert train.words == ["রহিমা", "খাতুন", "ঢাকায়", "থাকেন", "।"]
    assert train.offsets == OFFSETS
    assert train == dev == Text(TEXT, OFFSETS, ["B-PER", "I-PER", None, "O", "O"])
    # A peer cannot learn from test what it is not shown.
    assert test == Text(TEXT, OFFSETS, None)


def test_predictions_are_read_back_as_they_were(tmp_path, corpus):
    export(corpus, tmp_path / "data")
    texts = read_texts(tmp_path / "data" / "dev.jsonl")
    spans = [spans_of(text.tags, text.offsets) for text in texts]
    write_predictions(tmp_path / "p.jsonl", texts, spans)
    (record,) = read_records(tmp_path / "p.jsonl")
    assert record.text == TEXT
    assert [(s.start, s.end, s.label) for s in record.spans] == [(0, 11, "PER")]


class Context:
    args = ("--epochs", "1")


@pytest.fixture
def calls(monkeypatch):
    """Stands in for the tools and for score; takes down what was called."""
    made = []

    def call(words, log):
        made.append(list(words))
        output = Path(words[words.index("--output") + 1])
        output.mkdir(exist_ok=True)
        if words[2] == "scripts.score":
            split = words[words.index("--split") + 1]
            seed = int(words[words.index("--name") + 1].split()[-1])
            gold = {"micro": {"f": 0.5 + seed / 10}}
            text = json.dumps({"gold": {"repaired": gold, "as_given": gold}})
            (output / f"{split}.json").write_text(text, encoding="utf8")
            return
        peer = {"training_seconds": 2.0, "updates": 3, "words_seen": 10, "parameters": 7,
                "settings": {}, "versions": {}, "machine": {}}  # fmt: skip
        (output / "peer.json").write_text(json.dumps(peer), encoding="utf8")

    monkeypatch.setattr(run, "_call", call)
    return made


def _run(tmp_path, corpus, *, tools="hf", seeds=2, args=("--epochs", "1")):
    encoder = tmp_path / "encoder"
    encoder.mkdir(exist_ok=True)
    context = Context()
    context.args = args
    run.main(context, corpus, encoder, Path(sys.executable), tmp_path / "out", tools, seeds)
    return json.loads((tmp_path / "out" / "peers.json").read_text(encoding="utf8"))


def test_peers_run_finished_seeds_once_and_more_later(tmp_path, corpus, calls, capsys):
    report = _run(tmp_path, corpus)
    assert len(calls) == 6
    f = report["hf"]["f"]["test"]["repaired"]
    assert (f["n"], f["mean"]) == (2, 0.55)
    assert "55.0 ± 7.1" in capsys.readouterr().out
    assert calls[0][-2:] == ["--epochs", "1"]
    calls.clear()
    assert _run(tmp_path, corpus, seeds=3)["hf"]["seeds"] == [0, 1, 2]
    assert len(calls) == 3


def test_peers_run_refuses_to_mix_settings_and_unknown_tools(tmp_path, corpus, calls):
    _run(tmp_path, corpus)
    with pytest.raises(UserError, match="options"):
        _run(tmp_path, corpus, args=("--epochs", "2"))
    with pytest.raises(UserError, match="no tool"):
        _run(tmp_path, corpus, tools="hf,flair")


def test_peers_run_leaves_a_failed_seed_unfinished(tmp_path, corpus, monkeypatch):
    monkeypatch.setitem(run.MODULES, "hf", "benchmarks.peers.no_such_tool")
    with pytest.raises(UserError, match="no_such_tool ended with status 1"):
        _run(tmp_path, corpus)
    assert not (tmp_path / "out" / "hf" / "seed-0" / "run.json").exists()
