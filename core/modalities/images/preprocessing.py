"""The one definition of how an image becomes numbers, for training and prediction alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.errors import DataError
from core.limits import Limits
from core.modalities.images.deep import Deep, deep, of_tiff, window_of
from core.modalities.images.repair import mended
from core.modalities.images.tiffs import is_tiff

if TYPE_CHECKING:  # torch takes seconds to import, and pages that only show images do not need it
    import torch

Source = Path | bytes | BinaryIO

Image.MAX_IMAGE_PIXELS = None  # `Limits.pixels` stands in the place of Pillow's own guard
# Pixels of formats whose decoders take many times as long, or as much memory, as others.
MOST_PIXELS = {"BMP with RLE": 8_000_000, "PPM other than of 8 bits": 8_000_000}
MOST_PIXELS |= {"WEBP": 64_000_000, "AVIF": 64_000_000, "PNG with 16-bit colours": 64_000_000}
LARGE_PIXELS = 40_000_000  # of an image that would fill the memory if every core decoded such a one
ENOUGH = 768  # pixels of the shorter side are enough to look at what an image is like
STRIP = 4_000_000  # pixels at a time, where a change needs memory
_one_large = threading.Lock()
LONGEST_TO_SHORTEST = 4  # a longer strip is cut in the middle, so that one image cannot fill the memory
# Formats that Pillow decodes by itself and that people have; others (EPS, say) would start other programs.
Image.init()  # registers every format, so that those below can be named
with suppress(ImportError):  # iPhones take HEIC; the library for it is installed by whoever needs it
    from pillow_heif import register_heif_opener

    register_heif_opener()
FORMATS: list[str] = [
    name
    for name in ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "BMP", "GIF", "TIFF", "PPM", "JPEG2000")
    if name in Image.OPEN
]
READ = "JPEG, PNG, WebP, AVIF, BMP, GIF, TIFF, JPEG 2000"
OTHERS = (  # names, where their signatures stand, and these
    ("a JPEG 2000 image", 0, b"\0\0\0\x0cjP  "),
    ("a JPEG XL image", 0, b"\0\0\0\x0cJXL "),
    ("a JPEG XL image", 0, b"\xff\x0a"),
    ("a DICOM file", 128, b"DICM"),
    ("an OpenEXR image", 0, b"\x76\x2f\x31\x01"),
    ("a Photoshop document", 0, b"8BPS"),
    ("a FITS file", 0, b"SIMPLE  ="),
    ("a PDF", 0, b"%PDF"),
    ("an SVG drawing", 0, b"<svg"),
    ("an HDF5 file", 0, b"\x89HDF\r\n\x1a\n"),
    ("a Radiance HDR image", 0, b"#?RADIANCE"),
)
BROKEN = "The image is broken or cut short and cannot be decoded. Copy it again from where it came."
TOO_MUCH_MEMORY = "It takes more memory to decode than there is for it. Make the image smaller first."
EMPTY = "The file is empty. Copy it again from where it came."
CLEAR, DEEP = "transparent parts filled", "more than 8 bits to 8"
EXIF_ORIENTATION = 0x0112
GROUNDS = (255, 128, 0)  # on which transparent images are laid, the first on which they can be seen
ONE_COLOUR = 3.0  # contrast, in grey levels of 127, below which there is nothing to be seen
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


class Rendering(BaseModel):
    """How the values in a file become 8 bits of red, green and blue, alike for a whole dataset.

    window: of images with more than 8 bits a value, which values are black and white; None: each goes by itself.
    ground: the grey, 0 to 255, on which transparent images are laid.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    window: tuple[float, float] | None = None
    ground: int = Field(default=255, ge=0, le=255)

    @model_validator(mode="after")
    def _goes_up(self) -> Rendering:
        if self.window is not None and not self.window[0] < self.window[1]:
            raise ValueError("the window's first value must be below its second")
        return self


PLAIN = Rendering()


class Preprocessing(BaseModel):
    """How an image becomes the square of `size` pixels that a backbone expects, normalised.

    mean, std: of the channels red, green, blue, on a scale of 0 to 1.
    fit: "crop": the shorter side is brought to `resize` and the middle square cut out; "pad": the longer side is
        brought to `size` and the rest filled with the mean colour; "squash": both sides are brought to `size`.
    rendering: how files are read before that.

    As bundles were before there was a choice, both may be left out.
    """

    model_config = ConfigDict(frozen=True)

    size: int = Field(ge=1, le=4096)
    resize: int = Field(ge=1, le=4096)
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bilinear"
    fit: Fit = "crop"
    rendering: Rendering = PLAIN

    def key(self) -> str:
        """Names it in a cache, as it did before there was a choice of how to fit, and how to read."""
        left_out = {*(["fit"] if self.fit == "crop" else []), *(["rendering"] if self.rendering == PLAIN else [])}
        return self.model_dump_json(exclude=left_out)


