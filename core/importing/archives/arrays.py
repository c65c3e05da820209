"""Images that are written as numbers: a row of pixels an image in a CSV (Kaggle's digits, FER2013), and the arrays of
MNIST (idx), with their answers in a file of their own."""

from __future__ import annotations

import csv
import io
import math
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from core.errors import DataError

FEWEST = 8  # pixels a side
MOST_SIDE = 1024
_HEADING = re.compile(r"(pixel|px|p|x)?[ _-]?\d+(x\d+)?", re.IGNORECASE)
_NUMBERS = re.compile(r"\s*\d{1,3}(\s+\d{1,3}){63,}\s*")
IDX = re.compile(r"(.*)(images|labels)([-.]idx[13]-ubyte)(\.gz)?$", re.IGNORECASE)
_KINDS = {"images": b"\0\0\x08\x03", "labels": b"\0\0\x08\x01"}


def unzipped(data: bytes, most: int) -> bytes:
    """What a gzip file holds.

    Raises:
        DataError: it is none, is cut short, or holds more than `most` bytes.
    """
    unpacking = zlib.decompressobj(wbits=31)
    try:
        held = unpacking.decompress(data, most + 1)
    except zlib.error as error:
        raise DataError("It is damaged: what is compressed in it cannot be read. Copy it again.") from error
    if len(held) > most:
        raise DataError(f"It would unpack to more than {most:,} bytes.")
    if not unpacking.eof:
        raise DataError("It is cut short. Copy it again.")
    return held


def png(pixels: np.ndarray) -> bytes:
    """pixels: uint8 (H, W) or (H, W, 3)."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def shaped(values: Sequence[str]) -> np.ndarray:
    """A row of pixels, 0 to 255, as a square image, grey or with three colours.

    Raises:
        ValueError: it is none.
    """
    pixels = np.array(values, dtype=np.float64)
    if pixels.min() < 0 or pixels.max() > 255:
        raise ValueError("no pixels of 8 bits")
    side = math.isqrt(len(pixels))
    shape = (side, side) if side * side == len(pixels) else (math.isqrt(len(pixels) // 3),) * 2 + (3,)
    return pixels.astype(np.uint8).reshape(shape)


# A row an image -------------------------------------------------------------------------------------------------------


def pixel_rows(text: io.TextIOBase) -> tuple[list[str], Iterator[tuple[list[str], Sequence[str]]]] | None:
    """A table whose rows are images: what its other columns are called, and of each row their cells and the pixels;
    None if it is another.
    """
    rows = csv.reader(text)
    first, second = next(rows, []), next(rows, [])
    numbers = [place for place, cell in enumerate(second) if _is_pixel(cell)]
    if len(numbers) >= FEWEST**2 and len(first) == len(second):
        return _a_cell_a_pixel(first, second, rows)
    column = next((place for place, cell in enumerate(second) if _NUMBERS.fullmatch(cell)), None)
    if column is None or len(first) != len(second):
        return None
    others = [place for place in range(len(first)) if place != column]
    lines = (row for row in _both(second, rows) if len(row) == len(first))
    return [first[place] for place in others], (
        ([row[place] for place in others], row[column].split()) for row in lines
    )


def _a_cell_a_pixel(
    first: list[str], second: list[str], rows: Iterable[list[str]]
) -> tuple[list[str], Iterator[tuple[list[str], Sequence[str]]]] | None:
    headed = not all(_is_pixel(cell) for cell in first)
    width = len(first)
    others = [place for place in range(width) if headed and not _HEADING.fullmatch(first[place].strip())]
    if not headed and not _is_image(width):
        others = [0] if _is_image(width - 1) else []
    if not _is_image(width - len(others)):
        return None
    names = [first[place] if headed else "label" for place in others]
    pixels = [place for place in range(width) if place not in others]
    every = _both(second, rows) if headed else _both(first, _both(second, rows))
    lines = (row for row in every if len(row) == width)
    return names, (([row[place] for place in others], [row[place] for place in pixels]) for row in lines)


def _both(first: list[str], rows: Iterable[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from rows


def _is_pixel(cell: str) -> bool:
    return bool(re.fullmatch(r"\s*\d{1,3}(\.0)?\s*", cell))


def _is_image(numbers: int) -> bool:
    pixels = {numbers, numbers // 3 if numbers % 3 == 0 else 0}
    return any(math.isqrt(each) ** 2 == each and FEWEST**2 <= each <= MOST_SIDE**2 for each in pixels)


# Arrays ---------------------------------------------------------------------------------------------------------------


def idx(
    name: str, data: bytes, most: int
) -> tuple[Callable[[], Iterator[tuple[str, bytes]]], dict[str, list[str]]] | None:
    """The images of a file in MNIST's form, or the table of a file with its labels, which names them; None if the name
    is of something else.

    Raises:
        DataError: it is damaged, or holds something else than its name says.
    """
    match = IDX.fullmatch(name)
    if match is None:
        return None
    before, what, _, packed = match.groups()
    held = unzipped(data, most) if packed else data
    kind = what.lower()
    if held[:4] != _KINDS[kind]:
        raise DataError("It is called like a file of MNIST and holds something else. Copy it again.")
    axes = 3 if kind == "images" else 1
    shape = tuple(int(size) for size in np.frombuffer(held, ">u4", axes, 4))
    if len(held) != 4 + 4 * axes + math.prod(shape):
        raise DataError("It is cut short. Copy it again.")
    values = np.frombuffer(held, np.uint8, offset=4 + 4 * axes).reshape(shape)
    names = [f"{before}images/{number:06}.png" for number in range(shape[0])]
    if kind == "images":
        return (lambda: ((name, png(pixels)) for name, pixels in zip(names, values))), {}
    base = PurePosixPath(before).name.lower() or "train"
    split = "test" if base.startswith(("t10k", "test")) else "train"
    return (lambda: iter(())), {
        "file_name": names,
        "label": [str(one) for one in values.tolist()],
        "split": [split] * len(names),
    }
