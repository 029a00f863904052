"""Labels that annotators did not look for, filled by a model; nothing that is given is touched."""

from __future__ import annotations

import json

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.training import Example
from spacy.util import fix_random_seed

from scripts import fill as command
from scripts.annotations.reading import read_records
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError
from scripts.corpora.conversion import Settings, convert
from scripts.corpora.docbins import docbin_files, read_docs
from scripts.corpora.mix_spec import parse_spec
from scripts.corpora.mixing import mix
from scripts.inference import filling
from scripts.inference.filling import Tally, Thresholds, fill
from scripts.inference.predict import load_pipeline
from scripts.scoring.calibration import RAW

NAMES = ["করিম", "রহিমা", "শফিক", "মিতা", "সুমন"]
FEASTS = ["ঈদে", "পূজায়", "মেলায়"]


def _line(i, misc):
    name, feast = NAMES[i % 5], FEASTS[i % 3]
    text = f"{name} {feast} {i}টি বই কিনল"
    spans = [[0, len(name), "PER"], [len(name) + 1, len(name) + 1 + len(feast), "MISC"]]
    return {"text": text, "label": spans if misc else spans[:1]}


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """A pipeline that knows PER and MISC and is sure of the feasts, trained for a second."""
    fix_random_seed(0)
    nlp = spacy.blank("bn")
    ner = {"hidden_width": 16, "tok2vec": {
        "@architectures": "spacy.HashEmbedCNN.v2", "width": 32, "depth": 1, "embed_size": 500,
        "window_size": 1, "maxout_pieces": 2, "subword_features": True, "pretrained_vectors": None,
    }}  # fmt: skip
    nlp.add_pipe("ner", config={"model": ner})
    examples = [
        Example.from_dict(nlp.make_doc(line["text"]), {"entities": line["label"]})
        for line in (_line(i, True) for i in range(30))
    ]
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.01
    for _ in range(15):
        nlp.update(examples, sgd=optimizer)
    path = tmp_path_factory.mktemp("training") / "model-best"
    nlp.to_disk(path)
    return path


@pytest.fixture(scope="module")
def nlp(teacher):
    return load_pipeline(teacher, -1)


def _records(lines, annotated):
    return [
        Record(v["text"], tuple(Span(*s) for s in v["label"]), i,
               {} if annotated is None else {"annotated_labels": annotated})
        for i, v in enumerate(lines, start=1)
    ]  # fmt: skip


@pytest.fixture
def sure_of(monkeypatch):
    """Makes the model equally sure of each entity."""

    def stub(confidence):
        real = filling.predict_with_confidence

        def predict(nlp, texts):
            for doc, values in real(nlp, texts):
                yield doc, tuple(confidence for _ in values)

        monkeypatch.setattr(filling, "predict_with_confidence", predict)

    return stub


@pytest.mark.parametrize(
    ("confidence", "fate"),
    [(0.95, "added"), (0.9, "added"), (0.5, "missing"), (0.1, "missing"), (0.05, "dropped")],
)
def test_filling_decides_by_confidence(nlp, sure_of, confidence, fate):
    sure_of(confidence)
    tally = Tally()
    (record,) = fill(nlp, _records([_line(1, False)], ["PER"]), Thresholds(), RAW, tally)
    feast = Span(6, 12, "MISC")
    assert (feast in record.spans) == (fate == "added")
    assert record.missing == (((6, 12),) if fate == "missing" else ())
    assert tally.fates == {"MISC": {fate: 1}}
    assert record.annotated_labels == {"MISC", "PER"}
    assert record.meta["filled_labels"] == ["MISC"]


def test_filling_marks_what_it_added(nlp, sure_of):
    sure_of(0.95)
    (record,) = fill(nlp, _records([_line(1, False)], ["PER"]), Thresholds(), RAW, Tally())
    assert [span.meta for span in record.spans] == [None, {"filled": 0.95}]


@pytest.mark.parametrize("annotated", [None, ["MISC", "PER"]])
def test_filling_passes_texts_with_all_labels_unchanged(nlp, annotated):
    records = _records([_line(i, False) for i in range(5)], annotated)
    tally = Tally()
    assert list(fill(nlp, records, Thresholds(), RAW, tally)) == records
    assert (tally.records, tally.filled, tally.fates) == (5, 0, {})


def test_filling_gives_way_to_given_spans_and_places(nlp, sure_of):
    sure_of(0.95)
    text = _line(1, True)["text"]
    given_ = Record(text, (Span(0, 12, "PER"),), 1, {"annotated_labels": ["PER"]})
    unsure = Record(text, (), 2, {"annotated_labels": ["PER"]}, missing=((6, 8),))
    tally = Tally()
    found = list(fill(nlp, [given_, unsure], Thresholds(), RAW, tally))
    assert [record.spans for record in found] == [given_.spans, ()]
    assert [record.missing for record in found] == [(), ((6, 8),)]
    assert tally.fates == {"MISC": {"conflict": 2}}


def test_filling_of_named_labels_leaves_the_others_open(nlp):
    records = _records([_line(1, False) | {"label": []}], [])
    (record,) = fill(nlp, records, Thresholds(), RAW, Tally(), labels={"MISC"})
    assert record.annotated_labels == {"MISC"}
    assert {span.label for span in record.spans} <= {"MISC"}


