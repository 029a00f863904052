"""The command score, beside evaluate on a pipeline of rules whose predictions are known."""

import json
import random

import pytest
from spacy.tokens import DocBin

from scripts import compare, evaluate, score
from scripts.annotations.records import Record, Span
from scripts.common.errors import UserError
from scripts.corpora.gold import GoldRecord
from scripts.corpora.tokenizer import build_tokenizer
from scripts.inference.predict import ent_spans
from scripts.scoring.foreign import place_predictions

TEXTS = ["করিম ঢাকা যায়", "রহিম ঢাকা যায়", "সালাম খুলনা যায়", "করিম ঢাকা যায়", "সে যায়।"]
GOLD = [
    [[0, 4, "PER"], [5, 9, "LOC"]],
    [[0, 4, "PER"], [5, 9, "LOC"]],
    [[0, 5, "PER"], [6, 11, "LOC"]],
    [[5, 9, "LOC"]],
    [],
]
# What says where predictions come from, and not how good they are.
HEAD = {"model", "machine", "words_per_second", "predictions_md5"}
RULES = [("করিম", "PER"), ("ঢাকা", "LOC"), ("খুলনা", "PER"), ("সে", "PER")]


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus"
    path.mkdir()
    (path / "audit.json").write_text("{}", encoding="utf8")
    for split in ("dev", "test"):
        lines = [
            {"source": f"{split}.jsonl:{i + 1}", "id": None, "text": text, "meta": {},
             "given": GOLD[i], "ents": GOLD[i], "missing": [[0, 2]] if i == 4 else []}
            for i, text in enumerate(TEXTS)
        ]  # fmt: skip
        _write(path / f"{split}.gold.jsonl", lines)
    nlp = build_tokenizer("bn")
    nlp.to_disk(path / "tokenizer")
    doc = nlp("করিম যায়")
    doc.ents = [doc.char_span(0, 4, label="PER")]
    DocBin(docs=[doc]).to_disk(path / "train.spacy")
    return path


def _write(path, lines):
    path.write_text(
        "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf8"
    )
    return path


def _predicted(path, spans, texts=TEXTS):
    return _write(path, [{"text": t, "label": s} for t, s in zip(texts, spans, strict=True)])


def _score(predictions, corpus, output, **options):
    defaults = {
        "split": "test", "name": None, "seed": 0, "resamples": 200, "lang": "bn",
        "file_format": None, "text_key": "text", "spans_key": None, "offset_unit": "auto",
        "spacing": "auto", "scheme": "auto", "columns": None, "layer": None, "label_map": None,
    }  # fmt: skip
    score.main(predictions, corpus, output=output, **{**defaults, **options})


def _read(path):
    return json.loads(path.read_text(encoding="utf8"))


def _f(path, gold="repaired"):
    return _read(path)["gold"][gold]["micro"]["f"]


def test_score_of_a_pipelines_predictions_is_what_evaluate_says(tmp_path, corpus):
    nlp = build_tokenizer("bn")
    ruler = nlp.add_pipe("entity_ruler", name="ner")
    ruler.add_patterns([{"label": label, "pattern": text} for text, label in RULES])
    nlp.to_disk(tmp_path / "model")
    evaluate.main(tmp_path / "model", corpus, tmp_path / "metrics", gpu_id="-1", seed=0,
                  resamples=200, other_corpus=False)  # fmt: skip
    spans = [[[s.start, s.end, s.label] for s in ent_spans(nlp(text))] for text in TEXTS]
    # The order of the file does not matter, that of equal texts among themselves does not either.
    order = [4, 2, 0, 1, 3]
    path = _predicted(tmp_path / "peer.jsonl", [spans[i] for i in order], [TEXTS[i] for i in order])
    _score(path, corpus, tmp_path / "peer")
    ours, theirs = (_read(tmp_path / name / "test.json") for name in ("metrics", "peer"))
    assert 0 < ours["gold"]["repaired"]["micro"]["f"] < 1
    assert {k: v for k, v in theirs.items() if k not in HEAD} == {
        k: v for k, v in ours.items() if k not in HEAD
    }
    errors = [tmp_path / name / "test.errors.jsonl" for name in ("metrics", "peer")]
    assert errors[0].read_bytes() == errors[1].read_bytes()
    assert theirs["model"] == path.as_posix()
    compare.main(str(tmp_path / "metrics" / "test.json"), str(tmp_path / "peer" / "test.json"),
                 output=tmp_path / "c.json", dataset=None, rounds=200, seed=0)  # fmt: skip
    assert _read(tmp_path / "c.json")["micro"]["difference"] == 0


def test_score_of_perfect_and_of_no_predictions(tmp_path, corpus):
    _score(_predicted(tmp_path / "all.jsonl", GOLD), corpus, tmp_path / "all")
    assert _f(tmp_path / "all" / "test.json") == 1
    _score(_predicted(tmp_path / "none.jsonl", [[]] * 5), corpus, tmp_path / "none")
    micro = _read(tmp_path / "none" / "test.json")["gold"]["repaired"]["micro"]
    assert (micro["tp"], micro["fp"], micro["fn"]) == (0, 0, 7)


def test_score_gives_equal_texts_their_predictions_by_occurrence(tmp_path, corpus):
    # Texts 0 and 3 are equal and annotated in two ways: exchanged, one prediction is wrong twice.
    spans = [GOLD[3], *GOLD[1:3], GOLD[0], GOLD[4]]
    _score(_predicted(tmp_path / "p.jsonl", spans), corpus, tmp_path / "m")
    assert _read(tmp_path / "m" / "test.json")["per_document"][0] == [1, 0, 1]
    assert _read(tmp_path / "m" / "test.json")["per_document"][3] == [1, 1, 0]


