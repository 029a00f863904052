"""Prodigy's JSONL: a text, its tokens and spans, and the annotator's answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...common.errors import UserError, at_line
from ..records import Record, Span
from .base import Format, Head, Notice, ReadOptions, Tell
from .parts.checks import label_of, offset_of, text_of
from .parts.json_source import Item, read_items
from .parts.prodigy_write import uncovered, write_prodigy
from .parts.shared_texts import group_rows, own_names

ANSWERS = ("accept", "reject", "ignore")
HASH_KEYS = ("_input_hash", "_task_hash")
# Interfaces that show one suggestion to accept or reject, and such that mark no spans at all.
BINARY_VIEWS = frozenset(("ner", "spans"))
OTHER_VIEWS = frozenset(
    (
        "audio", "audio_manual", "choice", "classification", "compare", "dep", "diff", "html",
        "image", "image_manual", "pos", "text", "text_input",
    )
)  # fmt: skip
# In a file that does not name its interface: share of rows with spans that have exactly one.
BINARY_SHARE = 0.9


def sniff_prodigy(head: Head) -> bool:
    """Whether a JSON object has a Prodigy hash, or an answer beside a text or its spans."""
    return any(_is_row(value) for value in head.values)


def _is_row(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if any(type(value.get(key)) is int for key in HASH_KEYS):
        return True
    return value.get("answer") in ANSWERS and isinstance(value.get("text"), str)


@dataclass(frozen=True)
class _Row:
    value: dict[str, Any]
    line: int
    where: str

    @property
    def answer(self) -> str | None:
        return self.value.get("answer")

    @property
    def spans(self) -> list[dict[str, Any]]:
        """The spans as they stand; null and no spans are none."""
        spans = self.value.get("spans")
        if spans is None:
            return []
        if not isinstance(spans, list) or not all(isinstance(span, dict) for span in spans):
            raise UserError("'spans' is no list of objects", where=self.where)
        return spans

    @property
    def annotator(self) -> str | None:
        """Who answered: annotator, or session of one."""
        for key in ("_annotator_id", "_session_id"):
            name = self.value.get(key)
            if isinstance(name, (str, int)) and name != "":
                return str(name)
        return None


@dataclass
class _Survey:
    """What a first pass over a file finds."""

    answers: Counter[str] = field(default_factory=Counter)
    # Rows that do not say which interface they are from: with one span, with several, with
    # tokens, rejected with spans, and with spans that have answers of their own.
    unnamed: Counter[str] = field(default_factory=Counter)
    named: int = 0
    annotators: set[str] = field(default_factory=set)
    repeated: int = 0

    def add(self, row: _Row) -> None:
        self.answers[row.answer or "none"] += 1
        if row.annotator is not None and len(self.annotators) < 2:
            self.annotators.add(row.annotator)
        binary = _is_binary(row)
        if binary is not None:
            self.named += binary
            return
        spans = row.spans
        self.unnamed["rows"] += 1
        self.unnamed["one span"] += len(spans) == 1
        self.unnamed["several spans"] += len(spans) > 1
        self.unnamed["rejected spans"] += row.answer == "reject" and bool(spans)
        self.unnamed["tokens"] += bool(row.value.get("tokens"))
        self.unnamed["own answers"] += any("answer" in span for span in spans)

    @property
    def binary(self) -> bool:
        """Whether rows that do not name their interface are answers to one suggestion each.

        Manual interfaces need tokens, and keep texts in which nothing was found. So: no tokens,
        no row without spans, and either the spans have answers of their own, as the active
        learning recipes write them, or there are rejected rows and nearly all have one span.
        """
        counts = self.unnamed
        marked = counts["one span"] + counts["several spans"]
        if not marked or counts["tokens"] or marked < counts["rows"]:
            return False
        if counts["own answers"] >= BINARY_SHARE * marked:
            return True
        return counts["rejected spans"] > 0 and counts["one span"] >= BINARY_SHARE * marked


def read_prodigy(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the accepted rows of a Prodigy dataset.

    Accepted rows without spans are annotated texts without entities. Rejected and ignored rows
    are told and left out. Rows of several annotators of a text are versions. A row that answers
    a single suggestion says nothing of the other words: of such rows all that were accepted are
    brought together by text, and the rest of the text is ``missing``.

    Args:
        path: A UTF-8 file, one object a line.
        options: ``text_key`` and ``spans_key`` are not asked: Prodigy's keys are fixed.
        tell: Called with the rows left out and with how the rows were understood.

    Raises:
        UserError: A row has no text, an unknown answer, or spans without offsets and label.
    """

    def rows() -> Iterator[_Row]:
        for item in read_items(path):
            yield _row(item, path)

    survey = _Survey()
    for row in rows():
        survey.add(row)
    _tell_survey(survey, tell)

    def key(row: _Row) -> str | None:
        """Rows that belong together: all answers to one text, or several annotators' rows."""
        if row.answer in ("reject", "ignore"):
            return None
        binary = _answers_one(row, survey)
        if not binary and (len(survey.annotators) < 2 or row.annotator is None):
            return None
        text = row.value.get("text")
        return f"{binary} {text}" if isinstance(text, str) else None

    together = survey.binary or survey.named or len(survey.annotators) > 1
    for group in group_rows(rows, key) if together else ([row] for row in rows()):
        yield from _records(group, survey, tell)
    if survey.repeated:
        note = f"{survey.repeated} spans that one annotator accepted twice in a text, as one"
        tell(Notice("read-as", 0, note))


