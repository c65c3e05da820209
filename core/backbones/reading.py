"""What else than the last stage a head may read: for each stage of the later half, its mean and its maximum over the
image.

Late stages know things that resemble photographs; earlier ones still see strokes, dots and textures. A linear layer on
several of them is a good deal better on drawings, digits or microscopy, for no more than the pooling
(https://arxiv.org/abs/2201.03529; measured in docs/defaults.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch


def positions(shape: Sequence[int]) -> tuple[int, ...] | None:
    """Which dimensions of an activation are places in the image, of (B, C, H, W), (B, H, W, C) or (B, T, C); None where
    it has none."""
    if len(shape) == 3:
        return (1,)
    if len(shape) != 4:
        return None
    return (1, 2) if shape[1] == shape[2] != shape[3] else (2, 3)


def channels(shape: Sequence[int]) -> int:
    places = positions(shape)
    assert places is not None
    return next(size for number, size in enumerate(shape) if number > 0 and number not in places)


def summary(activation: torch.Tensor) -> torch.Tensor:
    """The mean, then the maximum of each channel over the image: (B, 2 C)."""
    places = positions(activation.shape)
    assert places is not None
    return torch.cat([activation.mean(dim=places), activation.amax(dim=places)], dim=1)


def as_map(activation: torch.Tensor) -> torch.Tensor:
    """(B, C, H, W) of that, of (B, H, W, C), or of square images as tokens, class tokens before them left out."""
    if activation.ndim == 3:
        side = math.isqrt(activation.shape[1])
        places = activation[:, activation.shape[1] - side**2 :]
        return places.transpose(1, 2).unflatten(2, (side, side))
    return activation.permute(0, 3, 1, 2) if positions(activation.shape) == (1, 2) else activation
