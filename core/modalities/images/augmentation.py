"""Images as they might have been taken: what is drawn at random, what it does to pixels, and where points go by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageEnhance

from core.modalities.images.preprocessing import Preprocessing, center_crop, shrunk, square

Augmentation = Literal["none", "mirror", "standard", "strong"]
JITTER = 0.3  # brightness, contrast and colour, each times 0.7 to 1.3
LEANING = 12.0  # degrees, at most
SMALLEST = {"standard": 0.35, "strong": 0.2}  # of an image's area that is seen


@dataclass(frozen=True)
class Draw:
    """What is done to one image.

    part: left, top, width and height, in pixels of what `shrink` gives, of the part that is seen; None: as without
    augmentation. leans: degrees, counter-clockwise. colours: what brightness, contrast and colour are multiplied by.
    """

    part: tuple[int, int, int, int] | None = None
    is_mirrored: bool = False
    leans: float = 0.0
    colours: tuple[float, float, float] | None = None


AS_IT_IS = Draw()


def draw(
    width: int, height: int, preprocessing: Preprocessing, random: np.random.Generator, kind: Augmentation
) -> Draw:
    """Of an image that is `width` x `height` once it is shrunk.

    kind: "mirror" mirrors it half of the time; "standard" sees a part of it too, 35 to 100% of its area and 3:4 to 4:3
        as wide; "strong" lets it be 20%, lean, and be brighter or darker and of other colours.
    """
    part = None if kind in ("none", "mirror") else _part(width, height, preprocessing, random, SMALLEST[kind])
    is_mirrored = kind != "none" and random.random() < 0.5
    if kind != "strong":
        return Draw(part, is_mirrored)
    leans = random.uniform(-LEANING, LEANING)
    brightness, contrast, colour = (random.uniform(1 - JITTER, 1 + JITTER) for _ in range(3))
    return Draw(part, is_mirrored, leans, (brightness, contrast, colour))


def _part(
    width: int, height: int, preprocessing: Preprocessing, random: np.random.Generator, smallest: float
) -> tuple[int, int, int, int]:
    """A part of nearly the shape that it is brought to."""
    to_width, to_height = _frame(width, height, preprocessing)
    area = height * width * random.uniform(smallest, 1.0)
    aspect = np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3))) * (to_width / to_height)
    part_width = min(width, max(1, round(np.sqrt(area * aspect))))
    part_height = min(height, max(1, round(np.sqrt(area / aspect))))
    left, top = int(random.integers(width - part_width + 1)), int(random.integers(height - part_height + 1))
    return left, top, part_width, part_height


def _frame(width: int, height: int, preprocessing: Preprocessing) -> tuple[int, int]:
    """To which size a part is brought. What fills the rest of an image that is padded stays as it is."""
    return (width, height) if preprocessing.fit == "pad" else (preprocessing.size, preprocessing.size)


def augment(pixels: np.ndarray, preprocessing: Preprocessing, drawn: Draw) -> np.ndarray:
    """What `shrink` gave, (H, W, 3), as the network sees it, (size, size, 3); uint8 both."""
    if drawn == AS_IT_IS:
        return square(pixels, preprocessing)
    image = _seen(pixels, preprocessing, drawn)
    if drawn.is_mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if drawn.colours is not None:
        image = image.rotate(drawn.leans, Image.Resampling.BILINEAR, fillcolor=(128, 128, 128))
        for change, factor in zip((ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color), drawn.colours):
            image = change(image).enhance(factor)
    return square(np.asarray(image), preprocessing)


def _seen(pixels: np.ndarray, preprocessing: Preprocessing, drawn: Draw) -> Image.Image:
    if drawn.part is None:
        frame = pixels if preprocessing.fit == "pad" else center_crop(pixels, preprocessing.size)
        return Image.fromarray(np.ascontiguousarray(frame))
    (left, top, width, height), size = drawn.part, _frame(pixels.shape[1], pixels.shape[0], preprocessing)
    box = (left, top, left + width, top + height)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR, box=box)


# Where things go ------------------------------------------------------------------------------------------------------


def placement(width: int, height: int, preprocessing: Preprocessing, drawn: Draw = AS_IT_IS) -> np.ndarray:
    """From points of an image, in its own pixels, to what the network sees: (2, 3), for (x, y, 1)."""
    (left, top, seen_width, seen_height), (small_width, small_height) = shrunk(width, height, preprocessing)
    steps = [_moved(-left, -top), _scaled(small_width / seen_width, small_height / seen_height)]
    frame_width, frame_height = _frame(small_width, small_height, preprocessing)
    if drawn.part is not None:
        left, top, part_width, part_height = drawn.part
        steps += [_moved(-left, -top), _scaled(frame_width / part_width, frame_height / part_height)]
    elif preprocessing.fit != "pad":
        steps.append(_moved(*(_centred(side, preprocessing.size) for side in (small_width, small_height))))
    if drawn.is_mirrored:
        steps += [_scaled(-1, 1), _moved(frame_width, 0)]
    if drawn.leans:
        steps += [
            _moved(-frame_width / 2, -frame_height / 2),
            _turned(drawn.leans),
            _moved(frame_width / 2, frame_height / 2),
        ]
    if preprocessing.fit == "pad":
        size = preprocessing.size
        steps.append(_moved((size - frame_width) // 2, (size - frame_height) // 2))
    whole = np.eye(3)
    for step in steps:
        whole = step @ whole
    return whole[:2]


def placed_boxes(boxes: np.ndarray, place: np.ndarray, size: int) -> np.ndarray:
    """Boxes (N, 4) of left, top, right, bottom, moved by a `placement` and cut at what the network sees."""
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    moved = corners @ place[:, :2].T + place[:, 2]
    return np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1).clip(0, size)


def _centred(side: int, size: int) -> int:
    """How far `center_crop` moves an image along a side."""
    return -round((side - size) / 2) if side >= size else (size - side) // 2


def _moved(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], float)


def _scaled(x: float, y: float) -> np.ndarray:
    return np.array([[x, 0, 0], [0, y, 0], [0, 0, 1]], float)


def _turned(degrees: float) -> np.ndarray:
    """Counter-clockwise, where y points down."""
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    return np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]], float)
