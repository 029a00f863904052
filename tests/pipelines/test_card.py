"""The model card: what it says, what the hub reads in it, and what it must not say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import spacy
import srsly
import yaml
from hypothesis import given
from hypothesis import strategies as st
from spacy.cli.package import package
from spacy.schemas import ModelMetaSchema, validate
from typer.testing import CliRunner

from scripts.card import main
from scripts.common.errors import UserError
from scripts.common.files import md5_of_file
from scripts.encoders.report import EncoderReport, PieceCounts, write_report
from scripts.pipelines.card import (
    check_card,
    fill_meta,
    front_matter,
    portable_config,
    render_card,
    without_front_matter,
    write_card,
)
from scripts.pipelines.card_inputs import Owner, read_inputs
from scripts.pipelines.licences import choose_licence, hub_licence, meaning
from scripts.pipelines.meta import ner_md5

BANGLABERT = "CC BY-NC-SA 4.0: the weights and what is trained from them are for …"
F = {"p": 0.5, "r": 0.25, "f": 0.333333, "f_ci": [0.2, 0.45], "tp": 1, "fp": 1, "fn": 3}


def _gold(labels=("PER", "অন্য|নাম"), **more):
    return {"description": "d", "spans": 8, "micro": F, "macro": {"p": 0.5, "r": 0.25, "f": 0.3},
            "labels": dict.fromkeys(labels, F), **more}  # fmt: skip


def _metrics(dataset, version=2):
    """Metrics of a dataset, by hand, as evaluate writes them."""
    data = {
        "version": version, "split": dataset, "model": "/home/rahim/training/model-best",
        "trained_on_this_corpus": True, "docs": 40, "tokens": 600, "token_accuracy": 0.9,
        "machine": {"cpu": "x86_64", "python": "3.11.7", "spacy": "3.8.18", "gpu": None},
        "gold": {"repaired": _gold(), "as_given": _gold()},
        "confusion": {"labels": [], "matrix": [[0]]}, "seed": 0, "resamples": 100,
    }  # fmt: skip
    if version == 2:
        names = ("strict", "exact", "partial", "type", "left", "right")
        data["dataset"] = dataset
        for gold in data["gold"].values():
            gold["weighted"] = {"p": 0.5, "r": 0.25, "f": 0.31}
            gold["measures"] = {name: {**F, "labels": {}} for name in names}
        data["token_level"] = {"accuracy": 0.91, "micro": F, "labels": {}}
        rows = [("seen in train", 6, 0.5), ("unseen", 2, 0.125)]
        data["slices"] = {"surface": [{"name": n, "gold": g, **F, "r": r} for n, g, r in rows]}
    return data


def _split(docs, **labels):
    spans = {"given": 8, "kept": 5, "repaired": 2, "missing": 1, "refused": 0, "trainable": 7}
    return {"docs": docs, "tokens": 600, "characters": 3000, "spans": spans, "labels": labels,
            "token_lengths": {"mean": 15.0, "max": 77}}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A project folder with an untrained pipeline and everything that a card is made from."""
    root = tmp_path_factory.mktemp("project")
    nlp = spacy.blank("bn")
    nlp.add_pipe("ner").add_label("PER")
    nlp.initialize()
    (root / "training").mkdir()
    nlp.to_disk(root / "training" / "model-best")
    (root / "corpus").mkdir()
    audit = {
        "version": 1, "lang": "bn", "seed": 0, "split_method": "as given",
        "inputs": {
            "dev": {"path": "C:\\data\\dev.jsonl", "md5": "b" * 32, "records": 40},
            "train": {"path": "/home/rahim/data/train.jsonl", "md5": "a" * 32, "records": 400},
        },
        "splits": {"train": _split(400, PER=500, LOC=12), "dev": _split(40, PER=30)},
        "faults": [{"fault": "off-by-one", "description": "An edge | is off", "policy": "repair",
                    "splits": {"train": {"kept": 0, "repaired": 2, "missing": 0, "refused": 0}}}],
        "record_faults": [{"fault": "leak", "description": "Text in both", "policy": "drop",
                           "splits": {"train": {"records": 3, "dropped": 3, "spans": 4}}}],
        "leaks": {"dev": {"exact": 3, "near": 0}},
    }  # fmt: skip
    srsly.write_json(root / "corpus" / "audit.json", audit)
    meta = srsly.read_json(root / "training" / "model-best" / "meta.json")
    meta["performance"] = {"ents_p": 0.5, "ents_r": 0.25, "ents_f": 0.333333, "ner_loss": 1.5}
    meta["trained_on"] = {"audit_md5": md5_of_file(root / "corpus" / "audit.json")}
    srsly.write_json(root / "training" / "model-best" / "meta.json", meta)
    rows = [(200, 0.30, 30.0), (400, 0.333333, 33.3333), (600, 0.32, 32.0)]
    srsly.write_jsonl(root / "training" / "log.jsonl",
                      [{"epoch": 1, "step": n, "losses": {}, "scores": {"ents_f": f}, "score": s}
                       for n, s, f in rows])  # fmt: skip
    (root / "metrics").mkdir()
    srsly.write_json(root / "metrics" / "dev.json", _metrics("dev", version=1))
    srsly.write_json(root / "metrics" / "test-news.json", _metrics("test-news"))
    srsly.write_json(root / "metrics" / "test.json", _metrics("test"))
    srsly.write_json(root / "metrics" / "calibration.json", {
        "version": 1, "method": "isotonic", "fitted_on": "dev", "gold": "repaired", "spans": 30,
        "reason": "least log loss", "ner_md5": ner_md5(root / "training" / "model-best"),
        "datasets": {"dev": {"ece_before": 0.2, "ece_after": 0.05}},
    })  # fmt: skip
    return root


