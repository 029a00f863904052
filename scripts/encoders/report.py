"""``encoder.json``: what the prepared encoder is and what it makes of the corpus."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..common.errors import UserError

REPORT_NAME = "encoder.json"
KINDS = ("hub", "directory", "package", "sample", "none")


@dataclass(frozen=True)
class PieceCounts:
    """Distribution of wordpieces per spaCy token; white-space tokens are left out.

    Attributes:
        mean: Mean.
        p95: 95th percentile.
        p99: 99th percentile.
        max: Most pieces that any token has.
    """

    mean: float
    p95: int
    p99: int
    max: int


@dataclass(frozen=True)
class EncoderReport:
    """What ``encoder.json`` holds; with ``kind`` ``none`` all measured fields are None.

    Attributes:
        source: Name, directory or package that was asked for.
        name: Name of the encoder: on the hub where it is known, else as ``source``.
        kind: ``hub``, ``directory``, ``package``, ``sample`` or ``none``.
        revision: Commit on the hub, if known.
        licence: Licence of the weights.
        cased: Whether the tokenizer tells capitals from small letters.
        normaliser: Name of the normalisation put in front of the tokenizer's own, or None.
        model_max_length: Longest input in wordpieces, special pieces included.
        architecture: Class name of the encoder.
        parameters: Number of its parameters.
        wordpieces_per_token: Wordpieces per spaCy token in the measured docs.
        unknown_rate: Share of wordpieces that are the unknown piece, 0 to 1.
        window: Window for ``spacy-transformers.strided_spans.v1``, in spaCy tokens.
        stride: Stride for the same, in spaCy tokens.
        docs_measured: Number of docs measured.
        docs_longer_than_window: How many of them need more than one window.
        truncated_tokens: Tokens in them that lose wordpieces in every window that holds them.
        notes: What else the user should know.
    """

    source: str
    name: str
    kind: str
    revision: str | None = None
    licence: str | None = None
    cased: bool | None = None
    normaliser: str | None = None
    model_max_length: int | None = None
    architecture: str | None = None
    parameters: int | None = None
    wordpieces_per_token: PieceCounts | None = None
    unknown_rate: float | None = None
    window: int | None = None
    stride: int | None = None
    docs_measured: int | None = None
    docs_longer_than_window: int | None = None
    truncated_tokens: int | None = None
    notes: tuple[str, ...] = ()


def write_report(report: EncoderReport, directory: Path) -> None:
    """Writes ``encoder.json`` into a directory."""
    text = json.dumps(asdict(report), ensure_ascii=False, indent=2)
    (Path(directory) / REPORT_NAME).write_text(text + "\n", encoding="utf8")


def read_report(path: Path) -> EncoderReport:
    """Reads the report of a prepared encoder.

    Args:
        path: The encoder's directory or its ``encoder.json``.

    Raises:
        UserError: There is no such file, or it is not one that ``scripts.encoder`` wrote.
    """
    path = Path(path)
    file = path / REPORT_NAME if path.is_dir() else path
    todo = "Prepare the encoder: python -m scripts.encoder NAME_OR_DIR OUT"
    if not file.is_file():
        raise UserError("There is no prepared encoder", where=str(file), todo=todo)
    try:
        fields: dict[str, Any] = json.loads(file.read_text(encoding="utf8"))
        pieces = fields["wordpieces_per_token"]
        fields["wordpieces_per_token"] = PieceCounts(**pieces) if pieces else None
        fields["notes"] = tuple(fields["notes"])
        report = EncoderReport(**fields)
    except (ValueError, TypeError, KeyError) as error:
        message = f"Not a report of scripts.encoder ({error})"
        raise UserError(message, where=str(file), todo=todo) from error
    if report.kind not in KINDS:
        raise UserError(f"Unknown kind {report.kind!r}", where=str(file), todo=todo)
    return report
