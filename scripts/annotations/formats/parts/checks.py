"""Checks that readers share: what an offset, a label and a text may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....common.errors import UserError


def text_of(value: Mapping[str, Any], key: str, where: str) -> str:
    """The text under a key.

    Raises:
        UserError: There is none, or it is no string.
    """
    text = value.get(key)
    if not isinstance(text, str):
        raise UserError(
            f"The record has no text under {key!r}",
            where=where,
            todo=f"Keys found: {', '.join(map(repr, value))}. Offsets without their text cannot "
            "be read; name the text's key with --text-key if it has another.",
        )
    return text


def offset_of(value: Any, name: str, where: str) -> int:
    """An offset, which must be a whole number.

    Args:
        value: What the file gives.
        name: Which offset it is, for the message.
        where: Place in the file.

    Raises:
        UserError: It is no whole number.
    """
    if type(value) is not int:
        raise UserError(f"{name} is no whole number: {value!r:.80}", where=where)
    return value


def label_of(value: Any, name: str, where: str) -> str:
    """A label, which must be a word; a number stays one for the label map to name.

    Args:
        value: What the file gives.
        name: Of what it is the label, for the message.
        where: Place in the file.

    Raises:
        UserError: It is neither a word nor a number.
    """
    if type(value) is int:
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise UserError(
            f"{name} has no label: {value!r:.80}",
            where=where,
            todo="A label is a word such as PER.",
        )
    return value
