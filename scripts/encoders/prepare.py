"""Making a ready encoder directory out of any source."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from spacy.language import Language
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from ..common.errors import UserError
from ..common.files import new_directory
from .load import count_positions, load_encoder, load_tokenizer
from .measure import Measurement, measure
from .normalise import is_cased, keep_signs, put_in_front
from .packages import PREFIX, open_package
from .registry import EncoderEntry
from .report import REPORT_NAME, EncoderReport, write_report
from .sample import SampleSettings, make_sample
from .sources import EncoderFiles, fetch_encoder, open_directory
from .texts import find_train_files, load_pipeline, read_texts

SAMPLE_ENTRY = EncoderEntry(
    "sample", "made here from the training texts: their terms apply", (), normaliser="csebuetnlp"
)
# Above this the vocabulary does not fit the texts: another language, script or normalisation.
MAX_UNKNOWN_RATE = 0.01


@dataclass(frozen=True)
class EncoderRequest:
    """What is to be prepared.

    Attributes:
        source: A directory, a name on the hub, ``package:NAME``, ``sample`` or ``none``.
        corpus: Directory with ``train.spacy`` and ``tokenizer``.
        revision: Branch, tag or commit on the hub; None for the registry's.
        max_docs: Number of docs to measure at most.
        sample: Settings for ``sample``.
    """

    source: str
    corpus: Path
    revision: str | None = None
    max_docs: int = 20_000
    sample: SampleSettings = SampleSettings()


def prepare_encoder(request: EncoderRequest, out: Path) -> EncoderReport:
    """Puts a ready encoder and its ``encoder.json`` into a directory, whole or not at all.

    Args:
        request: What is to be prepared.
        out: Directory to make; an earlier preparation in it is replaced.

    Returns:
        The report, as written to ``encoder.json``.

    Raises:
        UserError: The source is no usable encoder, there is no corpus to measure it on, or
            ``out`` cannot be written or holds something else.
    """
    out = Path(out)
    _check_out(out, request.source)
    with _writing(out) as directory:
        if request.source == "none":
            report = EncoderReport(source="none", name="none", kind="none")
        else:
            report = _prepare(request, directory)
        write_report(report, directory)
    return report


def _prepare(request: EncoderRequest, directory: Path) -> EncoderReport:
    # Looked for first: a missing corpus should not be found out after a download.
    nlp, corpus = load_pipeline(request.corpus), find_train_files(request.corpus)
    kind, files, tokenizer, model = _obtain(request, corpus)
    notes = _adapt(tokenizer, model, files)
    _save(tokenizer, model, directory)
    tokenizer = load_tokenizer(directory)  # what is measured is what will be used
    measured = measure(read_texts(corpus), nlp, tokenizer, max_docs=request.max_docs)
    report = EncoderReport(
        source=request.source,
        name=files.entry.name,
        kind=kind,
        revision=files.revision,
        licence=files.entry.licence,
        cased=is_cased(tokenizer),
        normaliser=files.entry.normaliser,
        model_max_length=tokenizer.model_max_length,
        architecture=type(model).__name__,
        parameters=model.num_parameters(),
        notes=(*files.notes, *notes, *_remarks(measured, files.entry, model, nlp)),
    )
    return _with_measurement(report, measured)


def _obtain(
    request: EncoderRequest, corpus: list[Path]
) -> tuple[str, EncoderFiles, PreTrainedTokenizerFast, PreTrainedModel]:
    """Gets the encoder: its kind, what is known about it, its tokenizer and its weights."""
    source, packaged = Path(request.source), request.source.startswith(PREFIX)
    local = request.source == "sample" or packaged or source.is_dir()
    if local and request.revision:
        raise UserError("--revision is for encoders from the hub", where=request.source)
    if request.source == "sample":
        files = EncoderFiles(Path("sample"), SAMPLE_ENTRY, None)
        return "sample", files, *make_sample(read_texts(corpus), request.sample)
    if packaged:
        kind, files = "package", open_package(request.source.removeprefix(PREFIX))
    elif local:
        kind, files = "directory", open_directory(source)
    else:
        kind, files = "hub", fetch_encoder(request.source, request.revision)
    return kind, files, *load_encoder(files.directory)


def _adapt(
    tokenizer: PreTrainedTokenizerFast, model: PreTrainedModel, files: EncoderFiles
) -> list[str]:
    """Sets the length limit and the normalisation; returns what the user should know."""
    if files.entry.cased and not is_cased(tokenizer):
        message = f"{files.entry.name} is cased, but this tokenizer lower-cases"
        todo = "tokenizer_config.json is missing or changed: get the whole encoder again."
        raise UserError(message, where=str(files.directory), todo=todo)
    # Without a limit spacy-transformers cuts nothing and the forward pass crashes.
    tokenizer.model_max_length = min(files.entry.max_length, count_positions(model))
    note = keep_signs(tokenizer)
    if files.entry.normaliser:
        put_in_front(tokenizer, files.entry.normaliser)
    return [note] if note else []


def _save(tokenizer: PreTrainedTokenizerFast, model: PreTrainedModel, directory: Path) -> None:
    model.save_pretrained(directory, safe_serialization=True)
    tokenizer.save_pretrained(directory)
    for weights in directory.glob("*.safetensors"):
        # safetensors makes private files; others may train from this directory, too.
        shutil.copymode(directory / "config.json", weights)


def _remarks(
    measured: Measurement, entry: EncoderEntry, model: PreTrainedModel, nlp: Language
) -> Iterator[str]:
    if measured.more_docs:
        yield f"Only the first {measured.docs} training docs were measured"
    if measured.unknown_rate > MAX_UNKNOWN_RATE:
        yield (
            f"{measured.unknown_rate:.1%} of the wordpieces are unknown to this encoder: it may "
            "be for another language, or the text is written in another Unicode form"
        )
    if measured.truncated_tokens:
        yield (
            f"{measured.truncated_tokens} tokens of the measured docs are cut off even in their "
            "best window and will get no vector: look for very long tokens"
        )
    if entry.languages and nlp.lang not in (*entry.languages, "xx"):
        yield f"This encoder is for {', '.join(entry.languages)}, the corpus is {nlp.lang}"
    if model.config.model_type.startswith("deberta"):
        yield "spacy-transformers aligns DeBERTa's wordpieces wrongly in places (spaCy #13730)"


def _with_measurement(report: EncoderReport, measured: Measurement) -> EncoderReport:
    return replace(
        report,
        wordpieces_per_token=measured.pieces,
        unknown_rate=round(measured.unknown_rate, 6),
        window=measured.window,
        stride=measured.stride,
        docs_measured=measured.docs,
        docs_longer_than_window=measured.docs_longer_than_window,
        truncated_tokens=measured.truncated_tokens,
    )


def _check_out(out: Path, source: str) -> None:
    """Refuses to replace a directory that an earlier preparation did not make."""
    if Path(source).is_dir() and out.resolve() == Path(source).resolve():
        raise UserError("The encoder cannot be prepared in place", where=str(out))
    if out.is_dir() and any(out.iterdir()) and not (out / REPORT_NAME).is_file():
        todo = "Choose another directory, or empty this one."
        raise UserError("OUT holds other files", where=str(out), todo=todo)
    if out.exists() and not out.is_dir():
        raise UserError("OUT is not a directory", where=str(out))


@contextmanager
def _writing(out: Path) -> Iterator[Path]:
    try:
        with new_directory(out) as directory:
            yield directory
    except OSError as error:
        raise UserError(f"The encoder cannot be written: {error}", where=str(out)) from error
