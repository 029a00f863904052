"""The options shared by all commands that read annotation files."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import typer

from ..common.errors import UserError
from .annotators import WAYS
from .formats import FORMATS
from .formats.base import ReadOptions
from .labels import read_label_map
from .schemes import SCHEMES
from .spacing import SPACINGS
from .units import CODEPOINT, UNITS

PANEL = "How the files are read"


def _option(default: Any, *names: str, help: str) -> Any:
    return typer.Option(default, *names, help=help, rich_help_panel=PANEL)


FORMAT = _option(None, "--format", help=f"Recognised by content; or {', '.join(FORMATS)}")
TEXT_KEY = _option("text", help="Key of the text in JSON")
SPANS_KEY = _option(None, help="Key of the spans in JSON")
OFFSET_UNIT = _option("auto", help=f"auto, {CODEPOINT}, {', '.join(UNITS)}")
SPACING = _option("auto", help=f"How tokens are joined to a text: {', '.join(SPACINGS)}")
SCHEME = _option("auto", help=f"Tag scheme of token formats: auto, {', '.join(SCHEMES)}")
COLUMNS = _option(None, help="Columns of token and tag, from 0, negative from the end: 0,-1")
LAYER = _option(None, help="Layer, annotation set or type that holds the entities")
ANNOTATORS = _option(
    "union", help=f"Several annotators of a text: {', '.join(WAYS)}, or a name to take alone"
)
LABEL_MAP = _option(None, help="YAML file of 'label: new label' lines; null drops a label")


def read_options(
    *,
    lang: str,
    file_format: str | None,
    text_key: str,
    spans_key: str | None,
    offset_unit: str,
    spacing: str,
    scheme: str,
    columns: str | None,
    layer: str | None,
    annotators: str,
    label_map: Path | None,
) -> ReadOptions:
    """Puts a command's options together.

    Raises:
        UserError: One of them has a value that it cannot have.
    """
    _check(offset_unit, ("auto", CODEPOINT, *UNITS), "--offset-unit")
    _check(spacing, SPACINGS, "--spacing")
    _check(scheme, ("auto", *SCHEMES), "--scheme")
    if file_format is not None:
        _check(file_format, FORMATS, "--format")
    return ReadOptions(
        format=file_format,
        text_key=text_key,
        spans_key=spans_key,
        offset_unit=offset_unit,
        lang=lang,
        spacing=spacing,
        scheme=scheme,
        columns=_columns(columns) if columns else None,
        layer=layer,
        annotators=annotators,
        labels=read_label_map(label_map) if label_map else {},
    )


def _check(value: str, allowed: Collection[str], option: str) -> None:
    if value not in allowed:
        raise UserError(
            f"There is no {option.removeprefix('--').replace('-', ' ')} {value!r}",
            where=option,
            todo=f"Possible: {', '.join(allowed)}.",
        )


def _columns(value: str) -> tuple[int, int]:
    try:
        token, tag = (int(part) for part in value.split(","))
    except ValueError:
        raise UserError(
            f"The columns cannot be read: {value!r}", where="--columns", todo="Expected 0,-1."
        ) from None
    return token, tag
