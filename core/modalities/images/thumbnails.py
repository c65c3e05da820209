"""Small squares of images, a page of them at a time: decoded on all cores, remembered in memory."""

from __future__ import annotations

import io
import math
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image, ImageOps

from core.errors import DataError
from core.modalities.images.preprocessing import PLAIN, Rendering, decode

SIDE = 224  # pixels: shown at about half of that, and so sharp on sharp screens too
LARGE = 1200  # the longer side of an image shown large
REMEMBERED = 6000  # thumbnails, of about 8 kB each
BROKEN = b""

_made: OrderedDict[tuple[Path, Rendering], bytes] = OrderedDict()  # the ones asked for last are at the end
_lock = threading.Lock()


def thumbnails(paths: Sequence[Path], seconds: float = math.inf, rendering: Rendering = PLAIN) -> list[bytes | None]:
    """JPEGs of `SIDE` x `SIDE`, the middle of each image, in the order given. rendering: of their dataset.

    `BROKEN` where the file is gone or broken. None where the time ran out before the image's turn came: ask again,
    as every call makes at least one. Pillow lets go of Python's lock while it decodes, so threads use every core.
    """
    ends = time.monotonic() + seconds
    found = {path: _remembered(path, rendering) for path in paths}
    new = [path for path, thumbnail in found.items() if thumbnail is None]

    def in_time(path: Path) -> bytes | None:
        return _thumbnail(path, rendering) if path == new[0] or time.monotonic() < ends else None

    if new:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found |= zip(new, pool.map(in_time, new))
    return [found[path] for path in paths]


def large(path: Path, rendering: Rendering = PLAIN) -> bytes:
    """A JPEG of the whole image, its longer side at most `LARGE`.

    Raises:
        DataError: the file is gone or broken.
    """
    image = decode(path, LARGE // 2, rendering)
    image.thumbnail((LARGE, LARGE), Image.Resampling.LANCZOS)
    return _jpeg(image, quality=90)


def tile(path: Path, side: int, rendering: Rendering = PLAIN) -> Image.Image | None:
    """The middle of the image, `side` x `side` pixels, to be put beside others; None: the file is gone or broken."""
    try:
        return ImageOps.fit(decode(path, side, rendering), (side, side))
    except DataError:
        return None


def _remembered(path: Path, rendering: Rendering) -> bytes | None:
    with _lock:
        if (path, rendering) in _made:
            _made.move_to_end((path, rendering))
        return _made.get((path, rendering))


def _thumbnail(path: Path, rendering: Rendering) -> bytes:
    try:
        image = decode(path, SIDE // 2, rendering)  # a reduced decode has still twice that
    except DataError:
        return BROKEN  # not remembered: the file may come back
    thumbnail = _jpeg(ImageOps.fit(image, (SIDE, SIDE), Image.Resampling.BILINEAR), quality=80)
    with _lock:
        _made[path, rendering] = thumbnail
        while len(_made) > REMEMBERED:
            _made.popitem(last=False)
    return thumbnail


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
