"""Tables with the images inside: Parquet as Hugging Face exports it, JSON lines and CSV with images as base64 text, and
images as numbers (see arrays.py)."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from core.errors import DataError
from core.importing.archives.arrays import IDX, idx, pixel_rows, png, shaped
from core.importing.tables.cells import cells_of, each_once
from core.limits import Limits
from core.units import file_size
from core.words import shown_name

ROWS_AT_ONCE = 64
BEGINNINGS = ("/9j/", "iVBORw0KGgo", "UklGR", "R0lGOD", "Qk0", "SUkqA", "TU0AK")  # of images as base64
MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*")
PATH = "file_name"  # the column that the table gets for the images' names


@dataclass
class Container:
    """images: (name, bytes) of each row, to be gone through once. columns: what else the rows say, complete when that
    is done; `table()` is it."""

    images: Iterator[tuple[str, bytes]]
    columns: dict[str, list[str]] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self.columns, dtype=str)


def open_container(name: str, data: bytes, limits: Limits) -> Container | None:
    """The images in a table; None if it holds none.

    Raises:
        DataError: while the images are gone through: the table is damaged, or holds more than is read.
    """
    if name.lower().endswith(".parquet"):
        return _parquet(name, data, limits)
    if name.lower().endswith((".jsonl", ".ndjson")):
        return _json_lines(name, data)
    if (held := idx(name, data, limits.file_bytes)) is not None:
        return Container(held[0](), held[1])
    return _csv(name, data) if name.lower().endswith(".csv") else None


def may_be_container(name: str) -> bool:
    """Whether it may hold images though it is called like no table."""
    return IDX.fullmatch(name) is not None


def _named(name: str, number: int, path: object) -> str:
    """A name below that of the table, without its ending."""
    stem = str(PurePosixPath(name).with_suffix(""))
    last = shown_name(str(path)).replace("\\", "/").rsplit("/", 1)[-1] if path else ""
    return f"{stem}/{number:06}{f' {last}' if last else ''}"


def _parquet(name: str, data: bytes, limits: Limits) -> Container | None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        schema = file.schema_arrow
    except Exception:  # told when it is read as a table
        return None
    column = next((each.name for each in schema if _holds_images(each, file)), None)
    if column is None:
        return None
    size = sum(file.metadata.row_group(number).total_byte_size for number in range(file.metadata.num_row_groups))
    if size > limits.total_bytes:
        raise DataError(f"It would unpack to {file_size(size)}; at most {file_size(limits.total_bytes)} are read.")
    classes = _class_names(schema.metadata)
    result = Container(iter(()))
    others = [each.name for each in schema if each.name != column and not pa.types.is_binary(each.type)]
    result.columns = {PATH: [], **{other: [] for other in others}}

    def images() -> Iterator[tuple[str, bytes]]:
        number = 0
        for batch in file.iter_batches(ROWS_AT_ONCE):
            for other in others:
                cells = cells_of(batch.column(other))
                names = classes.get(other, [])
                result.columns[other] += [_class_name(cell, names) for cell in cells] if names else cells
            for held in batch.column(column).to_pylist():
                image, path = (held.get("bytes"), held.get("path")) if isinstance(held, dict) else (held, None)
                told = _named(name, number, path)
                result.columns[PATH].append(told)
                number += 1
                yield told, image or b""

    result.images = images()
    return result


def _holds_images(column: Any, file: Any) -> bool:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_struct(kind):
        return any(each.name == "bytes" and _is_bytes(each.type) for each in kind)
    if not _is_bytes(kind):
        return False
    batch = next(file.iter_batches(1, columns=[column.name]), None)
    first = batch.column(0)[0].as_py() if batch is not None and len(batch) else b""
    return bool(first) and first.startswith(MAGIC)


def _is_bytes(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _class_names(metadata: dict[bytes, bytes] | None) -> dict[str, list[str]]:
    """The names of the classes of each column that has numbers for them, as Hugging Face keeps them in the file."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
        return {
            str(column): [str(name) for name in feature["names"]]
            for column, feature in features.items()
            if isinstance(feature, dict) and isinstance(feature.get("names"), list)
        }
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _class_name(cell: str, names: list[str]) -> str:
    return names[int(cell)] if cell.isdecimal() and int(cell) < len(names) else "" if cell == "-1" else cell


