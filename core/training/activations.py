"""Never compute a frozen thing twice: the frozen stages run once over the pictures, and what they give is kept.

A kept array lies in cache/activations under a key made of everything that could change it: the frozen weights, the
preprocessing, the pictures' content and the views. It may be deleted at any time; it is then computed again.
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.backbones.model import Backbone
from core.training.sources import PictureSource, cut
from core.workspace import Workspace, atomic_open

VIEWS = 4  # augmented views kept of each training picture
FORMAT = 1  # change when the same key would stand for other numbers
DEFAULT_BUDGET = 8 * 2**30


def views_of(source: PictureSource) -> int:
    return VIEWS if source.augmented else 1


def key(backbone: Backbone, frozen_stages: int, source: PictureSource) -> str:
    """Names what `compute` would give."""
    device = source.device
    said = hashlib.blake2b(digest_size=16)
    settings = (FORMAT, backbone.info.architecture, frozen_stages, source.preprocessing.model_dump_json())
    for part in (*settings, views_of(source), device.torch.type, device.autocast_dtype, *source.digests):
        said.update(f"{part}\n".encode())
    free = tuple(f"{name}." for stage in backbone.stages[frozen_stages:] for name in stage.modules)
    for name, tensor in backbone.state_dict().items():
        if not name.startswith(free):
            said.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return said.hexdigest()


def fit(workspace: Workspace, sources: Sequence[PictureSource], shape: Sequence[int]) -> bool:
    """Whether float32 activations of `shape` keep within the budget ($GRAFT_CACHE_BYTES) and half of the free disk."""
    needed = 4 * math.prod(shape) * sum(views_of(source) * len(source) for source in sources)
    budget = int(os.environ.get("GRAFT_CACHE_BYTES", DEFAULT_BUDGET))
    return needed <= min(budget, shutil.disk_usage(workspace.cache).free // 2)


def load(path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """The kept array, memory-mapped; None if there is none, or if it is damaged."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array if array.shape == shape and array.dtype == np.float32 else None


@torch.inference_mode()
def compute(
    frozen: nn.Module,
    source: PictureSource,
    path: Path,
    shape: tuple[int, ...],
    batch_size: int,
    on_batch: Callable[[int, int], None],
) -> np.ndarray:
    """Run the frozen stages over every view of every picture and keep the result at `path`.

    shape: (views, examples, ...) of the result, float32.
    on_batch: called with (pictures done, all); it may raise to give up, and then nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    chunks = cut(np.arange(len(source)), batch_size, training=False)
    done = 0
    with atomic_open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)), "fortran_order": False, "shape": shape}
        )
        for view in range(shape[0]):
            for images in source.batches(chunks, epoch=view if source.augmented else None):
                with source.device.autocast():
                    activation = frozen(images)
                file.write(activation.float().cpu().contiguous().numpy().data)
                done += len(images)
                on_batch(done, shape[0] * shape[1])
    kept = load(path, shape)
    assert kept is not None, "what was just written reads back"
    return kept