@pytest.mark.parametrize(("keep", "missing"), [(0.1, 0.9), (1.2, 0.1), (0.9, -0.1)])
def test_filling_refuses_thresholds_in_the_wrong_order(keep, missing):
    with pytest.raises(UserError, match="thresholds cannot be"):
        Thresholds(keep, missing)


@settings(max_examples=25, deadline=None)
@given(
    words=st.lists(st.sampled_from([*NAMES, *FEASTS, "বই", "কিনল"]), min_size=1, max_size=8),
    marked=st.sets(st.integers(0, 7)),
    keep=st.sampled_from([0.0, 0.5, 0.9, 1.0]),
)
def test_filling_changes_no_given_span(nlp, words, marked, keep):
    places = [(sum(len(w) + 1 for w in words[:i]), len(words[i])) for i in range(len(words))]
    spans = tuple(Span(a, a + n, "LOC") for i, (a, n) in enumerate(places) if i in marked)
    record = Record(" ".join(words), spans, 1, {"annotated_labels": ["LOC"]})
    (found,) = fill(nlp, [record], Thresholds(keep, min(keep, 0.1)), RAW, Tally())
    assert found.text == record.text
    assert found.spans[: len(spans)] == spans
    added = found.spans[len(spans) :]
    assert not any(a.start < s.end and s.start < a.end for a in added for s in spans)
    assert {span.label for span in added} <= {"PER", "MISC"}


def _corpus(train, dev, output):
    audit = convert({"train": train, "dev": dev}, output, Settings(near_duplicate=1.0))
    vocab = spacy.load(output / "tokenizer").vocab
    return audit, list(read_docs(docbin_files(output / "train.spacy"), vocab))


def test_filling_after_mix_trains_the_filled_label_and_keeps_every_given_span(
    teacher, write_jsonl, tmp_path
):
    full = write_jsonl("full.jsonl", [_line(i, True) for i in range(40)])
    part = write_jsonl("part.jsonl", [_line(i, False) for i in range(100, 130)])
    dev = write_jsonl("dev.jsonl", [_line(i, True) for i in range(200, 205)])
    sets = [{"name": "full", "file": str(full)},
            {"name": "part", "file": str(part), "annotates": ["PER"]}]  # fmt: skip
    mix(parse_spec({"lang": "bn", "train": sets}, "mix.yml"), tmp_path / "mix")
    train, filled = tmp_path / "mix" / "train.jsonl", tmp_path / "filled.jsonl"
    command.main(teacher, train, filled, keep=0.5, missing=0.1, gpu_id="-1",
                 calibration=tmp_path / "none.json")  # fmt: skip
    before, after = list(read_records(train)), list(read_records(filled))
    assert [r.text for r in before] == [r.text for r in after]
    for old, new in zip(before, after, strict=True):
        assert set(old.spans) <= set(new.spans)
        assert old == new or "filled_labels" in new.meta
    audit, docs = _corpus(filled, dev, tmp_path / "corpus")
    counts = audit["splits"]["train"]["labels"]
    assert counts["PER"] == 70
    # The teacher is far from blind: most of the 30 feasts that were not marked are found.
    assert counts["MISC"] >= 40 + 20
    by_text = {doc.text: doc for doc in docs}
    for record in after:
        doc = by_text[record.text]
        places = {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}
        assert {(s.start, s.end, s.label) for s in record.spans} <= places
        if not record.missing:
            assert all(token.ent_iob_ != "" for token in doc)
    assert all(row["splits"] == {} for row in audit["record_faults"]
               if row["fault"] == "unannotated-label")  # fmt: skip


def test_filling_command_says_what_was_not_read(teacher, write_jsonl, tmp_path, capsys):
    line = {**_line(0, False), "annotated_labels": ["PER"]}
    own = {"start_offset": 0, "end_offset": 4, "label": "PER"}
    line["label"] = [{**own, "user": user} for user in (1, 2)]
    source = write_jsonl("two.jsonl", [line])
    command.main(teacher, source, tmp_path / "out.jsonl", keep=0.9, missing=0.1, gpu_id="-1",
                 calibration=tmp_path / "none.json")  # fmt: skip
    assert "several-annotators" in capsys.readouterr().out


def test_filling_command_leaves_nothing_behind_on_an_error(teacher, write_jsonl, tmp_path):
    lines = [_line(0, False) | {"annotated_labels": ["PER"]}, _line(1, True)]
    lines[1]["annotated_labels"] = ["PER"]
    source = write_jsonl("bad.jsonl", lines)
    with pytest.raises(UserError, match="does not name: MISC") as error:
        command.main(teacher, source, tmp_path / "out.jsonl", keep=0.9, missing=0.1, gpu_id="-1",
                     calibration=tmp_path / "none.json")  # fmt: skip
    assert "line 2" in error.value.where
    assert [path.name for path in tmp_path.iterdir()] == ["bad.jsonl"]


def test_filling_command_refuses_to_write_over_its_input(teacher, write_jsonl, tmp_path):
    source = write_jsonl("a.jsonl", [_line(0, False)])
    before = source.read_bytes()
    with pytest.raises(UserError, match="output is the input"):
        command.main(teacher, source, source, keep=0.9, missing=0.1, gpu_id="-1",
                     calibration=tmp_path / "none.json")  # fmt: skip
    assert source.read_bytes() == before
    assert "label" in json.loads(before.splitlines()[0])
