"""What a recipe comes to, epoch by epoch and step by step: what is frozen when, and how large each step is.

Known before anything runs, so that it can be drawn; what someone changes while it runs is part of it too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.training.recipe import Recipe

ONE_CYCLE_RISES = 0.3  # of its steps; from and to as in torch.optim.lr_scheduler.OneCycleLR
ONE_CYCLE_BEGINS, ONE_CYCLE_ENDS = 1 / 25, 1e-4 / 25


@dataclass(frozen=True)
class Phase:
    """Epochs `first` to `last`, counted from 1, in which the first `frozen` stages are frozen.

    rate: times the recipe's learning rate. span: first and last epoch of the stretch over which its schedule runs.
    """

    first: int
    last: int
    frozen: int
    rate: float
    span: tuple[int, int]


@dataclass(frozen=True)
class Change:
    """What someone asked of a run at work. It counts from the epoch after `epoch`.

    extend: `value` more epochs, with a schedule of their own. unfreeze: `value` stages fewer are frozen. end: what was
    planned beyond is dropped.
    """

    kind: Literal["extend", "unfreeze", "end"]
    epoch: int
    value: int


def phases(recipe: Recipe, stages: int, changes: Iterable[Change] = ()) -> tuple[Phase, ...]:
    """The phases of a run of a backbone with so many stages, in order, without gaps."""
    planned = _planned(recipe, stages)
    for change in changes:
        if change.kind == "extend":
            end = planned[-1]
            added = (end.last + 1, end.last + change.value)
            planned = (*planned, replace(end, first=added[0], last=added[1], span=added))
        elif change.kind == "end":
            kept = [phase for phase in planned if phase.first <= change.epoch]
            planned = (*kept[:-1], replace(kept[-1], last=min(kept[-1].last, change.epoch)))
        else:
            planned = tuple(part for phase in planned for part in _freed(phase, change))
    return planned


def _planned(recipe: Recipe, stages: int) -> tuple[Phase, ...]:
    target = stages if recipe.freeze == "all" else min(recipe.freeze, stages)
    if recipe.unfreeze == "never" or target == stages:
        return (Phase(1, recipe.epochs, target, 1.0, (1, recipe.epochs)),)
    head, rest = recipe.head_epochs, (recipe.head_epochs + 1, recipe.epochs)
    first = Phase(1, head, stages, 1.0, (1, head))
    if recipe.unfreeze == "after_head":
        return first, Phase(*rest, target, recipe.unfreeze_rate, rest)
    planned = [first]
    for frozen in range(stages - 1, target - 1, -1):
        begins = planned[-1].last + 1
        ends = recipe.epochs if frozen == target or begins == recipe.epochs else begins
        planned.append(Phase(begins, ends, frozen, recipe.unfreeze_rate, rest))
        if ends == recipe.epochs:
            break
    return tuple(planned)


def _freed(phase: Phase, change: Change) -> list[Phase]:
    """A phase with `change.value` stages fewer frozen from the epoch after `change.epoch`."""
    frozen = max(0, phase.frozen - change.value)
    if phase.last <= change.epoch:
        return [phase]
    if phase.first > change.epoch:
        return [replace(phase, frozen=frozen)]
    return [replace(phase, last=change.epoch), replace(phase, first=change.epoch + 1, frozen=frozen)]


def phase_of(planned: Sequence[Phase], epoch: int) -> Phase:
    """The phase in which `epoch` lies; beyond the end, the last one."""
    return next((phase for phase in planned if phase.first <= epoch <= phase.last), planned[-1])


def learning_rate(recipe: Recipe, phase: Phase, moment: float, lowered: int = 0) -> float:
    """The learning rate of the head at `moment`, in epochs: the run begins at 0.0, epoch 3 begins at 2.0.

    lowered: how often the schedule "plateau" has lowered it.
    """
    begins, length = phase.span[0] - 1, phase.span[1] - phase.span[0] + 1
    here = min(max(moment - begins, 0.0), float(length))
    warm = min(recipe.warmup_epochs, length / 2)
    base = recipe.learning_rate * phase.rate
    if here < warm:
        return base * max(here / warm, 1e-3)
    return base * _factor(recipe, here - warm, length - warm, lowered)


def _factor(recipe: Recipe, here: float, length: float, lowered: int) -> float:
    """Of the schedule, `here` epochs after it began, of `length`."""
    match recipe.schedule:
        case "cosine":
            return _cosine(1.0, 0.0, here / length)
        case "one_cycle":
            top = ONE_CYCLE_RISES * length
            if here < top:
                return _cosine(ONE_CYCLE_BEGINS, 1.0, here / top)
            return _cosine(1.0, ONE_CYCLE_ENDS, (here - top) / (length - top))
        case "step":
            return recipe.step_factor ** int(here / recipe.step_epochs + 1e-9)
        case "plateau":
            return recipe.step_factor**lowered
        case _:
            return 1.0


def _cosine(begin: float, end: float, share: float) -> float:
    return end + (begin - end) * 0.5 * (1 + math.cos(math.pi * share))


def drawn(recipe: Recipe, stages: int, points: int = 400) -> list[tuple[float, float]]:
    """The learning rate over the run, as (epochs done, rate), before it runs."""
    planned = phases(recipe, stages)
    moments = [recipe.epochs * number / points for number in range(points)]
    return [(moment, learning_rate(recipe, phase_of(planned, int(moment) + 1), moment)) for moment in moments]
