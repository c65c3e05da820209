"""The training loop: read it aloud. It knows batches, a model and scores; not what an example is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from core.modalities.inputs import Inputs, count
from core.runtime.device import Device
from core.tasks.objective import Objective, Outputs
from core.tasks.scores import Scores
from core.tasks.targets import Targets

# Called after each step with the examples in it and the epoch's totals so far (`Objective.tally`, summed; they are on
# the device, so reading them waits for it). True asks the epoch to end here.
OnStep = Callable[[int, torch.Tensor], bool]


@dataclass(frozen=True)
class Batch:
    """share: of the step's examples, those in this batch; completes: the step's last batch. Where examples are mixed,
    `others` are the targets of those mixed in, and `mixed_in` is how much of them, 0 to 1.

    Where several processes share the batch: share, of what is here. weight: of these examples in the loss, on average,
    beside all of the batch's. is_filled: False where nothing was left for this process, and the example that it has
    keeps it in step only. gather: from outputs for its examples to those for all of the batch, whose targets are all
    here then; where the loss needs them together (`Objective.whole_batch`). is_tallied: False where another process
    counts these examples.
    """

    inputs: Inputs
    targets: Targets
    share: float = 1.0
    completes: bool = True
    others: Targets | None = None
    mixed_in: float = 0.0
    weight: float = 1.0
    is_filled: bool = True
    gather: Callable[[torch.Tensor], torch.Tensor] | None = None
    is_tallied: bool = True


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

    Returns: the task's scores over the examples, as they were met; None if `on_step` asked to end early.
    """
    model.train(updater is not None)
    examples = 0
    with torch.set_grad_enabled(updater is not None):
        for batch in batches:
            with _together(model, batch):
                with device.autocast():
                    outputs = _outputs(model, batch)
                    loss = _loss(task, outputs, batch) if updater else task.eval_loss(outputs, batch.targets)
                if updater is not None:
                    updater.learn(loss, batch)
            tally = task.tally(each_of(torch.Tensor.detach, outputs), batch.targets, loss.detach())
            totals = totals + (tally if batch.is_tallied else torch.zeros_like(tally))
            examples += count(batch.inputs)
            if batch.completes and on_step is not None:
                if on_step(examples, totals):
                    return None
                examples = 0
    assert isinstance(totals, torch.Tensor), "an epoch has at least one batch"
    return task.scores(gather(totals))


def _together(model: nn.Module, batch: Batch) -> AbstractContextManager[object]:
    """Processes that train one model exchange their gradients once a step, with its last batch. Their BatchNorm sees
    nothing of what counts for nothing."""
    if not isinstance(model, DistributedDataParallel):
        return nullcontext()
    model.module.counts = batch.is_filled
    return nullcontext() if batch.completes else model.no_sync()


def _outputs(model: nn.Module, batch: Batch) -> Outputs:
    """In float32; of the whole batch, where the loss needs that."""
    outputs = each_of(torch.Tensor.float, model(batch.inputs))
    return outputs if batch.gather is None else each_of(batch.gather, outputs)


def each_of(change: Callable[[torch.Tensor], torch.Tensor], outputs: Outputs) -> Outputs:
    """Of a head that gives one tensor, or several by name."""
    return change(outputs) if isinstance(outputs, torch.Tensor) else {k: change(each) for k, each in outputs.items()}


def _loss(task: Objective, outputs: Outputs, batch: Batch) -> torch.Tensor:
    loss = task.loss(outputs, batch.targets)
    if batch.others is not None:
        loss = (1 - batch.mixed_in) * loss + batch.mixed_in * task.loss(outputs, batch.others)
    return loss * batch.weight if batch.weight != 1.0 else loss
