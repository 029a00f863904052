"""Writes the report's directory, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from ..common.files import check_replaceable, new_directory, recover_directory
from .history import HISTORY, load_history, run_of, write_history
from .inputs import Inputs
from .page import render
from .plots.drawing import draw_all, save_all

PAGE = "index.html"
PLOTS = "plots"


def write_report(inputs: Inputs, output: Path, *, title: str) -> Path:
    """Writes ``index.html``, ``plots/`` and the history in the place of an older report.

    The runs in the older report's history are carried over.

    Args:
        inputs: What to report.
        output: The directory.
        title: The page's title.

    Returns:
        The page.

    Raises:
        UserError: If the directory holds anything but a report, which would be lost, or if its
            history cannot be read.
    """
    check_replaceable(output, [PAGE, PLOTS, HISTORY])
    # An interrupted report may have left the history in the directory that it moved aside.
    recover_directory(output.resolve())
    history = load_history(output, run_of(inputs))
    figures = draw_all(inputs, history)
    page = render(inputs, history, figures, title=title)
    with new_directory(output.resolve()) as directory:
        # Text may hold lone surrogates (JSON allows them), which no encoding can write.
        (directory / PAGE).write_bytes(page.encode("utf8", errors="replace"))
        write_history(directory, history)
        plots = directory / PLOTS
        plots.mkdir()
        save_all(figures, inputs, history, plots)
    return output / PAGE