@pytest.fixture
def project(trained, tmp_path) -> Path:
    """The project folder, a copy for each test."""
    shutil.copytree(trained, tmp_path / "project")
    return tmp_path / "project"


def _read(root: Path, **owner):
    return read_inputs(
        root / "training" / "model-best", corpus=root / "corpus", metrics=root / "metrics",
        encoder=root / "encoder", log=root / "training" / "log.jsonl", owner=Owner(**owner),
    )  # fmt: skip


def _with_encoder(root: Path, **fields) -> None:
    """Makes the pipeline one with a transformer, as far as the card looks."""
    path = root / "training" / "model-best" / "meta.json"
    meta = srsly.read_json(path)
    meta["pipeline"] = ["transformer", *meta["pipeline"]]
    srsly.write_json(path, meta)
    (root / "encoder").mkdir()
    report = {
        "source": "csebuetnlp/banglabert",
        "name": "csebuetnlp/banglabert",
        "kind": "hub",
        "licence": BANGLABERT,
        "window": 120,
        "stride": 90,
        "truncated_tokens": 7,
        "wordpieces_per_token": PieceCounts(1.2, 2, 4, 9),
        "parameters": 110_026_752,
    }
    write_report(EncoderReport(**{**report, **fields}), root / "encoder")  # fmt: skip


def test_card_front_matter_is_what_the_hub_reads(project):
    from huggingface_hub import ModelCard

    card = ModelCard(render_card(_read(project)))
    assert card.data.language == ["bn"]
    assert card.data.library_name == "spacy"
    assert card.data.pipeline_tag == "token-classification"
    results = {(r.dataset_name, r.metric_type): r for r in card.data.eval_results}
    assert len(results) == 3 * 2 * 3
    f = results["test, repaired gold", "f_score"]
    assert (f.task_type, f.dataset_split, f.metric_value) == (
        "token-classification",
        "test",
        F["f"],
    )


def test_card_model_index_has_the_form_of_spacy_huggingface_hub(project):
    index = front_matter(_read(project))["model-index"]
    assert [entry["name"] for entry in index] == ["bn_ner"]
    for result in index[0]["results"]:
        assert result["task"] == {"name": "NER", "type": "token-classification"}
        assert [(m["name"], m["type"]) for m in result["metrics"]] == [
            ("NER Precision", "precision"), ("NER Recall", "recall"), ("NER F Score", "f_score"),
        ]  # fmt: skip


