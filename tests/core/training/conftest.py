"""A small network and a small dataset, so that whole runs take a second and no process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.backbones.catalogue import find
from core.backbones.libraries import build
from core.importing.importing import import_path
from core.runtime.device import Device, choose_device
from core.training import preparation
from core.training.process.control import Control
from core.training.process.events import EventLog, read_events
from core.training.process.reporter import Reporter
from core.training.recipe import Recipe
from core.training.trainer import Trainer

SMALL = "timm/test_efficientnet.r160_in1k"  # 0.4 M parameters, with BatchNorm
TRANSFORMER = "timm/test_vit.r160_in1k"  # 0.4 M parameters, with LayerNorm, a class token and positions


@pytest.fixture
def random_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backbones have random weights, but the same each time."""
    import torch

    def build_random(info, workspace, **settings):
        torch.manual_seed(1)
        return build(info, workspace, **{**settings, "random": True, "weights_file": None})

    monkeypatch.setattr(preparation, "build", build_random)


@pytest.fixture
def small_backbone(random_weights) -> str:
    return find(SMALL).name


@pytest.fixture
def small_transformer(random_weights) -> str:
    return find(TRANSFORMER).name


@pytest.fixture
def recipe(workspace, make_zip, small_backbone) -> Recipe:
    dataset = import_path(workspace, make_zip({"red": 14, "blue": 13}))
    return Recipe(
        dataset=dataset.id,
        dataset_version=1,
        backbone=small_backbone,
        epochs=3,
        batch_size=8,
        optimizer="adamw",
        learning_rate=0.01,
        precision="float32",  # what else is measured to be quicker may change the last bits
    )


@pytest.fixture
def train(workspace) -> Callable[..., list]:
    """Carries a recipe out in this process, in the directory `name`, and returns the run's events."""

    def carry_out(
        recipe: Recipe, name: str = "run", stop_after: int | None = None, device: Device | None = None
    ) -> list:
        directory: Path = workspace.runs / name
        directory.mkdir(exist_ok=True)
        log, device = EventLog(directory / "events.jsonl"), device or choose_device("cpu")
        reporter = Reporter(log, Control(directory), device)
        trainer = Trainer(workspace, directory, recipe, device, reporter)
        if stop_after is not None:
            recorded = trainer._record

            def record(number, *rest):
                recorded(number, *rest)
                reporter.interrupted = number == stop_after

            trainer._record = record
        try:
            trainer.run()
        finally:
            log.close()
        return [event for _, event in read_events(directory / "events.jsonl")[0]]

    return carry_out