def _row(item: Item, path: Path) -> _Row:
    value = item.value
    where = at_line(path, item.line)
    if not isinstance(value, dict):
        raise UserError(
            f"The line holds a JSON {type(value).__name__}, not an object",
            where=where,
            todo='Expected {"text": "…", "spans": [{"start": 0, "end": 3, "label": "PER"}], '
            '"answer": "accept"}.',
        )
    answer = value.get("answer")
    if answer is not None and answer not in ANSWERS:
        raise UserError(
            f"The answer is neither of {', '.join(ANSWERS)}: {answer!r:.80}", where=where
        )
    return _Row(value, item.line, where)


def _is_binary(row: _Row) -> bool | None:
    """Whether a row answers a single suggestion; None if it does not say."""
    if isinstance(row.value.get("_is_binary"), bool):
        return row.value["_is_binary"]
    view = row.value.get("_view_id")
    return view in BINARY_VIEWS if isinstance(view, str) else None


def _answers_one(row: _Row, survey: _Survey) -> bool:
    binary = _is_binary(row)
    return survey.binary if binary is None else binary


def _tell_survey(survey: _Survey, tell: Tell) -> None:
    shown = ", ".join(f"{survey.answers[a]} {a}" for a in ANSWERS if survey.answers[a])
    counts = survey.unnamed
    if survey.binary:
        note = (
            f"{counts['rows']} rows as answers to single suggestions ({shown}; no tokens, "
            f"{counts['one span']} rows with one span, {counts['several spans']} with several, "
            f"{counts['own answers']} whose spans have answers of their own): the words around "
            "an accepted span are left unannotated"
        )
        tell(Notice("read-as", 0, note))
    if survey.named:
        note = f"{survey.named} rows as answers to single suggestions, as they say: the words "
        tell(Notice("read-as", 0, note + "around an accepted span are left unannotated"))
    if survey.answers["none"]:
        note = f"{survey.answers['none']} rows have no answer: those with spans as accepted"
        tell(Notice("read-as", 0, note))


def _records(group: list[_Row], survey: _Survey, tell: Tell) -> Iterator[Record]:
    """The records of rows of one text, or of a single row."""
    kept = [row for row in group if not _is_left_out(row, tell)]
    if not kept:
        return
    text = text_of(kept[0].value, "text", kept[0].where)
    if not _answers_one(kept[0], survey):
        yield from _manual(kept, text)
        return
    spans = [_accepted(row, tell) for row in kept]
    versions = _by_annotator(kept, spans, merge=True)
    if not versions:
        tell(Notice("unannotated", kept[0].line, "The row accepts no span"))
        return
    every = [span for own in versions.values() for span in own]
    survey.repeated += sum(map(len, spans)) - len(every)
    record = Record(text, (), kept[0].line, _meta(kept), uncovered(text, every), versions)
    if len(versions) == 1:
        [name] = versions
        record = replace(record, spans=tuple(every), versions={}, annotator=name)
    yield record