def decode(source: Source, at_least: int | None = None, rendering: Rendering = PLAIN) -> Image.Image:
    """The image as RGB, upright as its EXIF says; transparent parts are laid on a ground, of animations and files of
    several pages it is the first.

    at_least: the shorter side that the caller will reduce it to; a large JPEG is then decoded at a reduced scale that
        is still twice that, which is several times faster and differs by less than a grey level on average.
    rendering: that of the dataset, or of the bundle.

    Raises:
        DataError: the file is empty, broken, no image, or has more pixels than `Limits` allow.
    """
    return read(source, at_least, rendering).image


@dataclass(frozen=True)
class Read:
    """image: as `decode` gives it. size: in pixels, upright, of the file. format: as Pillow calls it. mended: what was
    done to show it, in words. values: a sample of what it has for values, if they have more than 8 bits, see
    `deep.Deep.sample`. clear: of a transparent one, a small copy without its ground: (2, H, W), grey times opacity,
    and opacity, 0 to 255."""

    image: Image.Image
    size: tuple[int, int]
    format: str
    mended: tuple[str, ...]
    values: np.ndarray | None = None
    clear: np.ndarray | None = None


def read(source: Source, at_least: int | None = None, rendering: Rendering | None = None) -> Read:
    """An image, and what is to be known of it. rendering: None looks at it by itself, and samples its values.

    Raises as `decode`.
    """
    try:
        try:
            with _opened(source) as image:
                return _read(image, source, at_least, rendering, ())
        except FileNotFoundError as error:
            raise DataError("The file is not there any more.") from error
        except (DataError, MemoryError):
            raise
        except Exception as error:  # Pillow's decoders raise nearly anything on damaged bytes
            return _read_otherwise(_bytes_of(source), at_least, rendering, error)
    except DataError:
        raise
    except MemoryError as error:
        raise DataError(TOO_MUCH_MEMORY) from error
    except Exception as error:
        raise DataError(BROKEN) from error


def _opened(source: Source) -> Image.Image:
    if not isinstance(source, (Path, bytes)):
        source.seek(0)
    return Image.open(BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS)


def _bytes_of(source: Source) -> bytes:
    if isinstance(source, Path):
        return source.read_bytes()
    if not isinstance(source, bytes):
        source.seek(0)
        return source.read()
    return source


def _read_otherwise(data: bytes, at_least: int | None, rendering: Rendering | None, error: Exception) -> Read:
    """What could not be read as it is.

    Raises:
        DataError: nor otherwise.
    """
    if is_tiff(data):
        with suppress(ValueError):
            if (values := of_tiff(data)) is not None:
                _refuse_if_large(values.width, values.height, "TIFF")
                words = ("turned upright",) if values.turned in TURNS else ()
                return _deep_read(values, "TIFF", 1, rendering, words)
    for other, word in mended(data):
        try:
            with _opened(other) as image:
                return _read(image, other, at_least, rendering, (word,))
        except DataError:
            raise
        except Exception:  # any, as above: then in the next way
            continue
    raise DataError(_unknown(data) if isinstance(error, UnidentifiedImageError) else BROKEN) from error


def _unknown(data: bytes) -> str:
    if not data:
        return EMPTY
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"hevc"):
        if "HEIF" in FORMATS or not _whole_boxes(data):
            return BROKEN
        return (
            "This is a HEIC image, as iPhones take them. Whoever runs Graft can install the package pillow-heif to "
            "read it; or save it as JPEG."
        )
    for name, at, signature in OTHERS:
        if data[at : at + len(signature)] == signature:
            return f"This is {name} and not an image in a format that Graft can read ({READ})."
    return f"This is not an image in a format that Graft can read ({READ})."


def _whole_boxes(data: bytes) -> bool:
    """Whether a HEIC file ends where the last of its boxes does, as each says its own size in its first 4 bytes."""
    at = 0
    while 0 <= at < len(data):
        size = int.from_bytes(data[at : at + 4])
        if size < 8:  # 0: to the end of the file; 1: too large for 4 bytes
            return size in (0, 1)
        at += size
    return at == len(data)


def _refuse_if_large(width: int, height: int, format: str) -> None:
    most = min(Limits.from_environment().pixels, MOST_PIXELS.get(format, 10**12))
    if width * height > most:
        kind = f" of a {format}" if format in MOST_PIXELS else ""
        raise DataError(
            f"The image claims {width} x {height} pixels; at most {most / 10**6:g} million{kind} are read. Make it "
            "smaller first."
        )


