"""An epoch cut into steps and batches, the same whoever asks: the trainer, or who only tries a few of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count

import numpy as np

from core.modalities.inputs import Inputs
from core.runtime.distributed import ALONE, Team
from core.tasks.objective import Objective
from core.tasks.targets import Targets, take
from core.training.loop import Batch
from core.training.mixing import mixed
from core.training.preparation import Material, Part
from core.training.recipe import Recipe
from core.training.sources import by_length, cut

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
    chunks = [chunk for chunk, _, _ in turns[first:]]
    for turn, batch in enumerate(_batches(part, chunks, epoch, team, material.task), start=first):
        chunk, together, last = turns[turn]
        batch = replace(batch, share=_share(chunk, together, team, material.task), completes=last)
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


def plain_batches(part: Part, task: Objective, team: Team = ALONE, in_order: bool = True) -> Iterator[Batch]:
    """Each example once, as it is; of each batch this process's share. in_order: of the part; else sorted by length,
    where they differ in it, so that little is padding."""
    order = np.arange(len(part)) if in_order else order_of(part)
    chunks = cut(order, VALIDATION_BATCH, training=False)
    return _batches(part, chunks, None, team, task)


def order_of(part: Part) -> np.ndarray:
    """In which `plain_batches` sees the examples where that is left to it."""
    lengths = part.source.lengths()
    return np.arange(len(part)) if lengths is None else np.argsort(lengths, kind="stable")


def _own(chunk: np.ndarray, team: Team) -> np.ndarray:
    """This process's share. Where nothing is left for it, an example that counts for nothing keeps it in step; not even
    BatchNorm sees it, see whole_batches.py."""
    share = team.share(chunk)
    return share if len(share) else chunk[:1]


def _weight(task: Objective, mine: Targets, all_of_them: Targets) -> float:
    """How much the loss makes of these targets, on average, beside those of the whole batch."""
    if len(mine) == len(all_of_them):
        return 1.0
    own, whole = (task.weight(each) / len(each) for each in (mine, all_of_them))
    return own / whole


def _order(part: Part, material: Material, epoch: int) -> np.ndarray:
    """In which order an epoch sees the examples: each once, or drawn so that all classes come up equally often."""
    recipe = material.recipe
    random = np.random.default_rng((recipe.seed, epoch))
    balancing = material.task.balancing
    if recipe.balance != "sampling" or balancing is None:
        order = random.permutation(len(part))
    else:
        order = random.choice(len(part), len(part), p=balancing(part.targets))
    lengths = part.source.lengths()
    assert isinstance(recipe.batch_size, int)
    return order if lengths is None else by_length(order, lengths, recipe.batch_size, random)


def _batches(part: Part, chunks: list[np.ndarray], epoch: int | None, team: Team, task: Objective) -> Iterator[Batch]:
    """Of each chunk of example numbers this process's share; share: of the chunk."""
    for chunk, inputs in zip(chunks, part.source.batches([_own(chunk, team) for chunk in chunks], epoch)):
        targets = part.source.moved(take(part.targets, chunk), chunk, epoch)
        yield Batch(inputs, targets) if team.size == 1 else _shared(inputs, targets, chunk, team, task)


def _share(chunk: np.ndarray, together: int, team: Team, task: Objective) -> float:
    """Of `together` examples, those of the chunk that this process's loss is about."""
    return len(chunk) / together / team.size if task.whole_batch else len(team.share(chunk)) / together


def _shared(inputs: Inputs, targets: Targets, chunk: np.ndarray, team: Team, task: Objective) -> Batch:
    """targets: of the whole chunk."""
    numbers = np.arange(len(chunk))
    filled, share = len(team.share(numbers)) > 0, _share(chunk, len(chunk), team, task)
    if task.whole_batch:
        gather = partial(team.rows, sizes=[len(each) for each in np.array_split(numbers, team.size)])
        return Batch(
            inputs,
            targets,
            _share(chunk, len(chunk), team, task),
            is_filled=filled,
            gather=gather,
            is_tallied=team.leads,
        )
    mine = take(targets, _own(numbers, team))
    share = _share(chunk, len(chunk), team, task)
    return Batch(inputs, mine, share, weight=_weight(task, mine, targets), is_filled=filled, is_tallied=filled)
