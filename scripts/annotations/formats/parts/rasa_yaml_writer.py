"""Writes Rasa NLU training data as YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ....common.errors import UserError
from ...records import Record, Span
from ..base import Tell, WriteOptions
from .inline import inline_spans, markup_that_reads_back
from .rasa_markup import parse_markup, write_markup
from .writing import tell_missing

VERSION = "3.1"
# Rasa wants an intent for every example; records that have none get this one.
NO_INTENT = "none"
PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_/+-]*")
YAML_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
# Characters that YAML refuses, breaks lines at or skips: they can only be written escaped.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def write_rasa_yaml(
    records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell
) -> None:
    """Writes the records as examples of their intents, in their order.

    Texts of one line are written as ``- text``; others, and records with more meta than an intent,
    as items with a quoted text and metadata. Overlapping, discontinuous, empty and outlying spans
    are told as not written. Rasa itself strips blanks from the ends of every text.

    Raises:
        UserError: A text holds what reads as Rasa's markup.
    """
    with path.open("w", encoding="utf8", newline="\n") as file:
        file.write(f'version: "{VERSION}"\n\nnlu:\n')
        before: tuple[str, bool] | None = None
        for record in records:
            markup = _markup(record, tell)
            metadata = {
                k: v for k, v in record.meta.items() if k not in ("intent", "intent_metadata")
            }
            if not isinstance(record.meta.get("intent", ""), str):
                metadata["intent"] = record.meta["intent"]
            listed = bool(metadata) or not _fits_a_line(markup)
            block = (_block(record), listed)
            if block != before:
                file.write(f"{block[0]}  examples:{'' if listed else ' |'}\n")
                before = block
            if listed:
                file.write(f"  - text: {_quoted(markup)}\n")
                if metadata:
                    file.write(f"    metadata: {_quoted(metadata)}\n")
            else:
                file.write(f"    - {markup}\n")


def _markup(record: Record, tell: Tell) -> str:
    tell_missing(record, tell)

    def read(markup: str) -> tuple[str, list[Span]] | None:
        try:
            return parse_markup(markup, "")
        except UserError:
            return None

    spans = inline_spans(record, tell, same_place=True)
    todo = "Rasa cannot escape brackets in YAML; write rasa-json instead."
    return markup_that_reads_back(record, spans, write_markup, read, tell, todo=todo)


def _block(record: Record) -> str:
    """The beginning of an intent's block."""
    intent = record.meta.get("intent")
    name = intent if isinstance(intent, str) and intent else NO_INTENT
    plain = PLAIN_NAME.fullmatch(name) and name.lower() not in YAML_WORDS
    head = f"- intent: {name if plain else _quoted(name)}\n"
    if "intent_metadata" in record.meta:
        head += f"  metadata: {_quoted(record.meta['intent_metadata'])}\n"
    return head


def _fits_a_line(markup: str) -> bool:
    return bool(markup) and markup == markup.strip() and not UNSAFE.search(markup)


def _quoted(value: Any) -> str:
    """A value as JSON on one line, with everything escaped that YAML reads differently."""
    return UNSAFE.sub(lambda m: f"\\u{ord(m[0]):04x}", json.dumps(value, ensure_ascii=False))
