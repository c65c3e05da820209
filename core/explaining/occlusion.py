"""Which places of an image an answer needs: cover a part of it, and see how much less likely the answer becomes
(Zeiler and Fergus, https://arxiv.org/abs/1311.2901)."""

from __future__ import annotations

from collections.abc import Callable

import torch

from core.explaining.explanation import Listen
from core.modalities.inputs import Inputs

PLACES, WINDOW = 8, 3  # the image is so many places along a side, of which so many are covered at a time
AT_ONCE = 6


def occlusion(inputs: Inputs, likely: Callable[[Inputs], torch.Tensor], listen: Listen) -> torch.Tensor:
    """How much is lost where a place is covered, on average: float32 (PLACES, PLACES).

    inputs: {"pixels": (1, 3, S, S)}. likely: of such inputs, (B,).
    """
    pixels = inputs["pixels"]
    windows = [(top, left) for top in range(PLACES - WINDOW + 1) for left in range(PLACES - WINDOW + 1)]
    whole = likely(inputs)
    lost, counts = (torch.zeros(PLACES, PLACES, device=pixels.device) for _ in range(2))
    for start in range(0, len(windows), AT_ONCE):
        listen(start, len(windows))
        some = windows[start : start + AT_ONCE]
        for (top, left), less in zip(some, whole - likely({"pixels": _covered(pixels, some)})):
            there = slice(top, top + WINDOW), slice(left, left + WINDOW)
            lost[there] += less
            counts[there] += 1
    return lost / counts


def _covered(pixels: torch.Tensor, windows: list[tuple[int, int]]) -> torch.Tensor:
    """A copy for each window, in which it has the image's mean colour."""
    ground, size = pixels.mean(dim=(2, 3), keepdim=True), pixels.shape[-1]
    copies = pixels.repeat(len(windows), 1, 1, 1)
    for copy, (top, left) in zip(copies, windows):
        rows, columns = (slice(at * size // PLACES, (at + WINDOW) * size // PLACES) for at in (top, left))
        copy[:, rows, columns] = ground[0]
    return copies
