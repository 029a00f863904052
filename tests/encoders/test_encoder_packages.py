from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from scripts.common.errors import UserError
from scripts.encoders.packages import open_package
from scripts.encoders.prepare import EncoderRequest, prepare_encoder
from scripts.encoders.registry import PACKAGES, REGISTRY

from . import make_corpus, make_encoder


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Makes a package that fails when it is imported, with an encoder in each directory."""
    monkeypatch.syspath_prepend(tmp_path / "site")

    def make(name: str, *directories: str) -> Path:
        root = tmp_path / "site" / name
        root.mkdir(parents=True)
        (root / "__init__.py").write_text("raise RuntimeError('imported')\n", encoding="utf8")
        for directory in directories:
            make_encoder(root / directory)
        return root

    return make


def test_open_package_finds_the_encoder_without_an_import(install):
    root = install("carries_one", "model")
    files = open_package("carries_one")
    assert files.directory == root / "model"
    assert files.entry.name == "package:carries_one"
    assert "carries_one" not in sys.modules


def test_open_package_passes_over_configs_without_weights(install):
    root = install("carries_pooling", "model")
    (root / "model" / "1_Pooling").mkdir()
    shutil.copy(root / "model" / "config.json", root / "model" / "1_Pooling")
    assert open_package("carries_pooling").directory == root / "model"


def test_open_package_knows_what_a_package_carries(install):
    (package,) = PACKAGES
    install(package, "model")
    files = open_package(package)
    assert files.entry is REGISTRY[PACKAGES[package]]
    assert files.entry.licence == "Apache-2.0"
    assert files.entry.name in files.notes[0]


def test_open_package_refuses_none_and_several(install):
    install("carries_none")
    install("carries_two", "a", "b")
    with pytest.raises(UserError, match="holds no encoder"):
        open_package("carries_none")
    with pytest.raises(UserError, match="holds 2 encoders") as caught:
        open_package("carries_two")
    assert "carries_two/a" in Path(caught.value.todo).as_posix()


@pytest.mark.parametrize("name", ["not_installed_anywhere", "os.path", "a/b", "", "this",
                                  "__main__"])  # fmt: skip
def test_open_package_refuses_what_is_no_package(name):
    with pytest.raises(UserError, match="no installed package"):
        open_package(name)


def test_open_package_takes_no_directory_for_a_package(tmp_path, monkeypatch):
    make_encoder(tmp_path / "assets_of_mine" / "encoder")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match="no installed package"):
        open_package("assets_of_mine")


def test_prepare_encoder_takes_a_package(install, tmp_path):
    install("carries_encoder", "model")
    corpus = make_corpus(tmp_path / "corpus")
    report = prepare_encoder(
        EncoderRequest("package:carries_encoder", corpus), tmp_path / "selected"
    )
    assert (report.kind, report.name) == ("package", "package:carries_encoder")
    assert "carries_encoder" in report.notes[0]


def test_prepare_encoder_refuses_a_revision_of_a_package(install, tmp_path):
    install("carries_model", "model")
    corpus = make_corpus(tmp_path / "corpus")
    request = EncoderRequest("package:carries_model", corpus, revision="v1")
    with pytest.raises(UserError, match="from the hub"):
        prepare_encoder(request, tmp_path / "selected")
