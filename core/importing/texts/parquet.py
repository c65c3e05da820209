"""Parquet as a table of texts: lists as JSON, numbers of classes by the names that Hugging Face keeps in the file."""

from __future__ import annotations

import io
import json
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as compute

from core.errors import DataError
from core.importing.tables.cells import MOST_COLUMNS
from core.importing.texts.building import MOST_CELLS, MOST_ROWS, Notes, as_array, framed
from core.importing.texts.json_rows import cell_of
from core.units import file_size

OWN = "__"  # begins what Parquet and pandas have for their own


def read_parquet(data: bytes, most: int, notes: Notes) -> pd.DataFrame:
    """most: bytes that it may unpack to.

    Raises:
        DataError: it has more than is read.
    """
    import pyarrow.parquet as parquet

    file = parquet.ParquetFile(io.BytesIO(data))
    schema, held = file.schema_arrow, file.metadata
    if len(schema.names) > MOST_COLUMNS:
        raise DataError(f"has {len(schema.names):,} columns; at most {MOST_COLUMNS} are read. Keep those needed.")
    if held.num_rows > MOST_ROWS or held.num_rows * len(schema.names) > MOST_CELLS:
        raise DataError(f"has more than the {MOST_ROWS:,} rows or {MOST_CELLS:,} cells that are read.")
    size = sum(held.row_group(number).total_byte_size for number in range(held.num_row_groups))
    if size > most:
        raise DataError(f"would unpack to {file_size(size)}; at most {file_size(most)} are read.")
    names = [name for name in schema.names if not name.startswith(OWN)]
    chunks: dict[str, list[pa.Array]] = {name: [] for name in names}
    called = class_names(schema.metadata)
    for batch in file.iter_batches(columns=names):
        for name, column in zip(batch.schema.names, batch.columns):
            chunks[name].append(as_cells(column, called.get(name, []), notes))
    return framed(chunks)


def as_cells(column: Any, names: list[str], notes: Notes) -> pa.Array:
    """names: of the classes that whole numbers stand for."""
    kind = column.type
    if names and (pa.types.is_integer(kind) or pa.types.is_list(kind)):
        return as_array([_called(value, names) for value in column.to_pylist()], notes)
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:  # bytes that are no UTF-8
            column = column.cast(pa.large_binary(), safe=False)
            kind = column.type
    if (
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
    ):
        texts = compute.fill_null(compute.cast(column, pa.large_string()), "")
        return compute.utf8_trim_whitespace(texts)
    return as_array(map(_cell, column.to_pylist()), notes)


def _cell(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return "" if value != value else repr(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else str(value) if not isinstance(value, str) else cell_of(value)


def class_names(metadata: dict[bytes, bytes] | None) -> dict[str, list[str]]:
    """Of each column that has numbers for its classes, or lists of such numbers, what they are called."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
        inner = {name: one.get("feature", one) for name, one in features.items() if isinstance(one, dict)}
        inner |= {name: one[0] for name, one in features.items() if isinstance(one, list) and len(one) == 1}
        return {
            str(name): [str(each) for each in one["names"]]
            for name, one in inner.items()
            if isinstance(one, dict) and isinstance(one.get("names"), list)
        }
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _called(value: object, names: list[str]) -> str:
    if isinstance(value, list):
        return json.dumps([_called(one, names) for one in value], ensure_ascii=False)
    if not isinstance(value, int) or value == -1:
        return ""
    return names[value] if 0 <= value < len(names) else str(value)
