"""Rows to a table of texts, a block at a time, so that a million of them fit; and what was mended on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa
import pyarrow.compute as compute

from core.errors import DataError
from core.importing.tables.cells import MOST_COLUMNS, each_once

BLOCK = 16_384  # rows
MOST_ROWS = 10_000_000
MOST_CELLS = 100_000_000
LONGEST = 10_000_000  # characters of a cell: longer ones are cut, and are left out as too long for a text


@dataclass
class Notes:
    """What was done to a table while it was read: how often, by a word for it; see `telling.mended`. lines: of what
    could not be read, numbered from 1."""

    done: Counter[str] = field(default_factory=Counter)
    lines: list[int] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)  # that an object has twice


class Builder:
    """Columns of text that grow by rows; what a row lacks is empty."""

    def __init__(self, notes: Notes) -> None:
        self.notes, self.rows = notes, 0
        self.chunks: dict[str, list[pa.Array]] = {}
        self.block: list[dict[str, str]] = []

    def add(self, row: dict[str, str]) -> None:
        self.block.append(row)
        if len(self.block) == BLOCK:
            self.flush()

    def flush(self) -> None:
        names = dict.fromkeys([*self.chunks, *(name for row in self.block for name in row)])
        if len(names) > MOST_COLUMNS:
            raise DataError(f"has {len(names):,} columns; at most {MOST_COLUMNS} are read. Keep those that are needed.")
        self.append(list(names), [[row.get(name, "") for row in self.block] for name in names], len(self.block))
        self.block.clear()

    def append(self, names: list[str], columns: Iterable[Iterable[str]], rows: int) -> None:
        for name, cells in zip(names, columns):
            held = self.chunks.setdefault(name, [empty(self.rows)] if self.rows else [])
            held.append(as_array(cells, self.notes))
        self.rows += rows
        for name, held in self.chunks.items():
            if name not in names:
                held.append(empty(rows))
        if self.rows > MOST_ROWS or self.rows * len(self.chunks) > MOST_CELLS:
            raise DataError(f"has more than the {MOST_ROWS:,} rows or {MOST_CELLS:,} cells that are read.")

    def frame(self) -> pd.DataFrame:
        if self.block:
            self.flush()
        return framed(self.chunks)


def framed(chunks: dict[str, list[pa.Array]]) -> pd.DataFrame:
    columns = {name: pa.chunked_array(held, pa.large_string()) for name, held in chunks.items()}
    frame = pd.DataFrame({name: pd.array(column, dtype="str") for name, column in columns.items()})
    frame.columns = pd.Index(each_once(list(frame)), dtype="str")
    return frame


def empty(rows: int) -> pa.Array:
    return pa.repeat(pa.scalar("", pa.large_string()), rows)


def as_array(cells: Iterable[str], notes: Notes) -> pa.Array:
    """Without blanks around, with what is half a pair of surrogates replaced."""
    cells = list(cells)
    try:
        held = pa.array(cells, pa.large_string())
    except (UnicodeEncodeError, pa.ArrowException):
        whole = [_whole(cell) for cell in cells]
        notes.done["surrogates"] += sum(one != cell for one, cell in zip(whole, cells))
        held = pa.array(whole, pa.large_string())
    return compute.utf8_trim_whitespace(held)


def _whole(cell: str) -> str:
    return cell.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
