"""Take files in, one at a time: read, decode to see that it is a whole picture, and keep the bytes under their hash."""

from __future__ import annotations

import errno
import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from core.data.layout import is_junk
from core.data.preprocessing import FORMATS, decode, orientation
from core.data.readers import Entry, Limits
from core.errors import DataError

ENDINGS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "BMP": "bmp", "GIF": "gif", "TIFF": "tif"}
CHECKED_AT = 64  # pixels of the shorter side: a reduced decode reads the whole file all the same
READ_AHEAD = 8


@dataclass(frozen=True)
class Progress:
    """phase: what is being done, in a word or two; done of total, None while the total is unknown."""

    phase: str
    done: int
    total: int | None = None


OnProgress = Callable[[Progress], None]
Cancelled = Callable[[], bool]


class ImportCancelled(DataError):
    """Someone stopped the import; nothing of it is left."""


@contextmanager
def disk_in_words() -> Iterator[None]:
    """What the disk refuses in the block becomes a DataError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DataError("The disk is full. Make room where Graft keeps its workspace, then try again.") from error
        where = f" {error.filename}" if error.filename else ""
        raise DataError(f"The disk refused to read or write{where} ({error.strerror or error}).") from error


@dataclass(frozen=True)
class Taken:
    """A whole picture. name: its path in the source; image: below the dataset's `images/`; size in pixels, upright."""

    name: str
    image: str
    sha256: str
    bytes: int
    width: int
    height: int


@dataclass(frozen=True)
class Rejected:
    name: str
    reason: str
    link: bool = False


def take(
    entries: Sequence[Entry],
    images: Path | None,
    limits: Limits,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> tuple[list[Taken], list[Rejected], int]:
    """Every entry is a picture taken in, rejected with a reason, or a system's own file, which is only counted.

    images: where to keep the bytes, at `Taken.image`; None keeps nothing.
    """
    wanted = [entry for entry in entries if not is_junk(entry.name)]
    results: list[Taken | Rejected] = []
    waiting: deque[Future[Taken | Rejected]] = deque()
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for number, entry in enumerate(wanted):
            if cancelled is not None and cancelled():
                raise ImportCancelled("The import was stopped; nothing of it was kept.")
            try:  # an archive is read by one thread, its pictures are decoded by many
                data = b"" if entry.link else entry.read(limits)
                waiting.append(pool.submit(_inspect, entry, data, images))
            except DataError as error:
                results.append(Rejected(entry.name, str(error)))
            while len(waiting) > READ_AHEAD:
                results.append(waiting.popleft().result())
            if progress is not None:
                progress(Progress("Checking pictures", number + 1, len(wanted)))
        results += [future.result() for future in waiting]
    taken = sorted((result for result in results if isinstance(result, Taken)), key=lambda taken: taken.name)
    rejected = [result for result in results if isinstance(result, Rejected)]
    return taken, rejected, len(entries) - len(wanted)


def _inspect(entry: Entry, data: bytes, images: Path | None) -> Taken | Rejected:
    if entry.link:
        return Rejected(entry.name, "It is a link, and links are not followed.", link=True)
    if not data:
        return Rejected(entry.name, "The file is empty.")
    try:
        decode(data, at_least=CHECKED_AT)
    except DataError as error:
        return Rejected(entry.name, str(error))
    width, height, ending = _measure(data)
    sha256 = hashlib.sha256(data).hexdigest()
    image = f"{sha256[:2]}/{sha256}.{ending}"
    if images is not None:
        _keep(images / image, data)
    return Taken(entry.name, image, sha256, len(data), width, height)


def _measure(data: bytes) -> tuple[int, int, str]:
    with Image.open(BytesIO(data), formats=FORMATS) as header:
        lying = orientation(header) >= 5
        width, height = header.size[::-1] if lying else header.size
        return width, height, ENDINGS.get(header.format or "", (header.format or "image").lower())


def _keep(path: Path, data: bytes) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