def _pushed(folder: Path) -> str:
    """README.md after `spacy huggingface-hub push`: its own front matter, then the package's."""
    meta = srsly.read_json(folder / "meta.json")
    performance = meta["performance"]
    matter = {
        "tags": ["spacy", "token-classification"],
        "language": [meta["lang"]],
        "license": meta["license"].replace(" ", "-").lower(),
        "model-index": [{"name": "bn_ner", "results": [{
            "task": {"name": "NER", "type": "token-classification"},
            "metrics": [performance["ents_p"], performance["ents_r"], performance["ents_f"]],
        }]}],
    }  # fmt: skip
    assert "ner" in meta["components"]
    return f"---\n{yaml.dump(matter)}---\n{(folder / 'README.md').read_text(encoding='utf8')}"


def test_card_survives_spacy_package_and_push(project):
    model = project / "training" / "model-best"
    write_card(_read(project), model, model)
    card = (model / "README.md").read_text(encoding="utf8")
    # Without this step the page would show a second front matter as text.
    assert _pushed(model).count("\nlibrary_name: spacy\n") == 1
    (model / "README.md").write_text(without_front_matter(card), encoding="utf8")
    (project / "packages").mkdir()
    package(model, project / "packages", name="ner", version="1.0.0", create_sdist=False)
    packaged = project / "packages" / "bn_ner-1.0.0" / "bn_ner" / "bn_ner-1.0.0"
    pushed = _pushed(packaged)
    assert pushed.split("---\n")[2].startswith("# bn_ner\n")
    assert "library_name" not in pushed
    assert yaml.safe_load(pushed.split("---\n")[1])["license"] == "unknown"


def test_card_meta_is_valid_and_leaves_spacy_performance_alone(project):
    model = project / "training" / "model-best"
    before = srsly.read_json(model / "meta.json")
    write_card(_read(project, author="রহিমা", url="https://example.org"), model, model)
    meta = srsly.read_json(model / "meta.json")
    assert not validate(ModelMetaSchema, meta)
    assert meta["performance"] == before["performance"]
    assert meta["trained_on"] == before["trained_on"]
    assert meta["author"] == "রহিমা"
    assert [e["f"] for e in meta["evaluation"]] == [F["f"]] * 6
    assert spacy.load(model).meta["author"] == "রহিমা"


def test_card_written_twice_has_the_same_bytes(project):
    model = project / "training" / "model-best"
    files = ("README.md", "meta.json", "config.cfg")
    write_card(_read(project), model, model)
    first = [(model / name).read_bytes() for name in files]
    write_card(_read(project), model, model)
    assert [(model / name).read_bytes() for name in files] == first


def test_card_and_meta_hold_no_local_paths(project):
    model = project / "training" / "model-best"
    config = (model / "config.cfg").read_text(encoding="utf8")
    config = config.replace("train = null", 'train = "/home/rahim/corpus/train.spacy"')
    (model / "config.cfg").write_text(config, encoding="utf8")
    _with_encoder(project, kind="directory", name="/home/rahim/my-bert", source="/home/rahim")
    inputs = _read(project)
    assert write_card(inputs, model, project / "out") == 1
    for name in ("README.md", "meta.json", "config.cfg"):
        text = (project / "out" / name).read_text(encoding="utf8")
        assert "rahim" not in text and "C:\\" not in text
    assert "my-bert" in render_card(inputs)
    assert (model / "config.cfg").read_text(encoding="utf8") == config


def test_card_config_paths_are_cut_on_every_platform():
    lines = [
        'train = "/a b/c/train.spacy"',
        'dev = "C:\\\\data\\\\dev.spacy"',
        "vectors = null",
        'tokenizer = "corpus/tokenizer"',
        'pattern = "/x/y"',
        'name = "csebuetnlp/banglabert"',
    ]
    config, shortened = portable_config("\n".join(lines))  # fmt: skip
    assert shortened == 2
    assert config.split("\n") == ['train = "train.spacy"', 'dev = "dev.spacy"', *lines[2:]]


