"""Take files in, one at a time: read, decode to see that it is a whole image, and keep the bytes under their hash."""

from __future__ import annotations

import builtins
import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow

from core.errors import DataError
from core.importing.annotations import ARCHIVE, LOOKED_AT, NOTES, named
from core.importing.archives.arrays import unzipped
from core.importing.archives.containers import MAGIC, Container, may_be_container, open_container
from core.importing.archives.entries import Source
from core.importing.archives.readers import ARCHIVE_ENDINGS
from core.importing.layout import is_junk
from core.importing.tables.cells import is_table, may_be_table
from core.importing.tables.encodings import readable
from core.importing.tables.reading import Pages
from core.limits import Limits
from core.modalities import IMAGE, Modality
from core.modalities.images.deep import Samples, window_of
from core.modalities.images.near_duplicates import LOOK_BYTES, contrast, look
from core.modalities.images.preprocessing import EMPTY, GROUNDS, ONE_COLOUR, PLAIN, Rendering, contrasts_on, read
from core.modalities.images.tiffs import page_places
from core.modalities.images.tiffs import pages as pages_of
from core.progress import Cancelled, OnProgress, Progress, WorkStopped
from core.units import file_size
from core.words import shown_name

ENDINGS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "BMP": "bmp", "GIF": "gif"}
ENDINGS |= {"TIFF": "tif", "JPEG2000": "jp2"}
NO_LOOK = bytes(LOOK_BYTES)
CHECKED_AT = 64  # pixels of the shorter side: a reduced decode reads the whole file all the same
SECONDS_A_FILE = 120.0  # at most, and nothing honest comes near it
AHEAD = 4  # images waiting for a core, for each core
AHEAD_BYTES = 2**28  # that they may have together
BLOCK = 4_096  # images whose rows are written together
COLUMNS = ("image", "name", "width", "height", "bytes", "mended", "pages")  # the hash stands in `image`
ON = ("contrast", "on_grey", "on_black")  # contrasts on each of the `GROUNDS`
MOST_TIMES = 2  # as large as its file may the pages of a TIFF be together
ARCHIVES = (*ARCHIVE_ENDINGS, ".rar", ".7z", ".gz")


@dataclass(frozen=True, slots=True)
class Taken:
    """A whole image. name: its path in the source; image: below the dataset's `images/`; size in pixels, upright.

    contrast: see `twins.contrast`; with others on each of the `GROUNDS` if it is transparent. mended: what had to be
    done to show it upright and in colour, in words. look: see `twins.look`. values: a sample of them, if they have more
    than 8 bits. pages: that its file holds.
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
    grounds: tuple[float, ...] = ()
    values: np.ndarray | None = field(default=None, compare=False)
    pages: int = 1


@dataclass(frozen=True, slots=True)
class Rejected:
    name: str
    reason: str


@dataclass
class Intake:
    """Every file of the source, in one of these. ignored: how many files of the system nobody misses.

    notes: other files that may say something of the images, or how they begin. encoding: how names that are no UTF-8
    were read; "" if all were.
    rows: of each image, in the order of their names: `COLUMNS`, as in `Taken`, and the place of its look in `looks`,
    uint8 (N, LOOK_BYTES), mapped from a file. bare: folders with nothing in them. rendering: with which they are seen
    best, all alike.
    """

    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    looks: np.ndarray = field(default_factory=lambda: np.empty((0, LOOK_BYTES), np.uint8))
    rejected: list[Rejected] = field(default_factory=list)
    tables: list[tuple[str, bytes | pd.DataFrame]] = field(default_factory=list)
    notes: list[tuple[str, bytes]] = field(default_factory=list)
    encoding: str = ""
    ignored: int = 0
    bare: list[str] = field(default_factory=list)
    rendering: Rendering = PLAIN
    modality: Modality = IMAGE

    @property
    def files(self) -> int:
        examples = len(self.rows) if self.modality.comes_from == "file" else 0
        return examples + len(self.rejected) + len(self.tables) + len(self.notes) + self.ignored


def take(
    source: Source,
    images: Path | None,
    limits: Limits,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
    encoding: str = "",
    pages: Pages = "first",
) -> Intake:
    """Every file is an image taken in, a table that may say something of them, or rejected with a reason. A table with
    images in it is both: they are taken in, and it tells what else it says of them.

    images: where to keep the bytes, at `Taken.image`; None keeps nothing. encoding: of names that are no UTF-8, as
        someone says; "": to be found out.
        pages: "all" makes each page of a TIFF an image of its own; the second of `scan.tif` is called
        `scan.tif (page 2)`.
    """
    result = Intake()
    cores = min(16, os.cpu_count() or 1)
    waiting: deque[tuple[int, Future[list[Taken | Rejected]]]] = deque()  # with the bytes of each
    tables = ahead = 0  # bytes
    with _Rows.beside(images) as rows, _threads(cores) as pool:

        def collect(name: str, data: bytes) -> None:
            nonlocal ahead
            future = pool.submit(inspect_pages, name, data, images, pages)
            future.name = name  # type: ignore[attr-defined]  # for who waits for it in vain
            waiting.append((len(data), future))
            ahead += len(data)
            while len(waiting) > AHEAD * cores or ahead > AHEAD_BYTES:
                size, future = waiting.popleft()
                ahead -= size
                _sort_in(result, rows, _in_time(future))

        for number, entry in enumerate(source.entries, start=1):
            if cancelled is not None and cancelled():
                raise WorkStopped("The import was stopped; nothing of it was kept.")
            if is_junk(entry.name):
                result.ignored += 1
                continue
            packed = entry.name[:-3] if entry.name.lower().endswith(".gz") and is_table(entry.name[:-3]) else ""
            table = is_table(entry.name) or bool(packed) or may_be_container(entry.name)
            note = entry.name.lower().endswith(NOTES)
            try:  # an archive is read by one thread, its images are decoded by many
                if (
                    (table or may_be_table(entry.name))
                    and tables + entry.size > limits.table_bytes
                    and not entry.refused
                ):
                    raise DataError(
                        f"Together the tables have more than the {file_size(limits.table_bytes)} that are read."
                    )
                data = unzipped(entry.read(limits), limits.table_bytes) if packed else entry.read(limits)
                container = open_container(packed or entry.name, data, limits) if table else None
            except DataError as error:
                result.rejected.append(Rejected(entry.name, str(error)))
                continue
            if container is not None:
                _take_out(packed or entry.name, container, result, collect)
            elif table:
                result.tables.append((packed or entry.name, data))
                tables += len(data)
            elif note and not data.startswith(MAGIC):
                result.notes.append((entry.name, data if may_be_table(entry.name) else data[:LOOKED_AT]))
                tables += len(data) if may_be_table(entry.name) else 0
            else:
                collect(entry.name, data)
            if progress is not None:
                share = source.share() if source.share else None
                progress(Progress("Checking images", number, source.total, share))
        for _, future in waiting:
            _sort_in(result, rows, _in_time(future))
        result.rows, result.looks = rows.read()
        result.rendering = rows.rendering()
        result.rows = rendered(result.rows, result.rendering)
    result.bare = [name for name in source.bare if not is_junk(name)]
    _read_names(result, encoding)
    return result


@contextmanager
def _threads(cores: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that nobody waits for where one of them is at a file that has no end."""
    pool = ThreadPoolExecutor(cores)
    for each in [pool.submit(Event().wait, 0.01) for _ in range(cores)]:  # one that begins without memory never ends
        each.result()
    try:
        yield pool
    except _TooLong:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()


