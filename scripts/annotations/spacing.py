"""Tokens joined to a text: where a blank stands between two tokens, by language."""

from __future__ import annotations

from collections.abc import Sequence

SPACINGS = ("auto", "blanks")
# Languages that write no blanks between words.
UNSPACED = frozenset(("zh", "ja", "th", "lo", "my", "km", "bo"))
CLOSING = frozenset([",", ".", ";", ":", "!", "?", "%", ")", "]", "}", "»", "”", "’", "…", "।", "॥", "、", "。", "，", "！", "？", "；", "：", "）", "】", "」", "』", "》"])
OPENING = frozenset(["(", "[", "{", "«", "“", "‘", "（", "【", "「", "『", "《"])


def join_tokens(
    tokens: Sequence[str], lang: str, spacing: str = "auto"
) -> tuple[str, list[tuple[int, int]]]:
    """Joins tokens to a text and says where each one stands in it, in characters.

    The offsets come from the joining itself, never from a search; every token stays as it is.

    Args:
        tokens: Tokens of one sentence or document.
        lang: Language code; decides how ``auto`` joins.
        spacing: ``auto`` joins as the language writes, ``blanks`` puts a blank between all.
    """
    parts: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    for i, token in enumerate(tokens):
        if i and _blank(tokens[i - 1], token, lang, spacing):
            parts.append(" ")
            at += 1
        parts.append(token)
        places.append((at, at + len(token)))
        at += len(token)
    return "".join(parts), places


def _blank(left: str, right: str, lang: str, spacing: str) -> bool:
    if spacing == "blanks":
        return True
    if lang in UNSPACED:
        return left[-1:].isascii() and right[:1].isascii()
    return right not in CLOSING and left not in OPENING
