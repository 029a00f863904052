"""Tokens joined to a text: where a blank stands between two tokens, by language."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

SPACINGS = ("auto", "blanks")
# Languages that write no blanks between words.
UNSPACED = frozenset(("zh", "ja", "th", "lo", "my", "km", "bo"))
# Signs that stand at the word before them, or at the one behind.
CLOSING = frozenset(",;:!?%)]}»”’…।॥、。，！？；：）】」』》.")
OPENING = frozenset("([{«“‘（【「『《")
# Beside another sign, or a single character, these make an emoticon, which is one token: 8) and ):
FACES = frozenset("()[]{}:;")
# Shorter words before a full stop may be abbreviations, which tokenizers keep with it: Inc. etc.
LOWER_LENGTH, OTHER_LENGTH = 4, 6


def join_tokens(
    tokens: Sequence[str], lang: str, spacing: str = "auto"
) -> tuple[str, list[tuple[int, int]]]:
    """Joins tokens to a text and says where each one stands in it, in characters.

    The offsets come from the joining itself, never from a search; every token stays as it is.
    Whether a blank stands between two tokens depends on these two alone, never on their tags, and
    ``auto`` leaves it out only where a tokenizer will part them again.

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
    if right == ".":
        return not _is_long_word(left)
    if right in CLOSING:
        return right in FACES and not _is_plain(left)
    return left not in OPENING or (left in FACES and not _is_plain(right))


def _is_plain(token: str) -> bool:
    """Whether a token is of several letters or digits, so that no sign beside it is a face."""
    return len(token) > 1 and all(unicodedata.category(char)[0] in "LMN" for char in token)


def _is_long_word(token: str) -> bool:
    """Whether a full stop after a token can only end a sentence."""
    letters = all(unicodedata.category(char)[0] in "LM" for char in token)
    return letters and len(token) >= (LOWER_LENGTH if token.islower() else OTHER_LENGTH)