class _TooLong(DataError):
    """A file takes longer than one may."""


def _in_time(future: Future[list[Taken | Rejected]]) -> list[Taken | Rejected]:
    """
    Raises:
        _TooLong: as a file does that is made to do harm.
    """
    try:
        return future.result(SECONDS_A_FILE)
    except TimeoutError:
        name = getattr(future, "name", "")
        future.cancel()
        raise _TooLong(
            f"The file {name[-120:]!r} takes longer than the {SECONDS_A_FILE:.0f} s that one may, so nothing was kept. "
            "Leave it out, or save it again as JPEG or PNG."
        ) from None


def _take_out(name: str, container: Container, result: Intake, collect: Callable[[str, bytes], None]) -> None:
    """The images of a table that holds them, and what else it says."""
    try:
        for image, data in container.images:
            collect(image, data)
    except Exception as error:  # pyarrow has errors of its own
        words = str(error) if isinstance(error, DataError) else "The table is damaged, and what is behind was not read."
        result.rejected.append(Rejected(name, words))
    if container.columns:
        result.tables.append((name, container.table()))


def _read_names(result: Intake, encoding: str) -> None:
    """Names are known together only now, and what is no UTF-8 in them can be read."""
    names = result.rows["name"].tolist()
    others = [each.name for each in result.rejected] + [name for name, _ in (*result.tables, *result.notes)]
    read, result.encoding = readable([*names, *others, *result.bare], encoding)
    if not result.encoding:
        return
    result.rows = result.rows.assign(name=[shown_name(read(name)) for name in names])
    result.rejected = [Rejected(shown_name(read(each.name)), each.reason) for each in result.rejected]
    result.tables = [(shown_name(read(name)), data) for name, data in result.tables]
    result.notes = [(shown_name(read(name)), data) for name, data in result.notes]
    result.bare = [shown_name(read(name)) for name in result.bare]


def _sort_in(result: Intake, rows: _Rows, found: list[Taken | Rejected]) -> None:
    for one in found:
        if isinstance(one, Taken):
            rows.add(one)
        else:
            result.rejected.append(one)


