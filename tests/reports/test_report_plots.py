"""The plots, drawn from logs of any length."""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib
import pytest

from scripts.reports.plots.scores import confusion_figure
from scripts.reports.plots.style import Numbering, inline_svg, save_png
from scripts.reports.plots.training import loss_figure, score_figure
from scripts.reports.schemas.training import LogRow
from scripts.reports.training import TrainingLog


def row(step: int, score: float, loss: float = 10.0, *, names: str = "fpr") -> LogRow:
    scores = {f"ents_{name}": 100 * score for name in names}
    return LogRow(epoch=0, step=step, losses={"ner": loss}, scores=scores, score=score)


def test_plots_loss_is_per_update() -> None:
    log = TrainingLog([row(0, 0.0, 3.0), row(200, 0.5, 400.0)], truncated=False)
    [line, _] = loss_figure(log).axes[0].lines
    assert list(line.get_ydata()) == [3.0, 2.0]


def test_plots_single_row_is_a_visible_point() -> None:
    log = TrainingLog([row(0, 0.0)], truncated=False)
    assert loss_figure(log).axes[0].lines[0].get_marker() == "o"
    assert list(score_figure(log).axes[0].lines[0].get_ydata()) == [0.0]


def test_plots_runs_in_one_log_are_not_joined() -> None:
    rows = [row(0, 0.0), row(200, 0.9), row(0, 0.0), row(200, 0.5)]
    axes = score_figure(TrainingLog(rows, truncated=False)).axes[0]
    f_lines = [line for line in axes.lines if line.get_linewidth() == 1.8]
    assert [list(line.get_xdata()) for line in f_lines] == [[0, 200], [0, 200]]
    assert f_lines[0].get_alpha() < f_lines[1].get_alpha()


def test_plots_log_without_span_scores_shows_the_weighted_score() -> None:
    log = TrainingLog([row(0, 0.25, names="")], truncated=False)
    assert list(score_figure(log).axes[0].lines[0].get_ydata()) == [25.0]


def test_inputs_best_is_the_last_tie_of_the_last_run() -> None:
    rows = [row(0, 0.9), row(0, 0.1), row(200, 0.6), row(400, 0.6), row(600, 0.5)]
    assert TrainingLog(rows, truncated=False).best is rows[3]


def test_plots_inline_svg_stands_alone_in_a_page() -> None:
    svg = inline_svg(
        score_figure(TrainingLog([row(0, 0.0)], truncated=False)), "score", 'A "b" & c'
    )
    assert svg.startswith("<svg viewBox=")
    assert 'aria-label="A &quot;b&quot; &amp; c"' in svg
    assert "http" not in svg
    assert "<style" not in svg
    assert "DejaVu" not in svg
    assert 'id="score-' in svg
    assert "var(--ink)" in svg
    assert "#1c2127" not in svg


@pytest.mark.parametrize("name", ["ব্যক্তি", "$x$", "ner\x00"])
def test_plots_any_component_name_is_drawn_without_a_warning(name: str) -> None:
    rows = [LogRow(epoch=0, step=0, losses={name: 1.0}, scores={}, score=0.0)]
    settings = dict(matplotlib.rcParams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = inline_svg(loss_figure(TrainingLog(rows, truncated=False)), "loss", "Loss")
    assert f"Loss of {name.replace(chr(0), chr(0xFFFD))}, per update" in svg
    assert dict(matplotlib.rcParams) == settings


@pytest.mark.parametrize("name", ["LOC", "Straße", "Имя", "B-PER"])
def test_plots_numbering_leaves_what_matplotlib_can_write(name: str) -> None:
    numbering = Numbering()
    assert numbering(name) == name
    assert numbering.names == {}


def test_plots_numbering_gives_a_name_one_number() -> None:
    numbering = Numbering()
    assert [numbering(name) for name in ("স্থান", "人名", "স্থান", "a\nb")] == [
        "[1]",
        "[2]",
        "[1]",
        "[3]",
    ]


def test_plots_png_of_a_numbered_name_has_no_missing_glyph(tmp_path: Path) -> None:
    rows = [LogRow(epoch=0, step=0, losses={"ব্যক্তি": 1.0}, scores={}, score=0.0)]
    figure = loss_figure(TrainingLog(rows, truncated=False), Numbering())
    assert figure.axes[0].get_title(loc="left") == "Loss of [1], per update"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save_png(figure, tmp_path / "loss.png")
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("tags", "inches"), [(5, 4.35), (61, 25.6)])
def test_confusion_of_many_tags_keeps_a_size_that_can_be_drawn(tags, inches):
    names = [f"B-{number}" for number in range(tags)]
    figure = confusion_figure({"dev": (names, names, [[0] * tags] * tags)})
    assert tuple(figure.get_size_inches()) == pytest.approx((inches, inches))
