"""Characters that show nothing: what may be trimmed from a span's edges."""

from __future__ import annotations

VIRAMA = "\u09cd"
JOINERS = "\u200c\u200d"
INVISIBLE = "\u200b\u2060\ufeff\u00ad\u200e\u200f"


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Moves the edges of ``[start, end)`` inwards over white space and invisible characters.

    A joiner (ZWJ, ZWNJ) is trimmed at the left edge, and at the right edge unless it stands after
    a virama: there it belongs to the letter (ত্‍ is an old spelling of ৎ). A blank span comes back
    empty at its start.
    """
    first, last = start, end
    while first < last and (_blank(text[first]) or text[first] in JOINERS):
        first += 1
    while last > first and (
        _blank(text[last - 1])
        or (text[last - 1] in JOINERS and not text[: last - 1].endswith(VIRAMA))
    ):
        last -= 1
    return (start, start) if first == last else (first, last)


def _blank(char: str) -> bool:
    return char.isspace() or char in INVISIBLE


def same_words(given: str, found: str) -> bool:
    """Whether two strings differ in white space and invisible characters alone.

    Tools write a line end inside a span as a blank, and what they show has no byte order mark.
    """
    return _visible(given) == _visible(found)


def _visible(text: str) -> str:
    return "".join(c for c in text if not _blank(c))


def control_characters(text: str) -> list[int]:
    """Offsets of control characters (Unicode Cc) other than tab and line ends."""
    return [
        i for i, c in enumerate(text) if (c < " " and c not in "\t\n\r") or "\x7f" <= c <= "\x9f"
    ]
