"""Take files in, one at a time: read, decode to see that it is a whole picture, and keep the bytes under their hash."""

from __future__ import annotations

import builtins
import errno
import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow
from PIL import Image

from core.data.annotations import LOOKED_AT, NOTES, named
from core.data.containers import MAGIC, Container, open_container
from core.data.encodings import readable
from core.data.entries import Limits, Source, shown_name
from core.data.layout import is_junk
from core.data.preprocessing import EMPTY, FORMATS, MORE_THAN_8_BITS, decode, orientation
from core.data.readers import ARCHIVE_ENDINGS
from core.data.tables import is_table, may_be_table
from core.data.twins import LOOK_BYTES, contrast, look
from core.errors import DataError
from core.units import file_size

ENDINGS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "BMP": "bmp", "GIF": "gif", "TIFF": "tif"}
NO_LOOK = bytes(LOOK_BYTES)
CHECKED_AT = 64  # pixels of the shorter side: a reduced decode reads the whole file all the same
AHEAD = 4  # pictures waiting for a core, for each core
AHEAD_BYTES = 2**28  # that they may have together
BLOCK = 4_096  # pictures whose rows are written together
COLUMNS = ("image", "name", "width", "height", "bytes", "contrast", "mended")  # the hash stands in `image`
ARCHIVES = (*ARCHIVE_ENDINGS, ".rar", ".7z", ".gz")


@dataclass(frozen=True)
class Progress:
    """phase: what is being done, in a word or two; done of total, None while the total is unknown.

    share: how much of it is done, 0 to 1, where this is known better than by `total`.
    """

    phase: str
    done: int
    total: int | None = None
    share: float | None = None


OnProgress = Callable[[Progress], None]
Cancelled = Callable[[], bool]


class ImportCancelled(DataError):
    """Someone stopped the import; nothing of it is left."""


