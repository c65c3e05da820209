"""Tables as people write them: CSV with commas, semicolons or tabs, in UTF-8 or UTF-16; JSON lines; Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pandas as pd

from core.errors import DataError

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
PROJECT = "manifest.json"  # of Teachable Machine
MOST_COLUMNS = 500
LONGEST_CELL = 10_000  # characters
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
    head = text[: text.find("\n") if "\n" in text else len(text)]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    names = _named(list(next(reader, [])))
    for row in reader:
        if any(row):
            yield dict(zip(names, row))


def _json_lines(text: str) -> Iterator[dict[str, str]]:
    for line in text.splitlines():
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
    frame = file.read().to_pandas()
    columns = {name: [_cell(value) for value in frame.iloc[:, at]] for at, name in enumerate(_named(list(frame)))}
    return pd.DataFrame(columns, dtype=str)


def _cell(value: object) -> str:
    if value is None or value != value:  # NaN alone differs from itself
        return ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)[:LONGEST_CELL].strip()


def _as_frame(rows: Iterator[dict[str, str]]) -> pd.DataFrame:
    kept = [{name: cell[:LONGEST_CELL].strip() for name, cell in row.items()} for row in rows]
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


def _refuse_columns(columns: int) -> None:
    raise DataError(f"has {columns:,} columns; at most {MOST_COLUMNS:,} are read. Keep those of path, label and split.")
