"""How many images to look at together, where the recipe leaves it to the device: found by trying, and remembered.

It begins with a few and doubles: up to the usual number as long as they fit in the memory, and further while more
images a second are done. More than make it faster would only take fewer steps, and so learn less in an epoch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from core.runtime.device import forget_peak, free_memory, is_out_of_memory, memory_in_use
from core.runtime.tuning import found_before
from core.tasks.targets import take
from core.training import checkpoints, plan
from core.training.loop import Batch, Updater, run_epoch
from core.training.optimizers import build_optimizer, set_learning_rate
from core.training.preparation import Material, Prepared, rehearsal
from core.training.process.events import Progress
from core.training.process.reporter import StopRequested
from core.training.recipe import USUAL_BATCH

FEWEST, MOST = 4, 512
SHARE = 20  # of all images, at most the twentieth part, so that an epoch keeps some sixteen steps
WORTH = 1.1  # times as many images a second, at least, for twice as many together
BUSY = 2.0  # seconds: a device that a step keeps so long gains nothing from more
ROOM = 0.8  # of the free memory: others want some too
TURNS = 2


@dataclass(frozen=True)
class Found:
    """why: there are not more, in half a sentence."""

    size: Annotated[int, Field(ge=1, le=MOST)]
    why: str


@dataclass(frozen=True)
class Step:
    """bytes: taken at its peak, besides what was in use before."""

    seconds: float
    bytes: int


def settle(material: Material, known: int | None = None) -> str:
    """Put a number in place of "auto" in the material's recipe, and return a sentence about it; else "".

    known: what was found when the run began.

    Raises:
        StopRequested: someone asked to stop.
        torch.OutOfMemoryError: not even a few images fit in the memory.
    """
    recipe = material.recipe
    if recipe.batch_size != "auto":
        return ""
    found = Found(known, "as when the run began") if known else _found(material)
    material.recipe = recipe.with_batch_size(found.size)
    said = f"Batches of {found.size} {material.dataset.modality.noun}s, found for this device: {found.why}."
    if material.recipe.learning_rate != recipe.learning_rate:
        said += f" The learning rate follows: {material.recipe.learning_rate:.3g} in place of {recipe.learning_rate:g}."
    return said


def _found(material: Material) -> Found:
    recipe, device = material.recipe, material.device
    frozen = plan.phases(recipe, len(material.backbone.stages))[-1].frozen  # when the most is free
    most = max(USUAL_BATCH, min(MOST, _power_of_two(len(material.dataset.frame) // SHARE)))
    backbone = f"{material.backbone.info.said} after {frozen} stages{recipe.how_it_learns}"
    trained = f"{backbone}, {recipe.head}, {material.task.outputs} outputs"
    how = f"{recipe.optimizer}, {device.autocast_dtype or 'float32'}, up to {most}, {device.name}"
    name = f"batch of {trained}, {how}, torch {torch.__version__}"

    def measure() -> Found:
        material.reporter.begin("batch_size")
        before = {name: tensor.clone() for name, tensor in material.tensors().items()}
        drawn = checkpoints.random_state()
        tried = _Trying(material, rehearsal(material, frozen), most)
        try:
            return search(tried.step, tried.free, most)
        finally:
            tried.clear_up()
            material.load(before)
            checkpoints.restore_random_state(drawn)

    return found_before(material.workspace, name, Found, measure)


def search(step: Callable[[int], Step | None], free: int | None, most: int) -> Found:
    """
    step: takes one with so many images together; None where they do not fit in the memory. free: bytes, if it is known.

    Raises:
        torch.OutOfMemoryError: not even a few images fit in the memory.
    """
    size, taken = FEWEST, step(FEWEST)
    if taken is None:
        raise torch.OutOfMemoryError(f"not even {FEWEST} examples at once fit in the memory")
    if free is None:  # then nobody should try how much that is
        most = USUAL_BATCH
    while size < most:
        if free is not None and 2 * taken.bytes > ROOM * free:
            return Found(size, "twice as many might not fit in the memory")
        if taken.seconds > BUSY and size >= USUAL_BATCH:
            return Found(size, "more would not make it faster")
        if taken.seconds > BUSY:
            taken = Step(2 * taken.seconds, 2 * taken.bytes)  # as they will: nobody should have to wait for it
            size *= 2
            continue
        more = step(2 * size)
        if more is None:
            return Found(size, "twice as many do not fit in the memory")
        if size >= USUAL_BATCH and 2 * taken.seconds < WORTH * more.seconds:
            return Found(size, "more would hardly make it faster")
        size, taken = 2 * size, more
    return Found(size, "more would leave too few steps in an epoch" if free else "the usual number")


class _Trying:
    def __init__(self, material: Material, prepared: Prepared, most: int) -> None:
        self.material, self.prepared, self.device, self.most = material, prepared, prepared.device, most
        self.optimizer = build_optimizer(material.recipe, prepared.depths())
        self.updater = Updater(self.optimizer, self.device.scaler(), clip=material.recipe.clip)
        set_learning_rate(self.optimizer, 0.0)
        forget_peak(self.device)
        self.free = free_memory(self.device)
        self.before = memory_in_use(self.device) if self.free is not None else 0

    def step(self, size: int) -> Step | None:
        """
        Raises:
            StopRequested: someone asked to stop.
        """
        if self.material.reporter.stopping():
            raise StopRequested
        self.material.reporter.write(Progress("batch_size", size, self.most))
        try:
            seconds = self._seconds(size)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self.clear_up()
            return None
        return Step(seconds, max(0, (self.device.peak_memory() or 0) - self.before) if self.free else 0)

    def _seconds(self, size: int) -> float:
        """At best; the first step gets all going, and says enough where it takes long."""
        spent = []
        for _ in range(TURNS + 1):
            began = time.perf_counter()
            self._take(size)
            spent.append(time.perf_counter() - began)
            if spent[0] > BUSY:
                break
        return min(spent)

    def _take(self, size: int) -> None:
        part, task = self.prepared.train, self.material.task
        targets = take(part.targets, np.arange(size) % len(part))
        (inputs,) = part.source.batches([np.arange(size)], None)
        run_epoch(self.prepared.model, [Batch(inputs, targets)], task, self.device, self.updater)
        if self.device.torch.type == "cuda":
            torch.cuda.synchronize(self.device.torch)

    def clear_up(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        forget_peak(self.device)


def _power_of_two(number: int) -> int:
    """The greatest that is not larger; 0 where there is none."""
    return 1 << number.bit_length() - 1 if number else 0
