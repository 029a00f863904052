"""Getting an encoder's files: from the hub, from the hub's cache, or from a directory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from ..common.errors import UserError
from .registry import MAX_LENGTH, SEE_CARD, EncoderEntry, find_entry, unknown_entry
from .report import REPORT_NAME, read_report

# Exact names: a pattern such as *.json would also fetch the copies in onnx/ and the like.
SETTINGS_FILES = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "spiece.model",
    "spm.model",
]
# In order of preference: only the first format that a repository has is downloaded.
WEIGHT_FORMATS = (
    ["model.safetensors", "model.safetensors.index.json", "model-*.safetensors"],
    ["pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*.bin"],
)
TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
_CACHE_PATH = re.compile(r"models--([^/\\]+)--([^/\\]+)[/\\]snapshots[/\\]([0-9a-f]{40})$")


@dataclass(frozen=True)
class EncoderFiles:
    """An encoder's files, and what is known about it.

    Attributes:
        directory: Where the files are.
        entry: What the registry, or an earlier preparation, says about it.
        revision: Its commit on the hub, if known.
        notes: What the user should know about how it was found.
    """

    directory: Path
    entry: EncoderEntry
    revision: str | None
    notes: tuple[str, ...] = ()


def fetch_encoder(name: str, revision: str | None = None) -> EncoderFiles:
    """Downloads an encoder from the hub, or takes it from the hub's cache when offline.

    Args:
        name: Name on the hub, or an alias of the registry.
        revision: Branch, tag or commit; by default the registry's, else ``main``.

    Raises:
        UserError: There is no such encoder, or it can be reached neither on the hub nor in the
            cache; the message says how to get it.
    """
    entry = find_entry(name) or unknown_entry(name)
    wanted = revision or entry.revision or "main"
    notes: tuple[str, ...] = ()
    try:
        directory = _download(entry.name, wanted)
    except (RepositoryNotFoundError, RevisionNotFoundError, GatedRepoError) as error:
        raise _refused(entry.name, wanted, error) from error
    except HFValidationError as error:
        message = f"{name!r} is neither a directory nor a possible name on the hub"
        raise UserError(message, todo="Check the spelling; a path must exist.") from error
    except OSError as error:  # all errors of the network are, those of the hub included
        directory, notes = _find_cached(entry.name, wanted, revision is None, error)
    return EncoderFiles(directory, entry, directory.name, notes)


def open_directory(directory: Path) -> EncoderFiles:
    """Takes an encoder from a directory and finds out which one it is.

    A directory is recognised by the ``encoder.json`` of an earlier preparation, by its place in
    the hub's cache, or by bearing the name of a known encoder (``banglabert``).

    Raises:
        UserError: The directory is the output of a preparation that needed no encoder.
    """
    if (directory / REPORT_NAME).is_file():
        return _open_prepared(directory)
    cached = _CACHE_PATH.search(str(directory))
    if cached:
        owner, repository, commit = cached.groups()
        entry = find_entry(f"{owner}/{repository}") or unknown_entry(f"{owner}/{repository}")
        note = f"It was recognised as {entry.name} by its place in the hub's cache"
        return EncoderFiles(directory, entry, commit, (note,))
    known = find_entry(directory.name)
    if known:
        note = f"It was taken for {known.name} because of the directory's name"
        return EncoderFiles(directory, known, None, (note,))
    note = (
        "This encoder is not in the registry: its licence is not known here, and no text "
        "normalisation was added. If it is a BanglaBERT, name its directory banglabert, "
        "banglabert_small or banglabert_large"
    )
    return EncoderFiles(directory, unknown_entry(str(directory)), None, (note,))


def _open_prepared(directory: Path) -> EncoderFiles:
    report = read_report(directory)
    if report.kind == "none":
        raise UserError("This directory holds no encoder", where=str(directory))
    entry = find_entry(report.name) or EncoderEntry(
        report.name,
        report.licence or SEE_CARD,
        (),
        cased=report.cased,
        normaliser=report.normaliser,
        max_length=report.model_max_length or MAX_LENGTH,
    )
    return EncoderFiles(directory, entry, report.revision)


def check_files(directory: Path) -> None:
    """Checks that a directory has the files of an encoder.

    Raises:
        UserError: There is no directory, configuration, tokenizer or PyTorch weights.
    """
    todo = "Give a directory as save_pretrained or a download of the whole repository makes it."
    if not directory.is_dir():
        raise UserError("There is no such encoder directory", where=str(directory))
    if not (directory / "config.json").is_file():
        raise UserError("Not an encoder: no config.json", where=str(directory), todo=todo)
    if not has_weights(directory):
        message = "The encoder has no PyTorch weights: no model.safetensors, no pytorch_model.bin"
        raise UserError(message, where=str(directory), todo=todo)
    if not any(any(directory.glob(pattern)) for pattern in TOKENIZER_FILES):
        message = f"The encoder has no tokenizer: none of {', '.join(TOKENIZER_FILES)}"
        raise UserError(message, where=str(directory), todo=todo)


def has_weights(directory: Path) -> bool:
    """Says whether a directory has PyTorch weights in one of the two formats."""
    return any(any(directory.glob(pattern)) for patterns in WEIGHT_FORMATS for pattern in patterns)


def _download(name: str, revision: str) -> Path:
    settings, *others = [*SETTINGS_FILES, *WEIGHT_FORMATS[0]], *WEIGHT_FORMATS[1:]
    directory = Path(snapshot_download(name, revision=revision, allow_patterns=settings))
    for patterns in others:
        if not has_weights(directory):
            # By the commit, so that both downloads are of one state of the repository.
            snapshot_download(name, revision=directory.name, allow_patterns=patterns)
    return directory


def _find_cached(
    name: str, revision: str, any_revision: bool, cause: Exception
) -> tuple[Path, tuple[str, ...]]:
    """Finds a snapshot in the hub's cache: of the revision, else (if allowed) of ``main``."""
    for candidate in dict.fromkeys([revision, "main"] if any_revision else [revision]):
        try:
            path = snapshot_download(name, revision=candidate, local_files_only=True)
        except LocalEntryNotFoundError:
            continue
        note = "The hub was not reached: the files are from its cache"
        if candidate != revision:
            note += f" (branch main as it was then, not the pinned commit {revision})"
        return Path(path), (note,)
    reason = type(cause.__cause__ or cause).__name__
    directory = f"assets/encoders/{name.split('/')[-1]}"
    todo = (
        f"On a connected machine: hf download {name} --revision {revision} --local-dir {directory}"
        f" ; copy {directory} here and use it: --vars.encoder {directory} . Or, without any "
        "download: --vars.encoder sample (a small encoder made from the training texts)."
    )
    raise UserError(
        f"The hub cannot be reached ({reason}), and {name} is not in its cache", todo=todo
    ) from cause


def _refused(name: str, revision: str, error: Exception) -> UserError:
    if isinstance(error, RevisionNotFoundError):
        return UserError(f"{name} has no revision {revision!r} on the hub", todo="Omit --revision.")
    if isinstance(error, GatedRepoError):
        todo = "Accept its terms on the hub and log in: huggingface-cli login"
        return UserError(f"{name} is behind terms of use on the hub", todo=todo)
    message = f"There is no directory {name!r}, and no public encoder of this name on the hub"
    return UserError(message, todo="Check the spelling (OWNER/NAME); private ones need a login.")
