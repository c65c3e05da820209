"""What goes into a backbone and what comes out of it, whatever the example is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, channels_last, contiguous_format
from torch.utils._pytree import register_dataclass

Inputs = dict[str, Tensor]  # an image {"pixels": (B, 3, H, W)}; a text {"ids", "mask": (B, T)}; batch first in each


@dataclass
class Features:
    """What every backbone gives; a task says which of it its head reads.

    Attributes:
        pooled: (B, F), one vector an example.
        steps: (B, T, F), one vector a token, where they were asked for.
        maps: (B, Ci, Hi, Wi) each, fine to coarse, where they were asked for.
    """

    pooled: Tensor
    steps: Tensor | None = None
    maps: tuple[Tensor, ...] = ()


register_dataclass(Features, field_names=["pooled", "steps", "maps"])  # so that torch finds the tensors in it


def count(inputs: Mapping[str, Tensor]) -> int:
    """How many examples there are in a batch."""
    return len(next(iter(inputs.values())))


def laid_out(inputs: Mapping[str, Tensor]) -> Inputs:
    """The same numbers with what is like images in channels_last, in memory of its own."""
    return {
        name: tensor.contiguous(memory_format=channels_last if tensor.ndim == 4 else contiguous_format)
        for name, tensor in inputs.items()
    }


def first(inputs: Mapping[str, Tensor], many: int) -> Inputs:
    """The first examples of a batch."""
    return {name: tensor[:many] for name, tensor in inputs.items()}
