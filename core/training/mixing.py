"""MixUp and CutMix: images laid over each other, with their answers in the same proportion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from core.training.loop import Batch
from core.training.recipe import Recipe


def mixed(batch: Batch, recipe: Recipe, random: np.random.Generator) -> Batch:
    """The batch, each example mixed with another of it; which and how much, `random` alone decides.

    MixUp (https://arxiv.org/abs/1710.09412) lays one over the other, be they images or what the frozen stages made of
    them (https://arxiv.org/abs/1806.05236). CutMix (https://arxiv.org/abs/1905.04899) puts a rectangle of the one into
    the other: (B, 3, H, W) only. Where both are on, each batch has one of the two by lot.
    """
    cut = bool(recipe.cutmix) and (not recipe.mixup or random.random() < 0.5)
    alpha = recipe.cutmix if cut else recipe.mixup
    partner = torch.from_numpy(random.permutation(len(batch.targets))).to(batch.targets.device)
    kept = float(random.beta(alpha, alpha))
    if cut:
        pixels, kept = _cut(batch.inputs["pixels"], partner, kept, random)
        inputs = {**batch.inputs, "pixels": pixels}
    else:
        inputs = {name: each * kept + each[partner] * (1 - kept) for name, each in batch.inputs.items()}
    return replace(batch, inputs=inputs, others=batch.targets[partner], mixed_in=1 - kept)


def _cut(
    inputs: torch.Tensor, partner: torch.Tensor, kept: float, random: np.random.Generator
) -> tuple[torch.Tensor, float]:
    """Returns also the share of the area that was kept, which is larger where the rectangle left the image."""
    height, width = inputs.shape[-2:]
    sides = np.array([height, width]) * np.sqrt(1 - kept)
    middle = np.array([random.uniform(0, height), random.uniform(0, width)])
    top, left = np.maximum(0, np.rint(middle - sides / 2)).astype(int)
    bottom, right = np.minimum([height, width], np.rint(middle + sides / 2)).astype(int)
    inputs = inputs.clone()
    inputs[:, :, top:bottom, left:right] = inputs[partner][:, :, top:bottom, left:right]
    return inputs, 1 - max(0, bottom - top) * max(0, right - left) / (height * width)
