"""The ranked list as files: span JSONL for tools, and a page to review it on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..annotations.records import Span
from ..common.files import check_replaceable, md5_of_file, new_directory, write_json, write_jsonl
from .search import Found
from .surfaces import Surface
from .suspects import KINDS, Suspect

SUSPECTS, PAGE, SURFACES, SUMMARY = (
    "suspects.jsonl", "suspects.html", "surfaces.jsonl", "summary.json",
)  # fmt: skip
VERSION = 1
DECISIONS = ("accept", "keep", "edit", "skip")


def suspect_line(suspect: Suspect, number: int, plain: bool) -> dict[str, Any]:
    """A suspect as a span JSONL record whose spans are the text's with the suggestion taken.

    Args:
        suspect: The suspect.
        number: Its rank, from 1.
        plain: Whether the file's offsets are code points with exclusive ends, so that a decision
            can be applied to it.
    """
    text = suspect.text
    given = text.given.get(suspect.gold) if suspect.gold else None
    spans = {span for span in text.ents if span != suspect.gold}
    if suspect.suggestion:
        spans.add(suspect.suggestion)
    return {
        "text": text.text,
        "label": [span_list(span) for span in sorted(spans)],
        "suspect": number,
        "kind": suspect.kind,
        "confidence": round(suspect.confidence, 4),
        "gold": span_list(suspect.gold),
        "suggestion": span_list(suspect.suggestion),
        "given": span_list(given),
        "others": [span_list(span) for span in text.ents if span != suspect.gold],
        "reason": "; ".join(suspect.reasons),
        "evidence": {name: round(value, 4) for name, value in sorted(suspect.evidence.items())},
        "source": text.source,
        "line": suspect.line,
        "record_id": text.record.id,
        "applicable": plain,
    }


def span_list(span: Span | None) -> list[Any] | None:
    """A span as ``[start, end, label]``."""
    return [span.start, span.end, span.label] if span else None


def surface_line(surface: Surface) -> dict[str, Any]:
    """A surface that is not annotated alike, with every occurrence."""
    return {
        "words": surface.words,
        "counts": dict(sorted(surface.counts.items())),
        "one_sidedness": round(surface.one_sidedness, 4),
        "entropy": round(surface.entropy, 4),
        "occurrences": [
            {"source": o.text.source, "start": o.start, "end": o.end, "label": o.label}
            for o in surface.occurrences
        ],
    }


def write_review(found: Found, output: Path, *, limit: int, summary: dict[str, Any]) -> int:
    """Writes the lists and the page into a directory, in the place of an older one.

    Args:
        found: What the search came to.
        output: The directory.
        limit: Number of suspects to write at most; 0 for all.
        summary: What else summary.json says.

    Returns:
        Number of suspects written.

    Raises:
        UserError: The directory holds something else.
    """
    check_replaceable(output, (SUSPECTS, PAGE, SURFACES, SUMMARY))
    chosen = found.suspects[: limit or None]
    training = found.training
    lines = [suspect_line(s, i, training.plain) for i, s in enumerate(chosen, start=1)]
    with new_directory(output) as folder:
        write_jsonl(folder / SUSPECTS, lines)
        write_jsonl(folder / SURFACES, (surface_line(surface) for surface in found.surfaces))
        page = render_page(lines, md5_of_file(folder / SUSPECTS))
        (folder / PAGE).write_text(page, encoding="utf8", newline="\n")
        write_json(
            folder / SUMMARY,
            {
                "version": VERSION,
                "texts": len(training.texts),
                "left_out": training.left_out,
                "spans": sum(len(text.ents) for text in training.texts),
                "suspects": {kind: sum(s.kind == kind for s in found.suspects) for kind in KINDS},
                "written": len(chosen),
                "inconsistent_surfaces": len(found.surfaces),
                "cross_prediction": found.scores,
                **summary,
            },
        )
    return len(chosen)


def render_page(lines: Sequence[dict[str, Any]], key: str) -> str:
    """Renders the page to review suspects on; it needs no other file.

    Args:
        lines: The lines of suspects.jsonl.
        key: Names this list in the browser's storage, where decisions are kept.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    labels = sorted({span[2] for line in lines for span in _spans(line)})
    return environment.get_template("review.html.j2").render(
        kinds=KINDS,
        count=len(lines),
        data=_script_json({"key": key, "labels": labels, "suspects": list(lines)}),
    )


def _spans(line: dict[str, Any]) -> list[list[Any]]:
    return [*line["label"], *([line["gold"]] if line["gold"] else [])]


def _script_json(value: Any) -> Markup:
    """JSON that may stand in a script element: ``<`` is escaped, so that no text can end it."""
    return Markup(json.dumps(value, ensure_ascii=False).replace("<", "\\u003c"))
