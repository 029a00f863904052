"""The labels of a file: renamed, merged or dropped by a map, and refused if they are no names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..common.errors import UserError, at_line
from .records import Span

MERGE = "tag:yaml.org,2002:merge"
# What tools write where a label has no name: an index, or a mark for "no value".
_TAG = re.compile(r"O|[BIESLUM]-.+")
_NO_NAME = re.compile(r"(LABEL_)?\d+|[_*?-]+")


class NoRepeats(yaml.SafeLoader):
    """Refuses a key that stands twice: YAML readers silently drop the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A map as YAML reads it; what a merge key (``<<``) brings may be overridden."""
        own = [key for key, _ in node.value if key.tag != MERGE]
        result = super().construct_mapping(node, deep=deep)
        if len({self.construct_object(key, deep=True) for key in own}) < len(own):
            raise yaml.YAMLError("a key stands twice")
        return result


def read_label_map(path: Path) -> dict[str, str | None]:
    """Reads a YAML file of ``label: new label`` lines; ``null`` (or ``~``) drops the label.

    Raises:
        UserError: The file is missing, not YAML, or no flat map of words to words.
    """
    try:
        value = yaml.load(path.read_text(encoding="utf8"), Loader=NoRepeats)
    except FileNotFoundError:
        raise UserError("There is no such label map", where=str(path)) from None
    except OSError as error:
        raise UserError(f"The label map cannot be read: {error}", where=str(path)) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"The label map is not valid YAML: {error}", where=str(path)) from None
    example = "Expected lines such as 'PERSON: PER', or 'MISC: null' to drop a label."
    if not isinstance(value, dict):
        raise UserError("The label map is no map", where=str(path), todo=example)
    result: dict[str, str | None] = {}
    for old, new in value.items():
        word = isinstance(new, str) and bool(new.strip())
        if isinstance(old, bool) or not isinstance(old, (str, int)) or not (word or new is None):
            raise UserError(
                f"The label map cannot be read at {old!r}: {new!r}",
                where=str(path),
                todo=f"{example} Words such as yes, no, on and off need quotes in YAML.",
            )
        result[str(old)] = new
    return result


def _checked(new: str | None, old: str, where: str) -> str | None:
    """Refuses a tag where a label is due: tags of numbers are decoded before labels are mapped."""
    if new is not None and _NO_NAME.fullmatch(old) and _TAG.fullmatch(new):
        raise UserError(
            f"The label map gives {old!r} the tag {new!r}, where a label is due",
            where=where,
            todo="In this format, numbers stand for labels: map them to words such as PER.",
        )
    return new


def map_label(span: Span, labels: Mapping[str, str | None], path: Path, line: int) -> str | None:
    """The label to use for a span, None to drop it.

    Raises:
        UserError: The label is a bare number or placeholder, and the map does not name it.
    """
    if span.label in labels:
        return _checked(labels[span.label], span.label, at_line(path, line))
    if _NO_NAME.fullmatch(span.label):
        raise UserError(
            f"The label {span.label!r} is no name",
            where=at_line(path, line),
            todo="Export label names, or say what it stands for with --label-map FILE, a YAML file "
            f"with lines such as '\"{span.label}\": PER' (null drops the label).",
        )
    return span.label
