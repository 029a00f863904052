"""Reading the training texts, and those alone: to use dev or test would leak them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.vocab import Vocab

from ..common.errors import UserError
from ..corpora.docbins import TODO, docbin_files, read_docs


def find_train_files(corpus: Path) -> list[Path]:
    """Finds the DocBins of ``corpus/train.spacy``: one file, or the shards in a directory.

    Raises:
        UserError: There is no training corpus.
    """
    return docbin_files(Path(corpus) / "train.spacy")


def read_texts(files: list[Path]) -> Iterator[str]:
    """Streams the texts of DocBins, in order.

    Raises:
        UserError: A file is not a DocBin.
    """
    for doc in read_docs(files, Vocab()):
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
        raise UserError("There is no tokenizer pipeline", where=str(path), todo=TODO) from error
