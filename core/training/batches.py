"""An epoch cut into steps and batches, the same whoever asks: the trainer, or who only tries a few of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
import torch

from core.training.loop import Batch
from core.training.mixing import mixed
from core.training.preparation import Material, Part
from core.training.recipe import Recipe
from core.training.sources import cut

VALIDATION_BATCH = 64
MIXING = 1  # makes its random numbers others than those of the order


def steps_of(order: np.ndarray, recipe: Recipe) -> list[list[np.ndarray]]:
    """The epoch's steps, each of one batch or of several that are accumulated."""
    assert isinstance(recipe.batch_size, int), "it is found before anything is cut"
    batches = cut(order, recipe.batch_size, training=True)
    return [batches[start : start + recipe.accumulate] for start in range(0, len(batches), recipe.accumulate)]


def training_batches(part: Part, material: Material, epoch: int, taken: int = 0) -> Iterator[Batch]:
    """Those of the epoch's steps that are still to be taken, after the first `taken`."""
    recipe = material.recipe
    steps = steps_of(_order(part, material, epoch), recipe)
    turns = [(chunk, sum(map(len, step)), chunk is step[-1]) for step in steps for chunk in step]
    first = sum(map(len, steps[:taken]))
    batches = _batches(part, [chunk for chunk, _, _ in turns[first:]], epoch)
    for turn, (inputs, targets) in enumerate(batches, start=first):
        _, together, last = turns[turn]
        batch = Batch(inputs, targets, len(targets) / together, last)
        if recipe.mixup or recipe.cutmix:
            batch = mixed(batch, recipe, np.random.default_rng((recipe.seed, epoch, turn, MIXING)))
        yield batch


def endless_steps(part: Part, material: Material) -> Iterator[list[Batch]]:
    """The batches of each step, epoch after epoch."""
    together: list[Batch] = []
    for epoch in count(1):
        for batch in training_batches(part, material, epoch):
            together.append(batch)
            if batch.completes:
                yield together
                together = []


def plain_batches(part: Part) -> Iterator[Batch]:
    """Each example once, in order, as it is."""
    for inputs, targets in _batches(part, cut(np.arange(len(part)), VALIDATION_BATCH, training=False), epoch=None):
        yield Batch(inputs, targets)


def _order(part: Part, material: Material, epoch: int) -> np.ndarray:
    """In which order an epoch sees the examples: each once, or drawn so that all classes come up equally often."""
    recipe = material.recipe
    random = np.random.default_rng((recipe.seed, epoch))
    chances = material.task.balancing(part.targets) if recipe.balance == "sampling" else None
    if chances is None:
        return random.permutation(len(part))
    return random.choice(len(part), len(part), p=chances)


def _batches(part: Part, chunks: list[np.ndarray], epoch: int | None) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    for chunk, inputs in zip(chunks, part.source.batches(chunks, epoch)):
        yield inputs, part.targets[torch.from_numpy(chunk).to(part.targets.device)]
