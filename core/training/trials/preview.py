"""What augmentation and mixing will make of images, with the engine's own code, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from core.modalities.images.examples import view
from core.modalities.images.preprocessing import Preprocessing, decode, shrink
from core.training.loop import Batch
from core.training.mixing import mixed
from core.training.recipe import Recipe


@dataclass(frozen=True)
class Mix:
    """pixels: uint8 (size, size, 3). share: of the image `first`; the rest is of `second`. Both count from 0."""

    pixels: np.ndarray
    share: float
    first: int
    second: int


@dataclass(frozen=True)
class Preview:
    """views: of each image as it is, then as the epochs see it: uint8 (1 + epochs, size, size, 3). mixes: of them."""

    views: list[np.ndarray]
    mixes: list[Mix]


def preview(
    paths: Sequence[Path], digests: Sequence[str], preprocessing: Preprocessing, recipe: Recipe, epochs: int
) -> Preview:
    """
    Args:
        paths, digests: of the images, and of their content (sha256, hexadecimal).

    Raises:
        DataError: an image cannot be read.
    """
    views = []
    for path, digest in zip(paths, digests):
        pixels = shrink(decode(path, preprocessing.resize, preprocessing.rendering), preprocessing)
        seen = (None, *range(1, epochs + 1))
        views.append(np.stack([view(pixels, digest, preprocessing, each, recipe.augmentation) for each in seen]))
    return Preview(views, _mixes([each[-1] for each in views], recipe))


def _mixes(images: list[np.ndarray], recipe: Recipe) -> list[Mix]:
    """One of each image that meets another: of a batch each, as a batch has one proportion."""
    if not (recipe.mixup or recipe.cutmix):
        return []
    inputs = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()
    whole, mixes = Batch({"pixels": inputs}, torch.arange(len(images))), []
    for first in range(len(images)):
        batch = mixed(whole, recipe, np.random.default_rng((recipe.seed, first)))
        assert batch.others is not None
        if (second := int(batch.others[first])) != first:
            pixels = batch.inputs["pixels"][first].round().byte().permute(1, 2, 0).numpy()
            mixes.append(Mix(pixels, 1 - batch.mixed_in, first, second))
    return mixes
