"""Write what a run gives: `weights.safetensors` and a readable `bundle.json`. core.inference reads them."""

from __future__ import annotations

from pathlib import Path

import safetensors.torch
import torch

from core.training.checkpoints import Checkpoint
from core.training.preparation import Prepared
from core.training.recipe import Recipe
from core.workspace import atomic_open, write_json

FORMAT = 2


def write_bundle(folder: Path, prepared: Prepared, recipe: Recipe, state: Checkpoint) -> None:
    """The whole network as it stands, frozen stages included, so that a bundle needs nothing but itself.

    The description is written last: a folder with a `bundle.json` is complete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, torch.Tensor] = {}
    for part, module in (("backbone", prepared.backbone), ("head", prepared.head)):
        for name, tensor in module.state_dict().items():
            tensors[f"{part}.{name}"] = tensor.detach().cpu().contiguous()
    with atomic_open(folder / "weights.safetensors", "wb") as file:
        file.write(safetensors.torch.save(tensors))
    write_json(
        folder / "bundle.json",
        {
            "format": FORMAT,
            "backbone": recipe.backbone,
            "task": prepared.task.said,
            "preprocessing": prepared.backbone.info.preprocessing.model_dump(mode="json"),
            "head": recipe.head.model_dump(mode="json"),
            "best_epoch": state.best_epoch,
            "scores": state.best_scores,
            "recipe": recipe.model_dump(mode="json"),
        },
    )
