"""A heat map laid on its image, for pages and for files."""

from __future__ import annotations

import numpy as np
from PIL import Image

from core.explaining.explanation import HeatMap

# From little to much: told apart by lightness alone, so with any colour vision and without colour (plasma, matplotlib).
RAMP = np.array([(13, 8, 135), (126, 3, 168), (204, 71, 120), (248, 149, 64), (240, 249, 33)], np.float32)
UNSEEN = (128, 128, 128, 150)  # laid over what the network did not see


def overlay(heat: HeatMap, size: tuple[int, int]) -> Image.Image:
    """The map for an image of this width and height: RGBA, the clearer the less a place counts."""
    width, height = size
    left, top, right, bottom = (round(at * side) for at, side in zip(heat.box, (width, height, width, height)))
    values = Image.fromarray(heat.values).resize((max(1, right - left), max(1, bottom - top)), Image.Resampling.BICUBIC)
    laid = Image.new("RGBA", size, UNSEEN)
    laid.paste(_coloured(np.asarray(values).clip(0, 1)), (left, top))
    return laid


def blended(image: Image.Image, heat: HeatMap, opacity: float = 0.7) -> Image.Image:
    """An RGB image with the map on it. opacity: 0 to 1."""
    laid = overlay(heat, image.size)
    laid.putalpha(laid.getchannel("A").point(lambda value: round(value * opacity)))
    return Image.alpha_composite(image.convert("RGBA"), laid).convert("RGB")


def _coloured(values: np.ndarray) -> Image.Image:
    """values: (h, w), 0 to 1."""
    stops = np.linspace(0, 1, len(RAMP))
    channels = [np.interp(values, stops, RAMP[:, channel]) for channel in range(3)]
    return Image.fromarray(np.stack([*channels, 255 * values], axis=2).round().astype(np.uint8))
