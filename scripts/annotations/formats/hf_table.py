"""Hugging Face data sets as tables: Parquet, Arrow files and Arrow streams."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...common.errors import UserError
from ..records import Record, Span
from ..schemes import TagCounts
from .base import Format, Head, ReadOptions, Tell, WriteOptions
from .parts.checks import label_of, offset_of, text_of
from .parts.token_rows import (
    META_KEY,
    TAGS_KEYS,
    TOKENS_KEYS,
    RowReader,
    choose_scheme,
    class_names,
    read_row,
    write_row,
)
from .span_jsonl import END_KEYS, LABEL_KEYS, START_KEYS, SURFACE_KEYS
from .token_lists import INFO_FILE, read_features

# pyarrow takes a third of a second to import, and only this format needs it.
if TYPE_CHECKING:
    import pyarrow as pa

PARQUET, ARROW_FILE, ARROW_STREAM = b"PAR1", b"ARROW1", b"\xff\xff\xff\xff"
SPANS_KEYS = ("spans", "entities", "ents", "label", "labels")
HF_METADATA = b"huggingface"
BATCH_ROWS = 1000
COMPANIONS = frozenset((INFO_FILE, "state.json", "dataset_dict.json"))
TODO = "Expected lists under tokens and ner_tags, or a text and a list of spans."


def sniff_hf_table(head: Head) -> bool:
    """Whether a file is Parquet or Arrow; what its columns hold is said when it is read."""
    if head.data.startswith((PARQUET, ARROW_FILE + b"\0\0")):
        return True
    return head.data.startswith(ARROW_STREAM) and _stream_has_schema(head)


def _stream_has_schema(head: Head) -> bool:
    import pyarrow as pa

    try:
        with pa.OSFile(str(head.path)) as file, pa.ipc.open_stream(file):
            return True
    except (pa.ArrowException, OSError, MemoryError, ValueError):
        return False


def read_hf_table(path: Path, options: ReadOptions, tell: Tell) -> Iterator[Record]:
    """Streams the rows of a table as records, batch by batch; a row's number is its line.

    Tag numbers get their names from the ``huggingface`` metadata of the schema, or from
    dataset_info.json beside the file. A table without tokens needs a text and a list of spans.
    The file is read twice: the tags of all of it decide the scheme.

    Args:
        path: A Parquet file, an Arrow file, or an Arrow stream as ``datasets`` saves it.
        options: ``spans_key`` or ``layer`` names the column of the tags or spans, ``text_key``
            that of the text.
        tell: Called with the scheme and how texts were made of tokens.

    Raises:
        UserError: The file is broken, or lacks the columns.
    """
    with _open(path) as (schema, _):
        features = _features(schema) or read_features(path)
        names = schema.names
    if not any(key in names for key in TOKENS_KEYS):
        yield from _read_span_rows(path, names, features, options)
        return
    counts = TagCounts()
    wanted = options.spans_key or options.layer
    tag_columns = [k for k in (wanted,) if k] or [k for k in TAGS_KEYS if k in names][:1]
    columns = [k for k in (*TOKENS_KEYS, *tag_columns) if k in names]
    for number, value in _rows(path, columns):
        row = read_row(value, features, options, _at(path, number), number)
        counts.add(row.tags)
    rows = RowReader(options, choose_scheme(counts, options, tell), tell)
    for number, value in _rows(path):
        yield rows.record(read_row(value, features, options, _at(path, number), number))
    rows.finish()


def _at(path: Path, number: int) -> str:
    return f"{path}, row {number}"


def _features(schema: pa.Schema) -> dict[str, Any] | None:
    """The ``features`` block that datasets writes into a schema's metadata."""
    try:
        value = json.loads((schema.metadata or {}).get(HF_METADATA, b"null"))
    except (ValueError, RecursionError):
        return None
    info = value.get("info") if isinstance(value, dict) else None
    features = info.get("features") if isinstance(info, dict) else None
    return features if isinstance(features, dict) else None


@contextmanager
def _open(
    path: Path, columns: list[str] | None = None
) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """The schema and the batches of a table.

    Raises:
        UserError: The file cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with path.open("rb") as start:
        magic = start.read(4)
    try:
        with pa.OSFile(str(path)) as file:
            if magic == PARQUET:
                table = pq.ParquetFile(file)
                yield table.schema_arrow, table.iter_batches(BATCH_ROWS, columns=columns)
            elif magic == ARROW_FILE[:4]:
                reader = pa.ipc.open_file(file)
                batches = map(reader.get_batch, range(reader.num_record_batches))
                yield reader.schema, batches
            else:
                with pa.ipc.open_stream(file) as stream:
                    yield stream.schema, iter(stream)
    except (pa.ArrowException, OSError, MemoryError, ValueError, OverflowError) as error:
        raise UserError(
            f"The table cannot be read: {str(error).splitlines()[0] if str(error) else error!r}",
            where=str(path),
            todo="Is it whole? A download that was cut off, or a Git LFS pointer, ends so.",
        ) from None


def _rows(path: Path, columns: list[str] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Streams the rows of a table with their numbers, from 1."""
    number = 0
    with _open(path, columns) as (_, batches):
        for batch in batches:
            # Offsets and lengths of Arrow are taken from the file as they stand.
            batch.validate(full=True)
            for start in range(0, batch.num_rows, BATCH_ROWS):
                for row in batch.slice(start, BATCH_ROWS).to_pylist():
                    number += 1
                    yield number, {key: _plain(value) for key, value in row.items()}


