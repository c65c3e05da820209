"""Images that are drawn for benchmarks/sets.py: things on photos, letters, cells as under a microscope."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

SIZE = 400, 320
LETTER = 128
FIELD = 320  # pixels a side
CELLS = {
    "round": (1.0, 0.0, False),
    "long": (2.6, 0.0, False),
    "oval": (1.5, 0.0, False),
    "budding": (1.1, 0.65, False),
    "ring": (1.0, 0.0, True),
}  # how long for its width, the size of its bud, whether it is hollow


def compose(thing: Image.Image, photo: Image.Image, draw: random.Random) -> Image.Image:
    width = draw.randint(SIZE[0], min(photo.width, photo.height * SIZE[0] // SIZE[1]))
    height = width * SIZE[1] // SIZE[0]
    left, top = draw.randint(0, photo.width - width), draw.randint(0, photo.height - height)
    image = photo.crop((left, top, left + width, top + height)).resize(SIZE, Image.Resampling.BICUBIC)
    side = round(draw.uniform(0.35, 0.8) * SIZE[1])
    turned = thing.rotate(draw.uniform(-25, 25), Image.Resampling.BICUBIC, expand=True)
    turned = ImageOps.contain(ImageOps.mirror(turned) if draw.random() < 0.5 else turned, (side, side))
    place = draw.randint(0, SIZE[0] - turned.width), draw.randint(0, SIZE[1] - turned.height)
    image.paste(turned, place, turned)
    return ImageEnhance.Brightness(image).enhance(draw.uniform(0.6, 1.2))


def letters(font: bytes, wanted: str) -> Iterator[tuple[str, Image.Image]]:
    """None of a font that lacks one of them or draws two of them alike."""
    face = ImageFont.truetype(io.BytesIO(font), LETTER * 2 // 3)
    found = {letter: _letter(face, letter) for letter in wanted}
    missing = _letter(face, "\uffff").tobytes()
    if len({image.tobytes() for image in found.values()} | {missing}) > len(wanted):
        yield from found.items()


def _letter(face: ImageFont.FreeTypeFont, letter: str) -> Image.Image:
    image = Image.new("L", (LETTER, LETTER), 255)
    ImageDraw.Draw(image).text((LETTER / 2, LETTER / 2), letter, fill=0, font=face, anchor="mm")
    return image


def microscope(cell: tuple[float, float, bool], draw: np.random.Generator) -> Image.Image:
    """A field of a few cells of one shape and some dirt, unevenly lit, blurred and noisy."""
    image = Image.new("L", (FIELD, FIELD), 0)
    for _ in range(draw.integers(4, 12)):
        spot = _cell(*cell, draw)
        place = tuple(int(each) for each in draw.integers(-20, FIELD - 30, 2))
        lit = Image.fromarray((np.asarray(spot) * draw.uniform(0.4, 0.9)).astype(np.uint8))
        image.paste(255, place, lit)
    for x, y, size in zip(*draw.uniform(0, FIELD, (2, 15)), draw.uniform(1, 5, 15)):
        ImageDraw.Draw(image).ellipse((x, y, x + size, y + size), fill=int(draw.integers(60, 200)))
    image = image.filter(ImageFilter.GaussianBlur(draw.uniform(1, 3.5)))
    across, down = np.meshgrid(np.linspace(-1, 1, FIELD), np.linspace(-1, 1, FIELD))
    light = draw.uniform(40, 110) + across * draw.uniform(-35, 35) + down * draw.uniform(-35, 35)
    pixels = light + np.asarray(image) * draw.uniform(0.2, 0.5) + draw.normal(0, draw.uniform(5, 22), (FIELD, FIELD))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _cell(length: float, bud: float, hollow: bool, draw: np.random.Generator) -> Image.Image:
    radius, middle = draw.uniform(11, 20), 80
    along, across = radius * length**0.5 * draw.uniform(0.9, 1.1), radius / length**0.5
    image = Image.new("L", (2 * middle, 2 * middle), 0)
    pen = ImageDraw.Draw(image)
    pen.ellipse((middle - along, middle - across, middle + along, middle + across), fill=255)
    if hollow:
        inner = 0.5
        box = middle - along * inner, middle - across * inner, middle + along * inner, middle + across * inner
        pen.ellipse(box, fill=60)
    if bud:
        small, far = radius * bud, along + radius * bud * 0.6
        pen.ellipse((middle + far - small, middle - small, middle + far + small, middle + small), fill=255)
    return image.rotate(draw.uniform(0, 360), Image.Resampling.BICUBIC)
