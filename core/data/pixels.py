"""Pictures decoded and brought to size once, kept by their content as bytes that training maps into memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from typing import Protocol

import numpy as np
import pandas as pd

from core.data.cache import make_room
from core.data.dataset import Dataset
from core.data.intake import Cancelled, ImportCancelled, OnProgress, Progress
from core.data.kept import Store
from core.data.preprocessing import LONGEST_TO_SHORTEST, PLAIN, Preprocessing, decode, shrink
from core.errors import DataError
from core.workspace import Workspace

VERSION = 3  # change when the same picture and preprocessing would give other bytes
AHEAD = 32


class Pixels(Protocol):
    """The pictures of a frame, in its order: `pixels[i]` is uint8 (H, W, 3), as `shrink` brings it to size."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> np.ndarray: ...


class Decoding:
    """The same where the cache has no room: every look decodes again."""

    def __init__(self, dataset: Dataset, frame: pd.DataFrame, preprocessing: Preprocessing) -> None:
        self.dataset, self.preprocessing = dataset, preprocessing
        self.images, self.names = list(frame["image"]), list(frame["name"])

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, number: int) -> np.ndarray:
        """
        Raises:
            DataError: the picture cannot be read any more.
        """
        try:
            image = decode(
                self.dataset.path(self.images[number]), self.preprocessing.resize, self.preprocessing.rendering
            )
            return shrink(image, self.preprocessing)
        except DataError as error:
            name = self.names[number][:120]
            raise DataError(f"The picture {name!r} of the dataset cannot be read: {error} Import it again.") from error


def pixels(
    workspace: Workspace,
    dataset: Dataset,
    frame: pd.DataFrame,
    preprocessing: Preprocessing,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Pixels:
    """The decoded pictures of the frame's rows: from the cache, or made now on all cores and kept.

    Where they do not fit in the cache they are `Decoding`.

    Raises:
        DataError: a picture cannot be read any more, or the disk is full.
        ImportCancelled: `cancelled()` became true. Whatever `progress` raises passes.
    """
    store = _store(workspace, preprocessing)
    decoding, digests = Decoding(dataset, frame, preprocessing), list(frame["sha256"])
    if not make_room(workspace, decoded_bytes(frame.iloc[store.missing(digests)], preprocessing)):
        return decoding

    def make(numbers: np.ndarray) -> Iterator[np.ndarray]:
        for done, picture in enumerate(_on_all_cores(decoding, numbers), start=1):
            if cancelled is not None and cancelled():
                raise ImportCancelled("Stopped.")
            if progress is not None:
                progress(Progress("Reading pictures", done, len(numbers)))
            yield picture

    return store.rows(digests, make)


def still_to_decode(workspace: Workspace, frame: pd.DataFrame, preprocessing: Preprocessing) -> int:
    """How many of the frame's pictures are not in the cache."""
    return len(_store(workspace, preprocessing).missing(list(frame["sha256"])))


def _store(workspace: Workspace, preprocessing: Preprocessing) -> Store:
    how = preprocessing
    sides = f"{how.resize}" if how.fit == "crop" else f"{how.fit}-{how.size}"
    read = "" if how.rendering == PLAIN else f"-{sha256(how.rendering.model_dump_json().encode()).hexdigest()[:12]}"
    return Store(workspace, "images", f"{sides}-{how.interpolation}-v{VERSION}{read}", np.uint8)


def decoded_bytes(frame: pd.DataFrame, preprocessing: Preprocessing) -> int:
    """How much the pictures of these rows take once they are decoded."""
    short, long = frame[["width", "height"]].min(axis=1), frame[["width", "height"]].max(axis=1)
    if preprocessing.fit == "squash":
        return 3 * preprocessing.size**2 * len(frame)
    if preprocessing.fit == "pad":
        return int((3 * preprocessing.size**2 * (short / long)).sum())
    return int((3 * preprocessing.resize**2 * (long / short).clip(upper=LONGEST_TO_SHORTEST)).sum())


def _on_all_cores(pictures: Decoding, numbers: np.ndarray) -> Iterator[np.ndarray]:
    """The pictures of these numbers, decoded a few ahead."""
    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:
        waiting: deque[Future[np.ndarray]] = deque()
        for number in numbers:
            waiting.append(pool.submit(pictures.__getitem__, number))
            if len(waiting) == AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
