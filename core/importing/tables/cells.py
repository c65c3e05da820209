"""Tables as people write them: CSV with commas, semicolons, tabs or blanks, in any usual encoding, with or without a
title above or a first row of names; JSON, JSON lines; Parquet."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, product
from typing import Any

import pandas as pd

from core.errors import DataError
from core.importing.tables.encodings import Decoded, decode_text
from core.tasks.labels import LARGEST

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
LISTS = (".json", ".txt", ".lst")  # that may hold a table, if they name images
PROJECT = "manifest.json"  # of Teachable Machine
MOST_COLUMNS = 500
# A small file can hold any number of these.
MOST_ROWS = 1_000_000
MOST_CELLS = 20_000_000
MOST_CHARACTERS = 500_000_000
LONGEST_CELL = 10_000  # characters
LONGEST_LINE = 1_000_000  # of JSON
DELIMITERS = "\t;|,"
LINES_LOOKED_AT = 50
MOST_TITLE_LINES = 10
MOST_ALIKE = 0.8  # of the lines have as many words: then blanks are between the columns
MOST_JSON = 50_000_000  # characters: as objects they become many times as much


def is_table(name: str) -> bool:
    return name.lower().endswith(ENDINGS) or name.rsplit("/", 1)[-1] == PROJECT


def may_be_table(name: str) -> bool:
    """Whether it may be one, which only its content tells."""
    return name.lower().endswith(LISTS)


@dataclass(frozen=True)
class Table:
    """frame: every cell as text, stripped; what is empty as "". text: how what is no UTF-8 was read, None for a file
    that says so itself."""

    frame: pd.DataFrame
    text: Decoded | None = None


def read_table(name: str, data: bytes) -> pd.DataFrame:
    """The `frame` of `read`."""
    return read(name, data).frame


def read(name: str, data: bytes, encoding: str = "") -> Table:
    """Columns are named by the first row that has as many cells as the others; `column 1` and so on where it is known
    that there is none.

    encoding: of `encodings.ENCODINGS`, what someone said it is; "": to be found out.

    Raises:
        DataError: it cannot be read, is empty, or has more rows, columns, cells or characters than are read.
    """
    text = None
    try:
        if name.lower().endswith(".parquet"):
            frame = _parquet(data)
        else:
            text = decode_text(data, encoding)
            frame = _as_frame(_rows(name.lower(), text.text))
    except DataError as error:
        raise DataError(f"The table {name[-120:]!r} {error}") from error
    except MemoryError as error:
        raise DataError(f"The table {name[-120:]!r} takes more memory than an import of this size may.") from error
    except Exception as error:  # csv, json and pyarrow each have errors of their own
        raise DataError(f"The table {name[-120:]!r} is damaged or in a form that Graft does not read.") from error
    if frame.empty:
        raise DataError(f"The table {name[-120:]!r} is empty. It needs a first row with names, and a row an image.")
    return Table(frame, text)


def _rows(name: str, text: str) -> Iterator[dict[str, str]]:
    if name.endswith((".jsonl", ".ndjson")):
        return _json_lines(text)
    if name.endswith(".json"):
        return _json(text)
    return _delimited(text)


def _delimited(text: str) -> Iterator[dict[str, str]]:
    text = text.lstrip("\r\n")
    said = _SEPARATOR.match(text)  # as Excel has it
    if said:
        text = text[said.end() :].lstrip("\r\n")
    head = [line.rstrip("\r\n") for line in islice(io.StringIO(text, newline=""), LINES_LOOKED_AT)]
    delimiter = said[1] if said else _delimiter(head)
    if not delimiter:
        rows: Iterator[list[str]] = (line.split() for line in io.StringIO(text))
    else:
        quote = "'" if all(line.startswith("'") and line.endswith("'") for line in head[1:] if line) else '"'
        file = io.StringIO(text, newline="")  # lines end as csv knows them
        rows = csv.reader(file, delimiter=delimiter, quotechar=quote)
    filled = (row for row in rows if any(cell.strip() for cell in row))
    first = list(islice(filled, LINES_LOOKED_AT))
    names = each_once(header_of(first))
    for row in chain(first, filled):
        yield dict(zip(names, row))


_SEPARATOR = re.compile(r"\ufeff?\"?sep=(.)\"?[ ,;\t]*\r?\n", re.IGNORECASE)


def _delimiter(head: Sequence[str]) -> str:
    """What stands in most lines, equally often; "" for blanks."""
    lines = [line for line in head if line.strip()]
    counts = {one: Counter(line.count(one) for line in lines) for one in DELIMITERS}

    def fit(one: str) -> tuple[int, int]:
        times, usual = max(((times, count) for times, count in counts[one].items() if times), default=(0, 0))
        return sum(count for times, count in counts[one].items() if times), times and usual

    best = max(DELIMITERS, key=fit)  # of equally good ones the first, as a comma also stands in numbers
    if fit(best)[0] > 0 and (len(lines) < 3 or fit(best)[0] >= len(lines) / 2):
        return best
    rows = lines[1:] if len(lines) > 2 else lines  # the first may be the names, of which one may have two words
    (width, most), *_ = Counter(len(line.split()) for line in rows).most_common(1) or [(0, 0)]
    return "" if width > 1 and most >= MOST_ALIKE * len(rows) else best


def header_of(first: list[list[str]]) -> list[str]:
    """The row of names, taken out of the first ones with any title above it: a line that has fewer cells than the
    table is wide, or one filled cell among empty ones."""
    widths = Counter(len(row) for row in first)
    usual = max(widths, key=lambda width: (widths[width], width), default=0)
    for _ in range(MOST_TITLE_LINES):
        if len(first) < 3 or usual < 2:
            break
        if sum(bool(cell.strip()) for cell in first[0]) > 1:
            break
        first.pop(0)
    names = first.pop(0) if first else []
    return ["", *names] if len(names) == usual - 1 and len(first) > 1 else names  # as R writes a table with row names


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
            yield {name: _json_cell(cell) for name, cell in row.items()}


def _json(text: str) -> Iterator[dict[str, str]]:
    """A list of objects, one such list in an object, an answer for each name, or as pandas writes a table."""
    if len(text) > MOST_JSON:
        raise DataError(f"is JSON of more than {MOST_JSON:,} characters. Give it as CSV or JSON lines.")
    held = json.loads(text)
    if tasks := _label_studio(held):
        yield from tasks
        return
    lists = [one for one in held.values() if _is_rows(one)] if isinstance(held, dict) else []
    if isinstance(held, dict) and len(lists) == 1:
        held = lists[0]
    if _is_rows(held):
        rows: Iterable[dict[str, Any]] = held
    elif isinstance(held, dict) and held and all(isinstance(one, dict) for one in held.values()):
        columns = {str(name): column for name, column in held.items()}
        keys = {key: None for column in columns.values() for key in column}
        rows = ({name: column.get(key) for name, column in columns.items()} for key in keys)
    elif isinstance(held, dict) and held and not any(isinstance(one, dict) for one in held.values()):
        rows = ({"file_name": str(name), "label": answer} for name, answer in held.items())
    else:
        raise DataError("is JSON, but no list of objects such as {file_name, label}.")
    for row in rows:
        if len(row) > MOST_COLUMNS:
            _refuse_columns(len(row))
        yield {str(name): _json_cell(cell) for name, cell in row.items()}


def _label_studio(held: object) -> Iterator[dict[str, str]] | None:
    """Tasks of Label Studio: the file, and what was chosen of each; None if it is something else."""
    if not _is_rows(held) or not all(isinstance(task.get("data"), dict) for task in held):  # type: ignore[attr-defined]
        return None
    return map(task_of, held)  # type: ignore[call-overload,no-any-return]


def task_of(task: dict[str, Any]) -> dict[str, str]:
    data = {str(name): cell for name, cell in task["data"].items() if isinstance(cell, str)}
    results = [result for one in _dicts(task.get("annotations")) for result in _dicts(one.get("result"))]
    values = [value for result in results if isinstance(value := result.get("value"), dict)]
    chosen = [choice for value in values if isinstance(value.get("choices"), list) for choice in value["choices"]]
    numbers = [value[key] for value in values for key in ("rating", "number") if key in value]
    said = {"choice": _json_cell(chosen[0] if len(chosen) == 1 else chosen or None)} if chosen or not numbers else {}
    return data | said | ({"rating": _json_cell(numbers[0])} if numbers else {})


def _dicts(held: object) -> list[dict[str, Any]]:
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


def _is_rows(held: object) -> bool:
    return isinstance(held, list) and bool(held) and all(isinstance(row, dict) for row in held)


def _json_cell(cell: object) -> str:
    return cell if isinstance(cell, str) else "" if cell is None else json.dumps(cell, ensure_ascii=False)


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
    columns = [[cell for chunk in column.chunks for cell in cells_of(chunk)] for column in table.columns]
    _refuse_much(characters=sum(len(cell) for column in columns for cell in column))
    return pd.DataFrame(dict(zip(each_once(table.column_names), columns)), dtype=str)


def cells_of(chunk: Any) -> list[str]:
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
    columns: dict[str, list[str]] = {}
    texts: dict[str, str] = {}  # each once, as cells repeat
    number = cells = 0
    for number, row in enumerate(rows, start=1):
        for name, cell in row.items():
            column = columns.setdefault(name, [])
            column.extend("" for _ in range(number - 1 - len(column)))
            text = cell[:LONGEST_CELL].strip()
            column.append(texts.setdefault(text, text))
        cells += len(row)
        _refuse_much(number, cells)
    for column in columns.values():
        column.extend("" for _ in range(number - len(column)))
    frame = pd.DataFrame(columns, dtype=str)
    frame.columns = pd.Index(each_once(list(frame)))
    return frame


def each_once(names: Sequence[object]) -> list[str]:
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

_THOUSANDS = r"[+-]?[1-9]\d{0,2}(%s\d{3})+"
_POINTS = re.compile(_THOUSANDS % r"\." + r"(,\d+)?")  # 1.234,5 as half of Europe writes it
_SPACED = re.compile(_THOUSANDS % r"[\s'’]" + r"([.,]\d+)?")  # 1 234,5 and 1'234.5
_COMMAS = re.compile(_THOUSANDS % "," + r"(\.\d+)?")  # 1,234.5


def is_number(number: float) -> bool:
    return math.isfinite(number)


def have_unit(cells: Collection[str]) -> bool:
    """Whether nearly all of a column's cells are numbers with the same unit."""
    return _without_unit(cells) is not None