def test_card_says_what_banglabert_means_for_the_weights(project):
    _with_encoder(project)
    inputs = _read(project)
    card = render_card(inputs)
    matter = check_card(card)
    assert matter["license"] == "cc-by-nc-sa-4.0"
    assert matter["base_model"] == "csebuetnlp/banglabert"
    for words in ("**Attribution**", "**NonCommercial**", "**ShareAlike**", "no legal advice"):
        assert words in card
    assert fill_meta(inputs)["sources"][1]["license"] == "cc-by-nc-sa-4.0"
    with pytest.raises(UserError, match="not under mit"):
        render_card(_read(project, licence="mit"))


def test_card_refuses_another_corpus_than_it_was_trained_on(project):
    path = project / "corpus" / "audit.json"
    path.write_text(path.read_text(encoding="utf8") + "\n", encoding="utf8")
    with pytest.raises(UserError, match="another corpus"):
        _read(project)


def test_card_refuses_another_encoder_than_it_was_trained_with(project):
    path = project / "training" / "model-best" / "meta.json"
    meta = srsly.read_json(path)
    srsly.write_json(path, {**meta, "sources": [{"name": "google/muril-base-cased"}]})
    _with_encoder(project)
    with pytest.raises(UserError, match=r"trained with google/muril"):
        _read(project)


def test_card_can_be_written_again_though_it_filled_the_sources(project):
    _with_encoder(project)
    model = project / "training" / "model-best"
    write_card(_read(project, data_name="খবর"), model, model)
    assert "খবর" in render_card(_read(project, data_name="খবর"))


def test_card_limits_come_from_the_data(project):
    card = render_card(_read(project))
    assert "**Labels with fewer than 50 training spans**: LOC (12)." in card
    assert "recall 12.5 on the 2 of them in test" in card
    assert "the longest 77" in card
    assert "1 training spans could not be aligned" in card
    assert "saved at step | 400" in card


def test_card_invents_no_numbers(project):
    card = render_card(_read(project))
    assert "| wall time | not measured |" in card
    assert "| energy | not measured |" in card
    assert "Licence of the data: **unknown**" in card
    path = project / "training" / "model-best" / "meta.json"
    meta = srsly.read_json(path)
    meta["trained_on"].update(seconds=90, device="CPU")
    srsly.write_json(path, meta)
    assert "| wall time | 1.5 minutes |" in render_card(_read(project))


def test_card_leaves_out_a_log_and_doubts_scores_of_another_training(project):
    path = project / "training" / "model-best" / "meta.json"
    meta = srsly.read_json(path)
    meta["performance"]["ents_f"] = 0.8
    srsly.write_json(path, meta)
    card = render_card(_read(project))
    assert "saved at step" not in card
    assert "scores may be of another training" in card


def test_card_with_dev_alone_says_that_it_is_optimistic(project):
    for name in ("test", "test-news"):
        (project / "metrics" / f"{name}.json").unlink()
    card = render_card(_read(project))
    assert "no scores on a test set" in card
    assert "By label on dev" in card


def test_card_leaves_undefined_scores_out_of_the_model_index(project):
    data = _metrics("test")
    data["gold"]["as_given"]["micro"] = {**F, "p": None, "f_ci": None}
    srsly.write_json(project / "metrics" / "test.json", data)
    card = render_card(_read(project))
    results = check_card(card)["model-index"][0]["results"]
    given = next(r for r in results if r["dataset"]["name"] == "test, gold as given")
    assert [m["type"] for m in given["metrics"]] == ["recall", "f_score"]
    assert "| test | gold as given | 40 | 8 | – | 25.0 |" in card


