"""The training loop: read it aloud. It knows batches, a model and scores; not what an example is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from core.runtime.device import Device
from core.tasks.objective import Objective
from core.tasks.scores import Scores

# Called after each step with the images in it and the epoch's totals so far (`Objective.tally`, summed; they are on the
# device, so reading them waits for it). True asks the epoch to end here.
OnStep = Callable[[int, torch.Tensor], bool]


@dataclass(frozen=True)
class Batch:
    """share: of the step's examples, those in this batch; completes: the step's last batch. Where images are mixed,
    `others` are the targets of those mixed in, and `mixed_in` is how much of them, 0 to 1.

    Where several processes share the batch: share, of what is here; 0 where nothing was left for this one, and what it
    has counts for nothing. weight: of these examples in the loss, on average, beside all of the batch's."""

    inputs: torch.Tensor
    targets: torch.Tensor
    share: float = 1.0
    completes: bool = True
    others: torch.Tensor | None = None
    mixed_in: float = 0.0
    weight: float = 1.0


@dataclass
class Updater:
    """What training needs beyond the model: how to move its weights, and how fast.

    before_step sets the learning rate of the coming step. clip: greatest norm of the gradient; 0 for any. processes:
    how many share each step; the model averages their gradients.
    """

    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    before_step: Callable[[], None] = lambda: None
    after_step: Callable[[], None] = lambda: None
    clip: float = 0.0
    processes: int = 1

    def learn(self, loss: torch.Tensor, batch: Batch) -> None:
        share = batch.share * self.processes
        self.scaler.scale(loss * share if share != 1.0 else loss).backward()
        if batch.completes:
            self._step()

    def _step(self) -> None:
        self.before_step()
        if self.clip:
            self.scaler.unscale_(self.optimizer)
            moved = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
            nn.utils.clip_grad_norm_(moved, self.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.after_step()


def run_epoch(
    model: nn.Module,
    batches: Iterable[Batch],
    task: Objective,
    device: Device,
    updater: Updater | None = None,
    on_step: OnStep | None = None,
    totals: torch.Tensor | float = 0.0,
    gather: Callable[[torch.Tensor], torch.Tensor] = lambda totals: totals,
) -> Scores | None:
    """One pass over the batches: training with an `updater`, else evaluation.

    totals: of the steps of this epoch that were taken before, where it goes on in the middle. gather: adds up the
        totals of those who share the batches.

    Returns: the task's scores over the images, as they were met; None if `on_step` asked to end early.
    """
    model.train(updater is not None)
    images = 0
    with torch.set_grad_enabled(updater is not None):
        for batch in batches:
            with _together(model, batch):
                with device.autocast():
                    outputs = model(batch.inputs).float()
                    loss = _loss(task, outputs, batch) if updater else task.eval_loss(outputs, batch.targets)
                if updater is not None:
                    updater.learn(loss, batch)
            tally = task.tally(outputs.detach(), batch.targets, loss.detach())
            totals = totals + (tally if batch.share else torch.zeros_like(tally))
            images += len(batch.targets)
            if batch.completes and on_step is not None:
                if on_step(images, totals):
                    return None
                images = 0
    assert isinstance(totals, torch.Tensor), "an epoch has at least one batch"
    return task.scores(gather(totals))


def _together(model: nn.Module, batch: Batch) -> AbstractContextManager[object]:
    """Processes that train one model exchange their gradients once a step, with its last batch. Their BatchNorm sees
    nothing of what counts for nothing."""
    if not isinstance(model, DistributedDataParallel):
        return nullcontext()
    model.module.counts = batch.share > 0
    return nullcontext() if batch.completes else model.no_sync()


def _loss(task: Objective, outputs: torch.Tensor, batch: Batch) -> torch.Tensor:
    loss = task.loss(outputs, batch.targets)
    if batch.others is not None:
        loss = (1 - batch.mixed_in) * loss + batch.mixed_in * task.loss(outputs, batch.others)
    return loss * batch.weight if batch.weight != 1.0 else loss
