"""What the whole frozen backbone gives for pictures: the features that a head learns from, computed once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from core.backbones.catalogue import BackboneInfo
from core.backbones.model import build
from core.data.dataset import Dataset
from core.data.intake import Cancelled, ImportCancelled, OnProgress, Progress
from core.data.pixels import pixels
from core.training import activations
from core.training.device import Device, choose_device
from core.training.sources import PictureSource
from core.workspace import Workspace

BATCH = 64


def features(
    workspace: Workspace,
    dataset: Dataset,
    frame: pd.DataFrame,
    info: BackboneInfo,
    *,
    weights_file: Path | None = None,
    device: Device | None = None,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> np.ndarray:
    """The features of the frame's rows, unaugmented: float32 (N, F), from the cache or computed now.

    Raises:
        GraftError: the weights are not there, or a picture cannot be read any more.
        ImportCancelled: `cancelled()` became true.
    """
    device = device or choose_device()
    backbone = build(info, workspace, weights_file=weights_file)
    backbone.to(device.torch).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    decoded = pixels(workspace, dataset, frame, info.preprocessing, progress, cancelled)
    source = PictureSource(decoded, tuple(frame["sha256"]), info.preprocessing, device, augmented=False)
    stages = len(backbone.stages)
    shape = (1, len(source), backbone.num_features)
    path = workspace.cache / "activations" / f"{activations.key(backbone, stages, source)}.npy"

    def computed(done: int, total: int) -> None:
        if cancelled is not None and cancelled():
            raise ImportCancelled("Stopped.")
        if progress is not None:
            progress(Progress("Looking with the backbone", done, total))

    kept = activations.load(path, shape)
    if kept is None:
        kept = activations.compute(backbone.until(stages).eval(), source, path, shape, BATCH, computed)
    return kept[0]
