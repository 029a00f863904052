"""Every committed config is complete, loads and can be overridden where users will."""

from pathlib import Path

import pytest
from spacy.cli.init_config import fill_config
from spacy.util import load_config

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = sorted((ROOT / "configs").glob("*.cfg"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_config_is_filled(path, tmp_path):
    before, after = fill_config(tmp_path / "filled.cfg", path, silent=True)
    assert before == after


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_config_avoids_the_traps(path):
    config = load_config(path, interpolate=True)
    assert config["training"]["batcher"]["discard_oversize"] is False
    assert config["corpora"]["train"]["max_length"] == 0
    assert config["corpora"]["dev"]["gold_preproc"] is False
    assert config["training"]["optimizer"]["use_averages"] is False
    assert config["training"]["logger"]["output_file"] == "training/log.jsonl"
    assert config["initialize"]["before_init"]["tokenizer"] == "corpus/tokenizer"


def test_config_of_the_transformer_bounds_its_input_and_cleans_up():
    config = load_config(ROOT / "configs" / "ner.cfg")
    model = config["components"]["transformer"]["model"]
    assert model["name"] == "csebuetnlp/banglabert"
    assert model["tokenizer_config"]["model_max_length"] == 512
    assert config["nlp"]["pipeline"][-1] == "doc_cleaner"
    assert config["components"]["doc_cleaner"]["attrs"] == {"tensor": None, "_.trf_data": None}


@pytest.mark.parametrize(
    "override",
    [
        {"components.transformer.model.name": "x"},
        {"components.transformer.model.mixed_precision": True},
        {"components.transformer.model.get_spans.window": 64},
        {"components.transformer.model.tokenizer_config.model_max_length": 256},
        {"training.optimizer.learn_rate.initial_rate": 1e-4},
        {"training.batcher.size": 500},
        {"nlp.lang": "en"},
    ],
    ids=lambda o: next(iter(o)),
)
def test_config_takes_overrides(override):
    load_config(ROOT / "configs" / "ner.cfg", overrides=override)
