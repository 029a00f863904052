"""Nested and crossing spans from the annotation file to the prediction."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import spacy
import srsly
from spacy.tokens import Doc
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_nlp
from spacy.util import fix_random_seed

from scripts.annotations.faults import Policy, parse_policies
from scripts.common.errors import UserError
from scripts.corpora.conversion import Settings, convert
from scripts.corpora.docbins import docbin_files, read_docs
from scripts.corpora.gold import read_gold
from scripts.evaluate import main as evaluate
from scripts.experiments.evaluations import TableReader
from scripts.experiments.setup import dev_score
from scripts.inference.confidence import predict_with_confidence
from scripts.inference.predict import ent_spans, load_pipeline
from scripts.inference.resolve import longest_first
from scripts.inference.windows import WINDOW
from scripts.pipelines.card import render_card
from scripts.pipelines.card_inputs import Owner, read_inputs
from scripts.pipelines.config import (
    automatic_settings,
    read_config,
    sections_for_missing,
    use_corpus_tokenizer,
)
from scripts.pipelines.meta import note_origin
from scripts.pipelines.resume import source_components
from scripts.predict import main as predict
from scripts.training.missing import create_honour_missing, unknown_rows

# Trains.
pytestmark = pytest.mark.project

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "configs" / "spancat_cpu.cfg"
CITIES = ["ঢাকা", "খুলনা", "সিলেট", "রাজশাহী", "বরিশাল", "যশোর", "কুমিল্লা", "পাবনা"]
ENDS = ["গতকাল খোলা ছিল", "আজ বন্ধ হয়ে গেছে", "নিয়ে অনেক কথা হলো", "থেকে খবর এসেছে"]


def _record(i: int) -> dict:
    """A university, and in its name the city."""
    city, end = CITIES[i % 8], ENDS[(i // 8) % 4]
    name = f"{city} বিশ্ববিদ্যালয়"
    text = f"{i} নম্বর {name} {end}"
    start = text.index(city)
    spans = [[start, start + len(name), "ORG"], [start, start + len(city), "LOC"]]
    return {"id": str(i), "text": text, "label": spans}


def _settings(*policies: str, **more) -> Settings:
    return Settings(
        spans_key="sc", near_duplicate=1.0, policies=parse_policies(policies, overlapping=True),
        **more,
    )  # fmt: skip


def _docs(corpus: Path, split: str = "train") -> list[Doc]:
    return list(read_docs(docbin_files(corpus / f"{split}.spacy"), spacy.blank("bn").vocab))


def _group(doc: Doc) -> list[tuple[str, str]]:
    return [(span.text, span.label_) for span in doc.spans["sc"]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """A corpus with a city in every university."""
    folder = tmp_path_factory.mktemp("spancat")
    inputs = {}
    for split, numbers in (("train", range(32)), ("dev", range(32, 40)), ("test", range(40, 44))):
        inputs[split] = folder / f"{split}.jsonl"
        srsly.write_jsonl(inputs[split], [_record(i) for i in numbers])
    convert(inputs, folder / "corpus", _settings())
    return folder / "corpus"


@pytest.fixture(scope="module")
def model(corpus, tmp_path_factory) -> Path:
    """A pipeline that has learned the corpus by heart."""
    output = tmp_path_factory.mktemp("training")
    settings = automatic_settings(
        CONFIG, corpus=corpus, encoder_dir=corpus, lang="bn", seed=0,
        log=output / "log.jsonl", gpu=False,
    )  # fmt: skip
    small = {
        "components.tok2vec.model.encode.width": 32, "components.tok2vec.model.encode.depth": 1,
        "training.max_steps": 100, "training.eval_frequency": 50, "training.dropout": 0.0,
        "training.optimizer.learn_rate": 0.01, "training.logger.progress_bar": None,
    }  # fmt: skip
    config = use_corpus_tokenizer(read_config(CONFIG, {**settings, **small}), corpus / "tokenizer")
    train_nlp(init_nlp(config), output)
    note_origin(output / "model-best", corpus, None, seconds=1.0, device="CPU")
    return output / "model-best"


def test_spancat_corpus_holds_nested_spans_beside_flat_entities(corpus):
    for doc in _docs(corpus):
        (org,) = doc.ents
        assert org.label_ == "ORG"
        assert sorted(_group(doc)) == sorted([(org.text, "ORG"), (org.text.split()[0], "LOC")])
    audit = srsly.read_json(corpus / "audit.json")
    assert audit["spans_key"] == "sc"
    spans = audit["splits"]["train"]["spans"]
    assert (spans["given"], spans["kept"], spans["trainable"], spans["overlapping"]) == (
        64, 64, 64, 32,
    )  # fmt: skip


def test_spancat_gold_holds_flat_entities_and_all_spans(corpus):
    for gold in read_gold(corpus / "dev.gold.jsonl"):
        assert [span.label for span in gold.ents] == ["ORG"]
        assert sorted(span.label for span in gold.spans) == ["LOC", "ORG"]


@pytest.mark.parametrize(
    ("policies", "group"),
    [
        ((), []),
        (("crossing=keep",), [("ঢাকা মেডিকেল", "ORG"), ("মেডিকেল কলেজ", "ORG")]),
        (("crossing=drop",), [("ঢাকা মেডিকেল", "ORG")]),
    ],
)
def test_spancat_crossing_spans_are_kept_on_demand(tmp_path, policies, group):
    record = {"text": "ঢাকা মেডিকেল কলেজ আজ", "label": [[0, 12, "ORG"], [5, 17, "ORG"]]}
    srsly.write_jsonl(tmp_path / "train.jsonl", [record, *(_record(i) for i in range(20))])
    srsly.write_jsonl(tmp_path / "dev.jsonl", [_record(30)])
    inputs = {name: tmp_path / f"{name}.jsonl" for name in ("train", "dev")}
    convert(inputs, tmp_path / "corpus", _settings(*policies))
    (doc,) = [doc for doc in _docs(tmp_path / "corpus") if doc.text == record["text"]]
    assert _group(doc) == group
    assert [ent.text for ent in doc.ents] == [text for text, _ in group[:1]]


def test_spancat_two_labels_at_one_place_are_kept_on_demand(tmp_path):
    record = {"text": "আজ ঢাকা জিতেছে", "label": [[3, 7, "ORG"], [3, 7, "LOC"]]}
    srsly.write_jsonl(tmp_path / "train.jsonl", [record, *(_record(i) for i in range(20))])
    srsly.write_jsonl(tmp_path / "dev.jsonl", [_record(30)])
    inputs = {name: tmp_path / f"{name}.jsonl" for name in ("train", "dev")}
    convert(inputs, tmp_path / "corpus", _settings("two-labels=keep"))
    (doc,) = [doc for doc in _docs(tmp_path / "corpus") if doc.text == record["text"]]
    assert sorted(_group(doc)) == [("ঢাকা", "LOC"), ("ঢাকা", "ORG")]
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("ঢাকা", "ORG")]


def test_spancat_corpus_of_a_ner_cannot_keep_what_overlaps():
    with pytest.raises(UserError, match="cannot be kept") as caught:
        parse_policies(["crossing=keep"])
    assert "--spans sc" in caught.value.todo
    assert parse_policies([])["nested"] is Policy.REPAIR
    assert parse_policies([], overlapping=True)["nested"] is Policy.KEEP
    assert parse_policies(["nested=drop"], overlapping=True)["nested"] is Policy.DROP


def test_spancat_config_gets_the_sizes_of_the_corpus(corpus):
    settings = automatic_settings(
        CONFIG, corpus=corpus, encoder_dir=corpus, lang="bn", seed=0, log=Path("log"), gpu=False
    )
    assert settings["components.spancat.suggester.max_size"] == 2
    assert sections_for_missing(CONFIG, [], corpus) == []


def test_spancat_config_refuses_the_corpus_of_a_ner(corpus, tmp_path):
    inputs = {name: corpus.parent / f"{name}.jsonl" for name in ("train", "dev")}
    convert(inputs, tmp_path / "corpus", Settings(near_duplicate=1.0))
    with pytest.raises(UserError, match="holds no spans") as caught:
        automatic_settings(
            CONFIG, corpus=tmp_path / "corpus", encoder_dir=corpus, lang="bn", seed=0,
            log=Path("log"), gpu=False,
        )  # fmt: skip
    assert "--spans sc" in caught.value.todo


def test_spancat_learns_nested_spans_and_predicts_flat_entities(model, corpus, tmp_path):
    texts = corpus.parent / "test.jsonl"
    predict(
        model, str(texts), str(tmp_path / "out.jsonl"), gpu_id="-1", text_key="text", form="auto",
        to=None, spans=True, confidence=False, threshold=0.0, calibration=tmp_path / "none.json",
        window=WINDOW, block=1000, n_process=1, engine="local", address=None, restart=False,
    )  # fmt: skip
    given = list(srsly.read_jsonl(texts))
    found = list(srsly.read_jsonl(tmp_path / "out.jsonl"))
    assert [[[s["start"], s["end"], s["label"]] for s in f["all_spans"]] for f in found] == [
        g["label"] for g in given
    ]
    # The corpus has names in names: the outer one is the entity, whatever the scores.
    assert [f["label"] for f in found] == [g["label"][:1] for g in given]


def test_spancat_confidence_is_the_score(model):
    nlp = load_pipeline(model, -1)
    text = _record(41)["text"]
    ((doc, values),) = predict_with_confidence(nlp, [text])
    assert len(ent_spans(doc)) == len(values) == 1
    ((org, score),) = [
        pair for pair in zip(doc.spans["sc"], doc.spans["sc"].attrs["scores"], strict=True)
        if pair[0].label_ == "ORG"
    ]  # fmt: skip
    assert (doc.ents[0].start, doc.ents[0].end) == (org.start, org.end)
    assert values[0] == pytest.approx(score)
    assert values[0] >= nlp.get_pipe("spancat").cfg["threshold"]


def test_spancat_evaluation_scores_entities_and_all_spans(model, corpus, tmp_path):
    evaluate(model, corpus=corpus, output=tmp_path / "metrics", gpu_id="-1", seed=0,
             resamples=100, other_corpus=True)  # fmt: skip
    scores = srsly.read_json(tmp_path / "metrics" / "test.json")
    assert scores["all_spans"]["spans"] == 8
    assert scores["all_spans"]["micro"]["f"] == 1.0
    assert scores["gold"]["repaired"]["spans"] == 4
    assert scores["gold"]["repaired"]["micro"]["f"] == 1.0
    assert dev_score(model.parent) == 1.0
    card = render_card(read_inputs(
        model, corpus=corpus, metrics=tmp_path / "metrics", encoder=corpus,
        log=tmp_path / "none.jsonl", owner=Owner(),
    ))  # fmt: skip
    assert 'for span in doc.spans["sc"]' in card and ").ents" not in card
    assert "the longest of those that share tokens" in card
    assert "| test | all spans | 4 | 8 | 100.0 | 100.0 | **100.0** |" in card


def test_spancat_table_of_training_is_read(corpus):
    reader = TableReader.of(read_config(CONFIG))
    row = "  0      50         49.80        689.89       61.05       50.53       41.86    0.61"
    assert reader.read(row) == (50, pytest.approx(0.6105))


@pytest.mark.project
def test_spancat_pipeline_loads_without_our_code(model, tmp_path):
    code = (
        "import spacy, sys; nlp = spacy.load(sys.argv[1]); doc = nlp(sys.argv[2]); "
        "assert not [name for name in sys.modules if name.startswith('scripts')]; "
        "print(sorted(span.label_ for span in doc.spans['sc']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(model), _record(42)["text"]], cwd=tmp_path,
        capture_output=True, text=True, encoding="utf8",
    )  # fmt: skip
    assert done.stdout.strip() == "['LOC', 'ORG']", done.stderr


def test_spancat_training_that_is_continued_honours_missing_places_too(model, corpus):
    settings = automatic_settings(
        CONFIG, corpus=corpus, encoder_dir=corpus, lang="bn", seed=0, log=Path("log"), gpu=False,
        sections=["spancat_missing"],
    )  # fmt: skip
    config = read_config(CONFIG, settings, ["spancat_missing"])
    config = source_components(use_corpus_tokenizer(config, corpus / "tokenizer"), model)
    nlp = init_nlp(config)
    assert "get_loss" in vars(nlp.get_pipe("spancat"))


@pytest.mark.parametrize(("overlapping", "choice"), [(3, "longest first"), (0, "best first")])
def test_spancat_meta_says_how_entities_are_chosen(model, tmp_path, overlapping, choice):
    shutil.copytree(model, tmp_path / "model")
    audit = {"splits": {"train": {"spans": {"overlapping": overlapping}}}}
    srsly.write_json(tmp_path / "audit.json", audit)
    note_origin(tmp_path / "model", tmp_path, None, seconds=1.0, device="CPU")
    assert srsly.read_json(tmp_path / "model" / "meta.json")["trained_on"]["entities"] == choice
    assert longest_first(load_pipeline(tmp_path / "model", -1)) is bool(overlapping)


@pytest.fixture
def unsure():
    """A span categorizer, and an example whose tokens 3 and 4 are of unknown annotation."""
    fix_random_seed(0)
    nlp = spacy.blank("bn")
    pipe = nlp.add_pipe(
        "spancat", config={"suggester": {"@misc": "spacy.ngram_range_suggester.v1",
                                         "min_size": 1, "max_size": 2}},
    )  # fmt: skip
    gold = nlp.make_doc("করিম আজ ঢাকা যান না")
    gold.set_ents([], missing=[gold[3:5]], default="outside")
    gold.spans["sc"] = [spacy.tokens.Span(gold, 2, 4, "LOC")]
    example = Example(nlp.make_doc(gold.text), gold)
    nlp.initialize(lambda: [example])
    return nlp, pipe, example


def test_spancat_suggestions_at_missing_places_are_not_trained(unsure):
    nlp, pipe, example = unsure
    suggested = pipe.suggester([example.predicted])
    scores = pipe.model.predict(([example.predicted], suggested))
    _, plain = pipe.get_loss([example], (suggested, scores))
    create_honour_missing()(nlp)
    loss, gradient = pipe.get_loss([example], (suggested, scores))
    places = [tuple(map(int, row)) for row in suggested.dataXd]
    silent = {(3, 4), (4, 5), (3, 5)}
    # (2, 4) touches a missing token too, but is gold.
    for place, before, after in zip(places, plain, gradient, strict=True):
        assert np.array_equal(after, np.zeros_like(after) if place in silent else before)
        assert before.any()
    assert loss == pytest.approx(float((gradient**2).sum()))


def test_spancat_missing_rows_follow_the_batch(unsure):
    nlp, pipe, example = unsure
    sure = Example(nlp.make_doc("সে যায়"), nlp.make_doc("সে যায়"))
    sure.reference.set_ents([], default="outside")
    suggested = pipe.suggester([sure.predicted, example.predicted])
    rows = unknown_rows([sure, example], suggested, pipe)
    assert rows[:3].tolist() == [False] * 3
    assert rows.sum() == 3
