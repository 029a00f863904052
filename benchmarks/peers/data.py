"""A corpus as peers read it: plain JSONL of words, and what they all do with words.

Needs nothing but Python: it is used in the peers' own environment too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FACTS = "export.json"
OUTSIDE = "O"
Span = tuple[int, int, str]


@dataclass(frozen=True)
class Text:
    """A text of the export.

    Args:
        text: The text.
        offsets: Character ranges of its words; white space is none.
        tags: IOB2 tags of the words, None where the annotation is missing; None for test.
        annotated: Labels that its annotators looked for; None if all.
    """

    text: str
    offsets: list[tuple[int, int]]
    tags: list[str | None] | None
    annotated: list[str] | None = None

    @property
    def words(self) -> list[str]:
        return [self.text[start:end] for start, end in self.offsets]


@dataclass(frozen=True)
class Window:
    """A part of a text that an encoder can take.

    Args:
        words: Indices of the words in it.
        own: First and last index + 1, among ``words``, of those whose prediction is taken from
            this window; overlapping windows share the words between them.
    """

    words: list[int]
    own: tuple[int, int]


def read_texts(path: Path) -> list[Text]:
    with path.open(encoding="utf8") as file:
        lines = [json.loads(line) for line in file]
    return [
        Text(i["text"], [(a, b) for a, b in i["offsets"]], i.get("tags"), i.get("annotated"))
        for i in lines
    ]


def read_facts(folder: Path) -> dict[str, Any]:
    return json.loads((folder / FACTS).read_text(encoding="utf8"))


def tag_names(labels: Iterable[str]) -> list[str]:
    """All IOB2 tags of labels, O first."""
    return [OUTSIDE, *(f"{prefix}-{label}" for label in labels for prefix in "BI")]


def split_windows(pieces: Sequence[int], limit: int, overlap: int = 0) -> list[Window]:
    """Divides a text into windows of whole words that an encoder can take.

    Words without a wordpiece (such as a lone variation selector) are in none. A word longer than
    the limit has a window of its own and is cut there.

    Args:
        pieces: Number of wordpieces of each word.
        limit: Most wordpieces of a window, special ones not counted.
        overlap: Words that a window shares with the one before; fewer in short windows.
    """
    present = [i for i, number in enumerate(pieces) if number]
    ranges: list[tuple[int, int]] = []
    start = end = 0
    while end < len(present):
        size = 0
        end = start
        while end < len(present) and (end == start or size + pieces[present[end]] <= limit):
            size += pieces[present[end]]
            end += 1
        ranges.append((start, end))
        start = max(end - min(overlap, (end - start) // 2), start + 1)
    windows = []
    for k, (start, end) in enumerate(ranges):
        first = 0 if k == 0 else (start + ranges[k - 1][1]) // 2 - start
        last = end - start if k == len(ranges) - 1 else (ranges[k + 1][0] + end) // 2 - start
        windows.append(Window(present[start:end], (first, last)))
    return windows


def whole_tags(tags: Sequence[str | None]) -> list[str | None]:
    """Tags of a part of a text as IOB2: an I whose B was left out becomes the B."""
    result: list[str | None] = []
    for tag in tags:
        before = result[-1] if result else None
        if tag and tag.startswith("I-") and (before is None or before[2:] != tag[2:]):
            tag = f"B-{tag[2:]}"
        result.append(tag)
    return result


def spans_of(tags: Sequence[str | None], offsets: Sequence[tuple[int, int]]) -> list[Span]:
    """Character spans of predicted IOB tags; an I without its B begins a span.

    Args:
        tags: A tag for each word; None where there is no prediction, which neither ends a span
            nor belongs to it unless the span goes on behind it.
        offsets: Character ranges of the words.
    """
    spans: list[Span] = []
    inside: str | None = None
    for tag, (start, end) in zip(tags, offsets, strict=True):
        if tag is None:
            continue
        label = None if tag == OUTSIDE else tag[2:]
        if label is not None and tag.startswith("I-") and label == inside:
            spans[-1] = (spans[-1][0], end, label)
        elif label is not None:
            spans.append((start, end, label))
        inside = label
    return spans


def strict_f(texts: Sequence[Text], predicted: Sequence[Sequence[Span]]) -> float:
    """Micro F (strict) on texts with tags.

    Wrong spans do not count at missing annotation, nor with a label that was not looked for.
    """
    right = wanted = found = 0
    for text, spans in zip(texts, predicted, strict=True):
        gold = set(spans_of(text.tags or [], text.offsets))
        missing = [r for r, tag in zip(text.offsets, text.tags or [], strict=True) if tag is None]
        known = text.annotated
        guess = {
            span
            for span in spans
            if span in gold
            or not (_touches(span, missing) or (known is not None and span[2] not in known))
        }
        right += len(gold & guess)
        wanted += len(gold)
        found += len(guess)
    return 2 * right / (wanted + found) if wanted + found else 0.0


def write_predictions(path: Path, texts: Sequence[Text], spans: Sequence[Sequence[Span]]) -> None:
    """Writes span JSONL, one line a text."""
    with path.open("w", encoding="utf8", newline="\n") as file:
        for text, found in zip(texts, spans, strict=True):
            line = {"text": text.text, "label": [list(span) for span in sorted(found)]}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _touches(span: Span, places: Iterable[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in places)
