"""What a bundle keeps to tell images unlike anything that its network was trained on: see core.inference.reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import normalize

from core.inference.reference import caution_of, drawn, write_reference
from core.runtime.distributed import ALONE
from core.tasks import TASKS
from core.training.batches import order_of, plain_batches
from core.training.preparation import Material, prepare

FEWEST_HELD_OUT = 20  # for the threshold to be theirs alone


def write_caution(bundle: Path, material: Material, frozen_stages: int) -> None:
    """Beside a bundle that was written, from the network as it stands.

    Raises:
        StopRequested: the worker must leave.
    """
    rows = drawn(material.dataset.frame, TASKS[material.dataset.kind].even_by)
    features = _features(material, frozen_stages, rows)
    found = caution_of(features, _copies(rows), _judged(rows, frozen_stages == len(material.backbone.stages)))
    if found is not None:
        write_reference(bundle, features, found, list(rows["sha256"]))


@torch.inference_mode()
def _features(material: Material, frozen_stages: int, rows: pd.DataFrame) -> torch.Tensor:
    """(N, F), of unit length: from the cache where all stages are frozen. The images are those of a validation part, as
    these are never augmented; a training part has to be there."""
    splits = pd.concat([rows[:1].assign(split="train"), rows.assign(split="validation")], ignore_index=True)
    other = material.of(replace(material.dataset, frame=splits))
    other.team, other.splits = ALONE, ["train", "validation"]
    prepared = prepare(other, frozen_stages)
    assert prepared.validation is not None
    prepared.model.eval()
    body, given = prepared.model[0], []  # type: ignore[index]
    in_order = torch.from_numpy(np.argsort(order_of(prepared.validation)))
    for batch in plain_batches(prepared.validation, material.task, in_order=False):
        with prepared.device.autocast():
            given.append(body(batch.inputs).pooled.float().cpu())
    backbone = material.backbone
    return normalize(torch.cat(given)[in_order, : getattr(backbone, "last_features", backbone.num_features)], dim=1)


def _copies(rows: pd.DataFrame) -> np.ndarray:
    """A number above 0 for those that are near-duplicates of each other."""
    return rows["twins"].to_numpy(np.int64)


def _judged(rows: pd.DataFrame, frozen: bool) -> np.ndarray:
    """By which the threshold is set: where stages learned, by those that they did not learn from; frozen ones have seen
    none."""
    held_out = (rows["split"] == "validation").to_numpy()
    return held_out if not frozen and held_out.sum() >= FEWEST_HELD_OUT else np.ones(len(rows), bool)
