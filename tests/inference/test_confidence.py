import json

import numpy as np
import pytest
import spacy
from spacy.training import Example
from spacy.util import fix_random_seed

from scripts.annotations.formats.base import ReadOptions
from scripts.annotations.formats.span_jsonl import read_span_jsonl
from scripts.calibrate import main as calibrate
from scripts.common.errors import UserError
from scripts.inference.confidence import (
    entity_probabilities,
    find_calibration,
    predict_with_confidence,
)
from scripts.inference.windows import WINDOW
from scripts.pipelines.meta import ner_md5
from scripts.predict import main as predict
from scripts.scoring.calibration import RAW

TRAIN = [
    ("করিম ঢাকায় থাকেন", [(0, 4, "PER"), (5, 11, "LOC")]),
    ("রহিম আহমেদ এসেছেন", [(0, 10, "PER")]),
    ("আজ খুলনায় বৃষ্টি", [(3, 10, "LOC")]),
    ("সে বই পড়ে", []),
    ("কাল নাসরিন সুলতানা বেগম যাবেন", [(4, 23, "PER")]),
]
TEXTS = [
    "করিম আহমেদ আজ খুলনায়",
    "",
    "নাসরিন সুলতানা ঢাকায় থাকেন",
    "   ",
    "রহিম",
    "সে কাল বই পড়ে করিম রহিম বেগম সুলতানা ঢাকায় বৃষ্টি আজ",
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A Bangla pipeline of tok2vec, ner and doc_cleaner, trained for a second: often unsure."""
    fix_random_seed(0)
    nlp = spacy.blank("bn")
    width = {"tok2vec": {"@architectures": "spacy.HashEmbedCNN.v2", "width": 16, "depth": 1,
             "embed_size": 200, "window_size": 1, "maxout_pieces": 2, "subword_features": True,
             "pretrained_vectors": None}}  # fmt: skip
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 16, "upstream": "*"}
    nlp.add_pipe("tok2vec", config={"model": width["tok2vec"]})
    nlp.add_pipe("ner", config={"model": {"tok2vec": listener}})
    examples = [Example.from_dict(nlp.make_doc(text), {"entities": spans}) for text, spans in TRAIN]
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.01
    for _ in range(15):
        nlp.update(examples, sgd=optimizer)
    nlp.add_pipe("doc_cleaner", config={"attrs": {"tensor": None}})
    path = tmp_path_factory.mktemp("training") / "model-best"
    nlp.to_disk(path)
    return path


@pytest.fixture(scope="module")
def trained(model):
    return spacy.load(model)


def _ents(doc):
    return [(e.start, e.end, e.label_) for e in doc.ents]


def test_confidence_leaves_the_entities_and_their_order_as_they_are(trained):
    plain = [_ents(doc) for doc in trained.pipe(TEXTS * 50)]
    scored = list(predict_with_confidence(trained, TEXTS * 50))
    assert [_ents(doc) for doc, _ in scored] == plain
    assert sum(map(len, plain)) > 100
    assert all(len(values) == len(doc.ents) for doc, values in scored)
    values = [value for _, own in scored for value in own]
    assert 0 < min(values) < max(values) <= 1
    # The components after ner have run.
    assert all(doc.tensor is None or not doc.tensor.size for doc, _ in scored)


def test_confidence_is_the_product_along_the_path_that_ner_takes_itself(trained):
    ner = trained.get_pipe("ner")
    doc = next(iter(trained.pipe([TEXTS[2]], disable=["ner", "doc_cleaner"])))
    (state,) = states = ner.moves.init_batch([doc])
    step, taken = ner.model.predict([doc]), []
    while states:
        scores = step.predict(states)
        exponents = np.exp(scores[0].astype(float))
        states = ner.transition_states(states, scores)
        # The greedy action is the best one, unless it is not valid: none such in this text.
        taken.append(exponents.max() / exponents.sum())
    ner.set_annotations([doc], [state])
    (found,) = entity_probabilities(ner, [doc])
    assert any(end - start > 1 for start, end, _ in found)
    for (start, end, _), value in found.items():
        assert value == pytest.approx(np.prod(taken[start:end]), rel=1e-4)


def test_confidence_does_not_depend_on_the_texts_beside(trained):
    together = [values for _, values in predict_with_confidence(trained, TEXTS)]
    alone = [next(predict_with_confidence(trained, [text]))[1] for text in TEXTS]
    assert [len(own) for own in alone] == [len(own) for own in together]
    for own, other in zip(alone, together, strict=True):
        assert own == pytest.approx(other, abs=1e-5)


def test_confidence_is_zero_for_what_another_component_sets_after_ner(model):
    nlp = spacy.load(model)
    ruler = nlp.add_pipe("entity_ruler", after="ner", config={"overwrite_ents": True})
    ruler.add_patterns([{"label": "BOOK", "pattern": "গীতাঞ্জলি"}])
    ((doc, values),) = predict_with_confidence(nlp, ["সে পড়ে গীতাঞ্জলি"])
    known = dict(zip([e.label_ for e in doc.ents], values, strict=True))
    assert known["BOOK"] == 0


def test_confidence_needs_a_transition_based_ner():
    nlp = spacy.blank("bn")
    nlp.add_pipe("sentencizer", name="ner")
    with pytest.raises(UserError, match="gives no confidence: it is a Sentencizer"):
        next(predict_with_confidence(nlp, ["ক"]))


def _calibration(tmp_path, model, **changes):
    path = tmp_path / "calibration.json"
    content = {"ner_md5": ner_md5(model), "method": "temperature", "map": {"temperature": 4.0},
               "fitted_on": "dev", "reason": "…", **changes}  # fmt: skip
    path.write_text(json.dumps(content), encoding="utf8")
    return path


def test_find_calibration_takes_only_that_of_the_model(tmp_path, model):
    assert find_calibration(tmp_path / "none.json", model)[0] is RAW
    path = _calibration(tmp_path, model)
    calibration, words = find_calibration(path, model)
    assert calibration.temperature == 4 and words.startswith("calibrated on dev")
    path = _calibration(tmp_path, model, ner_md5="0")
    calibration, words = find_calibration(path, model)
    assert calibration is RAW and "another model" in words
    path = _calibration(tmp_path, model, method="none", map=None, reason="dev is small")
    assert "dev is small" in find_calibration(path, model)[1]


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "magic"},
        {"map": {"temperature": 0}},
        {"map": None},
        {"method": "isotonic", "map": []},
        {"method": "isotonic", "map": [[0.1, 0.9], [0.5, 0.2]]},
        {"method": "isotonic", "map": [[0.1, 0.1], [0.5, 1.2]]},
    ],
)
def test_find_calibration_refuses_a_map_that_is_none(tmp_path, model, changes):
    with pytest.raises(UserError, match="cannot be read"):
        find_calibration(_calibration(tmp_path, model, **changes), model)


def _predict(tmp_path, model, **options):
    texts = tmp_path / "texts.jsonl"
    lines = [json.dumps({"text": text, "id": i}) for i, text in enumerate(TEXTS)]
    texts.write_text("\n".join(lines), encoding="utf8")
    output = tmp_path / "predicted.jsonl"
    given = {"gpu_id": "-1", "text_key": "text", "form": "auto", "to": None, "confidence": True,
             "threshold": 0.0, "spans": False, "calibration": tmp_path / "calibration.json",
             "window": WINDOW, "block": 1000, "n_process": 1, "engine": "local", "address": None,
             "restart": False, **options}  # fmt: skip
    predict(model, str(texts), str(output), **given)
    return [json.loads(line) for line in output.read_text(encoding="utf8").splitlines()]


def test_predict_writes_confidences_that_are_read_back(tmp_path, model, capsys):
    plain = _predict(tmp_path, model, confidence=False)
    assert "Confidences" not in capsys.readouterr().out
    scored = _predict(tmp_path, model)
    assert "raw, not calibrated" in " ".join(capsys.readouterr().out.split())
    assert [[[s["start"], s["end"], s["label"]] for s in line["label"]] for line in scored] == [
        line["label"] for line in plain
    ]
    records = list(read_span_jsonl(tmp_path / "predicted.jsonl", ReadOptions(), lambda *a: None))
    shown = [s["confidence"] for line in scored for s in line["label"]]
    assert [span.meta["confidence"] for r in records for span in r.spans] == shown


def test_predict_counts_what_falls_below_the_threshold(tmp_path, model, capsys):
    everything = [s["confidence"] for line in _predict(tmp_path, model) for s in line["label"]]
    threshold = sorted(everything)[len(everything) // 2]
    below = sum(value < threshold for value in everything)
    assert below
    kept = _predict(tmp_path, model, confidence=False, threshold=threshold)
    assert [s["confidence"] for line in kept for s in line["label"]] == [
        value for value in everything if value >= threshold
    ]
    assert len(kept) == len(TEXTS)
    assert f"{below} of {len(everything)} entities left out" in capsys.readouterr().out


def test_predict_uses_the_calibration_of_the_model(tmp_path, model, capsys):
    raw = [s["confidence"] for line in _predict(tmp_path, model) for s in line["label"]]
    _calibration(tmp_path, model)
    assert "calibrated on dev" not in capsys.readouterr().out
    cooled = [s["confidence"] for line in _predict(tmp_path, model) for s in line["label"]]
    assert "calibrated on dev" in capsys.readouterr().out
    assert all(
        abs(b - 0.5) < abs(a - 0.5) for a, b in zip(raw, cooled, strict=True) if 0.01 < a < 0.99
    )


def _corpus(tmp_path, copies, names_of_test=("news", "my blog")):
    """A corpus whose second half of the texts has no gold entity: half the predictions wrong."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "audit.json").write_text("{}", encoding="utf8")
    pairs = [(text, spans if i % 2 else []) for i in range(copies) for text, spans in TRAIN]
    for split, names in (("dev", [None]), ("test", names_of_test)):
        lines = [
            {"dataset": names[i % len(names)], "source": f"{split}:{i}", "id": None, "text": text,
             "missing": [], "given": spans, "ents": spans}
            for i, (text, spans) in enumerate(pairs)
        ]  # fmt: skip
        content = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{split}.gold.jsonl").write_text(content, encoding="utf8")
    return folder


def _calibrate(tmp_path, model, copies):
    calibrate(model, corpus=_corpus(tmp_path, copies), output=tmp_path / "metrics", gpu_id="-1",
              seed=0, other_corpus=False)  # fmt: skip
    path = tmp_path / "metrics" / "calibration.json"
    return path, json.loads(path.read_text(encoding="utf8"))


def test_calibrate_writes_what_predict_reads(tmp_path, model, capsys):
    path, result = _calibrate(tmp_path, model, copies=40)
    assert result["method"] in ("isotonic", "temperature")
    # The names of the metrics files, so that the report finds what belongs together.
    assert set(result["datasets"]) == {"dev", "test", "test-news", "test-my_blog"}
    dev = result["datasets"]["dev"]
    assert dev["ece_after"] < dev["ece_before"] and dev["brier_after"] < dev["brier_before"]
    assert len(dev["thresholds"]) == len(dev["risk_coverage"])
    calibration, _ = find_calibration(path, model)
    assert calibration.method == result["method"]
    assert "what --threshold keeps" in capsys.readouterr().out


def test_calibrate_says_why_it_does_not(tmp_path, model):
    path, result = _calibrate(tmp_path, model, copies=2)
    assert (result["method"], result["map"]) == ("none", None)
    assert "are the least to calibrate on" in result["reason"]
    assert "are the least" in find_calibration(path, model)[1]


def test_calibrate_names_a_single_test_set_once(tmp_path, model):
    corpus = _corpus(tmp_path, 2, names_of_test=("news",))
    calibrate(model, corpus=corpus, output=tmp_path, gpu_id="-1", seed=0, other_corpus=False)
    result = json.loads((tmp_path / "calibration.json").read_text(encoding="utf8"))
    assert set(result["datasets"]) == {"dev", "test"}
