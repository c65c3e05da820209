"""Excel's .xlsx as a table of texts, where openpyxl is installed. Values are read, and no formula is worked out."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import Iterator
from itertools import islice

import pandas as pd

from core.errors import DataError
from core.importing.tables.cells import MOST_COLUMNS, each_once, header_of
from core.importing.texts.building import BLOCK, Builder, Notes
from core.units import file_size

ENDING = ".xlsx"
MISSING = (
    "It is a spreadsheet (.xlsx), and what reads these is not installed. Install it (pip install openpyxl), or save "
    "the sheet as CSV, and import again"
)
LOOKED_AT = 50  # rows
MOST_RATIO = 200  # of what it unpacks to


def can_be_read() -> bool:
    return importlib.util.find_spec("openpyxl") is not None


def read_sheet(data: bytes, most: int, notes: Notes) -> pd.DataFrame:
    """The first sheet that has rows. most: bytes that it may unpack to.

    Raises:
        DataError: it is none, or has more than is read.
    """
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(member.file_size for member in archive.infolist())
        if size > most or size > MOST_RATIO * max(len(data), 2**20):
            raise DataError(f"would unpack to {file_size(size)}, which is more than is read.")
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)  # what a formula gave when it was saved
    try:
        for sheet in book.worksheets:
            rows = (list(map(_cell, row)) for row in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1))
            frame = _framed((row for row in rows if any(row)), notes)
            if len(frame):
                return frame
    finally:
        book.close()
    raise DataError("has no sheet with rows in it.")


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _framed(rows: Iterator[list[str]], notes: Notes) -> pd.DataFrame:
    first = list(islice(rows, LOOKED_AT))
    if not first:
        return pd.DataFrame()
    width = max(max((at for at, cell in enumerate(row, 1) if cell), default=0) for row in first)
    names = each_once(header_of(first)[:width])
    builder = Builder(notes)
    held = iter(first)
    while block := [*islice(held, BLOCK)] or [*islice(rows, BLOCK)]:
        fitted = [[*row[: len(names)], *[""] * (len(names) - len(row))] for row in block]
        builder.append(names, zip(*fitted), len(fitted))
    return builder.frame()
