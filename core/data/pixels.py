"""Pictures decoded and brought to size once, kept as bytes that training maps into memory.

    cache/images/<key>/pixels.bin    uint8, picture after picture
                       index.npy     int64 (N, 3): offset, height, width

May be deleted at any time: it is then made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from core.data.dataset import Dataset
from core.data.intake import Cancelled, ImportCancelled, OnProgress, Progress, disk_in_words
from core.data.preprocessing import Preprocessing, decode, shrink
from core.errors import DataError
from core.workspace import Workspace

VERSION = 1  # change when the same pictures and preprocessing would give other bytes
AHEAD = 32


class Pixels:
    """The pictures of a frame, in its order: `pixels[i]` is uint8 (H, W, 3) with the shorter side at the resize."""

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            OSError, ValueError: the files are not there, or damaged.
        """
        self.index = np.load(folder / "index.npy", allow_pickle=False)
        empty = len(self.index) == 0  # which cannot be mapped
        self.data = np.empty(0, np.uint8) if empty else np.memmap(folder / "pixels.bin", np.uint8, "r")
        if self.index.ndim != 2 or self.data.size != int((self.index[:, 1] * self.index[:, 2]).sum()) * 3:
            raise ValueError("the cache of pictures is cut short")

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, number: int) -> np.ndarray:
        offset, height, width = self.index[number]
        return self.data[offset : offset + height * width * 3].reshape(height, width, 3)


def pixels(
    workspace: Workspace,
    dataset: Dataset,
    frame: pd.DataFrame,
    preprocessing: Preprocessing,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Pixels:
    """The decoded pictures of the frame's rows, from the cache or made now on all cores.

    Raises:
        DataError: a picture cannot be read any more, or the disk is full.
        ImportCancelled: `cancelled()` became true. Whatever `progress` raises passes; nothing is left behind.
    """
    folder = workspace.cache / "images" / _key(frame, preprocessing)
    try:
        return Pixels(folder)
    except (OSError, ValueError):
        shutil.rmtree(folder, ignore_errors=True)
    beside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        with disk_in_words():
            beside.mkdir(parents=True)
            _write(beside, dataset, frame, preprocessing, progress, cancelled)
        with contextlib.suppress(OSError):  # another run may have been quicker
            os.rename(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Pixels(folder)


def _write(
    folder: Path,
    dataset: Dataset,
    frame: pd.DataFrame,
    preprocessing: Preprocessing,
    progress: OnProgress | None,
    cancelled: Cancelled | None,
) -> None:
    index = np.zeros((len(frame), 3), np.int64)
    offset = 0
    with open(folder / "pixels.bin", "wb") as file, ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:
        waiting: deque[Future[np.ndarray]] = deque()
        rows = iter(zip(frame["image"], frame["name"]))
        for number in range(len(frame)):
            while len(waiting) < AHEAD and (row := next(rows, None)):
                waiting.append(pool.submit(_decoded, dataset, *row, preprocessing))
            picture = waiting.popleft().result()
            file.write(np.ascontiguousarray(picture).data)
            index[number] = offset, *picture.shape[:2]
            offset += picture.nbytes
            if cancelled is not None and cancelled():
                raise ImportCancelled("Stopped.")
            if progress is not None:
                progress(Progress("Reading pictures", number + 1, len(frame)))
    np.save(folder / "index.npy", index)


def _decoded(dataset: Dataset, image: str, name: str, preprocessing: Preprocessing) -> np.ndarray:
    try:
        return shrink(decode(dataset.path(image), at_least=preprocessing.resize), preprocessing)
    except DataError as error:
        raise DataError(
            f"The picture {name[:120]!r} of the dataset cannot be read: {error} Import it again."
        ) from error


def _key(frame: pd.DataFrame, preprocessing: Preprocessing) -> str:
    said = hashlib.blake2b(f"{VERSION} {preprocessing.resize} {preprocessing.interpolation}\n".encode(), digest_size=16)
    said.update("".join(frame["sha256"]).encode())
    return said.hexdigest()
