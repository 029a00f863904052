"""Reading the training texts, and those alone: to use dev or test would leak them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.vocab import Vocab

from ..common.errors import UserError

_TODO = "Make it first: python -m spacy project run convert"


def find_train_files(corpus: Path) -> list[Path]:
    """Finds the DocBins of ``corpus/train.spacy``: one file, or the shards in a directory.

    Raises:
        UserError: There is no training corpus.
    """
    path = Path(corpus) / "train.spacy"
    files = sorted(path.glob("*.spacy")) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise UserError("There is no training corpus", where=str(path), todo=_TODO)
    return files


def read_texts(files: list[Path]) -> Iterator[str]:
    """Streams the texts of DocBins, in order.

    Raises:
        UserError: A file is not a DocBin.
    """
    vocab = Vocab()
    for file in files:
        try:
            doc_bin = DocBin().from_disk(file)
        except Exception as error:  # msgpack and zlib raise many kinds on a broken file
            raise UserError("Not a DocBin", where=str(file), todo=_TODO) from error
        for doc in doc_bin.get_docs(vocab):
            yield doc.text


def load_pipeline(corpus: Path) -> Language:
    """Loads the blank pipeline in ``corpus/tokenizer``, whose tokenizer training will use.

    Raises:
        UserError: There is none.
    """
    path = Path(corpus) / "tokenizer"
    try:
        return spacy.load(path)
    except OSError as error:
        raise UserError("There is no tokenizer pipeline", where=str(path), todo=_TODO) from error
