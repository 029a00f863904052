"""The report's directory, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.common.errors import UserError
from scripts.report import main
from scripts.reports.build import write_report

from .samples import Files

# Whole reports with all their drawings.
pytestmark = pytest.mark.project


def test_report_same_inputs_give_the_same_bytes(files: Files, tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        output = tmp_path / name / "reports"
        main(files.audit, files.log, files.metrics, output, "Report", files.config)
        paths = sorted(path for path in output.rglob("*") if path.is_file())
        contents.append({path.relative_to(output).as_posix(): path.read_bytes() for path in paths})
    assert contents[0] == contents[1]
    names = ("loss", "score", "labels", "label-scores", "confusion")
    plots = {f"plots/{name}.{suffix}" for name in names for suffix in ("png", "svg")}
    # A label of the sample is Bangla, which a PNG cannot show.
    assert set(contents[0]) == {"index.html", "history.jsonl", "plots/names.txt", *plots}


def test_report_replaces_an_older_report_and_nothing_else(files: Files, tmp_path: Path) -> None:
    output = tmp_path / "reports"
    (output / "plots").mkdir(parents=True)
    (output / "plots" / "old.svg").write_text("", encoding="utf8")
    notes = output / "notes.md"
    notes.write_text("mine", encoding="utf8")
    with pytest.raises(UserError, match=r"notes\.md"):
        write_report(files.load(), output, title="Report")
    assert notes.read_text(encoding="utf8") == "mine"
    notes.unlink()
    write_report(files.load(), output, title="Report")
    assert not (output / "plots" / "old.svg").exists()
    assert sorted(path.name for path in output.iterdir()) == [
        "history.jsonl",
        "index.html",
        "plots",
    ]


def test_report_failure_leaves_the_older_report(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "reports"
    output.mkdir()
    (output / "index.html").write_text("old", encoding="utf8")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("scripts.reports.build.save_all", fail)
    with pytest.raises(OSError, match="disk full"):
        write_report(files.load(), output, title="Report")
    assert (output / "index.html").read_text(encoding="utf8") == "old"
    assert [path.name for path in tmp_path.glob(".reports*")] == []
