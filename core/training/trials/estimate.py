"""How long a run would take on this machine, and how much memory: a few images are prepared, and a few steps taken.

What is prepared is kept, as a run would; the network that took the steps is thrown away.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, islice

import numpy as np
import torch

from core.data.dataset import Dataset
from core.progress import OnProgress, Progress
from core.runtime.device import Device, choose_device
from core.tasks.targets import take
from core.training import plan
from core.training.batches import VALIDATION_BATCH, endless_steps, plain_batches, steps_of
from core.training.loop import Updater, run_epoch
from core.training.optimizers import build_optimizer, set_learning_rate
from core.training.preparation import Material, Outlook, Part, Prepared, outlook, prepare
from core.training.recipe import Recipe
from core.training.sources import Again
from core.training.trials.batch_size import settle
from core.training.trials.probe_results import Estimate
from core.training.trials.probing import ProbeReporter, between_runs
from core.workspace import Workspace

IMAGES = {"cpu": 48}  # of the training part, a few batches of those in which frozen stages run
IMAGES_ELSEWHERE = 384
SECONDS = 1.5  # of steps, at least a few of them and at most so many
MOST_STEPS = 64


def estimate(
    workspace: Workspace, recipe: Recipe, progress: OnProgress | None = None, device: Device | None = None
) -> Estimate:
    """Waits for a run at work; keeps nothing but caches.

    Raises:
        GraftError: the dataset or the weights are not there any more, or it cannot be trained here.
    """
    tell = progress or (lambda _: None)
    chosen = (device or choose_device()).at(recipe.precision)

    def probe() -> Estimate:
        return _Estimating(workspace, recipe, chosen, ProbeReporter(workspace, chosen, tell)).estimate(tell)

    found = between_runs(workspace, recipe, tell, probe)
    found.keep(workspace, recipe)
    return found


class _Estimating:
    def __init__(self, workspace: Workspace, recipe: Recipe, device: Device, reporter: ProbeReporter) -> None:
        torch.manual_seed(recipe.seed)
        began = time.monotonic()
        self.whole = Material(workspace, recipe, device, reporter)
        self.loading = time.monotonic() - began
        settle(self.whole)
        images = IMAGES.get(device.torch.type, IMAGES_ELSEWHERE)
        self.few = self.whole.of(_some(self.whole.dataset, images))
        self.recipe, self.device, self.reporter = self.whole.recipe, device, reporter

    def estimate(self, tell: OnProgress) -> Estimate:
        preparing, training, epoch, read, decoded = self.loading, 0.0, 0.0, 0, 0
        phases = plan.phases(self.recipe, len(self.whole.backbone.stages))
        for number, phase in enumerate(phases):
            ahead, prepared = self._prepare(phase.frozen)
            tell(Progress("Trying a few steps", number, len(phases)))
            epoch = self._epoch(prepared)
            pace = self.reporter.pace
            preparing += max(0, ahead.images - decoded) * pace.get("reading", 0.0)
            preparing += ahead.rows * pace.get("features", 0.0)
            decoded = max(decoded, ahead.images)
            training += (phase.last - phase.first + 1) * epoch
            read = max(read, ahead.bytes)
        return Estimate(
            seconds=round(preparing + training, 3),
            preparing=round(preparing, 3),
            epoch=round(epoch, 4),
            memory_bytes=self._memory(read),
            device=self.device.name,
        )

    def _prepare(self, frozen: int) -> tuple[Outlook, Prepared]:
        prepared = prepare(self.few, frozen)
        ahead = outlook(self.whole, frozen)
        if frozen and not ahead.keeps:
            prepared = prepare(self.few, frozen, keep=False)
        return ahead, prepared

    def _epoch(self, prepared: Prepared) -> float:
        """Seconds of an epoch over the whole of the dataset."""
        training, *validation = [
            Part(Again(part.source, len(targets)), take(part.targets, np.arange(len(targets)) % len(part)))
            for part, targets in zip((prepared.train, prepared.validation), self.whole.targets)
            if part is not None
        ]
        steps = len(steps_of(np.arange(len(training)), self.recipe))
        seconds = steps * self._step(prepared, training)
        return seconds + sum(self._validation(prepared, part) for part in validation)

    def _step(self, prepared: Prepared, part: Part) -> float:
        optimizer = build_optimizer(self.recipe, prepared.depths())
        updater = Updater(optimizer, prepared.device.scaler(), clip=self.recipe.clip)
        set_learning_rate(optimizer, 0.0)
        steps = endless_steps(part, self.few)

        def take(many: int) -> None:
            self.reporter.stopping()
            batches = chain.from_iterable(islice(steps, many))
            run_epoch(prepared.model, batches, self.few.task, prepared.device, updater)

        return _seconds_each(take)

    def _validation(self, prepared: Prepared, part: Part) -> float:
        def look(many: int) -> None:
            self.reporter.stopping()
            batches = islice(plain_batches(part, prepared.material.task), many)
            run_epoch(prepared.model, batches, self.few.task, prepared.device)

        batches = -(-len(part) // VALIDATION_BATCH)
        return batches * _seconds_each(look, most=batches)

    def _memory(self, read: int) -> int | None:
        """The peak so far; on a CPU, with all that the epochs will read from the cache, which counts as in memory."""
        peak = self.device.peak_memory()
        if peak is None or self.device.torch.type != "cpu":
            return peak
        share = len(self.few.dataset.frame) / len(self.whole.dataset.frame)
        return peak + int(read * (1 - share))


def _some(dataset: Dataset, images: int) -> Dataset:
    """The same with a few images of each part, not always the same ones, as those of last time are in the cache."""
    chance = np.random.default_rng()
    rows = [dataset.frame.index[dataset.frame["split"] == split] for split in ("train", "validation")]
    few = [chance.permutation(part)[:most] for part, most in zip(rows, (images, images // 3))]
    return replace(dataset, frame=dataset.frame.loc[np.concatenate(few)])


def _seconds_each(take: Callable[[int], None], most: int = MOST_STEPS) -> float:
    """What one costs, of as many as there is time for; the first one gets all going."""
    take(1)
    spent, taken, many = 0.0, 0, min(2, most)
    while spent < SECONDS and taken < most:
        began = time.monotonic()
        take(many)
        spent += time.monotonic() - began
        taken, many = taken + many, min(2 * many, most)
    return spent / taken
