"""Where the loop's batches come from: images, or what the frozen stages made of them.

Both kinds answer the same question: the input batch for these examples in this epoch. An epoch is a number from 1
for training, and None for validation, which is never augmented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Protocol

import numpy as np
import torch

from core.modalities.images.pixels import Pixels
from core.modalities.images.preprocessing import Augmentation, Preprocessing, augment, normalize, square
from core.modalities.inputs import Inputs
from core.processes import available_cores
from core.runtime.device import Device
from core.store.rows import Column, Rows

PREFETCHED_BATCHES = 4


class Source(Protocol):
    """A part of a dataset, ready to be cut into batches."""

    def __len__(self) -> int: ...

    def batches(self, chunks: Sequence[np.ndarray], epoch: int | None) -> Iterator[Inputs]:
        """One input batch on the device for each array of example indices."""
        ...


class ImageSource:
    """Images: cropped (at random with an `augmentation`) by threads ahead of the device, normalised on the device."""

    def __init__(
        self,
        load: Callable[[], Pixels],
        digests: Sequence[str],
        preprocessing: Preprocessing,
        device: Device,
        augmentation: Augmentation = "none",
    ) -> None:
        """load: decodes the images, or finds them decoded; called when the first batch is asked for, if ever.
        digests: what names the content of each image (its sha256, hexadecimal), in order."""
        self.load, self.digests, self.preprocessing = load, digests, preprocessing
        self.device, self.augmentation = device, augmentation

    @cached_property
    def pixels(self) -> Pixels:
        return self.load()

    def __len__(self) -> int:
        return len(self.digests)

    def batches(self, chunks: Sequence[np.ndarray], epoch: int | None) -> Iterator[Inputs]:
        pixels = self.pixels  # loaded here, not by the threads
        with ThreadPoolExecutor(min(8, available_cores())) as pool:
            ahead = [pool.submit(self._cut, pixels, chunk, epoch) for chunk in chunks[:PREFETCHED_BATCHES]]
            for position in range(len(chunks)):
                if position + PREFETCHED_BATCHES < len(chunks):
                    ahead.append(pool.submit(self._cut, pixels, chunks[position + PREFETCHED_BATCHES], epoch))
                batch = ahead.pop(0).result()
                yield {"pixels": normalize(batch.to(self.device.torch, non_blocking=True), self.preprocessing)}

    def _cut(self, pixels: Pixels, chunk: np.ndarray, epoch: int | None) -> torch.Tensor:
        """uint8 (B, H, W, 3). The crop depends on epoch and content alone: no thread's timing, and no other image of
        the dataset, can change it."""
        size = self.preprocessing.size
        batch = np.empty((len(chunk), size, size, 3), np.uint8)
        for row, index in enumerate(chunk):
            batch[row] = view(pixels[int(index)], self.digests[index], self.preprocessing, epoch, self.augmentation)
        tensor = torch.from_numpy(batch)
        return tensor.pin_memory() if self.device.torch.type == "cuda" else tensor


def view(
    image: np.ndarray, digest: str, preprocessing: Preprocessing, epoch: int | None, augmentation: Augmentation
) -> np.ndarray:
    """What a network sees of an image in an epoch: uint8 (size, size, 3). digest: names its content, as above."""
    if augmentation == "none" or epoch is None:
        return square(image, preprocessing)
    return augment(image, preprocessing, np.random.default_rng((epoch, int(digest[:16], 16))), augmentation)


def some(source: ImageSource, many: int = 8) -> Inputs:
    """The first images as they are, to measure on."""
    (inputs,) = source.batches([np.arange(min(many, len(source)))], epoch=None)
    return inputs


class ActivationSource:
    """What the frozen stages gave, computed once. Epoch e sees view e of the augmented views, in turn."""

    def __init__(self, views: Sequence[Rows], device: Device) -> None:
        """views: of the same images, float32."""
        self.views, self.device = views, device

    def __len__(self) -> int:
        return len(self.views[0])

    def batches(self, chunks: Sequence[np.ndarray], epoch: int | None) -> Iterator[Inputs]:
        view = self.views[(epoch or 0) % len(self.views)]
        for chunk in chunks:
            taken = {name: torch.from_numpy(array) for name, array in view.take(chunk).items()}
            yield {name: tensor.to(self.device.torch, non_blocking=True) for name, tensor in taken.items()}


def is_damaged(source: Source) -> bool:
    """Whether what it reads from the cache was written into by somebody meanwhile."""
    if isinstance(source, ActivationSource):
        return any(rows.is_damaged() for rows in source.views)
    pixels = vars(source).get("pixels")  # which may not have been needed
    return isinstance(pixels, Column) and pixels.is_damaged()


class Again:
    """A few examples again and again, as if they were `many`: for who only wants to know how long it takes."""

    def __init__(self, few: Source, many: int) -> None:
        self.few, self.many = few, many

    def __len__(self) -> int:
        return self.many

    def batches(self, chunks: Sequence[np.ndarray], epoch: int | None) -> Iterator[Inputs]:
        return self.few.batches([chunk % len(self.few) for chunk in chunks], epoch)


class MadeUp:
    """Noise in place of examples: for who only wants to know what a step takes."""

    def __init__(self, shapes: Mapping[str, Sequence[int]], many: int, device: Device) -> None:
        """shapes: of the inputs, without the batch."""
        self.shapes, self.many, self.device = shapes, many, device

    def __len__(self) -> int:
        return self.many

    def batches(self, chunks: Sequence[np.ndarray], epoch: int | None) -> Iterator[Inputs]:
        for chunk in chunks:
            yield {name: self._noise(len(chunk), *shape) for name, shape in self.shapes.items()}

    def _noise(self, *shape: int) -> torch.Tensor:
        noise = torch.randn(shape, device=self.device.torch)
        return noise.contiguous(memory_format=torch.channels_last) if noise.ndim == 4 else noise


def cut(order: np.ndarray, batch_size: int, training: bool) -> list[np.ndarray]:
    """`order` in chunks of `batch_size`. A last chunk of one would break BatchNorm, so it joins its neighbour."""
    chunks = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    if training and len(chunks) > 1 and len(chunks[-1]) == 1:
        chunks[-2:] = [np.concatenate(chunks[-2:])]
    return chunks
