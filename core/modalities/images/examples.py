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
from core.modalities.images.augmentation import AS_IT_IS, Augmentation, Draw, augment, draw, placed_boxes, placement
from core.modalities.images.pixels import Decoding, Pixels
from core.modalities.images.preprocessing import Preprocessing, normalize, shrunk
from core.modalities.inputs import Inputs
from core.processes import available_cores
from core.progress import Cancelled, OnProgress
from core.store.rows import Column
from core.tasks.targets import Item, Ragged, Targets
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
        sizes: Sequence[Sequence[int]] | np.ndarray = (),
    ) -> None:
        """load: decodes the images, or finds them decoded; called when the first batch is asked for, if ever. digests:
        the sha256 of each, hexadecimal. outlook: how many are still to be decoded, and the bytes of all.
        sizes: width and height of each, for those whose targets are places in them."""
        self.load, self.digests, self.preprocessing = load, digests, preprocessing
        self.device, self.augmentation, self.outlook, self.sizes = device, augmentation, outlook, sizes

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

    def moved(self, targets: Targets, chunk: np.ndarray, epoch: int | None) -> Targets:
        """boxes: (N, 4), from pixels of the image itself to pixels of what the network sees."""
        if not isinstance(targets, Ragged) or not targets.items or "boxes" not in targets[0]:
            return targets
        return Ragged([self._placed(item, int(number), epoch) for item, number in zip(targets.items, chunk)])

    def _placed(self, item: Item, number: int, epoch: int | None) -> Item:
        (width, height), how = map(int, self.sizes[number]), self.preprocessing
        drawn = drawn_for(*shrunk(width, height, how)[1], self.digests[number], how, epoch, self.augmentation)
        place = placement(width, height, how, drawn)
        boxes = placed_boxes(item["boxes"].cpu().numpy(), place, how.size)
        return {**item, "boxes": torch.from_numpy(boxes).to(item["boxes"])}

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
    height, width = image.shape[:2]
    return augment(image, preprocessing, drawn_for(width, height, digest, preprocessing, epoch, augmentation))


def drawn_for(
    width: int, height: int, digest: str, preprocessing: Preprocessing, epoch: int | None, augmentation: Augmentation
) -> Draw:
    """What is drawn for an image, which is so large once it is shrunk, in an epoch."""
    if augmentation == "none" or epoch is None:
        return AS_IT_IS
    random = np.random.default_rng((epoch, int(digest[:16], 16)))
    return draw(width, height, preprocessing, random, augmentation)


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

    sizes = frame[["width", "height"]].to_numpy()
    return ImageExamples(load, list(frame["sha256"]), preprocessing, device, augmentation, outlook, sizes)
