"""Makes a workspace as this version leaves it, for later versions to open: `python -m tests.earlier.make FILE.tar.xz`.

Run once a version whose files must stay readable; what it made is beside it. Weights are random, or the bundled ones
where a run has to be able to go on: these files prove that things open, not that they are good.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import torch

from core.backbones.model import build
from core.importing.importing import import_path
from core.runtime.device import choose_device
from core.tasks import TASKS
from core.training import preparation
from core.training.process.control import Control
from core.training.process.events import EventLog
from core.training.process.reporter import Reporter
from core.training.recipe import Recipe
from core.training.recipe_file import write
from core.training.trainer import Trainer
from core.workspace import Workspace
from tests.conftest import image

SMALL = "timm/test_efficientnet.r160_in1k"
KEPT = ("datasets", "runs", "recipes")


def build_random(info, workspace, *, weights_file=None, reads="last"):
    torch.manual_seed(1)
    return build(info, workspace, random=info.name == SMALL, reads=reads)


def archive(folder: Path, kind: str) -> Path:
    """Ten red and nine blue images; with labels or numbers in a table beside them."""
    path, rows = folder / f"{kind}.zip", ["file_name,label" if kind == "labels" else "file_name,target"]
    with zipfile.ZipFile(path, "w") as zipped:
        for label, count in {"red": 10, "blue": 9}.items():
            for number in range(count):
                name = f"{label}/{number}.jpg" if kind == "classes" else f"{label}-{number}.jpg"
                zipped.writestr(name, image(label, number))
                answer = f"{label};small" if number % 2 else label
                rows.append(f"{name},{answer if kind == 'labels' else number / 2 + (label == 'red')}")
        if kind != "classes":
            zipped.writestr("metadata.csv", "\n".join(rows))
    return path


def train(workspace: Workspace, recipe: Recipe, name: str, ends_after: tuple[str, int] | None = None) -> None:
    """ends_after: ("stopped" or "interrupted", so many epochs)."""
    directory = workspace.runs / name
    directory.mkdir()
    (directory / "recipe.json").write_text(recipe.model_dump_json(indent=2))
    device, control = choose_device("cpu"), Control(directory)
    log = EventLog(directory / "events.jsonl")
    reporter = Reporter(log, control, device)
    trainer = Trainer(workspace, directory, recipe, device, reporter)
    recorded = trainer._record

    def record(number, *rest):
        recorded(number, *rest)
        if ends_after and number == ends_after[1]:
            control.ask("stop") if ends_after[0] == "stopped" else setattr(reporter, "interrupted", True)

    trainer._record = record  # type: ignore[method-assign]
    trainer.run()
    log.close()


def main(target: Path) -> None:
    preparation.build = build_random  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as sources:
        workspace = Workspace.open(made)
        for number, kind in enumerate(("classes", "labels", "number")):
            dataset = import_path(workspace, archive(Path(sources), kind))
            assert dataset.kind == kind
            base = {
                "dataset": dataset.id,
                "dataset_version": 1,
                "epochs": 4,
                "batch_size": 8,
                "loss": TASKS[kind].losses[0],
            }
            small = Recipe(**base, backbone=SMALL)
            train(workspace, small, f"20261127-12000{number}-{kind}-finished")
            if kind == "classes":
                free = Recipe(**base, backbone=SMALL, freeze=3, average=0.9, augmentation="mirror")
                train(workspace, free, "20261127-120010-classes-stopped", ("stopped", 2))
                real = Recipe(**base, backbone="efficientnet_lite0")
                train(workspace, real, "20261127-120020-classes-interrupted", ("interrupted", 2))
            (workspace.root / "recipes").mkdir(exist_ok=True)
            write(workspace.root / "recipes" / f"{kind}.json", small)
        with tarfile.open(target, "w:xz", preset=9) as packed:
            for folder in KEPT:
                packed.add(workspace.root / folder, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
