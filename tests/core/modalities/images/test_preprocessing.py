"""How an image becomes numbers: as torchvision does it, and never with a stack trace."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from torchvision import transforms
from torchvision.transforms import InterpolationMode

from core.errors import DataError
from core.modalities.images import deep
from core.modalities.images import preprocessing as module
from core.modalities.images.augmentation import augment, draw
from core.modalities.images.preprocessing import Preprocessing, center_crop, decode, normalize, shrink, square

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def augmented(pixels, settings, random, kind="standard"):
    return augment(pixels, settings, draw(pixels.shape[1], pixels.shape[0], settings, random, kind))


def photo(width: int, height: int) -> Image.Image:
    """Soft shapes with fine grain, as photos have."""
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 255, (9, 12, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=float)
    grainy = np.clip(smooth + random.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)
    return Image.fromarray(grainy).filter(ImageFilter.GaussianBlur(0.6))


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def prepared(size: int = 32, resize: int = 40, interpolation: str = "bilinear", fit: str = "crop") -> Preprocessing:
    return Preprocessing(size=size, resize=resize, mean=MEAN, std=STD, interpolation=interpolation, fit=fit)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("shape", [(61, 83), (83, 61), (40, 40), (33, 70), (16, 24)])
def test_the_same_numbers_as_torchvision(shape, interpolation):
    image, settings = photo(*shape), prepared(interpolation=interpolation)
    theirs = transforms.Compose([
        transforms.Resize(settings.resize, InterpolationMode(interpolation)),
        transforms.CenterCrop(settings.size),
        transforms.ToTensor(),
        transforms.Normalize(MEAN, STD),
    ])(image)  # fmt: skip
    cropped = center_crop(shrink(image, settings), settings.size)
    ours = normalize(torch.from_numpy(np.array(cropped))[None], settings)
    assert ours.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(ours[0], theirs, rtol=1e-5, atol=1e-5)


def test_a_crop_larger_than_the_image_is_padded_as_torchvision_pads():
    image = photo(21, 30)
    theirs = np.asarray(transforms.CenterCrop(28)(image))
    assert np.array_equal(center_crop(np.asarray(image), 28), theirs)


def test_a_reduced_decode_is_less_than_a_grey_level_off():
    data = encoded(photo(2000, 1500), "JPEG", quality=90)
    settings = prepared(224, 256, "bicubic")
    reduced, whole = decode(data, at_least=settings.resize), decode(data)
    assert min(reduced.size) >= 2 * settings.resize and reduced.width < whole.width
    difference = shrink(reduced, settings).astype(float) - shrink(whole, settings)
    assert np.abs(difference).mean() < 1


@pytest.mark.parametrize("turned", range(1, 9))
def test_images_stand_upright_however_the_camera_was_held(turned):
    upright = np.zeros((20, 30, 3), np.uint8)
    upright[:10, :15] = 255, 0, 0
    exif = Image.Exif()
    exif[module.EXIF_ORIENTATION] = turned
    back = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}.get(turned, module.TURNS.get(turned))
    held = Image.fromarray(upright)
    data = encoded(held if back is None else held.transpose(back), exif=exif)
    assert np.array_equal(np.asarray(decode(data)), upright)


@pytest.mark.parametrize(
    "exif",
    [
        b"II*\0\x08\0\0\0\xff\xff" + b"\x01" * 30,
        b"rubbish",
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x04AB\0\0\0\0\0\0",
    ],
)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_spoils_no_image(exif):
    assert decode(encoded(photo(20, 16), "JPEG", exif=b"Exif\0\0" + exif)).size == (20, 16)


GREY16 = Image.fromarray(np.full((4, 4), 51400, np.uint16))
GREY12 = Image.fromarray(np.full((4, 4), 3200, np.uint16))
GREY8_OF_16 = Image.fromarray(np.full((4, 4), 200, np.uint16))
FLOATS = Image.fromarray(np.full((4, 4), 0.785, np.float32))
HALF_CLEAR = Image.new("RGBA", (4, 4), (255, 0, 0, 0))


@pytest.mark.parametrize(
    ("image", "format", "colour"),
    [
        (Image.new("RGB", (4, 4), (10, 200, 30)).convert("P"), "PNG", None),
        (Image.new("L", (4, 4), 77), "PNG", (77, 77, 77)),
        (Image.new("1", (4, 4), 1), "PNG", (255, 255, 255)),
        (GREY16, "PNG", (200, 200, 200)),
        (GREY12, "PNG", (200, 200, 200)),
        (GREY8_OF_16, "TIFF", (200, 200, 200)),
        (FLOATS, "TIFF", (200, 200, 200)),
        (HALF_CLEAR, "PNG", (255, 255, 255)),
        (HALF_CLEAR, "WEBP", (255, 255, 255)),
        (Image.new("LA", (4, 4), (0, 0)), "PNG", (255, 255, 255)),
        (Image.new("CMYK", (4, 4), (0, 0, 0, 0)), "JPEG", (255, 255, 255)),
        (Image.new("CMYK", (4, 4), (0, 0, 0, 0)), "TIFF", (255, 255, 255)),
    ],
)
def test_every_kind_of_colour_becomes_rgb(image, format, colour):
    decoded = decode(encoded(image, format))
    assert decoded.mode == "RGB" and decoded.size == (4, 4)
    if colour:
        assert decoded.getpixel((1, 1)) == colour


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "I;16", "I"])
def test_a_large_image_is_changed_strip_by_strip_to_the_same(mode, monkeypatch):
    image = photo(41, 30).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 250) if mode[0] == "I" else image
    image = image.quantize(16) if mode == "P" else image.convert(mode)
    data = encoded(image, "TIFF" if mode[0] == "I" else "PNG")
    whole = np.asarray(decode(data))
    monkeypatch.setattr(module, "STRIP", 41 * 7)
    monkeypatch.setattr(deep, "STRIP", 41 * 7)
    monkeypatch.setattr(module, "LARGE_PIXELS", 100)
    assert np.array_equal(np.asarray(decode(data)), whole) and len(np.unique(whole)) > 10


def test_of_an_animation_the_first_frame_counts():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(data).getpixel((4, 4)) == (255, 0, 0)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
@pytest.mark.parametrize("at_least", [None, 10])
def test_a_image_cut_short_is_said_to_be(format, at_least):
    data = encoded(photo(160, 120), format)
    with pytest.raises(DataError, match="cut short|not an image"):
        decode(data[: len(data) // 2], at_least)


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"<svg/>"]
)
def test_what_is_no_image_is_refused_in_words(data):
    with pytest.raises(DataError, match="not an image|cut short|is empty"):
        decode(data)


@pytest.mark.parametrize("side", [11_000, 16_000])
def test_a_header_that_claims_too_much_is_refused_before_any_memory_is_taken(side):
    data = encoded(Image.new("1", (side, side)), "TIFF", compression="group4")
    with pytest.raises(DataError, match="at most 120 million"):
        decode(data)


@pytest.mark.parametrize(("format", "options"), [("WEBP", {"method": 0}), ("AVIF", {"speed": 10})])
def test_formats_whose_decoders_take_much_memory_have_fewer_pixels(format, options, monkeypatch):
    data = encoded(photo(200, 160), format, **options)
    monkeypatch.setitem(module.MOST_PIXELS, format, 200 * 160 - 1)
    with pytest.raises(DataError, match=f"of a {format} are read"):
        decode(data)


def test_formats_that_are_decoded_slowly_have_fewer_pixels():
    plain = b"P5 3000 3000 100\n" + bytes(3000 * 3000)
    with pytest.raises(DataError, match="at most 8 million of a PPM other than of 8 bits"):
        decode(plain)
    assert decode(b"P5 30 30 100\n" + bytes(900)).size == (30, 30)


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "I;16"])
def test_a_large_image_is_looked_at_in_a_smaller_copy(mode, monkeypatch):
    image = Image.fromarray(np.asarray(photo(90, 60).convert("L")).astype(np.uint16) * 250) if mode == "I;16" else None
    image = image or (photo(90, 60).quantize(16) if mode == "P" else photo(90, 60).convert(mode))
    whole = module.read(encoded(image))
    monkeypatch.setattr(module, "ENOUGH", 20)
    monkeypatch.setattr(module, "STRIP", 90 * 7)
    monkeypatch.setattr(deep, "STRIP", 90 * 7)
    small = module.read(encoded(image))
    assert small.size == whole.size == (90, 60) and small.image.size == (30, 20) and small.mended == whole.mended
    apart = np.asarray(small.image, float) - np.asarray(whole.image.reduce(3))
    assert np.abs(apart).mean() < 1.5


def test_a_file_that_is_gone_is_named_so(tmp_path):
    with pytest.raises(DataError, match="not there any more"):
        decode(tmp_path / "gone.jpg")


@pytest.mark.parametrize("size", [(3000, 1), (1, 3000), (2000, 10)])
def test_a_long_strip_stays_small(size):
    height, width, _ = shrink(Image.new("RGB", size), prepared()).shape
    assert min(height, width) == 40 and max(height, width) <= 160


def test_augment_is_decided_by_its_generator():
    pixels = shrink(photo(90, 60), prepared())
    first, again, other = (augmented(pixels, prepared(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == (32, 32, 3) and first.dtype == np.uint8
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_augment_mirrors_half_of_the_time_and_stays_near_the_image():
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[:, :, 0] = np.arange(40) * 6
    random = np.random.default_rng(0)
    views = [augmented(pixels, prepared(16), random).astype(int) for _ in range(200)]
    mirrored = sum(view[:, 0, 0].mean() > view[:, -1, 0].mean() for view in views)
    assert 70 < mirrored < 130
    assert all(view.max() <= pixels.max() for view in views)


def test_the_kinds_of_augmentation_differ_in_strength():
    """Of an image with a dark left half: how far the views are from its middle, on average."""
    pixels = np.full((48, 48, 3), 200, np.uint8)
    pixels[:, :20] = 40
    middle = center_crop(pixels, 32).astype(int)

    def apart(kind):
        random = np.random.default_rng(0)
        views = [augmented(pixels, prepared(), random, kind) for _ in range(60)]
        assert {(view.shape, view.dtype.name) for view in views} == {((32, 32, 3), "uint8")}
        return np.mean([min(np.abs(view - middle).mean(), np.abs(view[:, ::-1] - middle).mean()) for view in views])

    assert apart("mirror") == 0 < apart("standard") < apart("strong")


def test_what_a_bundle_said_before_there_was_a_choice_is_a_crop_and_is_named_as_then():
    settings = Preprocessing(size=32, resize=40, mean=MEAN, std=STD)
    assert settings.fit == "crop" and "fit" not in settings.key()
    assert prepared(fit="pad").key() != prepared(fit="squash").key() != settings.key() == prepared().key()


def test_padding_keeps_the_whole_image_and_its_shape():
    image = Image.new("RGB", (80, 40), (250, 10, 10))
    seen = square(shrink(image, prepared(fit="pad")), prepared(fit="pad"))
    assert seen.shape == (32, 32, 3)
    assert (seen[8:24] == (250, 10, 10)).all()
    assert (seen[:8] == seen[24:]).all() and (seen[0, 0] == [round(255 * mean) for mean in MEAN]).all()
    assert abs(normalize(torch.from_numpy(seen)[None], prepared())[0, :, 0, 0]).max() < 0.01


def test_squashing_keeps_the_whole_image_and_not_its_shape():
    image = Image.new("RGB", (80, 40), "red")
    image.paste("blue", (0, 0, 20, 40))
    seen = square(shrink(image, prepared(fit="squash")), prepared(fit="squash"))
    assert np.array_equal(seen, transforms.Resize((32, 32))(image))
    assert (seen[:, :7] == (0, 0, 255)).all() and (seen[:, 9:] == (255, 0, 0)).all()


@pytest.mark.parametrize("fit", ["pad", "squash"])
@pytest.mark.parametrize("size", [(3000, 1), (1, 3000), (5, 4), (32, 32)])
def test_images_of_any_shape_are_fitted(fit, size):
    settings = prepared(fit=fit)
    pixels = shrink(Image.new("RGB", size, "red"), settings)
    assert max(pixels.shape[:2]) == 32
    assert square(pixels, settings).shape == (32, 32, 3) and (pixels == (255, 0, 0)).all()


@pytest.mark.parametrize("kind", ["mirror", "standard", "strong"])
def test_augmentation_leaves_the_padding_alone_and_loses_no_shape(kind):
    settings = prepared(fit="pad")
    pixels = shrink(photo(90, 45), settings)
    plain = square(pixels, settings)
    views = np.stack([augmented(pixels, settings, np.random.default_rng(seed), kind) for seed in range(10)])
    assert (views[:, :8] == plain[:8]).all() and (views[:, 24:] == plain[24:]).all()
    assert len(np.unique(views[:, 8:24], axis=0)) == (2 if kind == "mirror" else 10)


@pytest.mark.parametrize("fit", ["crop", "squash"])
def test_augmentation_fills_the_square_where_nothing_is_padded(fit):
    settings, image = prepared(fit=fit), Image.new("RGB", (90, 45), "red")
    for seed in range(10):
        view = augmented(shrink(image, settings), settings, np.random.default_rng(seed))
        assert view.shape == (32, 32, 3) and (view == (255, 0, 0)).all()
