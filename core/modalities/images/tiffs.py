"""What Pillow leaves undone with TIFF files: their further pages, and numbers for which it has no mode.

A TIFF is a header and a chain of pages; a page is a list of tags, of which some say where its strips or tiles lie.
What is done here rearranges tags and strips: the decoding itself is left to libtiff, through Pillow.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from PIL import Image

from core.errors import DataError

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MOST_PAGES = 10_000
MOST_BYTES = 2**28  # of decoded numbers of one page
MOST_TAG_BYTES = 2**24
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
CODES = {1: "B", 3: "H", 4: "I", 16: "Q"}
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, SAMPLES = 256, 257, 258, 259, 262, 273, 277
ROWS_PER_STRIP, STRIP_SIZES, PLANAR, PREDICTOR, TILE_WIDTH, TILES, TILE_SIZES = 278, 279, 284, 317, 322, 324, 325
ORIENTATION = 274
EXTRA_SAMPLES, SAMPLE_FORMAT, NO_DATA = 338, 339, 42113
OLD_JPEG = 6  # whose strips are not all that it needs
KINDS = {1: "u", 2: "i", 3: "f"}
NAMES = {"u": "unsigned integers", "i": "integers", "f": "floats"}


@dataclass(frozen=True)
class Page:
    """order: of bytes, "<" or ">". tags: (type, count, bytes) of each."""

    order: str
    tags: dict[int, tuple[int, int, bytes]]

    def numbers(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        kind, count, data = self.tags.get(tag, (0, 0, b""))
        return struct.unpack(f"{self.order}{count}{CODES[kind]}", data) if kind in CODES else default

    def number(self, tag: int, default: int = 0) -> int:
        return (self.numbers(tag) or (default,))[0]

    def with_numbers(self, **said: tuple[int, ...]) -> Page:
        """tags by their number as `t256`; nothing removes one."""
        tags = dict(self.tags)
        for name, values in said.items():
            tags.pop(int(name[1:]), None)
            if values:
                tags[int(name[1:])] = (4, len(values), struct.pack(f"{self.order}{len(values)}I", *values))
        return replace(self, tags=tags)

    @property
    def places(self) -> list[tuple[int, int]]:
        """Where its strips or tiles begin in the file, and their sizes."""
        tiled = TILES in self.tags
        at, sizes = (self.numbers(tag) for tag in ((TILES, TILE_SIZES) if tiled else (STRIPS, STRIP_SIZES)))
        return list(zip(at, sizes))


def is_tiff(data: bytes) -> bool:
    return data[:4] in SIGNATURES


def page_places(data: bytes) -> list[int]:
    """Where the pages' tags begin in the file. A chain that is damaged, or bites its tail, ends there."""
    if not is_tiff(data):
        return []
    order, big = _form(data)
    found: list[int] = []
    seen = set[int]()
    at = _unpack(order + ("Q" if big else "I"), data, 8 if big else 4)
    while at and at not in seen and len(found) < MOST_PAGES:
        count = _unpack(order + ("Q" if big else "H"), data, at)
        if not count:
            break
        found.append(at)
        seen.add(at)
        at = _unpack(order + ("Q" if big else "I"), data, at + (8 + 20 * count if big else 2 + 12 * count))
    return found


def page_at(data: bytes, at: int) -> Page:
    """
    Raises:
        ValueError: the tags are damaged.
    """
    order, big = _form(data)
    head, step, inside = (8, 20, 8) if big else (2, 12, 4)
    count = _unpack(order + ("Q" if big else "H"), data, at)
    if not 0 < count <= 4096:
        raise ValueError("no tags")
    tags: dict[int, tuple[int, int, bytes]] = {}
    for start in range(at + head, at + head + step * count, step):
        entry = data[start : start + step]
        if len(entry) < step:
            raise ValueError("the tags are cut short")
        tag, kind = struct.unpack(order + "HH", entry[:4])
        many = _unpack(order + ("Q" if big else "I"), entry, 4)
        size = SIZES.get(kind, 0) * many
        value = entry[-inside:]
        if size > inside:
            where = _unpack(order + ("Q" if big else "I"), value, 0)
            value = data[where : where + size] if size <= MOST_TAG_BYTES else b""
        if size and len(value) >= size:  # what is damaged is passed over: it may not be needed
            tags[tag] = kind, many, value[:size]
    return Page(order, tags)


def pages(data: bytes) -> Iterator[bytes]:
    """Each page as a TIFF of its own, its pixels compressed as they were.

    Raises:
        ValueError: a page cannot be taken out.
    """
    for at in page_places(data):
        page = page_at(data, at)
        if page.number(COMPRESSION) == OLD_JPEG:
            raise ValueError("old JPEG")
        yield _alone(page, [data[start : start + size] for start, size in page.places])


