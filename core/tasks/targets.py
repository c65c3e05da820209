"""What outputs are compared with: one tensor where all examples are alike, else tensors of each example's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

Item = dict[str, Tensor]


class Ragged:
    """Targets that differ in shape from example to example, such as boxes or the tags of words."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = list(items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, number: int) -> Item:
        return self.items[number]

    def to(self, device: torch.device) -> Ragged:
        return Ragged([{name: each.to(device) for name, each in item.items()} for item in self.items])


Targets: TypeAlias = Any  # a tensor, (N, ...), or Ragged; each objective takes its own


def take(targets: Targets, numbers: np.ndarray) -> Targets:
    """Those of some examples, in this order."""
    if isinstance(targets, Ragged):
        return Ragged([targets[int(number)] for number in numbers])
    return targets[torch.from_numpy(numbers).to(targets.device)]


def content(targets: Targets) -> bytes:
    """All numbers in them, to tell them from others by."""
    if isinstance(targets, Ragged):
        return b"".join(each.cpu().numpy().tobytes() for item in targets.items for each in item.values())
    return targets.cpu().numpy().tobytes()
