"""The one definition of how a picture becomes numbers, for training and prediction alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np
from PIL import Image, ImageEnhance, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field

from core.data.entries import Limits
from core.errors import DataError

if TYPE_CHECKING:  # torch takes seconds to import, and pages that only show pictures do not need it
    import torch

Image.MAX_IMAGE_PIXELS = None  # `Limits.pixels` stands in the place of Pillow's own guard
LARGE_PIXELS = 40_000_000  # of a picture that would fill the memory if every core decoded such a one
STRIP = 4_000_000  # pixels at a time, where a change needs memory
_one_large = threading.Lock()
LONGEST_TO_SHORTEST = 4  # a longer strip is cut in the middle, so that one picture cannot fill the memory
# Formats that Pillow decodes by itself and that people have; others (EPS, say) would start other programs.
Image.init()  # registers every format, so that those below can be named
with suppress(ImportError):  # iPhones take HEIC; the library for it is installed by whoever needs it
    from pillow_heif import register_heif_opener

    register_heif_opener()
FORMATS: list[str] = [
    name for name in ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "BMP", "GIF", "TIFF", "PPM") if name in Image.OPEN
]
BROKEN = "The picture is broken or cut short and cannot be decoded. Copy it again from where it came."
EMPTY = "The file is empty. Copy it again from where it came."
EXIF_ORIENTATION = 0x0112
MORE_THAN_8_BITS = ("I;16", "I;16L", "I;16B", "I", "F")
TURNS = {  # from how a camera was held, as EXIF numbers it, to upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


Fit = Literal["crop", "pad", "squash"]


class Preprocessing(BaseModel):
    """How an image becomes the square of `size` pixels that a backbone expects, normalised.

    mean, std: of the channels red, green, blue, on a scale of 0 to 1.
    fit: "crop": the shorter side is brought to `resize` and the middle square cut out; "pad": the longer side is
        brought to `size` and the rest filled with the mean colour; "squash": both sides are brought to `size`. As
        bundles were before there was a choice, it may be left out.
    """

    model_config = ConfigDict(frozen=True)

    size: int = Field(ge=1, le=4096)
    resize: int = Field(ge=1, le=4096)
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bilinear"
    fit: Fit = "crop"

    def key(self) -> str:
        """Names it in a cache, as it did before there was a choice of how to fit."""
        return self.model_dump_json(exclude={"fit"} if self.fit == "crop" else None)


def decode(source: Path | bytes | BinaryIO, at_least: int | None = None) -> Image.Image:
    """The picture as RGB, upright as its EXIF says; transparent parts become white, animations their first frame.

    at_least: the shorter side that the caller will reduce it to; a large JPEG is then decoded at a reduced scale that
        is still twice that, which is several times faster and differs by less than a grey level on average.

    Raises:
        DataError: the file is empty, broken, no picture, or has more pixels than `Limits` allow.
    """
    try:
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
            return _upright_rgb(image, at_least)
    except FileNotFoundError as error:
        raise DataError("The file is not there any more.") from error
    except UnidentifiedImageError as error:
        raise DataError(_unknown(source)) from error
    except DataError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged bytes
        raise DataError(BROKEN) from error


def _unknown(source: Path | bytes | BinaryIO) -> str:
    if isinstance(source, Path) and source.suffix.lower() in (".heic", ".heif"):
        source = source.read_bytes()
    if source == b"" or (isinstance(source, Path) and source.stat().st_size == 0):
        return EMPTY
    if isinstance(source, bytes) and source[4:8] == b"ftyp" and source[8:12] in (b"heic", b"heix", b"mif1", b"hevc"):
        if "HEIF" in FORMATS or not _whole_boxes(source):
            return BROKEN
        return (
            "This is a HEIC picture, as iPhones take them. Whoever runs Graft can install the package pillow-heif to "
            "read it; or save it as JPEG."
        )
    return "This is not a picture in a format that Graft can read (JPEG, PNG, WebP, AVIF, BMP, GIF, TIFF)."


def _whole_boxes(data: bytes) -> bool:
    """Whether a HEIC file ends where the last of its boxes does, as each says its own size in its first 4 bytes."""
    at = 0
    while 0 <= at < len(data):
        size = int.from_bytes(data[at : at + 4])
        if size < 8:  # 0: to the end of the file; 1: too large for 4 bytes
            return size in (0, 1)
        at += size
    return at == len(data)


def _upright_rgb(image: Image.Image, at_least: int | None) -> Image.Image:
    most = Limits.from_environment().pixels
    if image.width * image.height > most:
        size = f"{image.width} x {image.height}"
        raise DataError(
            f"The picture claims {size} pixels; at most {most / 10**6:g} million are read. Make it smaller first."
        )
    if at_least and min(image.size) >= 4 * at_least:
        image.draft("RGB", (2 * at_least, 2 * at_least))
    with _one_large if image.width * image.height > LARGE_PIXELS else nullcontext():
        image.load()
        turn = TURNS.get(orientation(image))
        return _rgb(image if turn is None else image.transpose(turn))


def orientation(image: Image.Image) -> int:
    """How the camera was held, 1 (upright) to 8, as EXIF says; damaged EXIF says nothing, and spoils no picture."""
    try:
        said = image.getexif().get(EXIF_ORIENTATION)
    except Exception:  # any, as of damaged pictures
        return 1
    return said if said in TURNS else 1


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in MORE_THAN_8_BITS:
        return _in_8_bits(image)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return _strip_by_strip(image, _on_white)
    return image.convert("RGB")


def _in_8_bits(image: Image.Image) -> Image.Image:
    """Of the bits that it uses: a microscope fills 12 of the 16, and the numbers of a computed picture go up to 1."""
    largest = max(_values(strip).max() for _, strip in _strips(image))
    times = 255 if image.mode == "F" and largest <= 1 else 1
    parts = 1 if times > 1 or largest < 2**8 else 16 if largest < 2**12 else 257

    def change(strip: Image.Image) -> Image.Image:
        values = (_values(strip) * times).clip(0, 65535).astype(np.uint16)
        return Image.fromarray((values // parts).astype(np.uint8)).convert("RGB")

    return _strip_by_strip(image, change)


def _values(strip: Image.Image) -> np.ndarray:
    return np.nan_to_num(np.asarray(strip))


def _on_white(image: Image.Image) -> Image.Image:
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")


def _strip_by_strip(image: Image.Image, change: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """The whole image changed to RGB, of which a large one is never in memory several times over."""
    if image.height <= max(1, STRIP // image.width):
        return change(image)
    whole = Image.new("RGB", image.size)
    for top, strip in _strips(image):
        whole.paste(change(strip), (0, top))
    return whole


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """With where each begins."""
    rows = max(1, STRIP // image.width)
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def shrink(image: Image.Image, preprocessing: Preprocessing) -> np.ndarray:
    """uint8 (H, W, 3), of which `square` makes what a network sees. To be cropped: the shorter side is
    `preprocessing.resize`, as torchvision's Resize does it; to be padded: the longer side is `size`; squashed: both."""
    width, height = image.size
    if preprocessing.fit != "crop":
        full, longer = preprocessing.size, max(width, height)
        padded = (max(1, round(full * width / longer)), max(1, round(full * height / longer)))
        return _resized(image, padded if preprocessing.fit == "pad" else (full, full), preprocessing)
    if max(width, height) > LONGEST_TO_SHORTEST * min(width, height):
        side = LONGEST_TO_SHORTEST * min(width, height)
        image = _middle(image, min(width, side), min(height, side))
        width, height = image.size
    short = preprocessing.resize
    size = (short, int(short * height / width)) if width <= height else (int(short * width / height), short)
    return _resized(image, size, preprocessing)


