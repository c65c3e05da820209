"""Write what a run gives: `weights.safetensors` and a readable `bundle.json`. core.inference reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import safetensors.torch
import torch

from core.backbones.adapters import merged
from core.backbones.libraries import keep
from core.data.splits import together
from core.inference.calibrating import usual_decision
from core.inference.deciding import KEY
from core.tasks import TASKS
from core.tasks.decision import PLAIN, Decision
from core.training.checkpoints import Checkpoint
from core.training.finishing import Finished
from core.training.preparation import Material
from core.workspace import atomic_open, write_json

FORMAT = 2


def write_bundle(folder: Path, material: Material, state: Checkpoint, finished: Finished) -> None:
    """The whole network as it stands, frozen stages included, so that a bundle needs nothing but itself; adapters are
    merged into its weights, and what was learned lies beside it alone too, see `_write_adapters`. In
    `answers.parquet` is what was answered about images that the answering network had not seen.

    The description is written last: a folder with a `bundle.json` is complete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in material.tensors().items()}
    recipe = material.recipe
    if material.backbone.adapters is not None:
        _write_adapters(folder, material, {name: tensors[name] for name in state.best})
        tensors = merged(tensors, material.backbone.adapters.times)
    with atomic_open(folder / "weights.safetensors", "wb") as file:
        safetensors.torch.save_file(tensors, file.name)  # and not as bytes first, which would take as much memory again
    with atomic_open(folder / "answers.parquet", "wb") as file:
        finished.answers.to_parquet(file, index=False)
    keep(material.backbone.info, folder / "backbone")
    head = recipe.head.model_copy(update={"reads": recipe.reads})
    decision = _decision(material, finished)
    scores = {**state.best_scores, "test": finished.test.flat() if finished.test else None}
    write_json(
        folder / "bundle.json",
        {
            "format": FORMAT,
            "backbone": recipe.backbone,
            "modality": material.dataset.modality.name,
            "task": material.task.spec,
            "preprocessing": material.backbone.info.preprocessing.model_dump(mode="json"),
            "head": head.model_dump(mode="json"),
            "best_epoch": state.best_epoch,
            "scores": scores,
            "learned_from": finished.learned_from,
            "refitted": finished.refitted,
            "recipe": recipe.model_dump(mode="json"),
            **({} if decision == PLAIN else {KEY: decision.model_dump(mode="json")}),
        },
    )


def _write_adapters(folder: Path, material: Material, learned: dict[str, torch.Tensor]) -> None:
    """`adapters.safetensors`: adapters and head alone, a few MB, with what it takes to put them on the backbone."""
    recipe = material.recipe
    said = {"backbone": recipe.backbone, "layers": recipe.adapters}
    said |= {"rank": f"{recipe.adapter_rank}", "alpha": f"{recipe.adapter_alpha:g}"}
    with atomic_open(folder / "adapters.safetensors", "wb") as file:
        file.write(safetensors.torch.save(learned, said))


def _decision(material: Material, finished: Finished) -> Decision:
    """By the answers about the validation part, which are kept as the network gave them."""
    spec, rows = material.task.spec, material.dataset.part("validation")
    answers = finished.answers[finished.answers["split"] == "validation"]
    groups = np.array(together(rows), np.int64)
    return usual_decision(TASKS[spec["kind"]].judge, answers.reset_index(drop=True), spec, groups)
