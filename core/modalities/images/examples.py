"""Images on their way into a network: cropped by threads ahead of the device, normalised on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from core.modalities.examples import Examples
from core.modalities.images import pixels
from core.modalities.images.pixels import Decoding, Pixels
from core.modalities.images.preprocessing import Augmentation, Preprocessing, augment, normalize, square
from core.modalities.inputs import Inputs
from core.processes import available_cores
from core.progress import Cancelled, OnProgress
from core.store.rows import Column
from core.workspace import Workspace

PREFETCHED_BATCHES = 4


class ImageExamples(Examples):
    def __init__(
        self,
        load: Callable[[], Pixels],
        digests: Sequence[str],
        preprocessing: Preprocessing,
        device: torch.device,
        augmentation: Augmentation = "none",
        outlook: Callable[[], tuple[int, int]] = lambda: (0, 0),
    ) -> None:
        """load: decodes the images, or finds them decoded; called when the first batch is asked for, if ever. digests:
        the sha256 of each, hexadecimal. outlook: how many are still to be decoded, and the bytes of all."""
        self.load, self.digests, self.preprocessing = load, digests, preprocessing
        self.device, self.augmentation, self.outlook = device, augmentation, outlook

    @cached_property
    def pixels(self) -> Pixels:
        return self.load()

    def __len__(self) -> int:
        return len(self.digests)

    def read(self) -> None:
        _ = self.pixels

    def batches(self, chunks: Sequence[np.ndarray], epoch: int | None) -> Iterator[Inputs]:
        pixels = self.pixels  # loaded here, not by the threads
        with ThreadPoolExecutor(min(8, available_cores())) as pool:
            ahead = [pool.submit(self._cut, pixels, chunk, epoch) for chunk in chunks[:PREFETCHED_BATCHES]]
            for position in range(len(chunks)):
                if position + PREFETCHED_BATCHES < len(chunks):
                    ahead.append(pool.submit(self._cut, pixels, chunks[position + PREFETCHED_BATCHES], epoch))
                batch = ahead.pop(0).result()
                yield {"pixels": normalize(batch.to(self.device, non_blocking=True), self.preprocessing)}

    def _cut(self, pixels: Pixels, chunk: np.ndarray, epoch: int | None) -> torch.Tensor:
        """uint8 (B, H, W, 3)."""
        size = self.preprocessing.size
        batch = np.empty((len(chunk), size, size, 3), np.uint8)
        for row, index in enumerate(chunk):
            batch[row] = view(pixels[int(index)], self.digests[index], self.preprocessing, epoch, self.augmentation)
        tensor = torch.from_numpy(batch)
        return tensor.pin_memory() if self.device.type == "cuda" else tensor

    def setting(self) -> str:
        return f"{pixels.VERSION}\n{self.preprocessing.key()}"

    def to_read(self) -> int:
        return self.outlook()[0]

    def bytes(self) -> int:
        return self.outlook()[1]

    def reads_again(self) -> bool:
        return isinstance(self.pixels, Decoding)

    def is_damaged(self) -> bool:
        known = vars(self).get("pixels")  # which may not have been needed
        return isinstance(known, Column) and known.is_damaged()


def view(
    image: np.ndarray, digest: str, preprocessing: Preprocessing, epoch: int | None, augmentation: Augmentation
) -> np.ndarray:
    """What a network sees of an image in an epoch: uint8 (size, size, 3). digest: names its content, as above."""
    if augmentation == "none" or epoch is None:
        return square(image, preprocessing)
    return augment(image, preprocessing, np.random.default_rng((epoch, int(digest[:16], 16))), augmentation)


def image_examples(
    workspace: Workspace,
    path: Callable[[str], Path],
    frame: pd.DataFrame,
    preprocessing: Preprocessing,
    device: torch.device,
    augmentation: Augmentation = "none",
    begins: Callable[[], None] = lambda: None,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> ImageExamples:
    """The images of these rows of a dataset. path: where one lies. begins: called before they are decoded; progress and
    cancelled as for `pixels`."""

    def load() -> Pixels:
        begins()
        return pixels.pixels(workspace, path, frame, preprocessing, progress, cancelled)

    def outlook() -> tuple[int, int]:
        return pixels.still_to_decode(workspace, frame, preprocessing), pixels.decoded_bytes(frame, preprocessing)

    return ImageExamples(load, list(frame["sha256"]), preprocessing, device, augmentation, outlook)