def _plain(value: Any) -> Any:
    """A value as JSON can hold it: dates, decimals and bytes become words."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _read_span_rows(
    path: Path, names: list[str], features: Any, options: ReadOptions
) -> Iterator[Record]:
    wanted = options.spans_key or options.layer
    keys = [key for key in ((wanted,) if wanted else SPANS_KEYS) if key in names]
    if not keys or options.text_key not in names:
        raise UserError(
            f"The table has neither tokens with tags nor {options.text_key!r} with spans",
            where=str(path),
            todo=f"Columns found: {', '.join(names)}. {TODO} Other columns are named with "
            "--text-key and --spans-key.",
        )
    feature = (features or {}).get(keys[0])
    for number, row in _rows(path):
        where = _at(path, number)
        text = text_of(row, options.text_key, where)
        items = _items(row.get(keys[0]), where)
        spans = tuple(_span(item, i, feature, where) for i, item in enumerate(items))
        meta = {key: v for key, v in row.items() if key not in (options.text_key, keys[0])}
        yield Record(text, spans, number, meta)


def _items(value: Any, where: str) -> list[dict[str, Any]]:
    """The spans of a cell: a list of structs, or the struct of lists that datasets makes of it."""
    if isinstance(value, dict) and value and all(isinstance(v, list) for v in value.values()):
        lists = list(value.values())
        if len({len(column) for column in lists}) == 1:
            return [dict(zip(value, cells, strict=True)) for cells in zip(*lists, strict=True)]
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise UserError(f"The row has no list of spans: {value!r:.80}", where=where, todo=TODO)


def _span(item: dict[str, Any], index: int, feature: Any, where: str) -> Span:
    rest = dict(item)
    keys = {
        name: next((key for key in known if key in rest), "")
        for name, known in (("start", START_KEYS), ("end", END_KEYS), ("label", LABEL_KEYS))
    }
    start, end, label = (rest.pop(key, None) for key in keys.values())
    surface = next((rest.pop(k) for k in SURFACE_KEYS if isinstance(rest.get(k), str)), None)
    names = class_names(_inner(feature, keys["label"]))
    if names and type(label) is int and 0 <= label < len(names):
        label = names[label]
    name = f"Span {index}"
    return Span(
        offset_of(start, f"{name}: start", where),
        offset_of(end, f"{name}: end", where),
        label_of(label, name, where),
        surface=surface,
        meta=rest or None,
    )


def _inner(feature: Any, key: str) -> Any:
    """The feature of a key inside a list of structs, or a struct of lists."""
    if isinstance(feature, list) and len(feature) == 1:
        return _inner(feature[0], key)
    if not isinstance(feature, dict):
        return None
    if key in feature:
        return feature[key]
    return next((_inner(feature[k], key) for k in ("feature", "sequence") if k in feature), None)


def write_hf_table(
    records: Iterable[Record], path: Path, options: WriteOptions, tell: Tell
) -> None:
    """Writes Parquet that ``datasets`` loads: id, text, tokens, ner_tags, and meta as JSON.

    Tags are words, not numbers: ``datasets`` takes the names of numbers from one file for all, and
    would misread another with other labels. Spans that overlap another, are discontinuous or do
    not begin and end with a token are told; tokens of missing ranges have the tag null.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, words = pa.large_string(), pa.list_(pa.string())
    fields = {"id": pa.string(), "text": text, "tokens": words, "ner_tags": words, META_KEY: text}
    rows = (write_row(record, options, tell) for record in records)
    with pq.ParquetWriter(path, pa.schema(fields)) as writer:
        while part := list(islice(rows, BATCH_ROWS)):
            writer.write_batch(pa.RecordBatch.from_pylist(part, writer.schema))


FORMAT = Format(
    name="hf-table",
    title="Hugging Face data sets in Parquet or Arrow, with tokens and tags or a text and spans",
    sniff=sniff_hf_table,
    read=read_hf_table,
    write=write_hf_table,
    companion=lambda path: path.name in COMPANIONS,
)