@contextmanager
def disk_in_words(where: str = "where Graft keeps its workspace") -> Iterator[None]:
    """What the disk refuses in the block becomes a DataError that says what to do, and where."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DataError(f"The disk is full. Make room {where}, then try again.") from error
        file = f" {Path(error.filename).name!r}" if error.filename else ""
        raise DataError(f"The disk refused to read or write{file} ({error.strerror or error}).") from error


@dataclass(frozen=True, slots=True)
class Taken:
    """A whole picture. name: its path in the source; image: below the dataset's `images/`; size in pixels, upright.

    contrast: see `twins.contrast`. mended: what had to be done to show it upright and in colour, in words. look: see
    `twins.look`.
    """

    name: str
    image: str
    sha256: str
    bytes: int
    width: int
    height: int
    contrast: float = 99.0
    mended: str = ""
    look: builtins.bytes = NO_LOOK


@dataclass(frozen=True, slots=True)
class Rejected:
    name: str
    reason: str


@dataclass
class Intake:
    """Every file of the source, in one of these. ignored: how many files of the system nobody misses.

    notes: other files that may say something of the images, or how they begin. encoding: how names that are no UTF-8
    were read; "" if all were.
    pictures: a row each, in the order of their names: `COLUMNS`, as in `Taken`, and the place of its look in `looks`,
    uint8 (N, LOOK_BYTES), mapped from a file. bare: folders with nothing in them.
    """

    pictures: pd.DataFrame = field(default_factory=pd.DataFrame)
    looks: np.ndarray = field(default_factory=lambda: np.empty((0, LOOK_BYTES), np.uint8))
    rejected: list[Rejected] = field(default_factory=list)
    tables: list[tuple[str, bytes | pd.DataFrame]] = field(default_factory=list)
    notes: list[tuple[str, bytes]] = field(default_factory=list)
    encoding: str = ""
    ignored: int = 0
    bare: list[str] = field(default_factory=list)

    @property
    def files(self) -> int:
        return len(self.pictures) + len(self.rejected) + len(self.tables) + len(self.notes) + self.ignored


def take(
    source: Source,
    images: Path | None,
    limits: Limits,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
    encoding: str = "",
) -> Intake:
    """Every file is a picture taken in, a table that may say something of them, or rejected with a reason. A table with
    images in it is both: they are taken in, and it tells what else it says of them.

    images: where to keep the bytes, at `Taken.image`; None keeps nothing. encoding: of names that are no UTF-8, as
        someone says; "": to be found out.
    """
    result = Intake()
    cores = min(16, os.cpu_count() or 1)
    waiting: deque[tuple[int, Future[Taken | Rejected]]] = deque()  # with the bytes of each
    tables = ahead = 0  # bytes
    with _Pictures.beside(images) as pictures, ThreadPoolExecutor(cores) as pool:

        def collect(name: str, data: bytes) -> None:
            nonlocal ahead
            waiting.append((len(data), pool.submit(inspect, name, data, images)))
            ahead += len(data)
            while len(waiting) > AHEAD * cores or ahead > AHEAD_BYTES:
                size, future = waiting.popleft()
                ahead -= size
                _sort_in(result, pictures, future.result())

        for number, entry in enumerate(source.entries, start=1):
            if cancelled is not None and cancelled():
                raise ImportCancelled("The import was stopped; nothing of it was kept.")
            if is_junk(entry.name):
                result.ignored += 1
                continue
            table, note = is_table(entry.name), entry.name.lower().endswith(NOTES)
            try:  # an archive is read by one thread, its pictures are decoded by many
                if (
                    (table or may_be_table(entry.name))
                    and tables + entry.size > limits.table_bytes
                    and not entry.refused
                ):
                    raise DataError(
                        f"Together the tables have more than the {file_size(limits.table_bytes)} that are read."
                    )
                data = entry.read(limits)
                container = open_container(entry.name, data, limits) if table else None
            except DataError as error:
                result.rejected.append(Rejected(entry.name, str(error)))
                continue
            if container is not None:
                _take_out(entry.name, container, result, collect)
            elif table:
                result.tables.append((entry.name, data))
                tables += len(data)
            elif note and not data.startswith(MAGIC):
                result.notes.append((entry.name, data if may_be_table(entry.name) else data[:LOOKED_AT]))
                tables += len(data) if may_be_table(entry.name) else 0
            else:
                collect(entry.name, data)
            if progress is not None:
                share = source.share() if source.share else None
                progress(Progress("Checking pictures", number, source.total, share))
        for _, future in waiting:
            _sort_in(result, pictures, future.result())
        result.pictures, result.looks = pictures.read()
    result.bare = [name for name in source.bare if not is_junk(name)]
    _read_names(result, encoding)
    return result


def _take_out(name: str, container: Container, result: Intake, collect: Callable[[str, bytes], None]) -> None:
    """The images of a table that holds them, and what else it says."""
    try:
        for image, data in container.images:
            collect(image, data)
    except Exception as error:  # pyarrow has errors of its own
        words = str(error) if isinstance(error, DataError) else "The table is damaged, and what is behind was not read."
        result.rejected.append(Rejected(name, words))
    result.tables.append((name, container.table()))


def _read_names(result: Intake, encoding: str) -> None:
    """Names are known together only now, and what is no UTF-8 in them can be read."""
    names = result.pictures["name"].tolist()
    others = [each.name for each in result.rejected] + [name for name, _ in (*result.tables, *result.notes)]
    read, result.encoding = readable([*names, *others, *result.bare], encoding)
    if not result.encoding:
        return
    result.pictures = result.pictures.assign(name=[shown_name(read(name)) for name in names])
    result.rejected = [Rejected(shown_name(read(each.name)), each.reason) for each in result.rejected]
    result.tables = [(shown_name(read(name)), data) for name, data in result.tables]
    result.notes = [(shown_name(read(name)), data) for name, data in result.notes]
    result.bare = [shown_name(read(name)) for name in result.bare]


def _sort_in(result: Intake, pictures: _Pictures, one: Taken | Rejected) -> None:
    if isinstance(one, Taken):
        pictures.add(one)
    else:
        result.rejected.append(one)


class _Pictures:
    """Pictures taken in. What is known of them goes to files without a name, so that memory stays flat."""

    def __init__(self, rows: IO[bytes], looks: IO[bytes]) -> None:
        self.rows, self.looks, self.last = rows, looks, list[Taken]()
        self.writer: Any = None  # begun with the first rows, which have the types

    @classmethod
    @contextmanager
    def beside(cls, images: Path | None) -> Iterator[_Pictures]:
        folder = images and images.parent
        with TemporaryFile(dir=folder) as rows, TemporaryFile(dir=folder) as looks:
            yield cls(rows, looks)

    def add(self, one: Taken) -> None:
        self.last.append(one)
        if len(self.last) == BLOCK:
            self._write()

    def _write(self) -> None:
        rows = pd.DataFrame({name: [getattr(one, name) for one in self.last] for name in COLUMNS})
        batch = pyarrow.RecordBatch.from_pandas(rows, preserve_index=False)
        self.writer = self.writer or pyarrow.ipc.new_stream(self.rows, batch.schema)
        self.writer.write_batch(batch)
        self.looks.write(b"".join(one.look for one in self.last))
        self.last.clear()

    def read(self) -> tuple[pd.DataFrame, np.ndarray]:
        """The pictures and the looks of an `Intake`."""
        if self.last or self.writer is None:
            self._write()
        self.writer.close()
        rows = pyarrow.ipc.open_stream(pyarrow.py_buffer(_mapped(self.rows))).read_pandas()
        rows = rows.assign(look=range(len(rows))).sort_values("name", kind="stable", ignore_index=True)
        return rows, _mapped(self.looks).reshape(-1, LOOK_BYTES)


def _mapped(file: IO[bytes]) -> np.ndarray:
    file.flush()
    return np.memmap(file, np.uint8, "r") if file.tell() else np.empty(0, np.uint8)  # as nothing cannot be mapped


def inspect(name: str, data: bytes, images: Path | None = None) -> Taken | Rejected:
    """Whether the bytes are a whole picture. images: where to keep them, as for `take`."""
    if not data:
        return Rejected(name, EMPTY)
    try:
        picture = decode(data, at_least=CHECKED_AT)
    except DataError as error:
        if name.lower().endswith(ARCHIVES):
            return Rejected(name, "It is an archive, and what is in it is not looked at. Unpack it, then import again.")
        words = named(name)
        return Rejected(name, f"It is {words}." if words and error.args[0] != EMPTY else str(error))
    width, height, ending, mended = _describe(data)
    sha256 = hashlib.sha256(data).hexdigest()
    image = f"{sha256[:2]}/{sha256}.{ending}"
    if images is not None:
        _keep(images / image, data)
    return Taken(name, image, sha256, len(data), width, height, contrast(picture), mended, look(picture))


def _describe(data: bytes) -> tuple[int, int, str, str]:
    """Width and height upright, the ending for its format, and what `decode` mended."""
    with Image.open(BytesIO(data), formats=FORMATS) as header:
        turned = orientation(header)
        width, height = header.size[::-1] if turned >= 5 else header.size
        ending = ENDINGS.get(header.format or "", (header.format or "image").lower())
        return width, height, ending, ", ".join(_mended(header, turned))


def _mended(header: Image.Image, turned: int) -> Iterator[str]:
    if turned > 1:
        yield "turned upright"
    if header.mode in ("CMYK", "YCCK", "LAB"):
        yield "print colours to screen colours"
    if header.mode in MORE_THAN_8_BITS:
        yield "16 bits to 8"
    if header.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in header.info:
        yield "transparent parts made white"
    elif header.mode == "P" and header.format != "GIF":
        yield "palette to colours"
    if header.format in ("GIF", "WEBP", "PNG", "AVIF") and getattr(header, "is_animated", False):
        yield "first picture of an animation"
    if header.format == "HEIF":
        yield "read from HEIC"


def _keep(path: Path, data: bytes) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
