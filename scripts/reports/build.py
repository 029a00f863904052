"""Writes the report's directory, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from ..common.files import check_replaceable, new_directory
from .inputs import Inputs
from .page import render
from .plots import draw_all, save

PAGE = "index.html"
PLOTS = "plots"


def write_report(inputs: Inputs, output: Path, *, title: str) -> Path:
    """Writes ``index.html`` and ``plots/`` into a directory, in the place of an older report.

    Args:
        inputs: What to report.
        output: The directory.
        title: The page's title.

    Returns:
        The page.

    Raises:
        UserError: If the directory holds anything but a report, which would be lost.
    """
    check_replaceable(output, [PAGE, PLOTS])
    figures = draw_all(inputs)
    page = render(inputs, figures, title=title)
    with new_directory(output.resolve()) as directory:
        # Text may hold lone surrogates (JSON allows them), which no encoding can write.
        data = page.encode("utf8", errors="replace")
        (directory / PAGE).write_bytes(data)
        plots = directory / PLOTS
        plots.mkdir()
        for name, figure in figures.items():
            save(figure, plots, name)
    return output / PAGE
