"""Long texts in windows: cut where sentences end, each with the sentences beside it for context."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Characters of a window, its context included: some 2,000 tokens, far below nlp.max_length.
WINDOW = 10_000
LEAST_WINDOW = 100
# Characters of the text beside a window's core that the pipeline sees too, at most.
CONTEXT = 400

# The ends of sentences: danda and double danda, the Latin, Arabic, CJK, Armenian, Ethiopic and
# Burmese stops, and the signs that Bangla news types for the danda; quotes and brackets may follow.
_SENTENCE = re.compile(r"""[।॥\u09f7|.!?…؟۔。！？։።၊။]["'’”)\]»]*\s+""")
_LINE = re.compile(r"\n\s*")
_BLANK = re.compile(r"\s+")
# Where a text may be cut, the best first.
PLACES = (_SENTENCE, _LINE, _BLANK)


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a text that is marked by itself.

    Args:
        start: Its first character in the text.
        end: The character after its last one.
        core_start: First character of its core: the cores of a text's windows lie end to end.
        core_end: The character after the core's last one.
        hard: Whether the core's end stands inside a word, there being no better place.
    """

    start: int
    end: int
    core_start: int
    core_end: int
    hard: bool = False


def cut_windows(text: str, size: int = WINDOW) -> list[Window]:
    """Cuts a text into windows that together hold all of it; a text that fits is one window.

    A core ends where a sentence does, in the second half of what fits; where none does, at a line
    end, then at a blank; in a stretch without blanks wherever it must. An entity belongs to the
    window in whose core it starts, so that none is lost and none found twice: as the window goes on
    behind its core, it is seen whole there.

    Args:
        text: The text.
        size: Most characters of a window.
    """
    if len(text) <= size:
        return [Window(0, len(text), 0, len(text))]
    context = min(CONTEXT, size // 4)
    core = size - 2 * context
    windows = []
    start = 0
    while start < len(text):
        end, hard = (len(text), False) if len(text) - start <= core else _cut(text, start, core)
        before = _first_place(text, max(start - context, 0), start)
        after = _last_place(text, end, min(end + context, len(text)))
        windows.append(Window(before, after, start, end, hard))
        start = end
    return windows


def _cut(text: str, start: int, core: int) -> tuple[int, bool]:
    """Where a core that starts here ends, and whether that is inside a word."""
    for pattern in PLACES:
        place = _last(pattern, text, start + core // 2, start + core)
        if place is not None:
            return place, False
    return start + core, True


def _last(pattern: re.Pattern[str], text: str, start: int, end: int) -> int | None:
    """The last place after ``start`` and not after ``end`` at which a match ends."""
    found = None
    for match in pattern.finditer(text, start, end):
        found = match.end()
    return found if found is not None and found > start else None


def _first_place(text: str, start: int, end: int) -> int:
    """Where context that may begin here begins: at a sentence, or a word."""
    if start == 0:
        return 0
    for pattern in PLACES:
        match = pattern.search(text, start - 1, end)
        if match and start <= match.end() <= end:
            return match.end()
    return start


def _last_place(text: str, start: int, end: int) -> int:
    """Where context that must end here ends: after a sentence, or a word."""
    if end == len(text):
        return end
    for pattern in PLACES:
        place = _last(pattern, text, start, end)
        if place is not None:
            return place
    return end