def values(data: bytes) -> np.ndarray | None:
    """The first page's numbers, (H, W) or (H, W, 3), if it has 16, 32 or 64 bits a value; None if not.

    Raises:
        DataError: it is something else than grey or RGB, or too large.
        ValueError: it is damaged.
    """
    places = page_places(data)
    if not places:
        return None
    page = page_at(data, places[0])
    width, height, channels = page.number(WIDTH), page.number(HEIGHT), page.number(SAMPLES, 1)
    bits, formats = set(page.numbers(BITS, (1,))), set(page.numbers(SAMPLE_FORMAT, (1,)))
    if len(bits) != 1 or len(formats) != 1 or min(bits) not in (16, 32, 64) or not formats <= KINDS.keys():
        return None
    kind = np.dtype(f"{page.order}{KINDS[min(formats)]}{min(bits) // 8}")
    colours = page.number(PHOTOMETRIC) == 2 and channels >= 3
    if not colours and channels - len(page.numbers(EXTRA_SAMPLES)) > 1 or channels > 4:
        raise DataError(
            f"This TIFF has {channels} channels of {min(bits)}-bit {NAMES[kind.kind]}, and only grey and RGB are read. "
            "Save the channels that show it as RGB or as grey."
        )
    if width * height * channels * kind.itemsize > MOST_BYTES or not width * height * channels:
        raise DataError(
            f"The TIFF claims {width} x {height} values of {min(bits)} bits, which is too large to be read."
        )
    planes = channels if page.number(PLANAR, 1) == 2 and channels > 1 else 1
    strips = page.places
    each = len(strips) // planes
    parts = [
        _plane(data, page, strips[number * each : (number + 1) * each], kind, channels // planes)
        for number in range(planes)
    ]
    whole = np.concatenate(parts, axis=2) if planes > 1 else parts[0]
    return whole[:, :, :3] if colours else whole[:, :, 0]


def no_data(text: object) -> float | None:
    """The value that stands for none, as GDAL notes it down."""
    try:
        return float(str(text).strip("\0 "))
    except ValueError:
        return None


def _plane(data: bytes, page: Page, strips: list[tuple[int, int]], kind: np.dtype, channels: int) -> np.ndarray:
    """(H, W, channels). To libtiff each byte is a grey pixel, so that any compression is undone and nothing else."""
    width, height, bytes_each = page.number(WIDTH), page.number(HEIGHT), channels * kind.itemsize
    tile = page.number(TILE_WIDTH) if TILES in page.tags else width
    if not 0 < tile <= 2**16 + width:
        raise ValueError("no width")
    full = -(-width // tile) * tile  # as a tile's predictor needs the whole of it
    ones: dict[str, tuple[int, ...]] = dict.fromkeys(("t262", "t277", "t284", "t317", "t339"), (1,))
    grey = page.with_numbers(t256=(full * bytes_each,), t258=(8,), t274=(), t338=(), t34675=(), **ones)
    if TILES in page.tags:
        grey = grey.with_numbers(t322=(tile * bytes_each,))
    alone = _alone(grey, [data[start : start + size] for start, size in strips])
    with Image.open(BytesIO(alone), formats=["TIFF"]) as image:
        raw = np.asarray(image)
    if raw.shape != (height, full * bytes_each) or raw.dtype != np.uint8:
        raise ValueError("no raster")
    rows: np.ndarray = raw.reshape(height, full // tile, tile * bytes_each)
    predictor = page.number(PREDICTOR, 1)
    if predictor == 3:
        summed = np.cumsum(rows.reshape(*rows.shape[:2], -1, channels), axis=2, dtype=np.uint8)
        split = summed.reshape(*rows.shape[:2], kind.itemsize, tile * channels)
        rows = np.ascontiguousarray(np.moveaxis(split, 2, 3))
        kind = kind.newbyteorder(">")
    found = np.ascontiguousarray(rows).reshape(*rows.shape[:2], -1).view(kind)
    found = found.reshape(height, full // tile, tile, channels)
    if predictor == 2:
        whole = np.dtype(f"{kind.byteorder if kind.byteorder != '|' else '='}u{kind.itemsize}")
        found = np.cumsum(found.view(whole), axis=2, dtype=whole.newbyteorder("=")).view(kind.newbyteorder("="))
    return found.reshape(height, full, channels)[:, :width]


def _alone(page: Page, strips: list[bytes]) -> bytes:
    """A TIFF with this one page."""
    begins, at = [], 8
    for strip in strips:
        begins.append(at)
        at += len(strip) + len(strip) % 2
    where, sizes = ("t324", "t325") if TILES in page.tags else ("t273", "t279")
    page = page.with_numbers(**{where: tuple(begins), sizes: tuple(map(len, strips))})
    tags = {
        tag: one for tag, one in sorted(page.tags.items()) if tag not in (330, 34665, 34853)
    }  # they point elsewhere
    entries, outside = b"", b""
    after = at + 2 + 12 * len(tags) + 4
    for tag, (kind, count, value) in tags.items():
        if kind in (16, 17, 18):  # of BigTIFF alone
            numbers = struct.unpack(f"{page.order}{count}{'q' if kind == 17 else 'Q'}", value)
            kind, value = 4, struct.pack(f"{page.order}{count}I", *(number % 2**32 for number in numbers))
        entries += struct.pack(f"{page.order}HHI", tag, kind, count)
        if len(value) <= 4:
            entries += value.ljust(4, b"\0")
        else:
            entries += struct.pack(f"{page.order}I", after + len(outside))
            outside += value + b"\0" * (len(value) % 2)
    head = (b"II*\0" if page.order == "<" else b"MM\0*") + struct.pack(f"{page.order}I", at)
    body = b"".join(strip + b"\0" * (len(strip) % 2) for strip in strips)
    return head + body + struct.pack(f"{page.order}H", len(tags)) + entries + bytes(4) + outside


def _form(data: bytes) -> tuple[str, bool]:
    return ("<" if data[:1] == b"I" else ">"), b"+" in data[2:4]


def _unpack(code: str, data: bytes, at: int) -> int:
    """The number that stands there; 0 beyond the end."""
    size = struct.calcsize(code)
    if at < 0 or at + size > len(data):
        return 0
    return int(struct.unpack_from(code, data, at)[0])
