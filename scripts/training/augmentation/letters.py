"""The two spellings of ড়, ঢ় and য়: one code point each, or a letter and a nukta.

Both are in use, in one corpus side by side. Unicode's NFC parts them (they are composition
exclusions), so that neither can be had by normalising.
"""

from __future__ import annotations

PARTED = {"\u09dc": "\u09a1\u09bc", "\u09dd": "\u09a2\u09bc", "\u09df": "\u09af\u09bc"}


def composed(text: str) -> str:
    """The text with each of the three letters as one code point."""
    for whole, parts in PARTED.items():
        text = text.replace(parts, whole)
    return text


def parted(text: str) -> str:
    """The text with each of the three letters as a letter and a nukta."""
    for whole, parts in PARTED.items():
        text = text.replace(whole, parts)
    return text


def parts_more(text: str) -> bool | None:
    """Whether a text parts these letters more often than not; None if it does both as often."""
    whole = sum(text.count(letter) for letter in PARTED)
    apart = sum(text.count(parts) for parts in PARTED.values())
    return None if whole == apart else apart > whole
