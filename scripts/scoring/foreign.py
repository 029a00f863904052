"""Another tool's predictions, put beside the gold that they are to be scored on."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy.language import Language

from ..annotations.records import Record, Span
from ..common.errors import UserError, at_line
from ..corpora.gold import GoldRecord
from .evaluation import Prediction


@dataclass(frozen=True)
class Foreign:
    """Predictions of another tool.

    Args:
        predictions: One for each gold text, in the order of the gold.
        extra: Number of predicted texts that the gold does not have.
    """

    predictions: list[Prediction]
    extra: int


def place_predictions(
    records: Iterable[Record], gold: Sequence[GoldRecord], nlp: Language, path: Path
) -> Foreign:
    """Finds the prediction of each gold text by the text itself, in whatever order they stand.

    Where the gold has a text several times, its first occurrence gets the first prediction for
    the text, and so on. Tokens are the corpus', since the file need not know any. Spans that
    share tokens are taken as they stand, both as entities and, in the corpus of a span
    categorizer, as its spans.

    Args:
        records: The predictions, offsets in characters.
        gold: The gold of a split.
        nlp: The corpus' tokenizer.
        path: The file, for errors.

    Raises:
        UserError: A gold text has no prediction, or a span lies outside its text.
    """
    waiting: defaultdict[str, deque[Record]] = defaultdict(deque)
    total = 0
    for record in records:
        _check_spans(record, path)
        waiting[record.text].append(record)
        total += 1
    predictions = []
    for line in gold:
        found = waiting.get(line.text)
        if not found:
            raise UserError(
                f"A text of the gold has no prediction: {line.text[:60]!r}",
                where=f"{path}; gold {line.source}",
                todo="A text in which nothing was found needs a line with no spans. Texts are "
                "compared character by character: predict those of the .gold.jsonl file.",
            )
        predictions.append(_prediction(found.popleft(), nlp))
    return Foreign(predictions, total - len(predictions))


def _check_spans(record: Record, path: Path) -> None:
    for span in record.spans:
        if not 0 <= span.start < span.end <= len(record.text):
            raise UserError(
                f"The span [{span.start}, {span.end}, {span.label!r}] is none of a text of "
                f"{len(record.text)} characters",
                where=at_line(record.file or path, record.line, record.id),
                todo="Offsets are character offsets, ends exclusive; else name --offset-unit.",
            )


def _prediction(record: Record, nlp: Language) -> Prediction:
    doc = nlp.make_doc(record.text)
    tokens = tuple((token.idx, token.idx + len(token)) for token in doc)
    found = sorted({(s.start, s.end, s.label) for s in record.spans})
    spans = tuple(Span(*span) for span in found)
    return Prediction(tokens, ents=spans, spans=spans)
