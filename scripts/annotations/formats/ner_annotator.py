"""NER Annotator (tecoholic): one JSON object with the classes and the annotated texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record
from .base import Format, Head, ReadOptions, Tell
from .parts.json_source import read_items
from .spacy_training import read_example


def sniff_ner_annotator(head: Head) -> bool:
    """Whether a file is one object with lists of ``classes`` and of ``annotations``."""
    return len(head.values) == 1 and _is_export(head.values[0])


def _is_export(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("classes"), list)
        and isinstance(value.get("annotations"), list)
        and all(item is None or isinstance(item, list) for item in value["annotations"])
    )


def read_ner_annotator(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Reads the annotated texts; all of an export stands in one object, on its line.

    Args:
        path: A UTF-8 file with one object.
        options: Unused.
        tell: Called with texts that were skipped: the tool writes null for them.

    Raises:
        UserError: The file holds something else.
    """
    for item in read_items(path):
        if not _is_export(item.value):
            raise UserError(
                "The value is no export of NER Annotator",
                where=at_line(path, item.line),
                todo='Expected {"classes": ["PER"], "annotations": [["…", {"entities": []}]]}.',
            )
        for i, example in enumerate(item.value["annotations"]):
            where = f"{at_line(path, item.line)}, annotation {i}"
            record = read_example(example, item.line, where, tell)
            if record is not None:
                yield record


FORMAT = Format(
    name="ner-annotator",
    title="NER Annotator's JSON export (classes and annotations)",
    sniff=sniff_ner_annotator,
    read=read_ner_annotator,
    # A JavaScript program: its strings are indexed by UTF-16 code units.
    unit="utf16",
)
