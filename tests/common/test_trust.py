"""A model that every user of the machine could have changed is refused, no other is."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.common.errors import UserError
from scripts.common.trust import refuse_world_writable
from scripts.inference.marking import Marker

pytestmark = pytest.mark.skipif(os.name != "posix", reason="mode bits say nothing on Windows")


@pytest.fixture
def model(tmp_path) -> Path:
    """A directory as a pipeline is, whose rights do not depend on the umask of the machine."""
    path = tmp_path / "training" / "মডেল best"
    (path / "ner").mkdir(parents=True)
    for file in (path / "config.cfg", path / "ner" / "model"):
        file.write_bytes(b"x")
        file.chmod(0o644)
    for directory in (path / "ner", path, path.parent):
        directory.chmod(0o755)
    return path


def test_trust_takes_what_only_owner_or_group_can_write(model):
    refuse_world_writable(model)
    for path in (model, model / "ner", model.parent):
        path.chmod(0o775)
    (model / "ner" / "model").chmod(0o664)
    refuse_world_writable(model)


@pytest.mark.parametrize("name", [".", "ner", "ner/model", "config.cfg", ".."])
def test_trust_refuses_what_everybody_can_write(model, name):
    path = (model / name).resolve()
    path.chmod(path.stat().st_mode | 0o002)
    with pytest.raises(UserError) as caught:
        refuse_world_writable(model)
    assert caught.value.where == str(path)
    # What it says to do mends it.
    assert f"chmod -R o-w {path if name == '..' else model} (" in caught.value.todo
    path.chmod(path.stat().st_mode & ~0o002)
    refuse_world_writable(model)


def test_trust_takes_a_sticky_directory_above_but_none_inside(model):
    model.parent.chmod(0o1777)
    refuse_world_writable(model)
    # Anyone may still add a file that spaCy would load.
    (model / "ner").chmod(0o1777)
    with pytest.raises(UserError, match="ner"):
        refuse_world_writable(model)


def test_trust_follows_links(model, tmp_path):
    elsewhere = tmp_path / "shared" / "weights"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(b"x")
    elsewhere.chmod(0o644)
    elsewhere.parent.chmod(0o755)
    (model / "ner" / "model").unlink()
    (model / "ner" / "model").symlink_to(elsewhere)
    (model / "ner" / "gone").symlink_to(tmp_path / "nowhere")
    # A link to what holds it: the walk must end.
    (model / "ner" / "again").symlink_to(model)
    link = tmp_path / "link"
    link.symlink_to(model)
    refuse_world_writable(link)
    elsewhere.parent.chmod(0o777)
    with pytest.raises(UserError) as caught:
        refuse_world_writable(link)
    assert caught.value.where == str(elsewhere.parent)
    elsewhere.parent.chmod(0o755)
    elsewhere.chmod(0o666)
    with pytest.raises(UserError) as caught:
        refuse_world_writable(link)
    assert caught.value.where == str(elsewhere)


def test_trust_looks_at_what_holds_each_link_on_the_way(model, tmp_path):
    shared, private = tmp_path / "shared", tmp_path / "private"
    for directory in (shared, private):
        directory.mkdir()
        directory.chmod(0o755)
    (shared / "hop").symlink_to(Path("..") / "training" / model.name)
    (shared / "up").symlink_to(Path("..") / "training")
    (private / "link").symlink_to(Path("..") / "shared" / "hop")
    ways = (shared / "hop", private / "link", shared / "up" / model.name)
    for way in ways:
        refuse_world_writable(way)
    shared.chmod(0o1777)
    for way in ways:
        refuse_world_writable(way)
    shared.chmod(0o777)
    refuse_world_writable(model)
    for way in ways:
        with pytest.raises(UserError) as caught:
            refuse_world_writable(way)
        assert caught.value.where == str(shared)


def test_trust_names_a_few_of_many(model):
    for number in range(5):
        (model / f"{number}").write_bytes(b"x")
        (model / f"{number}").chmod(0o666)
    with pytest.raises(UserError) as caught:
        refuse_world_writable(model)
    assert caught.value.where.endswith(f"{model / '2'}, 2 more")


def test_trust_leaves_windows_and_what_is_not_there_alone(model, monkeypatch):
    refuse_world_writable(model / "absent")
    model.chmod(0o777)
    monkeypatch.setattr("scripts.common.trust.os", SimpleNamespace(name="nt"))
    refuse_world_writable(model)


def test_trust_is_asked_before_a_pipeline_is_read(model, monkeypatch):
    def load(path):
        raise AssertionError("the model was read")

    monkeypatch.setattr("scripts.inference.predict.spacy.load", load)
    (model / "config.cfg").chmod(0o666)
    with pytest.raises(UserError, match="Every user of this machine"):
        Marker.load(model)
