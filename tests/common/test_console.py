from pathlib import Path

import pytest

from scripts.common.console import run
from scripts.common.errors import UserError


def test_console_names_the_file_that_cannot_be_written(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")

    def command() -> None:
        """Writes below a file."""
        (tmp_path / "file" / "below").mkdir(parents=True)

    monkeypatch.setattr("sys.argv", ["command"])
    with pytest.raises(SystemExit) as caught:
        run(command)
    assert caught.value.code == 1
    printed = capsys.readouterr().out
    assert "Not a directory" in printed
    assert "below" in "".join(printed.split())


def test_console_hides_no_other_fault_of_the_system(monkeypatch):
    def command() -> None:
        """Fails without a file."""
        raise ConnectionError("reset")

    monkeypatch.setattr("sys.argv", ["command"])
    with pytest.raises(ConnectionError):
        run(command)


def test_console_prints_place_and_remedy_on_lines_of_their_own(monkeypatch, capsys):
    def command() -> None:
        """Fails."""
        raise UserError("It is wrong", where=str(Path("a.jsonl, line 3")), todo="Mend it.")

    monkeypatch.setattr("sys.argv", ["command"])
    with pytest.raises(SystemExit):
        run(command)
    assert "a.jsonl, line 3\nMend it." in capsys.readouterr().out