def _read(
    image: Image.Image, source: Source, at_least: int | None, rendering: Rendering | None, words: tuple[str, ...]
) -> Read:
    format = image.format or ""
    _refuse_if_large(*image.size, _kind(image))
    size = image.size
    with _one_large if image.width * image.height > LARGE_PIXELS else nullcontext():
        window = rendering is None or rendering.window is not None
        said = orientation(image) if format == "TIFF" else 1  # as Pillow turns those itself
        words = (*_words(image), *words)
        values = deep(image, lambda: _bytes_of(source), all_colours=window)
        if values is None and at_least and min(image.size) >= 4 * at_least:
            _draft(image, at_least)
        image.load()
        turned = orientation(image)
        words = ("turned upright", *words) if max(said, turned) > 1 else words
        if values is not None:
            return _deep_read(values, format, turned, rendering, words)
        if turned > 1:
            image = image.transpose(TURNS[turned])
            size = size[::-1] if turned >= 5 else size
        times = max(1, min(image.size) // ENOUGH) if rendering is None else 1
        if not _is_clear(image):
            rgb = _strip_by_strip(image, _in_rgb, times) if times > 1 else image.convert("RGB")
            return Read(rgb, size, format, words)
        if times > 1:
            image = _strip_by_strip(image, lambda strip: strip.convert("RGBA"), times, "RGBA")
        clear = _clear(image) if rendering is None else None
        ground = ground_for(clear) if clear is not None else (rendering or PLAIN).ground
        return Read(_strip_by_strip(image, partial(_laid_on, ground=ground)), size, format, words, clear=clear)


def _kind(image: Image.Image) -> str:
    """As Pillow calls it, but for kinds that it decodes slowly."""
    slow = {"bmp_rle": "BMP with RLE", "ppm": "PPM other than of 8 bits", "ppm_plain": "PPM other than of 8 bits"}
    tiles = getattr(image, "tile", None)
    if image.format == "PNG" and tiles and str(tiles[0].args) in ("RGB;16B", "RGBA;16B"):
        return "PNG with 16-bit colours"
    return slow.get(tiles[0].codec_name if tiles else "", image.format or "")


def _levels(image: Image.Image) -> int:
    """How often a JPEG 2000 image may be halved while it is decoded."""
    file: BinaryIO = image.fp  # type: ignore[attr-defined]
    at = file.tell()
    file.seek(0)
    head = file.read(2**14)
    file.seek(at)
    begins = head.find(b"\xff\x52")
    return head[begins + 9] if 0 <= begins < len(head) - 9 else 0


def _draft(image: Image.Image, at_least: int) -> None:
    if image.format == "JPEG2000":
        levels = 0
        while min(image.size) >> (levels + 1) >= 2 * at_least:
            levels += 1
        image.reduce = min(levels, _levels(image))  # type: ignore[method-assign,assignment]
    else:
        image.draft("RGB", (2 * at_least, 2 * at_least))


def _deep_read(
    values: Deep,
    format: str,
    turned: int,
    rendering: Rendering | None,
    words: tuple[str, ...],
) -> Read:
    sample = None
    if rendering is None:
        sample = values.sample()
        rendering = Rendering(window=window_of([sample]))
    size = (values.width, values.height)
    times = max(1, min(size) // ENOUGH) if sample is not None else 1
    image = _upright(values.in_8_bits(rendering.window, times), values.turned or turned)
    size = size[::-1] if (values.turned or turned) >= 5 else size
    if values.alpha is not None:
        paper = Image.new("RGB", image.size, (rendering.ground,) * 3)
        image = Image.composite(image, paper, _upright(values.alpha.reduce(times), turned))
        words = (*words, CLEAR)
    return Read(image, size, format, (*words, DEEP), sample)


def _upright(image: Image.Image, turned: int) -> Image.Image:
    return image.transpose(TURNS[turned]) if turned in TURNS else image


def _words(image: Image.Image) -> Iterator[str]:
    """What is to be done to show it."""
    if image.mode in ("CMYK", "YCCK", "LAB"):
        yield "print colours to screen colours"
    if _is_clear(image):
        yield CLEAR
    elif image.mode == "P" and image.format != "GIF":
        yield "palette to colours"
    with suppress(Exception):  # of what comes behind the first, nothing is needed
        if image.format in ("GIF", "WEBP", "PNG", "AVIF") and getattr(image, "is_animated", False):
            yield "first image of an animation"
    if image.format == "HEIF":
        yield "read from HEIC"


def orientation(image: Image.Image) -> int:
    """How the camera was held, 1 (upright) to 8, as EXIF says; damaged EXIF says nothing, and spoils no image."""
    try:
        said = image.getexif().get(EXIF_ORIENTATION)
    except Exception:  # any, as of damaged images
        return 1
    return said if said in TURNS else 1


def _is_clear(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def _laid_on(image: Image.Image, ground: int) -> Image.Image:
    paper = Image.new("RGBA", image.size, (ground, ground, ground, 255))
    return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")


def _clear(image: Image.Image) -> np.ndarray:
    """A small copy without its ground: see `Read.clear`."""
    small = image.convert("RGBA").convert("RGBa").resize((64, 64), Image.Resampling.BOX)
    seen = np.asarray(small, np.float32)
    return np.stack([seen[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32), seen[..., 3]])


def contrasts_on(clear: np.ndarray) -> list[float]:
    """Of a transparent image, its contrast on each of the `GROUNDS`."""
    return [float((clear[0] + (255 - clear[1]) / 255 * ground).std()) for ground in GROUNDS]


def ground_for(clear: np.ndarray) -> int:
    """White, unless what is to be seen would vanish on it."""
    contrasts = contrasts_on(clear)
    return GROUNDS[next((at for at, one in enumerate(contrasts) if one >= ONE_COLOUR), int(np.argmax(contrasts)))]


def _in_rgb(image: Image.Image) -> Image.Image:
    return image.convert("RGB")


def _strip_by_strip(
    image: Image.Image, change: Callable[[Image.Image], Image.Image], times: int = 1, mode: str = "RGB"
) -> Image.Image:
    """The whole image changed to RGB, of which a large one is never in memory several times over. times: as small."""
    if times == 1 and image.height <= max(1, STRIP // image.width):
        return change(image)
    whole = Image.new(mode, (-(-image.width // times), -(-image.height // times)))
    for top, strip in _strips(image, times):
        whole.paste(change(strip).reduce(times) if times > 1 else change(strip), (0, top // times))
    return whole


def _strips(image: Image.Image, times: int) -> Iterator[tuple[int, Image.Image]]:
    """With where each begins."""
    rows = max(1, STRIP // image.width // times) * times
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def shrink(image: Image.Image, preprocessing: Preprocessing) -> np.ndarray:
    """uint8 (H, W, 3), of which `square` makes what a network sees. To be cropped: the shorter side is
    `preprocessing.resize`, as torchvision's Resize does it; to be padded: the longer side is `size`; squashed: both."""
    (left, top, width, height), size = shrunk(*image.size, preprocessing)
    if (width, height) != image.size:
        image = image.crop((left, top, left + width, top + height))
    return _resized(image, size, preprocessing)


def shrunk(width: int, height: int, preprocessing: Preprocessing) -> tuple[tuple[int, int, int, int], tuple[int, int]]:
    """What `shrink` makes of an image of this size: left, top, width and height of the part that is taken, which is the
    middle of a very long one, and the width and height that it then has."""
    if preprocessing.fit != "crop":
        full, longer = preprocessing.size, max(width, height)
        padded = (max(1, round(full * width / longer)), max(1, round(full * height / longer)))
        return (0, 0, width, height), padded if preprocessing.fit == "pad" else (full, full)
    longest = LONGEST_TO_SHORTEST * min(width, height)
    wide, tall = min(width, longest), min(height, longest)
    short = preprocessing.resize
    size = (short, int(short * tall / wide)) if wide <= tall else (int(short * wide / tall), short)
    return ((width - wide) // 2, (height - tall) // 2, wide, tall), size


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


def center_crop(pixels: np.ndarray, size: int) -> np.ndarray:
    """uint8 (H, W, 3) to its middle (size, size, 3), as torchvision's CenterCrop does it: too small is padded black."""
    height, width = pixels.shape[:2]
    if height < size or width < size:
        tall, wide = max(0, size - height), max(0, size - width)
        pixels = np.pad(pixels, ((tall // 2, (tall + 1) // 2), (wide // 2, (wide + 1) // 2), (0, 0)))
        height, width = pixels.shape[:2]
    top, left = round((height - size) / 2), round((width - size) / 2)
    return pixels[top : top + size, left : left + size]


def normalize(batch: torch.Tensor, preprocessing: Preprocessing) -> torch.Tensor:
    """uint8 (B, H, W, 3) to float32 (B, 3, H, W) in channels_last order, on the same device."""
    import torch

    count, height, width, _ = batch.shape
    # Along whole rows of pixels, and in place, this is several times faster on a CPU than along three channels.
    mean = torch.tensor(preprocessing.mean * width, device=batch.device) * 255
    std = torch.tensor(preprocessing.std * width, device=batch.device) * 255
    rows = batch.reshape(count, height, width * 3).float().sub_(mean).div_(std)
    return rows.reshape(batch.shape).permute(0, 3, 1, 2)