# CSV ------------------------------------------------------------------------------------------------------------------


def _csv(name: str, data: bytes) -> Container | None:
    """A row an image, as base64 in a cell or as pixels."""
    begins = data[:BEGINS].decode("utf-8", "replace")
    if not (_ENCODED.search(begins) or _MANY_NUMBERS.search(begins)):
        return None
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))  # of the process, and what is read is limited as a whole

    def text() -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", "replace", newline="")

    result = Container(iter(()))
    if (held := pixel_rows(text())) is not None:  # type: ignore[arg-type]
        names, rows = held
        encoded: Iterator[tuple[list[str], bytes]] = ((cells, _as_png(pixels)) for cells, pixels in rows)
    else:
        heads = next(csv.reader(text()), [])
        first = next(islice(csv.reader(text()), 1, 2), [])
        column = next((place for place, cell in enumerate(first) if _base64(cell)), None)
        if column is None or len(heads) != len(first):
            return None
        names = [head for place, head in enumerate(heads) if place != column]
        lines = (row for row in islice(csv.reader(text()), 1, None) if len(row) == len(heads))
        encoded = ((row[:column] + row[column + 1 :], _decoded(row[column])) for row in lines)
    names = each_once([shown_name(one) for one in names])
    result.columns = {PATH: [], **{other: [] for other in names}}

    def images() -> Iterator[tuple[str, bytes]]:
        for number, (cells, image) in enumerate(encoded):
            told = _named(name, number, None)
            result.columns[PATH].append(told)
            for other, cell in zip(names, cells):
                result.columns[other].append(cell.strip()[:1000])
            yield told, image

    result.images = images()
    return result


def _as_png(pixels: Sequence[str]) -> bytes:
    try:
        return png(shaped(pixels))
    except ValueError:  # told of the image
        return b""


def _decoded(cell: str) -> bytes:
    try:
        return base64.b64decode(_base64(cell))
    except (ValueError, binascii.Error):
        return b""


BEGINS = 20_000  # bytes that are looked at
LONGEST = 2**28  # characters of a cell
_ENCODED = re.compile("|".join(map(re.escape, BEGINNINGS)))
_MANY_NUMBERS = re.compile(r"(\d{1,3}[ ,]){60}")


# JSON lines -----------------------------------------------------------------------------------------------------------


def _json_lines(name: str, data: bytes) -> Container | None:
    try:
        first = json.loads(data.split(b"\n", 1)[0])
    except (ValueError, RecursionError):
        return None
    key = next((key for key, cell in first.items() if _base64(cell)), None) if isinstance(first, dict) else None
    if key is None:
        return None
    result = Container(iter(()))
    others = [other for other in first if other != key]
    result.columns = {PATH: [], **{str(other): [] for other in others}}

    def images() -> Iterator[tuple[str, bytes]]:
        for number, line in enumerate(io.BytesIO(data)):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                image = base64.b64decode(_base64(row.get(key)))
            except (ValueError, RecursionError, AttributeError, binascii.Error):
                row, image = {}, b""
            told = _named(name, number, None)
            result.columns[PATH].append(told)
            for other in others:
                cell = row.get(other)
                result.columns[str(other)].append("" if cell is None else str(cell)[:1000].strip())
            yield told, image

    result.images = images()
    return result


def _base64(cell: object) -> str:
    """The text of an image, without what says that it is one; "" if it is none."""
    if not isinstance(cell, str):
        return ""
    text = cell.split(",", 1)[1] if cell.startswith("data:image") and "," in cell else cell
    return text if len(text) > 50 and text.startswith(BEGINNINGS) else ""
