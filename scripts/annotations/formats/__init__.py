"""Annotation formats, one module each, and the registry through which they are found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ...common.errors import UserError
from ..records import Record
from . import (
    azure,
    brat,
    conll,
    dataturks,
    gate_xml,
    gliner,
    hf_table,
    iob_sentences,
    label_studio,
    label_studio_min,
    lighttag,
    massive,
    ner_annotator,
    prodigy,
    pubtator,
    rasa_json,
    rasa_md,
    rasa_yaml,
    snips,
    spacy_doc_json,
    spacy_docbin,
    spacy_json,
    spacy_training,
    span_jsonl,
    token_lists,
    ubiai,
    uima_xmi,
    webanno,
)
from .base import SNIFFED_BYTES, Format, Head, Notice, ReadOptions, Tell

# Recognised in this order: what only one format has comes first, what many files are, last.
FORMATS: dict[str, Format] = {
    known.name: known
    for known in (
        hf_table.FORMAT,
        spacy_docbin.FORMAT,
        webanno.FORMAT,
        uima_xmi.FORMAT,
        gate_xml.FORMAT,
        pubtator.FORMAT,
        brat.FORMAT,
        rasa_yaml.FORMAT,
        rasa_md.FORMAT,
        rasa_json.FORMAT,
        snips.FORMAT,
        massive.FORMAT,
        token_lists.FORMAT,
        gliner.FORMAT,
        spacy_training.FORMAT,
        spacy_json.FORMAT,
        spacy_doc_json.FORMAT,
        ner_annotator.FORMAT,
        label_studio.FORMAT,
        label_studio_min.FORMAT,
        prodigy.FORMAT,
        dataturks.FORMAT,
        ubiai.FORMAT,
        lighttag.FORMAT,
        azure.FORMAT,
        span_jsonl.FORMAT,
        iob_sentences.FORMAT,
        conll.FORMAT,
    )
}


def get_format(name: str) -> Format:
    """The format of a name.

    Raises:
        UserError: There is none.
    """
    if name not in FORMATS:
        raise UserError(
            f"There is no format {name!r}", where="--format", todo=f"Known: {', '.join(FORMATS)}."
        )
    return FORMATS[name]


def format_of(path: Path, options: ReadOptions) -> Format:
    """The format that a file or directory is read in: the one set, or the one recognised.

    Raises:
        UserError: It is of no known format, or does not exist.
    """
    return get_format(options.format) if options.format else detect_format(path)


def detect_format(path: Path) -> Format:
    """Recognises the format of a file, or of the files of a directory, by their content.

    Raises:
        UserError: The file is missing, empty, not UTF-8 or of no known format; or the directory
            holds files of no known format, or of several.
    """
    if path.is_dir():
        return _recognise(path)[0]
    if not path.is_file():
        raise UserError(
            "There is no such annotation file", where=str(path), todo="Check the path given."
        )
    head = read_head(path)
    known = sniff(head)
    if known is not None:
        return known
    if not head.data.strip():
        raise UserError("The annotation file is empty", where=str(path))
    if head.data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError(
            "The file is UTF-16, not UTF-8",
            where=str(path),
            todo="Save it as UTF-8; offsets must then be those of the same text.",
        )
    raise UserError(
        "The file is of no format that can be read",
        where=str(path),
        todo='Expected, for example, one JSON object a line: {"text": "…", "label": [[2, 15, '
        f'"PER"]]}}. Known formats: {", ".join(FORMATS)}.',
    )


def read_head(path: Path) -> Head:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return Head(path, file.read(SNIFFED_BYTES))


def sniff(head: Head) -> Format | None:
    """The first format that a file's beginning fits, or None."""
    return next((known for known in FORMATS.values() if known.sniff(head)), None)


def read_files(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the records of an annotation file, or of all files of a directory, as they stand.

    Offsets are in the format's unit, labels are the file's, and several annotators of a text are
    side by side; ``reading.read_records`` brings these together.

    Args:
        path: The file, or a directory whose files are all of one format.
        options: What the user says of it.
        tell: Called with everything that was assumed, mended or left out.

    Raises:
        UserError: The path, or a line of a file, cannot be read; says which.
    """
    if path.is_file() or not path.is_dir():
        known = format_of(path, options)
        if not path.is_file():
            raise UserError("There is no such annotation file", where=str(path))
        yield from known.read(path, options, tell)
        return
    known, files, others = _recognise(path, options.format)
    for other in others:
        tell(Notice("file-passed-over", 0, f"{other} is of no known format", file=str(other)))
    for file in files:
        for record in known.read(file, options, lambda n, f=file: tell(replace(n, file=str(f)))):
            yield replace(record, file=str(file))


def _recognise(folder: Path, name: str | None = None) -> tuple[Format, list[Path], list[Path]]:
    """The one format of a directory's files, the files to read, and those of no format."""
    found: dict[str, list[Path]] = {}
    others = []
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or not path.is_file() or any(f.companion(path) for f in FORMATS.values()):
            continue
        known = get_format(name) if name else sniff(read_head(path))
        if known is None:
            others.append(path)
        else:
            found.setdefault(known.name, []).append(path)
    if not found:
        raise UserError(
            "The directory holds no file of a format that can be read",
            where=str(folder),
            todo=f"Known formats: {', '.join(FORMATS)}.",
        )
    if len(found) > 1:
        shown = ", ".join(f"{name} ({files[0].name})" for name, files in found.items())
        raise UserError(
            f"The directory holds files of several formats: {shown}",
            where=str(folder),
            todo="Give one file, or a directory with files of one format.",
        )
    [(name, files)] = found.items()
    return FORMATS[name], files, others
