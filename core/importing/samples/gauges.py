"""Images of gauges, drawn by Graft itself: a number to learn, that anybody can read and check."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 192  # pixels
FINE = 2  # drawn so many times as large, then made smaller: soft edges
FIRST, SWEEP = 150.0, 240.0  # degrees, clockwise from the right: where 0 stands, and how far 100 is from there


def write_gauges(folder: Path, images: int, seed: int = 0) -> None:
    """A folder of images and its `metadata.csv`: file_name and reading, 0 to 100."""
    random = np.random.default_rng(seed)
    readings = random.permutation(np.linspace(0, 100, images)).round(1)
    with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file_name", "reading"])
        for number, reading in enumerate(readings, start=1):
            name = f"gauge-{number:03}.jpg"
            draw_gauge(float(reading), random).save(folder / name, quality=90)
            table.writerow([name, reading])


def draw_gauge(reading: float, random: np.random.Generator) -> Image.Image:
    """One gauge in a light, a place and a colour of its own."""
    wall = tuple(int(value) for value in random.integers(150, 225, 3))
    image = Image.new("RGB", (SIDE * FINE, SIDE * FINE), wall)
    draw = ImageDraw.Draw(image)
    middle = SIDE * FINE * (0.5 + random.uniform(-0.02, 0.02, 2))
    radius = SIDE * FINE * random.uniform(0.42, 0.46)
    lean = random.uniform(-2, 2)
    _face(draw, middle, radius, lean, random)
    _needle(draw, middle, radius, FIRST + SWEEP * reading / 100 + lean, random)
    image = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS).filter(
        ImageFilter.GaussianBlur(random.uniform(0, 0.8))
    )
    pixels = np.asarray(image, np.float32) * random.uniform(0.8, 1.1) * _light(random)
    return Image.fromarray(np.clip(pixels + random.normal(0, 4, pixels.shape), 0, 255).astype(np.uint8))


def _face(
    draw: ImageDraw.ImageDraw, middle: np.ndarray, radius: float, lean: float, random: np.random.Generator
) -> None:
    rim = tuple(int(value) for value in random.integers(30, 110, 3))
    for share, colour in ((1.0, rim), (0.93, (246, 245, 240))):
        draw.circle(tuple(middle), radius * share, fill=colour)
    box = [*(middle - radius * 0.86), *(middle + radius * 0.86)]
    start, width = FIRST + lean, int(radius * 0.11)
    for share, colour in ((0.6, (58, 150, 110)), (0.85, (224, 176, 60)), (1.0, (200, 66, 56))):
        draw.arc(box, start, FIRST + lean + SWEEP * share, fill=colour, width=width)
        start = FIRST + lean + SWEEP * share
    for tick in range(21):
        angle = FIRST + lean + SWEEP * tick / 20
        inner = 0.66 if tick % 2 == 0 else 0.70
        draw.line([*_at(middle, radius * inner, angle), *_at(middle, radius * 0.74, angle)], (40, 40, 40), FINE)


def _needle(
    draw: ImageDraw.ImageDraw, middle: np.ndarray, radius: float, angle: float, random: np.random.Generator
) -> None:
    colour = [(25, 25, 30), (190, 30, 30)][int(random.integers(2))]
    sides = (_at(middle, radius * 0.09, angle + turn) for turn in (90, -90))
    draw.polygon([_at(middle, radius * 0.8, angle), *sides], fill=colour)
    draw.circle(tuple(middle), radius * 0.1, fill=colour)


def _at(middle: np.ndarray, radius: float, angle: float) -> tuple[float, float]:
    turned = math.radians(angle)
    return float(middle[0] + radius * math.cos(turned)), float(middle[1] + radius * math.sin(turned))


def _light(random: np.random.Generator) -> np.ndarray:
    """Brighter on one side: (SIDE, SIDE, 1)."""
    across, down = random.uniform(-0.12, 0.12, 2)
    ramp = np.linspace(-1, 1, SIDE, dtype=np.float32)
    return (1 + across * ramp[None, :] + down * ramp[:, None])[..., None]
