"""The training loop: read it aloud. It knows batches, a model and scores; not what an example is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import nn

from core.training.device import Device
from core.training.events import Scores
from core.training.task import Task

# Called after each step with the images in it and the epoch's totals so far (`Task.tally`, summed; they are on the
# device, so reading them waits for it). True asks the epoch to end here.
OnStep = Callable[[int, torch.Tensor], bool]


@dataclass
class Updater:
    """What a training step needs beyond the model: how to move its weights, and how fast."""

    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    before_step: Callable[[], None]  # sets the learning rate of the coming step

    def step(self, loss: torch.Tensor) -> None:
        self.before_step()
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()


def run_epoch(
    model: nn.Module,
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    task: Task,
    device: Device,
    updater: Updater | None = None,
    on_step: OnStep | None = None,
) -> Scores | None:
    """One pass over the batches of (inputs, targets): training with an `updater`, else evaluation.

    Returns: the task's scores over the images, as they were met; None if `on_step` asked to end early.
    """
    model.train(updater is not None)
    totals: torch.Tensor | float = 0.0
    with torch.set_grad_enabled(updater is not None):
        for inputs, targets in batches:
            with device.autocast():
                outputs = model(inputs)
                loss = task.loss(outputs.float(), targets)
            if updater is not None:
                updater.step(loss)
            totals = totals + task.tally(outputs.detach().float(), targets, loss.detach())
            if on_step is not None and on_step(len(targets), totals):
                return None
    assert isinstance(totals, torch.Tensor), "an epoch has at least one batch"
    return task.scores(totals)
