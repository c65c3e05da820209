"""Images of more than 8 bits a value: one window for a whole dataset, told in numbers and used everywhere."""

from __future__ import annotations

import io
import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.backbones.catalogue import BUNDLED, find
from core.data.dataset import load_dataset
from core.errors import DataError
from core.importing.importing import import_path
from core.modalities.images import tiffs
from core.modalities.images.deep import MOST_SAMPLES, QUANTILES, Samples, window_of
from core.modalities.images.pixels import pixels
from core.modalities.images.preprocessing import PLAIN, Preprocessing, Rendering, decode, read
from core.modalities.images.thumbnails import large, thumbnails

HEIGHT, WIDTH = 48, 64


def scene(seed: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Soft shapes between two values, each image its own, float64 (HEIGHT, WIDTH)."""
    coarse = np.random.default_rng(seed).uniform(size=(5, 6)).astype(np.float32)
    soft = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.float64)
    return low + (high - low) * soft.clip(0, 1)


def colours(seed: int, low: float, high: float) -> np.ndarray:
    return np.stack([scene(100 * seed + each, low, high) for each in range(3)], axis=2)


def tiff(values: np.ndarray, **more: int) -> bytes:
    """Uncompressed, in one strip. more: further tags by their number as `t317`."""
    height, width = values.shape[:2]
    channels = values.shape[2] if values.ndim == 3 else 1
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    data = values.astype(values.dtype.newbyteorder("<")).tobytes()
    said = {256: (width,), 257: (height,), 258: (8 * values.dtype.itemsize,) * channels, 259: (1,)}
    said |= {262: (2 if channels >= 3 else 1,), 277: (channels,), 278: (height,), 284: (1,), 339: (kind,) * channels}
    said |= {int(tag[1:]): (value,) for tag, value in more.items()}
    page = tiffs.Page("<", {}).with_numbers(**{f"t{tag}": values for tag, values in said.items()})
    return tiffs._alone(page, [data])


def pillow(values: np.ndarray, format: str = "TIFF", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values).save(file, format, **options)
    return file.getvalue()


def png16(values: np.ndarray) -> bytes:
    """Of colours, which Pillow cannot write."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, 2, 0, 0, 0))]
    chunks += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def hot(values: np.ndarray) -> np.ndarray:
    values = values.copy()
    values[3, 5] = 60_000
    return values


KINDS = {  # what makes the file of a scene, and the values that black and white lie near
    "degrees": ("tif", lambda seed: pillow(scene(seed, 15, 38).astype(np.float32)), (15, 38)),
    "hundredths of a kelvin": ("png", lambda seed: pillow(scene(seed, 29000, 31000).astype("u2"), "PNG"), (29e3, 31e3)),
    "negative floats": ("tif", lambda seed: pillow(scene(seed, -1, 1).astype(np.float32)), (-1, 1)),
    "negative integers": ("tif", lambda seed: tiff(scene(seed, -900, 700).astype("i2")), (-900, 700)),
    "32-bit integers": ("tif", lambda seed: pillow(scene(seed, 1e6, 3e6).astype("i4")), (1e6, 3e6)),
    "a hot pixel": ("png", lambda seed: pillow(hot(scene(seed, 300, 4000).astype("u2")), "PNG"), (300, 4000)),
    "64-bit floats": ("tif", lambda seed: tiff(scene(seed, 0, 0.4)), (0, 0.4)),
    "floats of 3 channels": ("tif", lambda seed: tiff(colours(seed, 0.1, 7).astype("f4")), (0.1, 7)),
    "half floats": ("tif", lambda seed: tiff(scene(seed, 2, 9).astype("f2")), (2, 9)),
    "12 bits in 16, colours": ("tif", lambda seed: tiff(colours(seed, 200, 4000).astype("u2")), (200, 4000)),
    "12 bits in 16, colours, PNG": ("png", lambda seed: png16(colours(seed, 200, 4000).astype("u2")), (200, 4000)),
    "no value": ("tif", lambda seed: pillow(np.where(scene(9) > 0.6, np.nan, scene(seed, 3, 5)).astype("f4")), (3, 5)),
    "a number for no value": (
        "tif",
        lambda seed: pillow(np.where(scene(9) > 0.6, -9999, scene(seed, 3, 5)).astype("f4"), tiffinfo={42113: "-9999"}),
        (3, 5),
    ),
    "beyond all numbers": (
        "tif",
        lambda seed: pillow(np.where(scene(9) > 0.6, -3e38, scene(seed, 3, 5)).astype("f4")),
        (3, 5),
    ),
}


@pytest.fixture
def imported(tmp_path, workspace):
    def make(kind, count=8):
        ending, written, _ = KINDS[kind]
        for number in range(count):
            path = tmp_path / "given" / ("warm" if number % 2 else "cold") / f"{number}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(written(number))
        return import_path(workspace, tmp_path / "given")

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_a_dataset_has_one_window_which_is_told_kept_and_shows_something(kind, imported, workspace):
    dataset = imported(kind)
    low, high = dataset.rendering.window
    wanted_low, wanted_high = KINDS[kind][2]
    apart = 0.12 * (wanted_high - wanted_low)
    assert abs(low - wanted_low) < apart and abs(high - wanted_high) < apart
    assert load_dataset(workspace, dataset.id).rendering == dataset.rendering
    told = [one for one in dataset.report.findings if one.kind == "values"]
    assert len(told) == 1 and len(told[0].files) == 8 and f"{low:,.10g}" in told[0].title
    assert not [one for one in dataset.report.findings if one.kind in ("one colour", "left out")]
    shown = [np.asarray(decode(dataset.path(image), rendering=dataset.rendering)) for image in dataset.frame["image"]]
    assert min(each.std() for each in shown) > 25
    assert 90 < np.mean([each[each > 0].mean() for each in shown]) < 170


def test_the_same_value_is_the_same_grey_in_every_image():
    rendering = Rendering(window=(100, 300))
    dark, bright = (np.full((8, 8), value, np.uint16) for value in (150, 250))
    bright[0, 0] = 60_000
    assert decode(pillow(dark), rendering=rendering).getpixel((4, 4)) == (64, 64, 64)
    assert decode(pillow(bright), rendering=rendering).getpixel((4, 4)) == (191, 191, 191)
    assert decode(tiff(dark.astype(np.float64)), rendering=rendering).getpixel((4, 4)) == (64, 64, 64)
    assert decode(png16(np.stack([dark] * 3, 2)), rendering=rendering).getpixel((4, 4)) == (64, 64, 64)


def test_what_was_imported_before_there_were_windows_looks_as_it_did(imported, workspace):
    dataset = imported("hundredths of a kelvin")
    path = dataset.directory / "dataset.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in said.items() if name != "rendering"}))
    old = load_dataset(workspace, dataset.id)
    assert old.rendering == PLAIN
    file = old.path(old.frame["image"][0])
    assert np.asarray(decode(file)).max() <= 31000 // 257
    assert len(set(thumbnails([file]) + thumbnails([file], rendering=dataset.rendering))) == 2
    assert large(file) != large(file, dataset.rendering)


def test_pixels_are_kept_apart_by_their_window(imported, workspace):
    dataset = imported("degrees")
    info = find(BUNDLED).fitted(rendering=dataset.rendering)
    assert info.said == find(BUNDLED).said and info.preprocessing.rendering == dataset.rendering
    seen = pixels(workspace, dataset.path, dataset.frame, info.preprocessing)[0].copy()
    plain = pixels(workspace, dataset.path, dataset.frame, find(BUNDLED).preprocessing)[0]
    assert seen.std() > 25 > plain.std()
    assert len({info.preprocessing.key(), find(BUNDLED).preprocessing.key()}) == 2


def test_a_bundle_keeps_the_window_and_one_from_before_has_none():
    info = find(BUNDLED).fitted(rendering=Rendering(window=(15.0, 38.0), ground=128))
    said = json.loads(json.dumps(info.preprocessing.model_dump(mode="json")))
    assert Preprocessing(**said) == info.preprocessing
    said.pop("rendering")
    assert Preprocessing(**said).rendering == PLAIN and "rendering" not in Preprocessing(**said).key()


@pytest.mark.parametrize("window", [(3, 3), (5, 2), (0, float("inf")), (float("nan"), 1)])
def test_a_window_that_is_none_is_refused(window):
    with pytest.raises(ValueError):
        Rendering(window=window)


def test_a_few_hot_pixels_and_a_single_value_make_no_odd_window():
    values = np.linspace(1000, 3000, QUANTILES, dtype=np.float32)
    low, high = window_of([np.append(values, 1e9)] * 2)
    assert low == 1000 and 3000 <= high <= 3200
    assert window_of([np.full(QUANTILES, 3200, np.float32)]) == (0, 4095)
    assert window_of([np.full(QUANTILES, 0.5, np.float32)]) == (0, 1)
    assert window_of([np.full(QUANTILES, -4, np.float32)]) == (-8, 0)
    assert window_of([np.full(QUANTILES, np.nan, np.float32)]) == (0, 1)


def test_samples_of_many_images_stay_few_and_even():
    samples = Samples()
    for number in range(3 * MOST_SAMPLES):
        samples.add(np.full(4, number, np.float32))
    assert len(samples.kept) < MOST_SAMPLES
    low, high = samples.window()
    assert low < 0.02 * 3 * MOST_SAMPLES and high > 0.98 * 3 * MOST_SAMPLES


# Through libtiff ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compression", "predictor"),
    [
        (None, 1),
        ("packbits", 1),
        *[(compression, predictor) for compression in ("tiff_lzw", "tiff_adobe_deflate") for predictor in (1, 2, 3)],
    ],
)
def test_values_are_those_that_were_written_however_they_are_compressed(compression, predictor):
    values = (scene(1, -5, 9) if predictor == 3 else scene(1, 0, 60000)).astype("f4" if predictor == 3 else "u2")
    data = pillow(values, compression=compression, tiffinfo={317: predictor})
    assert np.array_equal(tiffs.values(data), values)
    assert np.array_equal(tiffs.values(data), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("kind", ["u2", "i2", "u4", "i4", "f2", "f4", "f8"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_values_of_every_kind(kind, channels):
    values = np.stack([scene(each, 0, 900) for each in range(channels)], axis=2).astype(kind)
    found = tiffs.values(tiff(values[:, :, 0] if channels == 1 else values, **({"t338": 2} if channels == 4 else {})))
    assert np.array_equal(found, values[:, :, 0] if channels == 1 else values[:, :, :3])


def test_channels_that_are_no_colours_are_refused_by_name():
    values = np.zeros((8, 8, 7), np.uint16)
    with pytest.raises(DataError, match="7 channels of 16-bit"):
        decode(tiff(values, t262=1))


def test_a_tiff_that_claims_too_much_is_refused_before_any_memory_is_taken():
    data = tiff(scene(1), t256=60_000, t257=60_000)
    with pytest.raises(DataError, match="claims 60000 x 60000"):
        decode(data)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("kind", ["64-bit floats", "floats of 3 channels", "12 bits in 16, colours, PNG"])
def test_damaged_files_are_refused_in_words(kind, share):
    data = KINDS[kind][1](1)
    with pytest.raises(DataError):
        decode(data[: int(len(data) * share)], rendering=Rendering(window=(0, 1)))


def test_a_turned_one_stands_upright():
    data = tiff(scene(1), t274=6)
    assert read(data).size == decode(data).size == (HEIGHT, WIDTH)
    plain = tiff(scene(1))
    assert np.array_equal(np.rot90(decode(plain), -1), decode(data))
    deep16 = [tiff(colours(1, 9, 900).astype("u2"), **more) for more in ({}, {"t274": 6})]
    upright, turned = (np.asarray(decode(each, rendering=Rendering(window=(0, 900)))) for each in deep16)
    assert np.array_equal(np.rot90(upright, -1), turned) and read(deep16[1]).size == (HEIGHT, WIDTH)
    grey = [pillow(scene(1, 0, 900).astype("u2"), tiffinfo=info) for info in ({}, {274: 6})]
    assert np.array_equal(np.rot90(decode(grey[0]), -1), decode(grey[1])) and read(grey[1]).size == (HEIGHT, WIDTH)
    assert "turned upright" in read(grey[1]).mended
