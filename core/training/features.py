"""What the whole frozen backbone gives for examples: the features that a head learns from, computed once."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from core.backbones.libraries import Info, build, stages_of
from core.backbones.model import ACTIVATION
from core.data.dataset import Dataset
from core.modalities.examples import some
from core.progress import Cancelled, OnProgress, Progress, WorkStopped
from core.runtime.device import Device, choose_device
from core.runtime.ways import FrozenStages
from core.tasks.heads import Reads
from core.training import activations
from core.training.activations import Kept
from core.workspace import Workspace


def features(
    workspace: Workspace,
    dataset: Dataset,
    frame: pd.DataFrame,
    info: Info,
    *,
    weights_file: Path | None = None,
    device: Device | None = None,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
    reads: Reads = "last",
) -> np.ndarray:
    """The features of the frame's rows, unaugmented: float32 (N, F) in memory, from the cache or computed now.

    Training and this share what is kept, which is of several stages, as a recipe's head usually reads them: whoever
    comes second starts at once.

    reads: of which stages they are wanted.

    Raises:
        GraftError: the weights are not there, or an example cannot be read any more.
        WorkStopped: `cancelled()` became true.
    """
    device = device or choose_device()
    info = dataset.modality.fitted(info, dataset)
    if not len(frame):
        return np.empty((0, stages_of(info, workspace)[-1].output_shape[0]), np.float32)
    backbone = build(info, workspace, weights_file=weights_file, reads="several")
    backbone.to(device.torch).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    source = dataset.modality.examples(
        workspace, dataset.path, frame, info.preprocessing, device.torch, progress=progress, cancelled=cancelled
    )
    chosen = (device, "auto", dataset.id, partial(some, source), len(frame))
    frozen = FrozenStages(workspace, backbone, len(backbone.stages), *chosen)
    kept = Kept(workspace, frozen, source)
    activations.fit(workspace, [kept], backbone.boundary(len(backbone.stages)))

    def computed(done: int, total: int) -> None:
        if cancelled is not None and cancelled():
            raise WorkStopped("Stopped.")
        if progress is not None:
            progress(Progress("Looking with the backbone", done, total))

    (rows,) = kept.rows(computed)
    found = rows.take(np.arange(len(frame)))[ACTIVATION]
    return found if reads == "several" else found[:, : backbone.last_features]
