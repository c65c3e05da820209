"""Faults of images, as the report tells them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from core.errors import DataError
from core.importing.importing import check
from core.modalities.images import preprocessing
from core.modalities.images.preprocessing import FORMATS
from tests.conftest import image


def encoded(image, format="PNG", **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def found(make_zip, files):
    report = check(make_zip({"red": 12, "blue": 12}, files))
    return {one.kind: one for one in report.findings}


def test_one_colour_and_odd_shapes(make_zip):
    files = {
        "red/black.png": encoded(Image.new("RGB", (60, 60))),
        "red/long.jpg": image("red", 1, size=(400, 40)),
        "red/tiny.jpg": image("red", 2, size=(6, 6)),
    }
    kinds = found(make_zip, files)
    assert kinds["one colour"].files == ["red/black.png"]
    assert sorted(kinds["odd size"].files) == ["red/long.jpg", "red/tiny.jpg"]


def gif():
    frames = [Image.effect_noise((40, 40), 60 + n).convert("P") for n in range(5)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def upright(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    return encoded(Image.effect_noise((60, 40), 90).convert("RGB"), "JPEG", exif=exif)


MENDED = {
    "turned.jpg": (upright(6), "turned upright"),
    "print.jpg": (encoded(Image.effect_noise((40, 40), 80).convert("RGB").convert("CMYK"), "JPEG"), "print colours"),
    "deep.png": (encoded(Image.effect_noise((40, 40), 80).convert("I;16")), "more than 8 bits to 8"),
    "clear.png": (encoded(Image.effect_noise((40, 40), 70).convert("RGBA")), "transparent"),
    "palette.png": (encoded(Image.effect_noise((40, 40), 75).convert("RGB").quantize(8)), "palette"),
    "moving.gif": (gif(), "first image of an animation"),
}


def test_what_is_mended_is_told(make_zip):
    kinds = found(make_zip, {f"red/{name}": data for name, (data, _) in MENDED.items()})
    assert sorted(kinds["mended"].files) == sorted(f"red/{name}" for name in MENDED)
    assert all(words in kinds["mended"].why for _, words in MENDED.values())
    assert "left out" not in kinds


def test_heic_is_read_where_the_library_is(make_zip):
    pytest.importorskip("pillow_heif")
    data = encoded(Image.effect_noise((64, 64), 80).convert("RGB"), "HEIF")
    kinds = found(make_zip, {"red/phone.heic": data})
    assert kinds["mended"].files == ["red/phone.heic"] and "HEIC" in kinds["mended"].why


@pytest.mark.parametrize(("there", "cut", "words"), [(True, 900, "broken"), (False, 900, "broken"), (False, 0, "heif")])
def test_a_broken_heic_is_told_from_one_that_cannot_be_read_here(monkeypatch, tmp_path, there, cut, words):
    heic = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    heic.from_pillow(Image.effect_noise((64, 64), 80).convert("RGB")).save(file)
    data = file.getvalue()[: -cut or None]
    monkeypatch.setattr(preprocessing, "FORMATS", [name for name in FORMATS if there or name != "HEIF"])
    (tmp_path / "phone.heic").write_bytes(data)
    for source in (data, tmp_path / "phone.heic"):
        with pytest.raises(DataError, match=words):
            preprocessing.decode(source)


def test_a_class_that_is_too_small_says_how_many_to_collect(make_zip):
    report = check(make_zip({"red": 30, "blue": 7}))
    (few,) = [one for one in report.findings if one.kind == "few images"]
    assert "13 of blue" in few.why
