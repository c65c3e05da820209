"""The examples of a part of a dataset, ready to be cut into batches: what a modality gives to whoever computes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from core.modalities.inputs import Inputs
from core.tasks.targets import Targets


class Examples(Protocol):
    """Read, decoded or tokenised when first needed, or found in the cache.

    An epoch is a number from 1 for training, and None where nothing is to be drawn at random. What is drawn depends on
    the epoch and the example's content alone: no thread's timing, and no other example, can change it.

    Attributes:
        digests: What names the content of each, in order.
        device: Where the batches come to.
        augmentation: "none" where every epoch sees the same.
        counts: Whether `counted` may give something.
    """

    digests: Sequence[str]
    counts: bool = False
    device: torch.device
    augmentation: str

    def __len__(self) -> int: ...

    def read(self) -> None:
        """Now, in place of with the first batch. Raises GraftError if one cannot be read any more."""
        ...

    def batches(self, chunks: Sequence[np.ndarray], epoch: int | None) -> Iterator[Inputs]:
        """One input batch on the device for each array of example numbers."""
        ...

    def moved(self, targets: Targets, chunk: np.ndarray, epoch: int | None) -> Targets:
        """The targets of these examples, where augmentation moves what they say: boxes follow their image."""
        return targets

    def read_of(self, number: int) -> Any:
        """One as `Modality.read` gives it, where answers are in its own terms: places in a text. None where
        they never are."""
        return None

    def setting(self) -> str:
        """Everything but content, epoch and augmentation that decides the inputs: for the names of what is kept."""
        ...

    def counted(self, numbers: np.ndarray, others: Examples, asked: np.ndarray) -> tuple[Tensor, Tensor] | None:
        """What can be counted in examples without any network, (N, W) and (M, W): of those of these numbers, and of
        some of others. None where nothing useful can be."""
        return None

    def lengths(self) -> np.ndarray | None:
        """(N,), in whatever unit, where examples differ in length, and a batch is padded to its longest."""
        return None

    def expected_lengths(self) -> np.ndarray | None:
        """About the same, without reading anything: how much room they will take."""
        return None

    def to_read(self) -> int:
        """How many are not in the cache yet."""
        return 0

    def bytes(self) -> int:
        """In memory or in the cache, once they are read."""
        return 0

    def reads_again(self) -> bool:
        """Whether they are read in every epoch, as the cache has no room for what was read."""
        return False

    def is_damaged(self) -> bool:
        """Whether what they read from the cache was written into by somebody meanwhile."""
        return False


def some(examples: Examples, many: int = 8) -> Inputs:
    """The first ones as they are, to measure on."""
    (inputs,) = examples.batches([np.arange(min(many, len(examples)))], epoch=None)
    return inputs
