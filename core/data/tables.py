"""Tables as people write them: CSV with commas, semicolons or tabs, in UTF-8 or UTF-16; JSON lines; Parquet."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Collection, Iterator
from itertools import product
from typing import Any

import pandas as pd

from core.errors import DataError

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
PROJECT = "manifest.json"  # of Teachable Machine
MOST_COLUMNS = 500
# A small file can hold any number of these.
MOST_ROWS = 2_000_000
MOST_CELLS = 20_000_000
MOST_CHARACTERS = 500_000_000
LONGEST_CELL = 10_000  # characters
LONGEST_LINE = 1_000_000  # of JSON
DELIMITERS = ",;\t|"
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


def is_table(name: str) -> bool:
    return name.lower().endswith(ENDINGS) or name.rsplit("/", 1)[-1] == PROJECT


def read_table(name: str, data: bytes) -> pd.DataFrame:
    """Every cell as text, stripped; what is empty as "". Columns are named by the first row, which must be there.

    Raises:
        DataError: it cannot be read, is empty, or has more columns than are read.
    """
    try:
        if name.lower().endswith(".parquet"):
            frame = _parquet(data)
        else:
            text = _text(data)
            rows = _json_lines(text) if name.lower().endswith((".jsonl", ".ndjson")) else _delimited(text)
            frame = _as_frame(rows)
    except DataError as error:
        raise DataError(f"The table {name[-120:]!r} {error}") from error
    except Exception as error:  # csv, json and pyarrow each have errors of their own
        raise DataError(f"The table {name[-120:]!r} is damaged or in a form that Graft does not read.") from error
    if frame.empty:
        raise DataError(f"The table {name[-120:]!r} is empty. It needs a first row with names, and a row a picture.")
    return frame


def _text(data: bytes) -> str:
    encoding = next((encoding for mark, encoding in MARKS.items() if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and data[1:2] == b"\0":
        encoding = "utf-16-le"
    try:
        return data.decode(encoding).replace("\0", "")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace").replace("\0", "")  # as spreadsheets on Windows save it


def _delimited(text: str) -> Iterator[dict[str, str]]:
    text = text.lstrip("\r\n")
    head = next(io.StringIO(text, newline=""), "")
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)  # lines end as csv knows them
    names = _named(list(next(reader, [])))
    for row in reader:
        if any(row):
            yield dict(zip(names, row))


def _json_lines(text: str) -> Iterator[dict[str, str]]:
    for line in io.StringIO(text, newline="\n"):  # splitlines also splits at characters that a text may hold
        if len(line) > LONGEST_LINE:
            raise DataError(f"holds a line of more than {LONGEST_LINE:,} characters.")
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise DataError('holds a line that is no object: each line must be like {"path": ..., "label": ...}.')
            if len(row) > MOST_COLUMNS:
                _refuse_columns(len(row))
            yield {
                name: cell if isinstance(cell, str) else "" if cell is None else json.dumps(cell)
                for name, cell in row.items()
            }


def _parquet(data: bytes) -> pd.DataFrame:
    import pyarrow.parquet as parquet

    file = parquet.ParquetFile(io.BytesIO(data))
    if len(file.schema_arrow.names) > MOST_COLUMNS:
        _refuse_columns(len(file.schema_arrow.names))
    held = file.metadata
    places = product(range(held.num_row_groups), range(held.num_columns))
    chunks = [held.row_group(group).column(column) for group, column in places]
    _refuse_much(held.num_rows, sum(chunk.num_values for chunk in chunks))
    _refuse_much(characters=sum(chunk.total_uncompressed_size for chunk in chunks))
    texts = [one.path for one in map(file.schema.column, range(len(file.schema))) if one.physical_type == "BYTE_ARRAY"]
    # What is repeated is kept once. And not through pandas, which makes 3.0 of a 3 beside a missing value.
    table = parquet.ParquetFile(io.BytesIO(data), read_dictionary=texts).read()
    columns = [[cell for chunk in column.chunks for cell in _cells(chunk)] for column in table.columns]
    _refuse_much(characters=sum(len(cell) for column in columns for cell in column))
    return pd.DataFrame(dict(zip(_named(table.column_names), columns)), dtype=str)


def _cells(chunk: Any) -> list[str]:
    """chunk: an Arrow array."""
    if not hasattr(chunk, "dictionary"):
        return [_cell(value) for value in chunk.to_pylist()]
    texts = [_cell(value) for value in chunk.dictionary.to_pylist()]
    return ["" if index is None else texts[index] for index in chunk.indices.to_pylist()]


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bytes):
        text = value[: 4 * LONGEST_CELL].decode("utf-8", "replace")
    else:
        text = json.dumps(value, default=str) if isinstance(value, list) else str(value)
    return text[:LONGEST_CELL].strip()


def _as_frame(rows: Iterator[dict[str, str]]) -> pd.DataFrame:
    kept: list[dict[str, str]] = []
    cells = 0
    for row in rows:
        kept.append({name: cell[:LONGEST_CELL].strip() for name, cell in row.items()})
        cells += len(row)
        _refuse_much(len(kept), cells)
    frame = pd.DataFrame(kept, dtype=str).fillna("")
    frame.columns = pd.Index(_named(list(frame)))
    return frame


def _named(names: list[object]) -> list[str]:
    """Names of columns, each once."""
    if len(names) > MOST_COLUMNS:
        _refuse_columns(len(names))
    found: dict[str, int] = {}
    result = []
    for number, name in enumerate(names, start=1):
        text = str(name).strip()[:200] or f"column {number}"
        found[text] = found.get(text, 0) + 1
        result.append(text if found[text] == 1 else f"{text} ({found[text]})")
    return result


def _refuse_much(rows: int = 0, cells: int = 0, characters: int = 0) -> None:
    for number, most, what in (
        (rows, MOST_ROWS, "rows"),
        (cells, MOST_CELLS, "cells"),
        (characters, MOST_CHARACTERS, "characters"),
    ):
        if number > most:
            raise DataError(
                f"has more than the {most:,} {what} that are read. Keep the columns and rows that are needed."
            )


def _refuse_columns(columns: int) -> None:
    raise DataError(f"has {columns:,} columns; at most {MOST_COLUMNS:,} are read. Keep those of path, label and split.")


# Numbers --------------------------------------------------------------------------------------------------------------

NO_NUMBER = ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "?")  # as tables write that there is none
LARGEST = 1e150  # its square is a number too
_THOUSANDS = r"[+-]?[1-9]\d{0,2}(%s\d{3})+"
_POINTS = re.compile(_THOUSANDS % r"\." + r"(,\d+)?")  # 1.234,5 as half of Europe writes it
_COMMAS = re.compile(_THOUSANDS % "," + r"(\.\d+)?")  # 1,234.5


def read_numbers(cells: Collection[str]) -> dict[str, float]:
    """The cells of one column as numbers: NaN for those that are none, or absurd.

    One cell alone does not tell what 1,234 is, so the column does: one comma that can only be a decimal makes all so.
    """
    decimal_comma = any(
        "," in cell and not _COMMAS.fullmatch(cell) and math.isfinite(_number(cell, decimal_comma=True))
        for cell in cells
    )
    return {cell: _number(cell, decimal_comma) for cell in cells}


def _number(cell: str, decimal_comma: bool) -> float:
    if decimal_comma:
        cell = (cell.replace(".", "") if _POINTS.fullmatch(cell) else cell).replace(",", ".")
    elif _COMMAS.fullmatch(cell):
        cell = cell.replace(",", "")
    try:
        number = float(cell)
    except ValueError:
        return math.nan
    return number if abs(number) < LARGEST and "_" not in cell else math.nan
