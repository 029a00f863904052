import pytest

from scripts.common.errors import UserError
from scripts.common.files import (
    check_replaceable,
    md5_of_file,
    new_directory,
    new_file,
    recover_directory,
)


def test_new_file_appears_whole(tmp_path):
    with new_file(tmp_path / "a" / "b.txt") as path:
        path.write_text("whole")
        assert not (tmp_path / "a" / "b.txt").exists()
    assert (tmp_path / "a" / "b.txt").read_text() == "whole"


def test_new_file_leaves_the_old_one_on_an_error(tmp_path):
    (tmp_path / "b.txt").write_text("old")
    with pytest.raises(RuntimeError), new_file(tmp_path / "b.txt") as path:
        path.write_text("half")
        raise RuntimeError
    assert [p.name for p in tmp_path.iterdir()] == ["b.txt"]
    assert (tmp_path / "b.txt").read_text() == "old"


def test_new_directory_replaces_as_a_whole(tmp_path):
    for content in ("one", "two"):
        with new_directory(tmp_path / "d") as folder:
            (folder / content).write_text(content)
    assert [p.name for p in (tmp_path / "d").iterdir()] == ["two"]
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_new_directory_leaves_the_old_one_on_an_error(tmp_path):
    with new_directory(tmp_path / "d") as folder:
        (folder / "old").write_text("old")
    with pytest.raises(KeyboardInterrupt), new_directory(tmp_path / "d") as folder:
        (folder / "new").write_text("half")
        raise KeyboardInterrupt
    assert [p.name for p in (tmp_path / "d").iterdir()] == ["old"]
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_recover_directory_puts_back_what_a_kill_left_aside(tmp_path):
    (tmp_path / ".d.old").mkdir()
    (tmp_path / ".d.old" / "kept").write_text("x")
    (tmp_path / ".d.new.abc").mkdir()
    recover_directory(tmp_path / "d")
    assert (tmp_path / "d" / "kept").read_text() == "x"
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_md5_of_file(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert md5_of_file(tmp_path / "x") == "900150983cd24fb0d6963f7d28e17f72"


def test_check_replaceable_refuses_what_is_not_ours(tmp_path):
    (tmp_path / "index.html").write_text("ours")
    (tmp_path / ".DS_Store").write_text("hidden")
    check_replaceable(tmp_path, ["index.html"])
    check_replaceable(tmp_path / "absent", ["index.html"])
    (tmp_path / "notes.txt").write_text("theirs")
    with pytest.raises(UserError, match="notes.txt"):
        check_replaceable(tmp_path, ["index.html"])
    with pytest.raises(UserError, match="not a directory"):
        check_replaceable(tmp_path / "notes.txt", [])
