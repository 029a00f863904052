"""DocBins on disk: one file, or a folder of shards where one file would be too large."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from ..common.errors import UserError

# A DocBin beyond 2 GiB cannot be written (E871): a shard ends far below, at a number of Docs or,
# where they are long, of compressed bytes.
SHARD_DOCS = 50_000
SHARD_BYTES = 100 << 20
TODO = "Make it first: python -m spacy project run data"


class DocBinWriter:
    """Writes the Docs of one split, in order, to ``<split>.spacy``.

    That is a file for up to ``shard_docs`` Docs, else a folder of numbered shards of the same
    name: ``spacy.Corpus`` reads either, so that configs need not know.

    Args:
        path: The ``.spacy`` path to write.
        shard_docs: Largest number of Docs in one file.
    """

    def __init__(self, path: Path, shard_docs: int = SHARD_DOCS) -> None:
        self.path = path
        self.shard_docs = shard_docs
        self.docs = 0
        self._bin = DocBin()
        self._shards = 0
        self._bytes = 0

    def add(self, docs: bytes) -> None:
        """Appends the Docs of a serialised DocBin."""
        more = DocBin().from_bytes(docs)
        full = len(self._bin) + len(more) > self.shard_docs or self._bytes > SHARD_BYTES
        if len(self._bin) and full:
            self._flush()
        self._bin.merge(more)
        self._bytes += len(docs)
        self.docs += len(more)

    def close(self) -> None:
        """Writes what is left. A writer that was given nothing writes an empty DocBin."""
        if self._shards:
            self._flush()
        else:
            self._bin.to_disk(self.path)

    def _flush(self) -> None:
        self.path.mkdir(exist_ok=True)
        self._bin.to_disk(self.path / f"{self._shards:05d}.spacy")
        self._shards += 1
        self._bytes = 0
        self._bin = DocBin()


def docbin_files(path: Path) -> list[Path]:
    """The DocBin files behind a ``.spacy`` path: itself, or the shards in it, sorted.

    Raises:
        UserError: There is none.
    """
    files = sorted(path.glob("*.spacy")) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise UserError("There is no corpus", where=str(path), todo=TODO)
    return files


def read_docs(files: Iterable[Path], vocab: Vocab) -> Iterator[Doc]:
    """Streams the Docs of DocBin files, in order.

    Raises:
        UserError: A file is not a DocBin.
    """
    for file in files:
        try:
            docbin = DocBin().from_disk(file)
        except Exception as error:  # msgpack and zlib raise many kinds on a broken file
            raise UserError("Not a DocBin", where=str(file), todo=TODO) from error
        yield from docbin.get_docs(vocab)
