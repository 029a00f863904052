"""Pass one over the annotation files: counts over each, and how it is therefore to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spacy.language import Language

from ..annotations.annotators import Agreements
from ..annotations.formats import format_of
from ..annotations.formats.base import MADE, Format, ReadOptions
from ..annotations.reading import read_records, read_versions, unit_of
from ..annotations.reading_log import ReadingLog
from ..annotations.records import Record
from ..annotations.survey import (
    Evidence,
    Hypothesis,
    Survey,
    decide_inclusive,
    decide_unit,
    far_longer,
    label_variants,
)
from ..annotations.units import CODEPOINT, ranges_to_codepoints, to_codepoints
from ..common.errors import UserError, at_line
from .tokenizer import token_edges

# Texts tokenised before the words seen in them are forgotten.
ZONE = 500
# spaCy refuses longer texts (E088), in training and prediction alike.
MAX_CHARACTERS = 1_000_000


def conclude(
    surveys: Mapping[str, Survey], inputs: Mapping[str, Path], options: ReadOptions
) -> tuple[dict[str, Evidence], dict[str, list[Hypothesis]]]:
    """Decides each file's reading; contexts and label variants come from all files together.

    Args:
        surveys: Input name to the counts over its file.
        inputs: Input name to file.
        options: What the user says of the files.
    """
    common = Survey()
    for survey in surveys.values():
        common.contexts.update(survey.contexts)
        common.labels.update(survey.labels)
        common.merge_lengths(survey.lengths)
    evidence, hypotheses = {}, {}
    for name, survey in surveys.items():
        known = format_of(inputs[name], options)
        unit, of_unit = choose_unit(survey, known, options)
        inclusive, of_ends = decide_inclusive(survey, unit)
        evidence[name] = Evidence(
            unit,
            documented=unit_of(known, options) == unit,
            inclusive=inclusive,
            contexts=common.contexts,
            variants=label_variants(common.labels),
            longest=far_longer(common.lengths),
        )
        hypotheses[name] = of_unit + of_ends
    return evidence, hypotheses


def choose_unit(
    survey: Survey, known: Format, options: ReadOptions
) -> tuple[str, list[Hypothesis]]:
    """The offset unit of a file: set by the user, defined by the format, or decided by evidence."""
    if known.unit == MADE:
        return CODEPOINT, []
    unit = unit_of(known, options)
    if unit == known.unit:
        return decide_unit(survey, unit, f"defined by the format {known.name}")
    return decide_unit(survey, unit)


@dataclass(frozen=True)
class Reading:
    """A file on its way: format, offset unit, how that was decided, and records in code points."""

    format: Format
    unit: str
    hypotheses: list[Hypothesis]
    records: Iterator[Record]


def read_codepoints(path: Path, options: ReadOptions, nlp: Language, log: ReadingLog) -> Reading:
    """Reads a file so that all offsets are code points, whatever it counts.

    Args:
        path: Annotation file or directory.
        options: What the user says of it.
        nlp: Tokenizer, by which the offset unit is decided where the format leaves it open.
        log: Takes down what reading assumed, mended or left out.

    Raises:
        UserError: Something cannot be read, or an offset falls inside a character.
    """
    known = format_of(path, options)
    unit = unit_of(known, options)
    hypotheses: list[Hypothesis] = []
    if unit == "auto":
        survey = Survey()
        for record in _zoned(read_versions(path, options, lambda notice: None), nlp):
            bounded(record, path)
            spans = record.spans + tuple(s for v in record.versions.values() for s in v)
            edges = token_edges(nlp.make_doc(record.text))
            survey.add(replace(record, spans=spans), edges, contexts=False)
        unit, hypotheses = choose_unit(survey, known, options)
    records = read_records(path, options, log.tell, log.labels)
    read = (in_codepoints(bounded(record, path), unit, path) for record in records)
    return Reading(known, unit, hypotheses, read)


def bounded(record: Record, path: Path) -> Record:
    """Gives a record back if its text is not too long to be tokenised.

    Raises:
        UserError: It has more than MAX_CHARACTERS.
    """
    if len(record.text) > MAX_CHARACTERS:
        raise UserError(
            f"The text has {len(record.text):,} characters, spaCy takes {MAX_CHARACTERS:,}",
            where=at_line(record.file or path, record.line, record.id),
            todo="Divide it into documents or paragraphs.",
        )
    return record


def in_codepoints(record: Record, unit: str, path: Path) -> Record:
    """A record with all offsets read as code points.

    Raises:
        UserError: An offset falls inside a character, so that the unit must be another one.
    """
    if unit == CODEPOINT:
        return record
    where = at_line(record.file or path, record.line, record.id)

    def read(spans: Iterable[Any]) -> tuple[Any, ...]:
        found = to_codepoints(record.text, tuple(spans), unit)
        if None in found:
            raise UserError(
                f"An offset falls inside a character if offsets are {unit}",
                where=where,
                todo="Say what they count with --offset-unit.",
            )
        return tuple(found)

    versions = {who: read(spans) for who, spans in record.versions.items()}
    missing = tuple(ranges_to_codepoints(record.text, record.missing, unit))
    return replace(record, spans=read(record.spans), versions=versions, missing=missing)


def agreements(
    path: Path, options: ReadOptions, unit: str, nlp: Language
) -> list[dict[str, object]]:
    """Pairwise agreement of a file's annotators; empty where no text has two.

    Args:
        path: Annotation file or directory.
        options: What the user says of it.
        unit: Its offset unit.
        nlp: Tokenizer: kappa is over its tokens.
    """
    found = Agreements()
    for record in _zoned(read_versions(path, options, lambda notice: None), nlp):
        if record.versions:
            edges = token_edges(nlp.make_doc(record.text))
            found.add(in_codepoints(record, unit, path).versions, edges)
    return found.rows()


def _zoned(records: Iterable[Record], nlp: Language) -> Iterator[Record]:
    """Passes records on; the vocabulary forgets the words of each ZONE of them."""
    stream = iter(records)
    ended = False
    while not ended:
        with nlp.memory_zone():
            for _ in range(ZONE):
                record = next(stream, None)
                if record is None:
                    ended = True
                    break
                yield record