def read_numbers(cells: Collection[str]) -> dict[str, float]:
    """The cells of one column as numbers: NaN for those that are none, or absurd.

    One cell alone does not tell what 1,234 is, so the column does: one comma that can only be a decimal makes all so.
    Where all have the same unit, as in `10 g` or `€ 5`, it is left off.
    """
    plain = _without_unit(cells)
    if plain is not None:
        numbers = read_numbers(plain.values())
        return {cell: numbers[plain[cell]] for cell in cells}
    decimal_comma = any(
        "," in cell and not _COMMAS.fullmatch(cell) and math.isfinite(_number(cell, decimal_comma=True))
        for cell in cells
    )
    return {cell: _number(cell, decimal_comma) for cell in cells}


def _without_unit(cells: Collection[str]) -> dict[str, str] | None:
    """Each cell without the unit that all have; None if they have none, or several."""
    said = {cell: match for cell in cells if (match := _WITH_UNIT.fullmatch(cell))}
    units = {(match["before"] or match["behind"]).lower() for match in said.values()}
    if len(units) != 1 or len(said) < sum(cell.lower() not in NO_NUMBER for cell in cells) / 2:
        return None
    return {cell: said[cell]["number"] if cell in said else cell for cell in cells}


_WITH_UNIT = re.compile(
    r"(?:(?P<before>[$€£¥]|EUR|USD|GBP|CHF) ?)?(?P<number>[+-]?\d(?:[\d.,]|[\s'’](?=\d{3}))*(?:[eE][+-]?\d+)?)"
    r"(?(before)| ?(?P<behind>[^\W\d_]{1,8}\.?|%|°[CFK]?|[$€£¥]|[^\W\d_]{1,4}/[^\W\d_]{1,4}|[^\W\d_]{1,3}[²³]))"
)


def _number(cell: str, decimal_comma: bool) -> float:
    if _SPACED.fullmatch(cell):
        cell = re.sub(r"[\s'’]", "", cell)
    if decimal_comma:
        cell = (cell.replace(".", "") if _POINTS.fullmatch(cell) else cell).replace(",", ".")
    elif _COMMAS.fullmatch(cell):
        cell = cell.replace(",", "")
    try:
        number = float(cell)
    except ValueError:
        return math.nan
    return number if abs(number) < LARGEST and "_" not in cell else math.nan
