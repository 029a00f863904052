"""A package holds what belongs to the model, and nothing of the machine that it was made on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import spacy
import srsly

from scripts.common.errors import UserError
from scripts.pipelines import packaging
from scripts.pipelines.meta import ner_md5
from scripts.pipelines.packaging import CALIBRATION, SOURCES, check_request, prepare

HOME = "/home/রহিম/my project"
LICENCE = "CC BY-NC-SA 4.0: the weights and what is trained from them"


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """An untrained pipeline with the paths that training leaves in it."""
    nlp = spacy.blank("bn")
    nlp.add_pipe("ner").add_label("PER")
    nlp.initialize()
    path = tmp_path_factory.mktemp("training") / "model-best"
    nlp.to_disk(path)
    config = (path / "config.cfg").read_text(encoding="utf8")
    config = config.replace("train = null", f'train = "{HOME}/corpus/train.spacy"')
    assert HOME in config
    (path / "config.cfg").write_text(config, encoding="utf8")
    meta = srsly.read_json(path / "meta.json")
    encoder = {"name": f"{HOME}/আমার-bert", "license": LICENCE}
    srsly.write_json(path / "meta.json", {**meta, "license": LICENCE, "sources": [encoder]})
    (path / "README.md").write_text("---\nlicense: mit\n---\n\n# bn_ner\n", encoding="utf8")
    # A component as spacy-transformers saves it: a msgpack in a msgpack.
    shim = {"config": {"_name_or_path": f"{HOME}/আমার-bert", "layers": 2}, "state": b"\x00weights"}
    model = {"nodes": [], "attrs": [], "params": [], "shims": [[], [srsly.msgpack_dumps(shim)]]}
    (path / "transformer").mkdir()
    (path / "transformer" / "model").write_bytes(srsly.msgpack_dumps(model))
    return path


@pytest.fixture
def calibration(trained, tmp_path) -> Path:
    path = tmp_path / "metrics" / CALIBRATION
    path.parent.mkdir()
    srsly.write_json(path, {"model": f"{HOME}/model-best", "ner_md5": ner_md5(trained), "map": []})
    return path


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_packaging_leaves_no_local_path_anywhere(trained, calibration, tmp_path):
    before = _bytes(trained)
    prepared = prepare(trained, tmp_path, "ner", "0.1.0", calibration)
    assert prepared.shortened == 3
    for name, data in {**_bytes(prepared.pipeline), "": prepared.meta.read_bytes()}.items():
        assert "রহিম".encode() not in data and b"/home/" not in data, name
        assert rb"\u09b0\u09b9\u09bf\u09ae" not in data, name
    # The pipeline itself, whose files the copy is made of links to, is as it was.
    assert _bytes(trained) == before


def test_packaging_changes_nothing_else_of_an_encoder(trained, calibration, tmp_path):
    prepared = prepare(trained, tmp_path, "ner", "0.1.0", calibration)
    content = srsly.msgpack_loads((prepared.pipeline / "transformer" / "model").read_bytes())
    given = srsly.msgpack_loads((trained / "transformer" / "model").read_bytes())
    changed, old = (srsly.msgpack_loads(c["shims"][1].pop()) for c in (content, given))
    assert changed["config"].pop("_name_or_path") == "আমার-bert"
    old["config"].pop("_name_or_path")
    assert (changed, content) == (old, given)
    same = prepared.pipeline / "ner" / "model"
    assert same.read_bytes() == (trained / "ner" / "model").read_bytes()


def test_packaging_takes_along_card_licences_and_calibration(trained, calibration, tmp_path):
    prepared = prepare(trained, tmp_path, "ner", "0.1.0", calibration)
    assert prepared.calibrated
    assert srsly.read_json(prepared.pipeline / CALIBRATION)["model"] == "bn_ner-0.1.0"
    assert (prepared.pipeline / "README.md").read_text(encoding="utf8") == "# bn_ner\n"
    sources = (prepared.pipeline / SOURCES).read_text(encoding="utf8")
    assert sources == (f"The weights of this pipeline: {LICENCE}\nMade from আমার-bert: {LICENCE}\n")
    meta = srsly.read_json(prepared.meta)
    assert (meta["name"], meta["version"], meta["license"]) == ("ner", "0.1.0", LICENCE)


@pytest.mark.parametrize("absent", [False, True])
def test_packaging_leaves_a_calibration_of_another_model_out(
    trained, calibration, tmp_path, absent
):
    if absent:
        calibration.unlink()
    else:
        srsly.write_json(calibration, {"ner_md5": "0" * 32})
    prepared = prepare(trained, tmp_path, "ner", "0.1.0", calibration)
    assert not prepared.calibrated
    assert ("there is no" if absent else "another model") in prepared.calibration
    assert not (prepared.pipeline / CALIBRATION).exists()


def test_packaging_refuses_a_calibration_that_cannot_be_read(trained, calibration, tmp_path):
    calibration.write_text("{", encoding="utf8")
    with pytest.raises(UserError, match="cannot be read"):
        prepare(trained, tmp_path, "ner", "0.1.0", calibration)


@pytest.mark.parametrize(
    ("name", "version", "said"),
    [
        ("নাম", "0.1.0", "cannot be called"),
        ("my-ner", "0.1.0", "cannot be called"),
        ("1ner", "0.1.0", "cannot be called"),
        ("../ner", "0.1.0", "cannot be called"),
        ("bn_ner", "0.1.0", "Use ner"),
        ("ner", "first", "cannot have version"),
        ("ner", "০.১", "cannot have version"),
        ("ner", "1.0-beta", "Use 1.0b0"),
    ],
)
def test_packaging_refuses_names_and_versions_that_pip_would_not_take(trained, name, version, said):
    with pytest.raises(UserError, match=re.escape(said)):
        check_request(trained, name, version)


def test_packaging_says_what_is_missing(trained, tmp_path, monkeypatch):
    assert check_request(trained, "ner", "0.1.0") == "bn_ner"
    with pytest.raises(UserError, match="no trained pipeline"):
        check_request(tmp_path, "ner", "0.1.0")
    monkeypatch.setattr(packaging, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="requirements.txt"):
        check_request(trained, "ner", "0.1.0")
