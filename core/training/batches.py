"""An epoch cut into steps and batches, the same whoever asks: the trainer, or who only tries a few of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
import torch

from core.runtime.distributed import ALONE, Team
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
    """Those of the epoch's steps that are still to be taken, after the first `taken`.

    Of each batch, this process's share; images are mixed within it.
    """
    recipe, team = material.recipe, material.team
    steps = steps_of(_order(part, material, epoch), recipe)
    turns = [(chunk, sum(map(len, step)), chunk is step[-1]) for step in steps for chunk in step]
    first = sum(map(len, steps[:taken]))
    batches = _batches(part, [_own(chunk, team) for chunk, _, _ in turns[first:]], epoch)
    for turn, (inputs, targets) in enumerate(batches, start=first):
        chunk, together, last = turns[turn]
        share, weight = len(team.share(chunk)) / together, _weight(part, chunk, targets, material)
        batch = Batch(inputs, targets, share, last, weight=weight)
        if recipe.mixup or recipe.cutmix:
            lot = (recipe.seed, epoch, turn, MIXING, *([] if team.leads else [team.rank]))
            batch = mixed(batch, recipe, np.random.default_rng(lot))
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


def plain_batches(part: Part, team: Team = ALONE) -> Iterator[Batch]:
    """Each example once, in order, as it is; of each batch this process's share."""
    chunks = cut(np.arange(len(part)), VALIDATION_BATCH, training=False)
    batches = _batches(part, [_own(chunk, team) for chunk in chunks], epoch=None)
    for chunk, (inputs, targets) in zip(chunks, batches):
        yield Batch(inputs, targets, share=len(team.share(chunk)) / len(chunk))


def _own(chunk: np.ndarray, team: Team) -> np.ndarray:
    """This process's share. Where nothing is left for it, an example that counts for nothing keeps it in step; not even
    BatchNorm sees it, see whole_batches.py."""
    share = team.share(chunk)
    return share if len(share) else chunk[:1]


def _weight(part: Part, chunk: np.ndarray, targets: torch.Tensor, material: Material) -> float:
    """How much the loss makes of these targets, on average, beside those of the whole batch."""
    if len(targets) == len(chunk):
        return 1.0
    mine, all_of_them = (
        material.task.weight(each) / len(each)
        for each in (targets, part.targets[torch.from_numpy(chunk).to(part.targets.device)])
    )
    return mine / all_of_them


def _order(part: Part, material: Material, epoch: int) -> np.ndarray:
    """In which order an epoch sees the examples: each once, or drawn so that all classes come up equally often."""
    recipe = material.recipe
    random = np.random.default_rng((recipe.seed, epoch))
    balancing = material.task.balancing
    if recipe.balance != "sampling" or balancing is None:
        return random.permutation(len(part))
    return random.choice(len(part), len(part), p=balancing(part.targets))


def _batches(part: Part, chunks: list[np.ndarray], epoch: int | None) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    for chunk, inputs in zip(chunks, part.source.batches(chunks, epoch)):
        yield inputs, part.targets[torch.from_numpy(chunk).to(part.targets.device)]