def _manual(rows: list[_Row], text: str) -> Iterator[Record]:
    spans = [_spans(row) for row in rows]
    if len({row.annotator for row in rows}) > 1:
        yield Record(
            text, (), rows[0].line, _meta(rows), (), _by_annotator(rows, spans, merge=False)
        )
        return
    # One annotator saw the text several times: these are records of their own.
    for row, own in zip(rows, spans, strict=True):
        yield Record(text, tuple(own), row.line, _meta([row]), annotator=row.annotator)


def _by_annotator(
    rows: Sequence[_Row], spans: Sequence[list[Span]], *, merge: bool
) -> dict[str, tuple[Span, ...]]:
    """Spans by annotator; ``merge`` joins an annotator's rows, without what was said twice."""
    names = [row.annotator or "unnamed" for row in rows]
    if not merge:
        return dict(zip(own_names(names), map(tuple, spans), strict=True))
    joined: dict[str, dict[Span, Span]] = {}
    for name, own in zip(names, spans, strict=True):
        for span in own:
            joined.setdefault(name, {}).setdefault(span, span)
    return {name: tuple(own.values()) for name, own in joined.items()}


def _is_left_out(row: _Row, tell: Tell) -> bool:
    """Whether a row is no gold, which is told."""
    count = len(row.spans)
    if row.answer in ("reject", "ignore"):
        note = f"The answer is {row.answer}"
        tell(Notice("left-out", row.line, note, spans=count))
        return True
    view = row.value.get("_view_id")
    if not row.spans and isinstance(view, str) and view in OTHER_VIEWS:
        note = f"The row is of the interface {view!r}, which marks no spans"
        tell(Notice("not-text", row.line, note))
        return True
    if row.answer is None and "spans" not in row.value:
        tell(Notice("unannotated", row.line, "The row has neither answer nor spans"))
        return True
    return False


def _accepted(row: _Row, tell: Tell) -> list[Span]:
    """The spans of an accepted suggestion, without those that have another answer of their own."""
    answers = [span.get("answer", "accept") for span in row.spans]
    spans = [s for s, answer in zip(_spans(row), answers, strict=True) if answer == "accept"]
    if len(spans) < len(answers):
        note = "Spans with another answer than their row's"
        tell(Notice("left-out", row.line, note, spans=len(answers) - len(spans)))
    return spans


def _spans(row: _Row) -> list[Span]:
    return [_span(item, row, f"Span {i}") for i, item in enumerate(row.spans)]


def _span(item: Mapping[str, Any], row: _Row, name: str) -> Span:
    rest = dict(item)
    start, end = rest.pop("start", None), rest.pop("end", None)
    if start is None and end is None and "token_start" in rest:
        start = _token(row, rest["token_start"], "start", f"{name}: token_start")
        end = _token(row, rest.get("token_end"), "end", f"{name}: token_end")
    label = label_of(rest.pop("label", None), name, row.where)
    surface = rest.pop("text") if isinstance(rest.get("text"), str) else None
    rest = {k: v for k, v in rest.items() if k not in ("token_start", "token_end")}
    start = offset_of(start, f"{name}: start", row.where)
    end = offset_of(end, f"{name}: end", row.where)
    return Span(start, end, label, (), surface, rest or None)


def _token(row: _Row, index: Any, side: str, name: str) -> Any:
    """An offset of a token; ``token_end`` names the span's last token."""
    tokens = row.value.get("tokens")
    number = offset_of(index, name, row.where)
    if not isinstance(tokens, list) or not 0 <= number < len(tokens):
        raise UserError(
            f"{name} is {number}, but the row has no such token",
            where=row.where,
            todo="Spans need start and end, or tokens to count.",
        )
    token = tokens[number]
    return token.get(side) if isinstance(token, dict) else None


def _meta(rows: Sequence[_Row]) -> dict[str, Any]:
    """What rows say beside text, tokens and spans; of several, what differs is in a list."""
    own = ("text", "tokens", "spans", "answer", "_is_binary")
    rests = [{k: v for k, v in row.value.items() if k not in own} for row in rows]
    shared = {k: v for k, v in rests[0].items() if all(k in r and r[k] == v for r in rests)}
    differing = [{k: v for k, v in rest.items() if k not in shared} for rest in rests]
    return {**shared, "rows": differing} if any(differing) else shared


FORMAT = Format(
    name="prodigy",
    title="Prodigy JSONL: text, tokens, spans and the annotator's answer",
    sniff=sniff_prodigy,
    read=read_prodigy,
    write=write_prodigy,
)
