"""Earlier runs: carried over, and compared only where that is fair."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from scripts.common.errors import UserError
from scripts.reports.build import write_report
from scripts.reports.history import HISTORY, History, run_of, write_history
from scripts.reports.plots.quality import history_figure

from .samples import Files, Page, metrics_v2, score

# Many drawings, or many trials: seconds each.
pytestmark = pytest.mark.project


def write_run(files: Files, tp: int, corpus: str, day: int) -> None:
    """Metrics of dev and test with so many true positives, written on a day."""
    for name in ("dev", "test"):
        data = metrics_v2(name)
        data["corpus_md5"] = corpus * 32
        data["gold"]["repaired"]["micro"] = score(tp, 10, 20)
        files.write(name, data)
        os.utime(files.path(name), (86400 * day, 86400 * day))


def keep(files: Files, directory: Path) -> History:
    """Carries the history on, as a report does."""
    directory.mkdir(exist_ok=True)
    history = files.history(directory)
    write_history(directory, history)
    return history


def test_history_is_carried_over_in_order_of_the_dates(files: Files, tmp_path: Path) -> None:
    for tp, day in ((80, 2), (70, 1), (90, 3)):
        write_run(files, tp, "c", day)
        runs = keep(files, tmp_path).runs
    assert [run.date for run in runs] == [f"1970-01-0{n} 00:00" for n in (2, 3, 4)]
    assert [round(run.datasets["dev"].f or 0, 3) for run in runs] == [0.824, 0.842, 0.857]


def test_history_of_the_same_scores_does_not_grow_and_gives_the_same_bytes(
    files: Files, tmp_path: Path
) -> None:
    write_run(files, 80, "c", 2)
    contents = []
    for _ in range(2):
        write_report(files.load(), tmp_path / "reports", title="Report")
        paths = sorted(path for path in (tmp_path / "reports").rglob("*") if path.is_file())
        contents.append([path.read_bytes() for path in paths])
    assert contents[0] == contents[1]
    lines = (tmp_path / "reports" / HISTORY).read_text(encoding="utf8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [run_of(files.load()).id]


def test_history_speed_and_machine_make_no_other_run(files: Files) -> None:
    first = run_of(files.load()).id
    data = json.loads(files.path("dev").read_text(encoding="utf8"))
    data["words_per_second"] = 1.0
    data["machine"]["cpu"] = "Another CPU"
    files.write("dev", data)
    assert run_of(files.load()).id == first
    data["gold"]["repaired"]["micro"]["tp"] += 1
    files.write("dev", data)
    assert run_of(files.load()).id != first


@pytest.mark.parametrize(
    ("before", "now", "corpus", "gain"),
    [("c", "c", "same", True), ("a", "c", "other", False), (None, "c", "unknown", False)],
)
def test_history_compares_runs_on_the_same_corpus_alone(
    files: Files, tmp_path: Path, before: str | None, now: str, corpus: str, gain: bool
) -> None:
    write_run(files, 80, before or "c", 1)
    if before is None:
        for name in ("dev", "test"):
            data = json.loads(files.path(name).read_text(encoding="utf8"))
            files.write(name, {**data, "corpus_md5": None})
            os.utime(files.path(name), (0, 0))
    keep(files, tmp_path)
    write_run(files, 90, now, 2)
    history = keep(files, tmp_path)
    first, last = history.rows()
    assert (first.corpus, last.corpus, last.current) == (corpus, "same", True)
    section = " ".join(Page(files.page(history=history)).text.split())
    section = section.partition("Earlier runs F on")[2]
    assert ("+1.5" in section) == gain
    assert f"{corpus} 84.2" in section


def test_history_broken_file_is_a_user_error_and_stays(files: Files, tmp_path: Path) -> None:
    output = tmp_path / "reports"
    output.mkdir()
    (output / HISTORY).write_text('{"id": 1\n', encoding="utf8")
    with pytest.raises(UserError, match="history") as caught:
        write_report(files.load(), output, title="Report")
    assert "line 1" in (caught.value.where or "")
    assert (output / HISTORY).read_text(encoding="utf8") == '{"id": 1\n'


def test_history_survives_a_report_killed_between_two_renames(files: Files, tmp_path: Path) -> None:
    write_run(files, 80, "c", 1)
    keep(files, tmp_path / ".reports.old")
    write_run(files, 90, "c", 2)
    write_report(files.load(), tmp_path / "reports", title="Report")
    assert len(files.history(tmp_path / "reports").runs) == 2


def test_history_plot_joins_only_runs_on_this_corpus(files: Files, tmp_path: Path) -> None:
    for tp, corpus, day in ((70, "c", 1), (80, "a", 2), (90, "c", 3)):
        write_run(files, tp, corpus, day)
        history = keep(files, tmp_path)
    figure = history_figure(history)
    assert figure is not None
    dev, others = figure.axes[0].lines[:2]
    assert list(dev.get_xdata()) == [1, 3]
    assert list(others.get_xdata()) == [2]
    assert others.get_linestyle() == "None"
