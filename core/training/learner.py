"""How the weights of a run are moved in an epoch: step by step along the gradient, or by solving for the head."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from core.runtime.distributed import Team
from core.tasks.scores import Scores
from core.training import checkpoints, solving
from core.training.averaging import Average
from core.training.batches import plain_batches, training_batches
from core.training.checkpoints import Checkpoint, State
from core.training.linear import Solver
from core.training.loop import OnStep, Updater, run_epoch
from core.training.optimizers import build_optimizer, carry_over, set_learning_rate
from core.training.preparation import Material, Part, Prepared


class Steps:
    """The optimizer and what belongs to it. network: the prepared model, as the team trains it."""

    network: nn.Module

    def __init__(self, material: Material, prepared: Prepared) -> None:
        self.material, self.prepared, self.recipe = material, prepared, material.recipe
        self.optimizer = build_optimizer(self.recipe, prepared.depths())
        self.scaler = prepared.device.scaler()
        self.average = Average(prepared.moving.items(), self.recipe.average) if self.recipe.average else None

    @property
    def team(self) -> Team:
        return self.material.team

    def restore(self, state: Checkpoint) -> None:
        """Where the last checkpoint left it, random numbers included."""
        self.optimizer.load_state_dict(state.optimizer)
        self.scaler.load_state_dict(state.scaler)
        if self.average is not None:
            self.average.load(state.average)
        checkpoints.restore_random_state(state.rng, self.team.rank)

    def go_on_from(self, before: Steps) -> None:
        """More is free than before: what was trained goes on with its momentum and its mean."""
        carry_over(before.optimizer, self.optimizer)
        self.scaler = before.scaler
        if self.average is not None and before.average is not None:
            self.average.load(before.average.state())

    def begin(self) -> None:
        """What was prepared can be trained from here."""
        self.network = self.team.trains(self.prepared.model, self.material.device.torch)

    def train(
        self, number: int, taken: int, totals: torch.Tensor | None, rate: Callable[[], float], on_step: OnStep
    ) -> Scores | None:
        """Epoch `number`, after the first `taken` of its steps, whose sums are `totals`. rate: of the coming step."""
        return run_epoch(
            self.network,
            training_batches(self.prepared.train, self.material, number, taken),
            self.material.task,
            self.prepared.device,
            self._updater(rate),
            on_step,
            0.0 if totals is None else totals,
            self.team.sum,
        )

    def _updater(self, rate: Callable[[], float]) -> Updater:
        def before_step() -> None:
            set_learning_rate(self.optimizer, rate())

        follow = self.average.follow if self.average is not None else lambda: None
        return Updater(self.optimizer, self.scaler, before_step, follow, self.recipe.clip, self.team.size)

    def evaluate(self, part: Part, on_step: OnStep | None = None) -> Scores | None:
        """By the weights that would be kept."""
        with self.kept_weights():
            return run_epoch(
                self.prepared.model,
                plain_batches(part, self.material.task, self.team, in_order=False),
                self.material.task,
                self.prepared.device,
                on_step=on_step,
                gather=self.team.sum,
            )

    def kept_weights(self) -> AbstractContextManager[object]:
        """Their running mean, where the recipe asks for it, stands in place of the weights."""
        return self.average.in_place() if self.average is not None else nullcontext()

    @property
    def learning_rate(self) -> float:
        rate: float = self.optimizer.param_groups[0]["lr"]
        return rate

    def keep_in(self, state: Checkpoint) -> None:
        state.optimizer, state.scaler = self.optimizer.state_dict(), self.scaler.state_dict()
        state.average = self.average.state() if self.average is not None else {}


class Solution:
    """A linear head on frozen features is a convex problem: an epoch is some iterations over all images at once."""

    def __init__(self, steps: Steps, solver: Solver) -> None:
        self.steps, self.solver = steps, solver

    @property
    def head(self) -> nn.Linear:
        head = self.steps.material.head
        assert isinstance(head, nn.Linear)
        return head

    def train(self, on_step: OnStep) -> Scores | None:
        """None where it was broken off: such an epoch is taken again as a whole, from `state`."""
        self.solver.run(solving.ITERATIONS)
        self.solver.put_into(self.head)
        return self.steps.evaluate(self.steps.prepared.train, on_step)

    def state(self) -> State:
        return self.solver.state()

    def take_back(self, state: State) -> None:
        self.solver.load(state)
        self.solver.put_into(self.head)
