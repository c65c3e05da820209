"""Images of more than 8 bits a value (16-bit, floats, degrees, distances), and how they become images of 8.

A dataset has one window of values for all of its images: what lies below it is black, what lies above it is white. It
is found at import, from percentiles of all values, so that one hot pixel does not darken an image, and the same value
is the same grey everywhere. Without one, as in datasets and bundles from before, each image is taken by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from PIL import Image

from core.modalities.images import tiffs

MODES = ("I;16", "I;16L", "I;16B", "I", "F")
STRIP = 4_000_000  # pixels at a time, where a change needs memory
POINTS = 128 * 128  # values of an image that are looked at
QUANTILES = 256  # that are kept of them
SHARE = 0.005  # of all values lie below the window, and as many above it, but for the margin
MARGIN = 0.1  # of the window's width, on each side, as far as there are values
NO_VALUE = 1e30  # floats beyond stand for none
MOST_SAMPLES = 4096  # images

Window = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Deep:
    """rows: given the first row and the one behind the last, their values, (H, W) or (H, W, 3). alpha: mode "L".

    nothing: the value that stands for none, if there is one. turned: how the values, but not alpha, lie in the file, 1
    to 8 as EXIF numbers it; 0 where the image itself knows.
    """

    width: int
    height: int
    rows: Callable[[int, int], np.ndarray]
    alpha: Image.Image | None = None
    nothing: float | None = None
    turned: int = 0

    def strips(self, times: int = 1) -> Iterator[tuple[int, np.ndarray]]:
        """With where each begins, few rows at a time, a multiple of `times`; floats, with NaN for what is no value."""
        many = max(1, STRIP // self.width // times) * times
        for top in range(0, self.height, many):
            yield top, self._finite(self.rows(top, min(top + many, self.height)))

    def sample(self) -> np.ndarray:
        """float32 (`QUANTILES`,): the values from the smallest to the largest, evenly; NaN where there are none."""
        step = max(1, int(np.sqrt(self.width * self.height / POINTS)))
        rows = [self.rows(top, top + 1)[:, step // 2 :: step] for top in range(step // 2, self.height, step)]
        found = self._finite(np.concatenate(rows)) if rows else np.empty(0)
        found = np.sort(found[np.isfinite(found)], axis=None)
        if not len(found):
            return np.full(QUANTILES, np.nan, np.float32)
        places = (np.arange(QUANTILES) + 0.5) / QUANTILES * len(found)
        return found[np.minimum(places.astype(int), len(found) - 1)].astype(np.float32)

    def _finite(self, values: np.ndarray) -> np.ndarray:
        kept = np.asarray(values, np.float64 if values.dtype.itemsize > 4 else np.float32)
        hidden = ~(np.abs(kept) < NO_VALUE)
        if self.nothing is not None:
            hidden |= kept == self.nothing
        return np.where(hidden, np.float32("nan"), kept) if hidden.any() else kept

    def in_8_bits(self, window: Window | None, times: int = 1) -> Image.Image:
        """RGB. window: which values are black and white; None goes by the image itself. times: as small."""
        whole = Image.new("RGB", (-(-self.width // times), -(-self.height // times)))
        change = _by_itself(self) if window is None else _by(window)
        for top, strip in self.strips(times):
            small = Image.fromarray(change(strip))
            whole.paste((small.reduce(times) if times > 1 else small).convert("RGB"), (0, top // times))
        return whole


def deep(image: Image.Image, data: Callable[[], bytes], all_colours: bool) -> Deep | None:
    """Of an opened image, if it has more than 8 bits a value.

    data: gives its file. all_colours: also of colours with 16 bits, of which Pillow keeps 8.

    Raises:
        DataError: it is too large, or has other channels than are read. Others: it is damaged.
    """
    if image.mode in MODES:
        image.load()
        tags = getattr(image, "tag_v2", None) or {}
        nothing = tiffs.no_data(tags.get(tiffs.NO_DATA)) if tiffs.NO_DATA in tags else None
        return Deep(*image.size, lambda top, end: np.asarray(image.crop((0, top, image.width, end))), None, nothing)
    if all_colours and image.format == "TIFF" and 16 in getattr(image, "tag_v2", {}).get(tiffs.BITS, ()):
        image.load()  # whatever is wrong with it is told as of other images
        found = of_tiff(data())
        alpha = image.getchannel("A") if found is not None and image.mode == "RGBA" else None
        return replace(found, alpha=alpha) if found is not None else None
    if all_colours and image.format == "PNG" and _raw(image) in ("RGB;16B", "RGBA;16B"):
        return _of_png(image, data())
    return None


def of_tiff(data: bytes) -> Deep | None:
    """Of a TIFF that Pillow has no mode for. None: it is none such. Raises as `tiffs.values`."""
    found = tiffs.values(data)
    if found is None:
        return None
    first = tiffs.page_at(data, tiffs.page_places(data)[0])
    nothing = tiffs.no_data(first.tags[tiffs.NO_DATA][2].decode("latin-1")) if tiffs.NO_DATA in first.tags else None
    turned = first.number(tiffs.ORIENTATION, 1)
    return Deep(found.shape[1], found.shape[0], lambda top, end: found[top:end], None, nothing, turned)


def _raw(image: Image.Image) -> str:
    tiles = getattr(image, "tile", None)
    return str(tiles[0].args) if tiles else ""


def _of_png(image: Image.Image, data: bytes) -> Deep:
    """Pillow keeps the upper byte of each value; read as if the bytes stood in the other order, it keeps the lower."""
    with Image.open(BytesIO(data), formats=["PNG"]) as other:
        other.tile = [tile._replace(args=str(tile.args).replace(";16B", ";16L")) for tile in other.tile]
        other.load()
        image.load()

        def rows(top: int, end: int) -> np.ndarray:
            box = (0, top, image.width, end)
            high, low = (np.asarray(each.crop(box))[:, :, :3].astype(np.uint16) for each in (image, other))
            return high * np.uint16(256) + low

        return Deep(*image.size, rows, image.getchannel("A") if image.mode == "RGBA" else None)


def _by(window: Window) -> Callable[[np.ndarray], np.ndarray]:
    low, high = window

    def change(values: np.ndarray) -> np.ndarray:
        share = (values - low) * (255 / (high - low)) + 0.5
        return np.nan_to_num(share, nan=0.0).clip(0, 255).astype(np.uint8)

    return change


def _by_itself(image: Deep) -> Callable[[np.ndarray], np.ndarray]:
    """Of the bits that it uses: a microscope fills 12 of the 16, and the numbers of a computed image go up to 1."""
    largest = 0.0
    for _, strip in image.strips():
        largest = max(largest, float(np.nan_to_num(strip).max()))
    kind = image.rows(0, 1).dtype.kind
    times = 255 if kind == "f" and largest <= 1 else 1
    parts = 1 if times > 1 or largest < 2**8 else 16 if largest < 2**12 else 257

    def change(values: np.ndarray) -> np.ndarray:
        whole = (np.nan_to_num(values) * times).clip(0, 65535).astype(np.uint16)
        return (whole // parts).astype(np.uint8)

    return change


# The window of a dataset ----------------------------------------------------------------------------------------------


class Samples:
    """What images of more than 8 bits have for values: of as many of them as fit, evenly over all."""

    def __init__(self) -> None:
        self.kept: list[np.ndarray] = []
        self.came, self.every = 0, 1

    def add(self, sample: np.ndarray) -> None:
        if self.came % self.every == 0:
            self.kept.append(sample)
        self.came += 1
        if len(self.kept) >= MOST_SAMPLES:
            self.kept, self.every = self.kept[::2], self.every * 2

    def window(self) -> Window | None:
        """Of all of them; None if there is none."""
        return window_of(self.kept) if self.kept else None


def window_of(samples: Sequence[np.ndarray]) -> Window:
    """The values that are to be black and white, so that nearly all lie between them."""
    found = np.concatenate(samples).astype(np.float64)
    found = found[np.isfinite(found)]
    if not len(found):
        return 0.0, 1.0
    low, high = np.quantile(found, [SHARE, 1 - SHARE]).tolist()
    margin = MARGIN * (high - low)
    low, high = max(low - margin, float(found.min())), min(high + margin, float(found.max()))
    if high - low <= 1e-6 * max(abs(low), abs(high), 1e-30):  # one value alone
        low, high = _around(low)
    return _rounded(low, high)


def _around(value: float) -> Window:
    """A window of which one can say where a single value lies."""
    if value < 0:
        return 2 * value, 0.0
    return 0.0, next((most for most in (1.0, 255.0, 4095.0, 65535.0) if value <= most), 2 * value)


def _rounded(low: float, high: float) -> Window:
    """To some thousandths of its width, so that it can be told in a line."""
    digits = int(np.clip(3 - np.floor(np.log10(high - low)), -300, 300))
    return round(low, digits) + 0.0, round(high, digits) + 0.0
