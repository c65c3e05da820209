"""A file that is a table, as one of texts: every cell a text without blanks around, however long."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from core.errors import DataError
from core.importing.tables.cells import is_table
from core.importing.tables.encodings import Decoded, decode_text
from core.importing.texts.building import Notes
from core.importing.texts.delimited import read_delimited
from core.importing.texts.json_rows import read_json
from core.importing.texts.parquet import read_parquet
from core.importing.texts.spreadsheets import ENDING as SPREADSHEET
from core.importing.texts.spreadsheets import read_sheet

JSON = (".json", ".jsonl", ".ndjson", ".jsonlines", ".geojson")
LISTED = (*JSON, ".csv", ".tsv", ".tab", ".psv", ".parquet", SPREADSHEET)
MOST_BYTES = 4 * 10**9  # that a packed one may unpack to


@dataclass(frozen=True)
class Table:
    """text: how what is no UTF-8 was read, None for a file that says so itself. notes: what was done to it."""

    name: str
    frame: pd.DataFrame
    text: Decoded | None = None
    notes: Notes = field(default_factory=Notes)


def is_listed(name: str) -> bool:
    """Whether a file is called as tables are."""
    return is_table(name) or name.lower().removesuffix(".gz").endswith(LISTED)


def read_table(name: str, data: bytes, encoding: str = "") -> Table:
    """
    encoding: as someone says; "": to be found out.

    Raises:
        DataError: it cannot be read, is empty, or more than is read, in words.
    """
    notes, text = Notes(), None
    lower = name.lower()
    try:
        if lower.endswith(".parquet") or data.startswith(b"PAR1"):
            frame = read_parquet(data, MOST_BYTES, notes)
        elif lower.endswith(SPREADSHEET):
            frame = read_sheet(data, MOST_BYTES, notes)
        else:
            text = decode_text(data, encoding)
            notes.done["zeros"] += text.zeros
            frame = (read_json if lower.endswith(JSON) else read_delimited)(text.text, notes)
    except DataError as error:
        raise DataError(f"The table {name[-120:]!r} {error}") from error
    except MemoryError as error:
        raise DataError(f"The table {name[-120:]!r} takes more memory than an import of this size may.") from error
    except Exception as error:  # csv, json, pyarrow and openpyxl each have errors of their own
        raise DataError(f"The table {name[-120:]!r} is damaged or in a form that Graft does not read.") from error
    if frame.empty:
        raise DataError(f"The table {name[-120:]!r} is empty. It needs a first row with names, and a row a text.")
    return Table(name, frame, text, notes)
