"""How plots look and how they are written: the same bytes from the same input.

No plot goes through pyplot and its global state.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

# Okabe and Ito's palette for all kinds of colour vision (jfly.uni-koeln.de/color), darkened to
# stand out from white where need be. The page swaps each for a variable of its style sheet.
SERIES = ("#0072b2", "#b84a00", "#008a63", "#8b3a78", "#7a6400")
# Colour alone tells no series from another.
MARKERS = ("o", "s", "^", "D", "v")
HATCHES = ("", "///", "\\\\\\", "xxx", "---")
INK = "#1c2127"
GRID = "#c9d0d8"
PAPER = "#fefefe"
VARIABLES = {INK: "--ink", GRID: "--line", PAPER: "--paper"} | {
    c: f"--c{i}" for i, c in enumerate(SERIES)
}

WIDTH = 4.2  # inches; on a narrow screen a wider plot would have tiny letters

Show = Callable[[str], str]
"""How a name of the user's (a label, a component, a data set) is written in a plot."""

_NO_METADATA = {"Date": None, "Creator": None, "Type": None, "Format": None}


@contextmanager
def style() -> Iterator[None]:
    """Our settings, for as long as a figure is made or written, and none of the user's."""
    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": "ner-report",
        "font.family": ["DejaVu Sans"],
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "hatch.color": PAPER,
        "hatch.linewidth": 0.8,
        "legend.frameon": False,
        # A label such as "$loc$" is text, no formula.
        "text.parse_math": False,
    }
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        # Only the SVG's text is left to scripts that matplotlib cannot write, and the browser
        # draws it, with a font that need not be here.
        warnings.filterwarnings("ignore", message=".*([Gg]lyph|does not support .* natively)")
        yield


def drawable(name: str) -> str:
    """A name without the characters that no XML, and so no SVG, can hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", name)


class Numbering:
    """Writes names as numbers in brackets where matplotlib could not write them in a PNG.

    matplotlib does not shape text: it would part the vowel signs of Bangla from their letters and
    draw conjuncts as loose letters, and boxes where the font has no glyph. Latin, Greek and
    Cyrillic names are written as they are.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """The name, or its number."""
        if all(" " <= character < "\u0590" for character in name):
            return name
        return self.names.setdefault(name, f"[{len(self.names) + 1}]")


@style()
def save_png(figure: Figure, path: Path) -> None:
    """Writes a PNG on white, 200 dots per inch."""
    figure.savefig(path, dpi=200, metadata={"Software": None})


@style()
def save_svg(figure: Figure, path: Path) -> None:
    """Writes an SVG on white; its text stays text, for the viewer to shape."""
    figure.savefig(path, metadata=_NO_METADATA)


@style()
def inline_svg(figure: Figure, name: str, description: str) -> str:
    """Gives a plot as an ``<svg>`` element for the page.

    Transparent, in the page's fonts and in colours that follow its style sheet; its ids carry
    the name, so that several plots can stand in one page.

    Args:
        figure: The plot.
        name: Prefix of the ids.
        description: What the plot shows, for those who do not see it.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata=_NO_METADATA)
    root = ElementTree.fromstring(buffer.getvalue())
    # matplotlib's style rule selects "*": inside a page it would reach all of it.
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag.endswith("}style")]:
            parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        attributes = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
        element.attrib = {key: _for_page(key, value, name) for key, value in attributes.items()}
    width = float(root.attrib["width"].removesuffix("pt")) / 72
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-label": description,
        # So that all plots' letters have one size, however wide the plot.
        "style": f"max-width:{7 * width:.1f}rem",
    }
    return ElementTree.tostring(root, encoding="unicode", method="html")


def tidy(axes: Axes) -> None:
    """Few ticks, a grid behind the data, no frame."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    frame(axes)


def frame(axes: Axes) -> None:
    """A grid behind the data and no frame; the ticks stay as they are."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True)
    axes.set_axisbelow(True)


def legend(figure: Figure, axes: Axes, columns: int = 4) -> None:
    """One legend below all panels, where there is more than nothing to tell."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def colour(index: int) -> str:
    """The colour of a series; there are five, then they begin anew."""
    return SERIES[index % len(SERIES)]


def marker(index: int) -> str:
    """The marker of a series."""
    return MARKERS[index % len(MARKERS)]


def _for_page(key: str, value: str, prefix: str) -> str:
    """An attribute of matplotlib's SVG, as it stands in the page."""
    if key == "id":
        return f"{prefix}-{value}"
    if key == "href":
        return value.replace("#", f"#{prefix}-", 1)
    value = value.replace("url(#", f"url(#{prefix}-")
    value = re.sub(r"'DejaVu Sans'(?:, '[^']*')*", "var(--font)", value)
    for shade, variable in VARIABLES.items():
        value = value.replace(shade, f"var({variable})")
    return value