def test_card_tables_have_as_many_cells_in_every_row(project):
    _with_encoder(project)
    cells = None
    for line in without_front_matter(render_card(_read(project))).split("\n"):
        if not line.startswith("|"):
            cells = None
            continue
        number = len(line.replace("\\|", "").split("|"))
        assert cells in (None, number), line
        cells = number


def test_card_without_metrics_says_what_to_run(project):
    shutil.rmtree(project / "metrics")
    with pytest.raises(UserError) as error:
        _read(project)
    assert "project run evaluate" in error.value.todo


@pytest.mark.parametrize(
    "card", ["# bn_ner\n", "---\na: [\n---\n", "---\nlanguage: [bn]\n---\n", "---\n- a\n---\n"]
)
def test_card_that_the_hub_would_refuse_is_refused(card):
    with pytest.raises(UserError, match="front matter"):
        check_card(card)


@given(st.text().filter(lambda text: not text.startswith("---\n")))
def test_card_front_matter_alone_is_taken_off(text):
    assert without_front_matter(text) == text
    assert without_front_matter(f"---\na: 1\n---\n\n{text}") in (text, text.removeprefix("\n"))


@pytest.mark.parametrize(
    ("text", "licence"),
    [(BANGLABERT, "cc-by-nc-sa-4.0"), ("Apache-2.0", "apache-2.0"), ("MIT", "mit"),
     ("CC0 1.0", "cc0-1.0"), ("cc0-1.0", "cc0-1.0"), ("see the model card", "unknown"),
     ("made here from the training texts: their terms apply", "unknown"), (None, "unknown"),
     ("MIT License", "mit"), ("CC BY 4.0", "cc-by-4.0")],
)  # fmt: skip
def test_licences_are_named_as_the_hub_does(text, licence):
    assert hub_licence(text) == licence


def test_licences_nobody_but_the_author_licenses_weights():
    assert choose_licence(None, "MIT") == "unknown"
    assert choose_licence(None, None) == "unknown"
    assert choose_licence("CC BY 4.0", "MIT") == "cc-by-4.0"
    assert choose_licence("unknown", None) == "unknown"
    assert not meaning("mit", "it")
    with pytest.raises(UserError, match="no licence 'mine'"):
        choose_licence("mine", None)


def test_card_command_writes_into_the_pipeline(project, monkeypatch):
    import typer

    monkeypatch.chdir(project)
    app = typer.Typer()
    app.command()(main)
    result = CliRunner().invoke(app, ["--data-licence", "cc0-1.0", "--name", "names"])
    assert result.exit_code == 0, result.output
    card = (project / "training" / "model-best" / "README.md").read_text(encoding="utf8")
    assert card.split("# bn_names\n")[0].startswith("---\nlanguage:\n- bn\n")
    assert "Licence of the data: **cc0-1.0**" in card
    assert json.loads((project / "training/model-best/meta.json").read_text(encoding="utf8"))
    assert not list(project.rglob(".*.md.*"))


def _calibrate(root: Path, **changes) -> None:
    path = root / "metrics" / "calibration.json"
    srsly.write_json(path, {**srsly.read_json(path), **changes})


def test_card_says_what_the_confidence_is(project):
    assert "product of the softmax values" in render_card(_read(project))
    # As calibrate leaves it for a pipeline that predicts nothing.
    _calibrate(project, method="none", reason="dev has 0 predicted entities", spans=0,
               datasets={"dev": {"spans": 0, "bins": []}})  # fmt: skip
    card = render_card(_read(project))
    assert "not calibrated: dev has 0 predicted entities" in card
    assert "calibrated on dev" not in card


def test_card_leaves_out_the_calibration_of_another_pipeline(project):
    _calibrate(project, ner_md5="0" * 32)
    card = render_card(_read(project))
    assert "### Confidence" not in card
    assert "calibration.json was made for another pipeline" in card


def test_card_refuses_a_calibration_that_is_none(project):
    srsly.write_json(project / "metrics" / "calibration.json", {"version": 1})
    with pytest.raises(UserError, match="not what calibrate writes: ner_md5"):
        _read(project)