def _resized(image: Image.Image, size: tuple[int, int], preprocessing: Preprocessing) -> np.ndarray:
    return np.asarray(image if size == image.size else image.resize(size, INTERPOLATIONS[preprocessing.interpolation]))


def square(pixels: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """What `shrink` gave, as the network sees it: uint8 (size, size, 3)."""
    size = preprocessing.size
    if preprocessing.fit != "pad":
        return center_crop(pixels, size)
    height, width = pixels.shape[:2]
    top, left = (size - height) // 2, (size - width) // 2
    padded = np.empty((size, size, 3), np.uint8)
    padded[:] = [round(255 * mean) for mean in preprocessing.mean]  # 0 once it is normalised
    padded[top : top + height, left : left + width] = pixels
    return padded


def _middle(image: Image.Image, width: int, height: int) -> Image.Image:
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def center_crop(pixels: np.ndarray, size: int) -> np.ndarray:
    """uint8 (H, W, 3) to its middle (size, size, 3), as torchvision's CenterCrop does it: too small is padded black."""
    height, width = pixels.shape[:2]
    if height < size or width < size:
        tall, wide = max(0, size - height), max(0, size - width)
        pixels = np.pad(pixels, ((tall // 2, (tall + 1) // 2), (wide // 2, (wide + 1) // 2), (0, 0)))
        height, width = pixels.shape[:2]
    top, left = round((height - size) / 2), round((width - size) / 2)
    return pixels[top : top + size, left : left + size]


Augmentation = Literal["none", "mirror", "standard", "strong"]
JITTER = 0.3  # brightness, contrast and colour, each times 0.7 to 1.3
LEANING = 12.0  # degrees, at most


def augment(
    pixels: np.ndarray, preprocessing: Preprocessing, random: np.random.Generator, kind: Augmentation = "standard"
) -> np.ndarray:
    """An image as it might have been taken, (size, size, 3). uint8 in and out; what is drawn from `random` decides.

    kind: "mirror" mirrors it half of the time; "standard" a part of it instead, 35 to 100% of its area and 3:4 to 4:3
        as wide; "strong" lets it be 20%, lean, and be brighter or darker and of other colours. What fills the rest of
        an image that is padded stays as it is.
    """
    frame = pixels if preprocessing.fit == "pad" else center_crop(pixels, preprocessing.size)
    if kind == "mirror":
        image = Image.fromarray(np.ascontiguousarray(frame))
    else:
        image = _part(pixels, frame.shape[1], frame.shape[0], random, smallest=0.2 if kind == "strong" else 0.35)
    if random.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if kind == "strong":
        image = image.rotate(random.uniform(-LEANING, LEANING), Image.Resampling.BILINEAR, fillcolor=(128, 128, 128))
        for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            image = change(image).enhance(random.uniform(1 - JITTER, 1 + JITTER))
    return square(np.asarray(image), preprocessing)


def _part(
    pixels: np.ndarray, to_width: int, to_height: int, random: np.random.Generator, smallest: float
) -> Image.Image:
    """A part of nearly the shape that it is brought to."""
    height, width = pixels.shape[:2]
    area = height * width * random.uniform(smallest, 1.0)
    aspect = np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3))) * (to_width / to_height)
    crop_width = min(width, max(1, round(np.sqrt(area * aspect))))
    crop_height = min(height, max(1, round(np.sqrt(area / aspect))))
    left, top = int(random.integers(width - crop_width + 1)), int(random.integers(height - crop_height + 1))
    box = (left, top, left + crop_width, top + crop_height)
    return Image.fromarray(pixels).resize((to_width, to_height), Image.Resampling.BILINEAR, box=box)


def normalize(batch: torch.Tensor, preprocessing: Preprocessing) -> torch.Tensor:
    """uint8 (B, H, W, 3) to float32 (B, 3, H, W) in channels_last order, on the same device."""
    import torch

    count, height, width, _ = batch.shape
    # Along whole rows of pixels, and in place, this is several times faster on a CPU than along three channels.
    mean = torch.tensor(preprocessing.mean * width, device=batch.device) * 255
    std = torch.tensor(preprocessing.std * width, device=batch.device) * 255
    rows = batch.reshape(count, height, width * 3).float().sub_(mean).div_(std)
    return rows.reshape(batch.shape).permute(0, 3, 1, 2)
