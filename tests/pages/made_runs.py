"""Runs made on the spot, as a worker would have left them."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime

from core.runs import Run
from core.tasks.scores import Scores
from core.training.process.events import Ended, EpochEnded, Event, EventLog, Progress, Started
from core.training.recipe import Recipe
from core.workspace import Workspace, write_json


def made_run(
    workspace: Workspace,
    dataset: str,
    *ending: Event,
    epochs: int = 3,
    name: str = "20260101-120000-r",
    recipe: Recipe | None = None,
) -> Run:
    """A run of `epochs` epochs that got better with each; `ending` is what the worker said last."""
    directory = workspace.runs / name
    (directory / "control").mkdir(parents=True)
    recipe = recipe or Recipe(dataset=dataset, dataset_version=1, backbone="efficientnet_lite0", epochs=epochs)
    write_json(directory / "recipe.json", recipe.model_dump())
    with suppress(ValueError):  # a run was made when its recipe was written
        made = datetime.strptime(name[:15], "%Y%m%d-%H%M%S").timestamp()
        os.utime(directory / "recipe.json", (made, made))
    log = EventLog(directory / "events.jsonl")
    log.write(
        Started(device="CPU", epoch=0, epochs=epochs, trainable=2562, total=3_373_572, note="A note.", judged_on=4)
    )
    for epoch in range(1, epochs + 1):
        log.write(Progress("training", epoch, epochs, 120.0, 1.0, 10**8, epoch, 1, 1, 1 / epoch))
        scores = Scores(1 / epoch, {"accuracy": 1 - 1 / (epoch + 1)})
        log.write(EpochEnded(epoch, scores, scores, 0.001, 0.5, True))
    for event in ending:
        log.write(event)
    log.close()
    return Run(workspace, directory)


def finished(epochs: int = 3) -> Ended:
    return Ended(
        "finished", "", 12.0, epochs, epochs, Scores(0.1, {"accuracy": 0.97}), Scores(0.2, {"accuracy": 0.914})
    )


def failed() -> Ended:
    return Ended("failed", "The loss became infinite: <b>lower</b> the learning rate.", 3.0, 1, None)
