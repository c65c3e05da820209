"""Where the loop's batches come from: a modality's examples, or what the frozen stages made of them.

Both answer the same question: the input batch for these examples in this epoch. An epoch is a number from 1
for training, and None for validation, which is never augmented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
import torch

from core.modalities.examples import Examples
from core.modalities.inputs import Inputs
from core.runtime.device import Device
from core.store.rows import Rows
from core.tasks.targets import Targets

NEIGHBOURS = 50  # batches within which examples are sorted by their length


class Source(Protocol):
    """A part of a dataset, ready to be cut into batches."""

    def __len__(self) -> int: ...

    def batches(self, chunks: Sequence[np.ndarray], epoch: int | None) -> Iterator[Inputs]:
        """One input batch on the device for each array of example indices."""
        ...

    def moved(self, targets: Targets, chunk: np.ndarray, epoch: int | None) -> Targets:
        """The targets of these examples, where augmentation moves what they say."""
        return targets

    def lengths(self) -> np.ndarray | None:
        """As of `Examples`."""
        return None

    def is_damaged(self) -> bool:
        """Whether what it reads from the cache was written into by somebody meanwhile."""
        return False


class ActivationSource(Source):
    """What the frozen stages gave, computed once. Epoch e sees view e of the augmented views, in turn."""

    def __init__(self, views: Sequence[Rows], device: Device, examples: Examples, drawn: Sequence[int | None]) -> None:
        """views: of the same examples, float32. drawn: for each, the epoch in which it was drawn from them."""
        self.views, self.device, self.examples, self.drawn = views, device, examples, drawn

    def __len__(self) -> int:
        return len(self.views[0])

    def batches(self, chunks: Sequence[np.ndarray], epoch: int | None) -> Iterator[Inputs]:
        view = self.views[(epoch or 0) % len(self.views)]
        for chunk in chunks:
            taken = {name: torch.from_numpy(array) for name, array in view.take(chunk).items()}
            yield {name: tensor.to(self.device.torch, non_blocking=True) for name, tensor in taken.items()}

    def moved(self, targets: Targets, chunk: np.ndarray, epoch: int | None) -> Targets:
        return self.examples.moved(targets, chunk, self.drawn[(epoch or 0) % len(self.views)])

    def lengths(self) -> np.ndarray | None:
        """None where all stages ran, and gave as much of each."""
        return None if all(rows.are_alike() for rows in self.views) else self.examples.lengths()

    def is_damaged(self) -> bool:
        return any(rows.is_damaged() for rows in self.views)


class Again(Source):
    """A few examples again and again, as if they were `many`: for who only wants to know how long it takes."""

    def __init__(self, few: Source, many: int) -> None:
        self.few, self.many = few, many

    def __len__(self) -> int:
        return self.many

    def batches(self, chunks: Sequence[np.ndarray], epoch: int | None) -> Iterator[Inputs]:
        return self.few.batches([chunk % len(self.few) for chunk in chunks], epoch)


class MadeUp(Source):
    """Noise in place of examples: for who only wants to know what a step takes."""

    def __init__(
        self, shapes: Mapping[str, Sequence[int]], many: int, device: Device, like: Inputs | None = None
    ) -> None:
        """shapes: of the inputs, without the batch. like: an example of tokens, (1, T) each, which is repeated to the
        shape: noise is no token."""
        self.shapes, self.many, self.device, self.like = shapes, many, device, like or {}

    def __len__(self) -> int:
        return self.many

    def batches(self, chunks: Sequence[np.ndarray], epoch: int | None) -> Iterator[Inputs]:
        for chunk in chunks:
            yield {name: self._made(name, len(chunk), shape) for name, shape in self.shapes.items()}

    def _made(self, name: str, many: int, shape: Sequence[int]) -> torch.Tensor:
        if name not in self.like:
            return self._noise(many, *shape)
        (row,) = self.like[name]
        return row[torch.arange(shape[0], device=row.device) % len(row)].repeat(many, 1)

    def _noise(self, *shape: int) -> torch.Tensor:
        noise = torch.randn(shape, device=self.device.torch)
        return noise.contiguous(memory_format=torch.channels_last) if noise.ndim == 4 else noise


def cut(order: np.ndarray, batch_size: int, training: bool) -> list[np.ndarray]:
    """`order` in chunks of `batch_size`. A last chunk of one would break BatchNorm, so it joins its neighbour."""
    chunks = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    if training and len(chunks) > 1 and len(chunks[-1]) == 1:
        chunks[-2:] = [np.concatenate(chunks[-2:])]
    return chunks


def cut_evenly(order: np.ndarray, lengths: np.ndarray, fewest: int, tokens: int) -> list[np.ndarray]:
    """`order`, which is by length, in chunks of about `tokens`, padding included, and of `fewest` examples at least."""
    chunks, start = list[np.ndarray](), 0
    while start < len(order):
        many = fewest
        while start + many < len(order) and (many + 1) * lengths[order[start + many]] <= tokens:
            many += 1
        chunks.append(order[start : start + many])
        start += many
    return chunks


def by_length(order: np.ndarray, lengths: np.ndarray, batch_size: int, random: np.random.Generator) -> np.ndarray:
    """The same examples so that those of a batch are about equally long, and little of it is padding. Which come
    together, and which batch comes when, stays a matter of chance."""
    block = NEIGHBOURS * batch_size
    blocks = [order[start : start + block] for start in range(0, len(order), block)]
    near = np.concatenate([each[np.argsort(lengths[each], kind="stable")] for each in blocks])
    batches = [near[start : start + batch_size] for start in range(0, len(near), batch_size)]
    whole = len(batches) - (len(batches[-1]) < batch_size)  # a smaller one stays the last
    return np.concatenate([*(batches[turn] for turn in random.permutation(whole)), *batches[whole:]])
