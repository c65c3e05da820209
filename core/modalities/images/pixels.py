"""Images decoded and brought to size once, kept by their content as bytes that training maps into memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from core.errors import DataError
from core.modalities.images.preprocessing import LONGEST_TO_SHORTEST, PLAIN, Preprocessing, decode, shrink
from core.progress import Cancelled, OnProgress, Progress, WorkStopped
from core.store.cache import make_room
from core.store.rows import Row, Store
from core.workspace import Workspace

VERSION = 3  # change when the same image and preprocessing would give other bytes
AHEAD = 32


class Pixels(Protocol):
    """The images of a frame, in its order: `pixels[i]` is uint8 (H, W, 3), as `shrink` brings it to size."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> np.ndarray: ...


class Decoding:
    """The same where the cache has no room: every look decodes again."""

    def __init__(self, path: Callable[[str], Path], frame: pd.DataFrame, preprocessing: Preprocessing) -> None:
        self.path, self.preprocessing = path, preprocessing
        self.images, self.names = list(frame["image"]), list(frame["name"])

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, number: int) -> np.ndarray:
        """
        Raises:
            DataError: the image cannot be read any more.
        """
        try:
            image = decode(self.path(self.images[number]), self.preprocessing.resize, self.preprocessing.rendering)
            return shrink(image, self.preprocessing)
        except DataError as error:
            name = self.names[number][:120]
            raise DataError(f"The image {name!r} of the dataset cannot be read: {error} Import it again.") from error


def pixels(
    workspace: Workspace,
    path: Callable[[str], Path],
    frame: pd.DataFrame,
    preprocessing: Preprocessing,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Pixels:
    """The decoded images of the frame's rows: from the cache, or made now on all cores and kept.

    Where they do not fit in the cache they are `Decoding`.

    Raises:
        DataError: an image cannot be read any more, or the disk is full.
        WorkStopped: `cancelled()` became true. Whatever `progress` raises passes.
    """
    store = _store(workspace, preprocessing)
    decoding, digests = Decoding(path, frame, preprocessing), list(frame["sha256"])
    if not make_room(workspace, decoded_bytes(frame.iloc[store.missing(digests)], preprocessing)):
        return decoding

    def make(numbers: np.ndarray) -> Iterator[Row]:
        for done, image in enumerate(_on_all_cores(decoding, numbers), start=1):
            if cancelled is not None and cancelled():
                raise WorkStopped("Stopped.")
            if progress is not None:
                progress(Progress("Reading images", done, len(numbers)))
            yield {"pixels": image}

    return store.rows(digests, make).column("pixels")


def still_to_decode(workspace: Workspace, frame: pd.DataFrame, preprocessing: Preprocessing) -> int:
    """How many of the frame's images are not in the cache."""
    return len(_store(workspace, preprocessing).missing(list(frame["sha256"])))


def _store(workspace: Workspace, preprocessing: Preprocessing) -> Store:
    how = preprocessing
    sides = f"{how.resize}" if how.fit == "crop" else f"{how.fit}-{how.size}"
    read = "" if how.rendering == PLAIN else f"-{sha256(how.rendering.model_dump_json().encode()).hexdigest()[:12]}"
    return Store(workspace, "images", f"{sides}-{how.interpolation}-v{VERSION}{read}", {"pixels": np.uint8})


def decoded_bytes(frame: pd.DataFrame, preprocessing: Preprocessing) -> int:
    """How much the images of these rows take once they are decoded."""
    short, long = frame[["width", "height"]].min(axis=1), frame[["width", "height"]].max(axis=1)
    if preprocessing.fit == "squash":
        return 3 * preprocessing.size**2 * len(frame)
    if preprocessing.fit == "pad":
        return int((3 * preprocessing.size**2 * (short / long)).sum())
    return int((3 * preprocessing.resize**2 * (long / short).clip(upper=LONGEST_TO_SHORTEST)).sum())


def _on_all_cores(images: Decoding, numbers: np.ndarray) -> Iterator[np.ndarray]:
    """The images of these numbers, decoded a few ahead."""
    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:
        waiting: deque[Future[np.ndarray]] = deque()
        for number in numbers:
            waiting.append(pool.submit(images.__getitem__, number))
            if len(waiting) == AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
