"""Rows of Parquet files, a slice of a row group at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Rows that are decoded at once.
DECODED = 1000


def find_fault(path: Path, text_key: str) -> str | None:
    """Why no texts can be read from a Parquet file; None if they can."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        return f"not a Parquet file: {error!s:.80}"
    if len(set(schema.names)) < len(schema.names):
        return "the file names a column twice"
    if text_key not in schema.names:
        return f"the file has no column {text_key!r}: name it with --text-key"
    return None


def slices(path: Path, records: int, size: int) -> Iterator[tuple[int, int, int, int]]:
    """Cuts each row group into slices of at most so many rows, fewer where rows are large.

    Args:
        path: A Parquet file.
        records: Most rows of a slice.
        size: Bytes, uncompressed, by which a slice of rows of mean size is bounded.

    Yields:
        Row group, first row in it and row after the last one, and the first row's number in the
        file, from 1.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        number = 1
        for group in range(file.num_row_groups):
            known = file.metadata.row_group(group)
            mean = max(known.total_byte_size // max(known.num_rows, 1), 1)
            step = max(min(records, size // mean), 1)
            for start in range(0, known.num_rows, step):
                end = min(start + step, known.num_rows)
                yield group, start, end, number + start
            number += known.num_rows


def read_rows(path: Path, group: int, start: int, end: int) -> Iterator[dict[str, Any] | str]:
    """The rows of a slice as objects that JSON can hold; dates and the like become texts.

    In place of a row that cannot be read stands what is wrong with it; if the file cannot be read
    any further, that stands for all that is left of the slice.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            at = 0
            for batch in file.iter_batches(DECODED, row_groups=[group]):
                first, last = max(start - at, 0), min(end - at, len(batch))
                for i in range(first, last):
                    yield _row(batch, i)
                at += len(batch)
                if at >= end:
                    return
    except (pa.ArrowException, OSError) as error:
        yield f"the rows from here on cannot be read: {error!s:.80}"


def _row(batch: Any, index: int) -> dict[str, Any] | str:
    import pyarrow as pa

    row = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        value = column[index]
        try:
            if pa.types.is_temporal(value.type):
                # Python's own dates do not reach as far, and have no nanoseconds.
                value = value.cast(pa.string())
            row[name] = _plain(value.as_py())
        except (ValueError, ArithmeticError, pa.ArrowException) as error:
            return f"{name!r} cannot be read: {error!s:.80}"
    return row


def _plain(value: Any) -> Any:
    """A value as JSON has it; what JSON has not as a text."""
    if isinstance(value, float) and not math.isfinite(value):
        # pandas' missing value.
        return None
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else str(value)