class _Rows:
    """Images taken in. What is known of them goes to files without a name, so that memory stays flat."""

    def __init__(self, rows: IO[bytes], looks: IO[bytes]) -> None:
        self.rows, self.looks, self.last = rows, looks, list[Taken]()
        self.writer: Any = None  # begun with the first rows, which have the types
        self.samples, self.vanish = Samples(), np.zeros(len(GROUNDS), int)

    @classmethod
    @contextmanager
    def beside(cls, images: Path | None) -> Iterator[_Rows]:
        folder = images and images.parent
        with TemporaryFile(dir=folder) as rows, TemporaryFile(dir=folder) as looks:
            yield cls(rows, looks)

    def add(self, one: Taken) -> None:
        self.looks.write(one.look)
        self.last.append(replace(one, look=b""))
        if one.values is not None:
            self.samples.add(one.values)
        if one.grounds:
            self.vanish += np.array(one.grounds) < ONE_COLOUR
        if len(self.last) == BLOCK:
            self._write()

    def _write(self) -> None:
        rows = pd.DataFrame({name: [getattr(one, name) for one in self.last] for name in COLUMNS})
        for number, name in enumerate(ON):
            rows[name] = [one.grounds[number] if one.grounds else one.contrast for one in self.last]
        windows = [(0.0, float("nan")) if one.values is None else window_of([one.values]) for one in self.last]
        rows["span"] = [high - low for low, high in windows]
        batch = pyarrow.RecordBatch.from_pandas(rows, preserve_index=False)
        self.writer = self.writer or pyarrow.ipc.new_stream(self.rows, batch.schema)
        self.writer.write_batch(batch)
        self.last.clear()

    def read(self) -> tuple[pd.DataFrame, np.ndarray]:
        """The images and the looks of an `Intake`."""
        if self.last or self.writer is None:
            self._write()
        self.writer.close()
        rows = pyarrow.ipc.open_stream(pyarrow.py_buffer(_mapped(self.rows))).read_pandas()
        rows = rows.assign(look=range(len(rows))).sort_values("name", kind="stable", ignore_index=True)
        return rows, _mapped(self.looks).reshape(-1, LOOK_BYTES)

    def rendering(self) -> Rendering:
        """White is the ground unless more of them can be seen on another."""
        return Rendering(window=self.samples.window(), ground=GROUNDS[int(self.vanish.argmin())])


def rendered(rows: pd.DataFrame, rendering: Rendering) -> pd.DataFrame:
    """The rows with their contrast as they are then seen."""
    contrast = rows[ON[GROUNDS.index(rendering.ground)]]
    if rendering.window is not None:
        low, high = rendering.window
        contrast = (contrast * (rows["span"] / (high - low)).fillna(1.0)).clip(upper=127.5)
    return rows.assign(contrast=contrast).drop(columns=[*ON[1:], "span"])


def _mapped(file: IO[bytes]) -> np.ndarray:
    file.flush()
    return np.memmap(file, np.uint8, "r") if file.tell() else np.empty(0, np.uint8)  # as nothing cannot be mapped


def inspect_pages(name: str, data: bytes, images: Path | None, pages: Pages) -> list[Taken | Rejected]:
    """The same of each page, if they are wanted."""
    places = page_places(data) if pages == "all" else []
    if len(places) < 2:
        return [inspect(name, data, images)]
    found: list[Taken | Rejected] = []
    left = MOST_TIMES * len(data) + 2**16  # as pages may share their strips
    try:
        for number, page in enumerate(pages_of(data), start=1):
            left -= len(page)
            if left < 0:
                found.append(
                    Rejected(name, f"Its pages share their pixels. Of {len(places):,}, {number - 1:,} are taken.")
                )
                break
            found.append(inspect(f"{name} (page {number})" if number > 1 else name, page, images))
    except ValueError:
        return [inspect(name, data, images)]  # which tells how many pages there are
    return found


def inspect(name: str, data: bytes, images: Path | None = None) -> Taken | Rejected:
    """Whether the bytes are a whole image, or begin with one. images: where to keep them, as for `take`."""
    if not data:
        return Rejected(name, EMPTY)
    try:
        found = read(data, at_least=CHECKED_AT)
    except DataError as error:
        words = named(name, data) or (ARCHIVE if name.lower().endswith(ARCHIVES) else "")
        return Rejected(name, f"It is {words}." if words and error.args[0] != EMPTY else str(error))
    sha256 = hashlib.sha256(data).hexdigest()
    image = f"{sha256[:2]}/{sha256}.{ENDINGS.get(found.format, found.format.lower() or 'image')}"
    if images is not None:
        _keep(images / image, data)
    grounds = tuple(contrasts_on(found.clear)) if found.clear is not None else ()
    return Taken(
        *(name, image, sha256, len(data), *found.size, contrast(found.image), ", ".join(found.mended)),
        look=look(found.image, min(found.size)),
        grounds=grounds,
        values=found.values,
        pages=len(page_places(data)) if found.format == "TIFF" else 1,
    )


def _keep(path: Path, data: bytes) -> None:
    if not path.exists():
        path.parent.mkdir(exist_ok=True)  # not its parent: the import may have been given up
        path.write_bytes(data)
