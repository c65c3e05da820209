"""Damage outside of the pixels costs no image; where pixels are lost, it is said how many."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError
from core.importing.intake import Rejected, inspect
from core.modalities.images.preprocessing import decode, read
from core.modalities.images.repair import END, MOST_LOST, NOTES, mended

SIZE = (160, 120)
RANDOM = np.random.default_rng(0)
SOFT = Image.fromarray(RANDOM.integers(0, 255, (9, 12, 3), dtype=np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
PHOTO = Image.fromarray((np.asarray(SOFT) + RANDOM.normal(0, 4, (120, 160, 3))).clip(0, 255).astype(np.uint8))


def encoded(format: str, image: Image.Image = PHOTO, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def chunk(name: bytes, body: bytes, damage: int = 0) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) ^ damage)


PNG = encoded("PNG")
HEAD, REST = PNG[:33], PNG[33:]  # the first chunk, and all others
LONG = zlib.compress(bytes(70 * 2**20))
NOTED = {
    "a long text": HEAD + chunk(b"zTXt", b"prompt\0\0" + LONG) + REST,
    "a long international text": HEAD + chunk(b"iTXt", b"prompt\0\1\0\0\0" + LONG) + REST,
    "a long profile": HEAD + chunk(b"iCCP", b"profile\0\0" + LONG) + REST,
    "a wrong checksum of a text": HEAD + chunk(b"tEXt", b"Comment\0hello", damage=5) + REST,
    "a wrong checksum of a time": HEAD + chunk(b"tIME", bytes(7), damage=5) + REST,
    "a wrong checksum behind the pixels": PNG[:-12] + chunk(b"tEXt", b"Comment\0hello", damage=5) + PNG[-12:],
    "damaged EXIF": HEAD + chunk(b"eXIf", b"MM\0*" + b"\xff" * 40) + REST,
    "a damaged background": HEAD + chunk(b"bKGD", b"1") + REST,
    "a damaged gamma": HEAD + chunk(b"gAMA", b"") + REST,
    "damaged places": HEAD + chunk(b"cHRM", b"\0\1\2") + REST,
    "a text that is none": HEAD + chunk(b"iTXt", b"\0\0") + REST,
    "no end": PNG[:-12],
    "half an end": PNG[:-5],
    "junk behind it": PNG + b"<html>" * 100,
    "zeros behind it": PNG + bytes(5000),
    "junk in place of the end": PNG[:-12] + b"\0\0<!DOCTYPE html>",
}


@pytest.mark.parametrize("damage", NOTED)
def test_a_png_is_read_from_its_pixels(damage):
    found = read(NOTED[damage])
    assert np.array_equal(found.image, PHOTO) and found.size == SIZE
    assert not isinstance(inspect("a.png", NOTED[damage]), Rejected)


def test_what_was_passed_over_is_told():
    assert read(NOTED["a long text"]).mended == (NOTES,)
    assert read(PNG).mended == ()


def test_a_palette_and_what_is_transparent_in_it_stay():
    image = PHOTO.quantize(16)
    data = encoded("PNG", image, transparency=3)
    damaged = data[:33] + chunk(b"tEXt", b"a\0b", damage=1) + data[33:]
    assert np.array_equal(decode(damaged), decode(data))


def test_damaged_pixels_of_a_png_are_refused():
    for damaged in (PNG[:2000] + bytes(400) + PNG[2400:], PNG[: len(PNG) // 2]):
        with pytest.raises(DataError, match="broken|cut short"):
            decode(damaged)


def test_a_png_without_its_last_rows_is_read_and_it_is_told():
    found = read(PNG[: int(len(PNG) * 0.96)])
    assert found.mended == (END,)
    assert np.array_equal(np.asarray(found.image)[:105], np.asarray(PHOTO)[:105])


# JPEG -----------------------------------------------------------------------------------------------------------------

JPEGS = {
    "baseline": {},
    "thorough": {"quality": 95, "subsampling": 0},
    "restarts": {"restart_marker_rows": 1},
    "progressive": {"progressive": True},
    "grey": {"image": PHOTO.convert("L")},
    "print": {"image": PHOTO.convert("CMYK")},
}


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("cut", [1, 2, 3, 20, 150])
@pytest.mark.parametrize("at_least", [None, 20])
def test_a_jpeg_without_its_last_bytes_is_read_and_it_is_told(kind, cut, at_least):
    data = encoded("JPEG", **JPEGS[kind])
    whole, found = decode(data, at_least), read(data[:-cut], at_least)
    assert END in found.mended and found.size == SIZE
    apart = np.abs(np.asarray(found.image, int) - np.asarray(whole)).mean(axis=2)
    assert (apart > 12).mean() < 0.1


@pytest.mark.parametrize("kind", [kind for kind in JPEGS if kind != "progressive"])
@pytest.mark.parametrize("left", [0.3, 0.6, 0.8])
def test_a_jpeg_that_lost_a_real_part_is_refused_and_it_is_said_how_much(kind, left):
    data = encoded("JPEG", **JPEGS[kind])
    begins = data.index(b"\xff\xda")
    with pytest.raises(DataError, match=r"cut short: about \d+% of its pixels are missing") as said:
        decode(data[: begins + int((len(data) - begins) * left)])
    lost = int(str(said.value).split("about ")[1].split("%")[0]) / 100
    assert lost > MOST_LOST and abs(lost - (1 - left)) < 0.15


def test_a_progressive_jpeg_of_which_the_fine_parts_never_came_is_refused():
    data = encoded("JPEG", progressive=True)
    for left in (0.1, 0.3):
        with pytest.raises(DataError, match="cut short"):
            decode(data[: int(len(data) * left)])


def test_a_jpeg_stays_upright_without_its_end():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded("JPEG", exif=exif)
    found = read(data[:-3])
    assert found.size == SIZE[::-1] and set(found.mended) == {"turned upright", END}


def segment(marker: int, body: bytes, size: int | None = None) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2 if size is None else size) + body


JPEG = encoded("JPEG")
NOTES_OF_JPEG = {
    "a wrong length": JPEG[:2] + segment(0xE1, b"Exif\0\0" + bytes(40), size=60_000) + JPEG[2:],
    "no length": JPEG[:2] + segment(0xE1, b"Exif\0\0", size=0) + JPEG[2:],
    "a damaged preview": JPEG[:2] + segment(0xED, b"Photoshop 3.0\x008BIM" + b"\xff" * 9) + JPEG[2:],
    "several images that are none": JPEG[:2] + segment(0xE2, b"MPF\0II*\0" + b"\xff" * 20) + JPEG[2:],
    "half a profile": JPEG[:2] + segment(0xE2, b"ICC_PROFILE\0\1\5" + bytes(20)) + JPEG[2:],
    "junk behind it": JPEG + b"\xff\xd8junk" * 200,
    "zeros behind it": JPEG + bytes(3000),
}


@pytest.mark.parametrize("damage", NOTES_OF_JPEG)
@pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO")
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_notes_cost_no_jpeg(damage):
    assert np.array_equal(decode(NOTES_OF_JPEG[damage]), decode(JPEG))


# Others ---------------------------------------------------------------------------------------------------------------


def riff(*chunks: tuple[bytes, bytes], more: int = 0) -> bytes:
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + more) + body


def test_damaged_notes_cost_no_webp():
    data = encoded("WEBP", lossless=True)
    pixels = data[20 : 20 + int.from_bytes(data[16:20], "little")]
    head = bytes([0b00101100, 0, 0, 0]) + (SIZE[0] - 1).to_bytes(3, "little") + (SIZE[1] - 1).to_bytes(3, "little")
    for damaged in (
        riff((b"VP8X", head), (b"ICCP", b"no profile"), (b"VP8L", pixels), (b"EXIF", b"\xff" * 9)),
        riff((b"VP8X", head), (b"VP8L", pixels), (b"XMP ", bytes(90)), more=500),
        riff((b"VP8X", head), (b"VP8L", pixels), (b"EXIF", bytes(900)))[:-400],
        data + b"junk",
    ):
        assert np.array_equal(decode(damaged), PHOTO)


def test_a_bmp_without_its_last_bytes_is_read_and_half_of_one_is_not():
    data = encoded("BMP")
    found = read(data[:-100])
    assert found.mended == (END,) and np.array_equal(np.asarray(found.image)[1:], np.asarray(PHOTO)[1:])
    with pytest.raises(DataError, match="50% of its pixels are missing"):
        decode(data[: len(data) // 2])


def test_a_gif_without_its_end_or_with_a_damaged_second_frame_is_read():
    frames = [PHOTO.quantize(16), PHOTO.transpose(Image.Transpose.FLIP_LEFT_RIGHT).quantize(16)]
    alone, moving = encoded("GIF", frames[0]), encoded("GIF", frames[0], save_all=True, append_images=frames[1:])
    for damaged in (alone[:-1], alone + b"junk", moving[:-300]):
        assert np.array_equal(decode(damaged), decode(alone))


@pytest.mark.filterwarnings("ignore:Tag data larger than file")
def test_damaged_notes_cost_no_tiff():
    data = encoded("TIFF", tiffinfo={270: "a description", 305: "a program"})
    at = data.index(struct.pack("<HH", 270, 2))
    damaged = data[: at + 4] + b"\xff\xff\xff\x7f" + data[at + 8 :]  # a text of two gigabytes
    assert np.array_equal(decode(damaged), PHOTO)


def test_nothing_is_made_of_what_is_no_image():
    for data in (b"", b"\xff\xd8", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF0000WEBP", b"BM", b"BM" + bytes(60)):
        assert list(mended(data)) == []
        with pytest.raises(DataError):
            decode(data)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "JPEG2000"])
def test_mutations_are_read_or_refused_in_words(format):
    data, random = encoded(format), np.random.default_rng(1)
    for _ in range(40):
        mutant = bytearray(data)
        for _ in range(3):
            mutant[int(random.integers(len(mutant)))] = int(random.integers(256))
        mutant = mutant[: int(random.integers(1, len(mutant) + 1))] if random.random() < 0.3 else mutant
        assert inspect("a", bytes(mutant)) is not None


# What is laid on a ground, and pages ----------------------------------------------------------------------------------


def test_jpeg_2000_is_read_and_at_a_smaller_scale_where_that_is_enough():
    large = PHOTO.resize((640, 480), Image.Resampling.BICUBIC)
    data = encoded("JPEG2000", large, num_resolutions=5)
    assert decode(data).size == (640, 480) and read(data, at_least=40).size == (640, 480)
    small = decode(data, at_least=40)
    assert small.size == (160, 120)
    assert np.abs(np.asarray(small, int) - np.asarray(large.resize((160, 120), Image.Resampling.BOX))).mean() < 4
    assert decode(encoded("JPEG2000", large, num_resolutions=1), at_least=40).size == (640, 480)


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"), (bytes(128) + b"DICM", "DICOM"), (b"8BPS\0\1", "Photoshop")],
)
def test_what_cannot_be_read_is_called_by_its_name(data, name):
    with pytest.raises(DataError, match=name):
        decode(data + bytes(50))
