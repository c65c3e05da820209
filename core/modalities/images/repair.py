"""Files with damage outside of their pixels, made such that Pillow reads them.

Browsers show them, so people have them: notes and profiles that are too long or damaged, junk behind the end, an end
that is missing. Where pixels themselves are lost it is said how many, and beyond a tenth of them nothing is mended.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO

import numpy as np
from PIL import Image

from core.errors import DataError
from core.modalities.images.tiffs import is_tiff, pages

MOST_LOST = 0.1  # of the pixels
NOTES, END = "damaged notes passed over", "end of the file missing"
PNG, EOI = b"\x89PNG\r\n\x1a\n", b"\xff\xd9"
NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
NOISE = np.random.default_rng(0).integers(0, 255, 4096, np.uint8).tobytes()  # without 0xFF, which begins a marker
MOST_BYTES = 2**28
BLOCK = 8  # rows of pixels that come together, at least
LARGE = 4_000_000  # pixels, of which every fourth is enough to see what is missing


def mended(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Ways to read a file that could not be read as it is, the most careful first, and in words what is wrong with it.

    Raises:
        DataError: too much of its pixels is lost.
    """
    if data.startswith(PNG):
        yield from _of_png(data)
    elif data[:2] == b"\xff\xd8":
        yield from _of_jpeg(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        yield from _of_webp(data)
    elif is_tiff(data):
        with suppress(ValueError):
            yield next(pages(data), b""), NOTES  # what is damaged among its tags is left out
    elif data[:2] == b"BM":
        yield from _of_bmp(data)


def _refuse_if_much(lost: float) -> None:
    if lost > MOST_LOST:
        raise DataError(
            f"The image is cut short: about {max(1, round(100 * lost))}% of its pixels are missing. Copy it again "
            "from where it came."
        )


# PNG ------------------------------------------------------------------------------------------------------------------


def _of_png(data: bytes) -> Iterator[tuple[bytes, str]]:
    chunks = list(_chunks(data))
    if not chunks or chunks[0][0] != b"IHDR":
        return
    if not any(name == b"IDAT" for name, _, _ in chunks):
        return
    if all(whole for name, _, whole in chunks if name in NEEDED):
        ended = any(name == b"IEND" for name, _, _ in chunks)
        yield _png((name, body) for name, body, _ in chunks), NOTES if ended else END
    body = b"".join(body for name, body, _ in chunks if name == b"IDAT")
    filled = _filled(chunks[0][1], body)
    if filled is not None:
        others = [(name, body) for name, body, _ in chunks if name not in (b"IDAT", b"IEND")]
        yield _png([*others, (b"IDAT", filled)]), END


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Name, body and whether its checksum is right, of each chunk that is needed, as far as there are any."""
    at = len(PNG)
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + size]
        if name in NEEDED:
            check = data[at + 8 + size : at + 12 + size]
            missing = len(check) < 4 and at + 12 + size > len(data)
            whole = missing if name == b"IDAT" and missing else check == struct.pack(">I", zlib.crc32(name + body))
            yield name, body, whole
        if name == b"IEND" or not name.isalpha():
            return
        at += 12 + size


def _png(chunks: Iterator[tuple[bytes, bytes]] | list[tuple[bytes, bytes]]) -> bytes:
    kept = [(name, body) for name, body in chunks if name != b"IEND"]
    parts = [PNG]
    for name, body in [*kept, (b"IEND", b"")]:
        parts += [struct.pack(">I", len(body)), name, body, struct.pack(">I", zlib.crc32(name + body))]
    return b"".join(parts)


def _filled(header: bytes, body: bytes) -> bytes | None:
    """The pixels of a PNG that is cut short, with nothing in place of what is missing. None: they are not cut short.

    Raises:
        DataError: too many are missing.
    """
    width, height, bits, colours, _, _, interlaced = struct.unpack(">IIBBBBB", header[:13])
    row = (width * bits * CHANNELS.get(colours, 4) + 7) // 8 + 1
    if interlaced or not row * height or row * height > MOST_BYTES:
        return None
    unpack = zlib.decompressobj()
    try:
        pixels = unpack.decompress(body, row * height)
    except zlib.error:
        return None
    if len(pixels) == row * height:
        return None
    _refuse_if_much(1 - len(pixels) / (row * height))
    return zlib.compress(pixels.ljust(row * height, b"\0"), 1)


# JPEG -----------------------------------------------------------------------------------------------------------------


def _of_jpeg(data: bytes) -> Iterator[tuple[bytes, str]]:
    plain, scans = _plain_jpeg(data)
    if plain is None:
        return
    if plain != data:
        yield plain, NOTES
    if plain.endswith(EOI):
        return
    _refuse_if_much(_lost(plain.rstrip(b"\xff"), scans))
    yield data.rstrip(b"\xff") + EOI, END  # with its EXIF, as far as that is whole
    yield plain.rstrip(b"\xff") + EOI, END


def _plain_jpeg(data: bytes) -> tuple[bytes | None, list[tuple[int, ...]]]:
    """Without notes (EXIF but for how the camera was held, profiles, comments); and of each scan of a progressive one
    (component, first and last coefficient). None: no pixels begin."""
    parts, scans, at, progressive, began = [data[:2]], list[tuple[int, ...]](), 2, False, False
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            at = _next_marker(data, at)
            continue
        marker, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            parts.append(EOI)
            break
        segment = data[at : at + 2 + size]
        note = 0xE0 <= marker <= 0xEF or marker == 0xFE
        if not note or (marker in (0xE0, 0xEE) and size <= 64):  # JFIF and Adobe say what the colours are
            if len(segment) < 2 + size or size < 2:
                break
            parts.append(segment)
        elif at + 2 + size >= len(data) or data[at + 2 + size] != 0xFF or size < 2:  # its own length is damaged
            at = _next_marker(data, at + 2)
            continue
        progressive |= marker in (0xC2, 0xCA)
        at += 2 + size
        if marker == 0xDA:
            began = True
            count = segment[4]
            if progressive:
                low, high = segment[5 + 2 * count], segment[6 + 2 * count]
                scans += [(segment[5 + 2 * number], low, high) for number in range(count)]
            end = _end_of_scan(data, at)
            parts.append(data[at:end])
            at = end
    return (b"".join(parts) if began else None), scans


def _next_marker(data: bytes, at: int) -> int:
    """Where the next one begins that is no note."""
    starts = [
        found for one in (b"\xff\xdb", b"\xff\xc0", b"\xff\xc2", b"\xff\xc4") if (found := data.find(one, at)) >= 0
    ]
    return min(starts, default=len(data))


def _end_of_scan(data: bytes, at: int) -> int:
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7 and data[at + 1] != 0xFF:
            return at
        at += 1
    return len(data)


def _lost(cut: bytes, scans: list[tuple[int, ...]]) -> float:
    """The share of the pixels that the bytes do not tell: those from the first on that other bytes
    behind them would change.

    Of a progressive one the last scan is cut; those before it must tell the brightness in full.
    """
    if scans:
        first = scans[0][0]
        told = set[int]()
        for component, low, high in scans[:-1]:
            told |= set(range(low, high + 1)) if component == first else set()
        return 0.0 if len(told) == 64 else 1.0
    seen = []
    for tail in (b"", NOISE):
        with Image.open(BytesIO(cut + tail + EOI), formats=["JPEG"]) as image:
            if image.width * image.height > LARGE:
                image.draft("L", (image.width // 4, image.height // 4))
            seen.append(np.asarray(image).reshape(image.height, image.width, -1))
    differs = (seen[0] != seen[1]).any(axis=2)
    if not differs.any():
        return 0.0
    height, width = differs.shape
    first = int(differs.any(axis=1).argmax())  # from there on, as pixels come row by row of blocks
    band = differs[first : first + BLOCK].any(axis=0)
    return max(0.0, height - first - BLOCK * int(band.argmax()) / width) / height


# WebP and BMP ---------------------------------------------------------------------------------------------------------


def _of_webp(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Without profile, EXIF and XMP, and as long as it is."""
    parts, at, pixels = list[bytes](), 12, False
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        chunk = data[at : at + 8 + size]
        if len(chunk) < 8 + size:
            break
        if name == b"VP8X" and size >= 10:
            chunk = chunk[:8] + bytes([chunk[8] & 0b00010010]) + chunk[9:]  # alpha and animation alone
        if name in (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"):
            parts.append(chunk + b"\0" * (size % 2))
            pixels |= name in (b"VP8 ", b"VP8L", b"ANMF")
        at += 8 + size + size % 2
    if pixels:
        body = b"WEBP" + b"".join(parts)
        yield b"RIFF" + struct.pack("<I", len(body)) + body, NOTES


def _of_bmp(data: bytes) -> Iterator[tuple[bytes, str]]:
    """With nothing in place of the rows that are missing."""
    if len(data) < 54:
        return
    begins, _, width, height, _, bits, packed = struct.unpack_from("<IIiiHHI", data, 10)
    needed = (abs(width) * bits + 31) // 32 * 4 * abs(height)
    if packed not in (0, 3) or not 0 < needed <= MOST_BYTES or begins + needed <= len(data):
        return
    _refuse_if_much(1 - max(0, len(data) - begins) / needed)
    yield data.ljust(begins + needed, b"\0"), END