def test_score_counts_texts_that_the_gold_does_not_have(tmp_path, corpus, capsys):
    path = _predicted(tmp_path / "p.jsonl", [*GOLD, [[0, 2, "PER"]]], [*TEXTS, "অন্য কিছু"])
    _score(path, corpus, tmp_path / "m")
    assert _f(tmp_path / "m" / "test.json") == 1
    assert "1 predicted texts are none of test's" in capsys.readouterr().out


def test_score_refuses_a_gold_text_without_prediction(tmp_path, corpus):
    path = _predicted(tmp_path / "p.jsonl", GOLD[:3] + GOLD[4:], TEXTS[:3] + TEXTS[4:])
    with pytest.raises(UserError, match="no prediction: 'করিম ঢাকা যায়'"):
        _score(path, corpus, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_score_refuses_a_span_outside_its_text(tmp_path, corpus):
    path = _predicted(tmp_path / "p.jsonl", [*GOLD[:4], [[0, 99, "PER"]]])
    with pytest.raises(UserError, match="99"):
        _score(path, corpus, tmp_path / "m", offset_unit="codepoint")


def test_score_keeps_the_other_split_and_refuses_the_scores_of_a_pipeline(tmp_path, corpus):
    path = _predicted(tmp_path / "p.jsonl", GOLD)
    _score(path, corpus, tmp_path / "m", split="dev", name="peer")
    _score(path, corpus, tmp_path / "m", split="test", name="peer")
    names = sorted(p.name for p in (tmp_path / "m").iterdir())
    assert names == ["dev.errors.jsonl", "dev.json", "test.errors.jsonl", "test.json"]
    scores = _read(tmp_path / "m" / "dev.json")
    assert (scores["split"], scores["dataset"], scores["model"]) == ("dev", "dev", "peer")
    (tmp_path / "ours").mkdir()
    _write(tmp_path / "ours" / "dev.json", [{"version": 2}])
    with pytest.raises(UserError, match="scores of a pipeline"):
        _score(path, corpus, tmp_path / "ours")


def test_score_refuses_to_put_two_corpora_into_one_directory(tmp_path, corpus):
    path = _predicted(tmp_path / "p.jsonl", GOLD)
    _score(path, corpus, tmp_path / "m", split="dev")
    _score(path, corpus, tmp_path / "m", split="test")
    (corpus / "audit.json").write_text('{"seed": 1}', encoding="utf8")
    before = (tmp_path / "m" / "dev.json").read_bytes()
    with pytest.raises(UserError, match="scores of dev on another corpus"):
        _score(path, corpus, tmp_path / "m", split="test")
    assert (tmp_path / "m" / "dev.json").read_bytes() == before
    (tmp_path / "m" / "dev.json").unlink()
    _score(path, corpus, tmp_path / "m", split="test")


def test_score_refuses_a_directory_with_a_broken_metrics_file(tmp_path, corpus):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "dev.json").write_text("[1", encoding="utf8")
    with pytest.raises(UserError, match="Not a metrics file"):
        _score(_predicted(tmp_path / "p.jsonl", GOLD), corpus, tmp_path / "m")


def test_score_prints_all_spans_of_a_span_categorizers_corpus(tmp_path, corpus, capsys):
    path = _predicted(tmp_path / "p.jsonl", GOLD)
    _score(path, corpus, tmp_path / "m")
    assert "all spans" not in capsys.readouterr().out
    lines = [json.loads(line) for line in (corpus / "test.gold.jsonl").open(encoding="utf8")]
    _write(corpus / "test.gold.jsonl", [{**line, "spans": line["ents"]} for line in lines])
    _score(path, corpus, tmp_path / "m")
    assert "test, all spans" in capsys.readouterr().out


def test_score_says_what_of_the_predictions_was_not_read(tmp_path, corpus, capsys):
    labels = tmp_path / "labels.yml"
    labels.write_text("LOC: null\n", encoding="utf8")
    path = _predicted(tmp_path / "p.jsonl", GOLD)
    _score(path, corpus, tmp_path / "m", label_map=labels)
    assert "label-dropped" in capsys.readouterr().out


def test_score_reads_other_formats(tmp_path, corpus):
    rows = []
    for text, spans in zip(TEXTS, GOLD, strict=True):
        at, words = 0, []
        for word in text.split(" "):
            label = next((s[2] for s in spans if s[0] == at), None)
            words.append(f"{word}\t{'O' if label is None else f'B-{label}'}")
            at += len(word) + 1
        rows.append("\n".join(words))
    path = tmp_path / "p.conll"
    path.write_text("\n\n".join(rows) + "\n", encoding="utf8")
    _score(path, corpus, tmp_path / "m", spacing="blanks")
    assert _f(tmp_path / "m" / "test.json") == 1


def test_predictions_find_their_gold_in_any_order(nlp):
    rng = random.Random(0)
    texts = [f"করিম {i % 7} যায়" for i in range(30)]
    gold = [GoldRecord(f"g:{i}", None, t, (), (), ()) for i, t in enumerate(texts)]
    records = [Record(text, (Span(0, 4, f"L{text[5]}"),), i) for i, text in enumerate(texts)]
    rng.shuffle(records)
    found = place_predictions(records, gold, nlp, "p.jsonl")
    assert [p.ents[0].label for p in found.predictions] == [f"L{i % 7}" for i in range(30)]
    assert found.extra == 0
