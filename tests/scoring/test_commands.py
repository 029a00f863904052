"""The commands evaluate and compare, on a pipeline of rules whose predictions are known."""

import json

import pytest
import spacy
from spacy.tokens import DocBin

from scripts import compare, evaluate
from scripts.common.errors import UserError

TEXTS = ["করিম ঢাকা যায়", "রহিম ঢাকা যায়", "সালাম খুলনা যায়"]
GOLD = [
    [[0, 4, "PER"], [5, 9, "LOC"]],
    [[0, 4, "PER"], [5, 9, "LOC"]],
    [[0, 5, "PER"], [6, 11, "LOC"]],
]


def _pipeline(path, *patterns):
    nlp = spacy.blank("bn")
    ruler = nlp.add_pipe("entity_ruler", name="ner")
    ruler.add_patterns([{"label": label, "pattern": text} for text, label in patterns])
    nlp.to_disk(path)
    return path


def _line(i, dataset):
    named = {} if dataset is None else {"dataset": dataset}
    return {**named, "source": f"test.jsonl:{i + 1}", "id": None, "text": TEXTS[i], "meta": {},
            "given": GOLD[i], "ents": GOLD[i], "missing": []}  # fmt: skip


@pytest.fixture
def corpus(tmp_path):
    """A corpus whose test has the data sets that are given, one a text."""

    def make(*datasets):
        path = tmp_path / "corpus"
        path.mkdir(exist_ok=True)
        (path / "audit.json").write_text("{}", encoding="utf8")
        lines = [json.dumps(_line(i, name)) + "\n" for i, name in enumerate(datasets)]
        (path / "test.gold.jsonl").write_text("".join(lines), encoding="utf8")
        doc = spacy.blank("bn")("করিম যায়")
        doc.ents = [doc.char_span(0, 4, label="PER")]
        DocBin(docs=[doc]).to_disk(path / "train.spacy")
        return path

    return make


def _evaluate(model, corpus, output):
    evaluate.main(model, corpus, output, gpu_id="-1", seed=0, resamples=200, other_corpus=False)


def _read(path):
    return json.loads(path.read_text(encoding="utf8"))


def _compare(first, second, output=None, rounds=200):
    compare.main(str(first), str(second), output=output, dataset=None, rounds=rounds, seed=0)


def test_evaluate_writes_version_2_with_slices_by_surface(tmp_path, corpus, capsys):
    model = _pipeline(tmp_path / "model", ("করিম", "PER"), ("ঢাকা", "LOC"), ("খুলনা", "PER"))
    _evaluate(model, corpus(None, None, None), tmp_path / "metrics")
    scores = _read(tmp_path / "metrics" / "test.json")
    assert (scores["version"], scores["split"], scores["dataset"]) == (2, "test", "test")
    assert scores["per_document"] == [[2, 0, 0], [1, 0, 1], [0, 1, 2]]
    seen, unseen = scores["slices"]["surface"]
    assert (seen["name"], seen["gold"], seen["f"]) == ("seen in train", 1, 1.0)
    assert (unseen["name"], unseen["gold"], unseen["predicted"]) == ("unseen", 5, 3)
    printed = capsys.readouterr().out
    assert "as given gold" in printed
    assert "partial: overlap counts half" in printed
    assert "surface: seen in train" in printed


def test_evaluate_writes_each_data_set_and_the_mixture(tmp_path, corpus, capsys):
    model = _pipeline(tmp_path / "model", ("করিম", "PER"), ("ঢাকা", "LOC"))
    _evaluate(model, corpus("খবর", "খবর", "web"), tmp_path / "metrics")
    names = sorted(path.name for path in (tmp_path / "metrics").iterdir())
    assert names == ["test-web.errors.jsonl", "test-web.json", "test-খবর.errors.jsonl",
                     "test-খবর.json", "test.errors.jsonl", "test.json"]  # fmt: skip
    news, web, all_ = (
        _read(tmp_path / "metrics" / f"{name}.json") for name in ("test-খবর", "test-web", "test")
    )
    assert (news["dataset"], news["split"], news["docs"]) == ("test-খবর", "test", 2)
    assert news["per_document"] + web["per_document"] == all_["per_document"]
    assert "test-web" in capsys.readouterr().out
    # Fewer data sets than before: nothing of the old ones stays.
    _evaluate(model, corpus(None, None, None), tmp_path / "metrics")
    assert not (tmp_path / "metrics" / "test-web.json").exists()


def test_compare_prints_and_writes_the_difference(tmp_path, corpus, capsys):
    path = corpus(None, None, None)
    first = _pipeline(tmp_path / "a", ("করিম", "PER"), ("ঢাকা", "LOC"))
    second = _pipeline(tmp_path / "b", *[(t, "PER") for t in ("করিম", "রহিম", "সালাম")],
                       ("ঢাকা", "LOC"), ("খুলনা", "LOC"))  # fmt: skip
    _evaluate(first, path, tmp_path / "ma")
    _evaluate(second, path, tmp_path / "mb")
    files = tmp_path / "ma" / "test.json", tmp_path / "mb" / "test.json"
    _compare(*files, output=tmp_path / "c.json")
    result = _read(tmp_path / "c.json")
    assert result["micro"]["f_a"] == pytest.approx(2 / 3, abs=1e-6)
    assert result["micro"]["f_b"] == 1.0
    assert result["micro"]["difference"] == pytest.approx(1 / 3, abs=1e-6)
    assert set(result["labels"]) == {"LOC", "PER"}
    assert "+33.3" in capsys.readouterr().out


def test_compare_refuses_metrics_of_different_gold(tmp_path, corpus):
    model = _pipeline(tmp_path / "model", ("করিম", "PER"))
    path = corpus(None, None, None)
    _evaluate(model, path, tmp_path / "ma")
    good = tmp_path / "ma" / "test.json"
    for change, message in (
        ({"corpus_md5": "0"}, "corpora"),
        ({"dataset": "test-web"}, "data sets"),
        ({"per_document": [[0, 0, 0]] * 3}, "document 1"),
        ({"docs": 2}, "version 2"),
    ):
        other = tmp_path / "other.json"
        other.write_text(json.dumps({**_read(good), **change}), encoding="utf8")
        with pytest.raises(UserError, match=message):
            _compare(good, other)
    _evaluate(model, corpus(None, None), tmp_path / "mb")
    with pytest.raises(UserError, match="numbers of documents"):
        _compare(good, tmp_path / "mb" / "test.json")


def test_compare_refuses_a_file_of_version_1_or_none(tmp_path):
    old = tmp_path / "old.json"
    old.write_text('{"version": 1, "docs": 3}', encoding="utf8")
    with pytest.raises(UserError, match="version 2"):
        _compare(old, old)
    with pytest.raises(UserError, match="no such"):
        _compare(tmp_path / "none.json", old)
