from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import requests
from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError

from scripts.common.errors import UserError
from scripts.encoders import sources
from scripts.encoders.registry import REGISTRY
from scripts.encoders.sources import check_files, fetch_encoder, open_directory

from . import make_encoder

BANGLABERT = REGISTRY["csebuetnlp/banglabert"]
COMMIT = "a" * 40


class Hub:
    """A hub with one repository, whose files ``snapshot_download`` gives as they are allowed."""

    def __init__(self, cache: Path, files: list[str], *, reachable: bool = True) -> None:
        self.cache, self.files, self.reachable = cache, files, reachable
        self.cached: set[str] = set()
        self.calls: list[tuple[str, list[str] | None]] = []

    def __call__(
        self, name: str, *, revision: str, allow_patterns=None, local_files_only: bool = False
    ) -> str:
        self.calls.append((revision, allow_patterns))
        if local_files_only:
            if revision not in self.cached:
                raise LocalEntryNotFoundError("not cached")
            return str(self.cache / COMMIT)
        if not self.reachable:
            raise requests.exceptions.ConnectionError("no route")
        (self.cache / COMMIT).mkdir(parents=True, exist_ok=True)
        for file in self.files:
            if any(Path(file).match(pattern) for pattern in allow_patterns):
                (self.cache / COMMIT / file).touch()
        return str(self.cache / COMMIT)


@pytest.fixture
def connect(monkeypatch, tmp_path):
    def connect(*files: str, **settings) -> Hub:
        hub = Hub(tmp_path, list(files), **settings)
        monkeypatch.setattr(sources, "snapshot_download", hub)
        return hub

    return connect


def test_fetch_encoder_downloads_the_pinned_revision_by_its_alias(connect):
    hub = connect("config.json", "vocab.txt", "pytorch_model.bin")
    files = fetch_encoder("banglabert")
    assert files.entry is BANGLABERT
    assert files.revision == COMMIT
    assert hub.calls[0][0] == BANGLABERT.revision


def test_fetch_encoder_takes_one_weight_format(connect):
    connect("config.json", "model.safetensors", "pytorch_model.bin", "tf_model.h5")
    names = {path.name for path in fetch_encoder("banglabert").directory.iterdir()}
    assert names == {"config.json", "model.safetensors"}


def test_fetch_encoder_takes_the_second_format_from_the_same_commit(connect):
    hub = connect("config.json", "pytorch_model.bin")
    assert (fetch_encoder("banglabert").directory / "pytorch_model.bin").exists()
    assert hub.calls[1][0] == COMMIT


def test_fetch_encoder_of_an_unknown_name_uses_main(connect):
    hub = connect("config.json", "model.safetensors")
    files = fetch_encoder("some/encoder")
    assert hub.calls[0][0] == "main"
    assert (files.entry.name, files.entry.licence) == ("some/encoder", "see the model card")


def test_fetch_encoder_obeys_the_revision_asked_for(connect):
    hub = connect("config.json", "model.safetensors")
    fetch_encoder("banglabert", "v2")
    assert hub.calls[0][0] == "v2"


def test_fetch_encoder_offline_uses_the_cache(connect):
    hub = connect(reachable=False)
    hub.cached = {BANGLABERT.revision}
    files = fetch_encoder("banglabert")
    assert files.revision == COMMIT
    assert "cache" in files.notes[0]


def test_fetch_encoder_offline_takes_a_cached_main_and_says_so(connect):
    hub = connect(reachable=False)
    hub.cached = {"main"}
    assert "not the pinned commit" in fetch_encoder("banglabert").notes[0]
    with pytest.raises(UserError):
        fetch_encoder("banglabert", "v2")


def test_fetch_encoder_unreachable_says_what_to_do(connect):
    connect(reachable=False)
    with pytest.raises(UserError, match="cannot be reached") as caught:
        fetch_encoder("banglabert")
    assert f"hf download csebuetnlp/banglabert --revision {BANGLABERT.revision}" in str(
        caught.value.todo
    )
    assert "--vars.encoder assets/encoders/banglabert" in caught.value.todo
    assert "--vars.encoder sample" in caught.value.todo


def test_fetch_encoder_of_no_repository(monkeypatch):
    def refuse(*args, **kwargs):
        response = requests.Response()
        response.status_code = 404
        raise RepositoryNotFoundError("404", response=response)

    monkeypatch.setattr(sources, "snapshot_download", refuse)
    with pytest.raises(UserError, match="no public encoder of this name"):
        fetch_encoder("some/encoder")


def test_fetch_encoder_of_a_path_that_is_missing():
    with pytest.raises(UserError, match="neither a directory nor"):
        fetch_encoder("assets/encoders/missing")


def test_open_directory_knows_the_place_in_the_cache(tmp_path):
    path = tmp_path / "models--csebuetnlp--banglabert" / "snapshots" / COMMIT
    files = open_directory(path)
    assert (files.entry, files.revision) == (BANGLABERT, COMMIT)


def test_open_directory_knows_the_name_of_the_directory(tmp_path):
    files = open_directory(tmp_path / "banglabert")
    assert files.entry is BANGLABERT
    assert "directory's name" in files.notes[0]


def test_open_directory_says_that_it_does_not_know(tmp_path):
    files = open_directory(tmp_path / "mine")
    assert (files.entry.licence, files.entry.normaliser) == ("see the model card", None)
    assert "not in the registry" in files.notes[0]


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (["."], "no such encoder directory"),
        (["config.json"], "no config.json"),
        (["model.safetensors"], "no PyTorch weights"),
        (["tokenizer.json", "vocab.txt"], "no tokenizer"),
    ],
)
def test_check_files_names_what_is_missing(tmp_path, missing, message):
    path = make_encoder(tmp_path / "x")
    for name in missing:
        shutil.rmtree(path) if name == "." else (path / name).unlink()
    with pytest.raises(UserError, match=message):
        check_files(path)
