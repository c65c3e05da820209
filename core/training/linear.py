"""A linear layer on frozen features, solved for instead of trained: logistic or ridge regression.

The loss of a linear layer has one lowest point, so there is nothing to tune but how strongly the weights are held back,
and cross-validation on features that are cached already chooses that in a moment.

Each iteration is a step of accelerated gradient descent (https://doi.org/10.1007/s10208-013-9150-3, with restarts) in
the features' own principal axes. There the curvature of the loss is bounded by a diagonal matrix (Böhning and Lindsay,
https://doi.org/10.1007/BF00049423), so a step needs no search and several problems are solved side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from core.tasks.objective import Convex

SHARES = (0.0, 0.25, 0.5, 1.0)  # of what stages before the last one say, beside what that says: tried in turn
STRENGTHS = 10.0 ** np.arange(-3, 2.1, 0.5)  # of the penalty, where a row of features has a length of about 1
FOLDS = 5
ITERATIONS_FOR_STRENGTH = 60
STEADY = 0.3  # of the features' median deviation, added to each: one that hardly varies is not blown up
DOUBLE_UP_TO = 20_000_000  # numbers in the table of features; beyond, half as many digits do, in half of the memory
VANISHING = 1e-7  # of the largest eigenvalue: axes along which the features do not vary


class Axes:
    """Features in their principal axes: centred, each divided by its deviation, turned, so that their covariance is
    diagonal.

    Attributes:
        rows: (N, R + 1); the last column is 1, for the bias. spread: (R + 1,), the sum of squares of each column.
    """

    def __init__(self, features: torch.Tensor, last: int | None = None, share: float = 1.0) -> None:
        """features: (N, F). last: the first of them are the last stage's, all if None; the others count for `share`."""
        exact = features.numel() <= DOUBLE_UP_TO and features.device.type == "cpu"
        features = features.to(torch.float64 if exact else torch.float32)
        self.middle = features.mean(dim=0)
        deviations = features.std(dim=0, correction=0)
        usual = deviations[deviations > 0].median() if bool((deviations > 0).any()) else deviations.new_ones(())
        self.scale = (deviations.square() + (STEADY * usual).square()).sqrt() * features.shape[1] ** 0.5
        self.count = torch.ones_like(self.scale)
        if last is not None:
            self.count[last:] = share
        centred = (features - self.middle) * self.count / self.scale
        few = len(centred) <= centred.shape[1]
        table = centred @ centred.T if few else centred.T @ centred
        values, vectors = torch.linalg.eigh(table.cpu().double())
        kept = values > VANISHING * values.max().clamp(min=1e-30)
        values, vectors = values[kept].to(features), vectors[:, kept].to(features)
        self.turn = centred.T @ (vectors / values.sqrt()) if few else vectors  # (F, R)
        turned = vectors * values.sqrt() if few else centred @ vectors
        self.rows = torch.cat([turned, torch.ones_like(turned[:, :1])], dim=1)
        self.spread = torch.cat([values, values.new_full((1,), len(features))])

    def layer(self, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight (C, F) and bias (C,) of a linear layer for features as they came. weights: (R + 1, C), of the rows."""
        weight = (self.turn @ weights[:-1]) * (self.count / self.scale)[:, None]
        return weight.T, weights[-1] - self.middle @ weight


class Descent:
    """P penalised problems that share their rows, solved side by side.

    Attributes:
        weights: (P, R + 1, C), the best so far.
    """

    def __init__(self, axes: Axes, loss: Convex, strengths: torch.Tensor, taken: torch.Tensor | None = None) -> None:
        """strengths: (P,), of the penalty. taken: (P, N), 1 where an example belongs to a problem; all if None."""
        self.rows, self.loss = axes.rows, loss.to(axes.rows)
        self.taken = None if taken is None else taken.to(axes.rows).T.unsqueeze(2)
        problems, (inputs, outputs) = len(strengths), (len(axes.spread), loss.goals.shape[1])
        self.penalty = strengths.to(axes.rows)[:, None, None].repeat(1, inputs, 1)
        self.penalty[:, -1] = 0.0  # the bias is free
        heaviest = float(self.loss.weights.max())
        self.step = 1 / (loss.curvature * heaviest * axes.spread[None, :, None] + self.penalty)
        self.weights = axes.rows.new_zeros(problems, inputs, outputs)
        self.ahead = self.weights.clone()
        self.momentum = axes.rows.new_ones(problems)

    def run(self, iterations: int) -> None:
        for _ in range(iterations):
            slope = self._slope()
            moved = self.ahead - self.step * slope
            forward = moved - self.weights
            astray = (slope * forward).sum(dim=(1, 2)) > 0  # the momentum points uphill: begin anew
            momentum = torch.where(astray, 1.0, (1 + (1 + 4 * self.momentum.square()).sqrt()) / 2)
            carried = torch.where(astray, 0.0, (self.momentum - 1) / momentum)
            self.ahead = moved + carried[:, None, None] * forward
            self.weights, self.momentum = moved, momentum

    def _slope(self) -> torch.Tensor:
        """Of the penalised losses at `ahead`: (P, R + 1, C)."""
        problems, inputs, outputs = self.ahead.shape
        given = self.rows @ self.ahead.permute(1, 0, 2).reshape(inputs, problems * outputs)
        wrong = self.loss.link(given.view(-1, problems, outputs)) - self.loss.goals.unsqueeze(1)
        wrong = wrong * self.loss.weights.unsqueeze(1)
        if self.taken is not None:
            wrong = wrong * self.taken
        slope = self.rows.T @ wrong.reshape(-1, problems * outputs)
        return slope.view(inputs, problems, outputs).permute(1, 0, 2) + self.penalty * self.ahead


@dataclass(frozen=True)
class Strength:
    """value: of the penalty. share: how much stages before the last one count, 0 to 1. held_out: mean loss of examples
    that were held out, for each of STRENGTHS with that share. outputs: what such a layer gives for each example when it
    is held out, (N, C); NaN for those that never are."""

    value: float
    share: float
    held_out: tuple[float, ...]
    outputs: torch.Tensor


def choose_strength(
    features: torch.Tensor,
    loss: Convex,
    folds: np.ndarray,
    judge: Callable[[torch.Tensor, torch.Tensor], float],
    listen: Callable[[int, int], None] = lambda done, total: None,
    last: int | None = None,
    shares: Sequence[float] = SHARES,
) -> Strength:
    """Cross-validation: the strength and the share with the smallest loss on what was held out.

    features: (N, F). folds: (N,), from 0, which fold each example is in; -1 where it is never held out. judge: the mean
        loss of outputs (M, C), of the examples with these numbers (M,). listen: told how many of how many iterations
        are done; it may raise to give up. last: how many of the features are the last stage's, all if None. shares:
        of the others, to choose from.
    """
    shares = shares if last is not None and features.shape[1] > last else (1.0,)
    found: list[Strength] = []
    for number, share in enumerate(shares):

        def tell(done: int, before: int = number) -> None:
            listen(before * ITERATIONS_FOR_STRENGTH + done, len(shares) * ITERATIONS_FOR_STRENGTH)

        found.append(_strength(Axes(features, last, share), share, loss, folds, judge, tell))
    return min(found, key=lambda each: min(each.held_out))


def _strength(
    axes: Axes,
    share: float,
    loss: Convex,
    folds: np.ndarray,
    judge: Callable[[torch.Tensor, torch.Tensor], float],
    tell: Callable[[int], None],
) -> Strength:
    number, strengths = int(folds.max()) + 1, torch.from_numpy(STRENGTHS)
    where = torch.from_numpy(folds)
    taken = torch.stack([where != fold for fold in range(number)]).repeat_interleave(len(strengths), dim=0)
    descent = Descent(axes, loss, strengths.repeat(number), taken)
    for done in range(0, ITERATIONS_FOR_STRENGTH, 10):
        tell(done)
        descent.run(10)
    outputs = torch.full((len(strengths), len(where), loss.goals.shape[1]), float("nan"))
    for fold, weights in enumerate(descent.weights.split(len(strengths))):
        outputs[:, where == fold] = (axes.rows[(where == fold).to(axes.rows.device)] @ weights).float().cpu()
    held = torch.nonzero(where >= 0).squeeze(1)
    held_out = [judge(each[held], held) for each in outputs]
    best = int(np.argmin(held_out))
    return Strength(float(strengths[best]), share, tuple(held_out), outputs[best])


class Solver:
    """One problem, solved a few iterations at a time, so that it can be watched, and stopped in between."""

    def __init__(
        self, features: torch.Tensor, loss: Convex, strength: float, share: float = 1.0, last: int | None = None
    ) -> None:
        """strength, share: as in `Strength`. last: as in `choose_strength`."""
        self.axes, self.strength, self.share = Axes(features, last, share), strength, share
        self.descent = Descent(self.axes, loss, torch.tensor([strength]))

    def run(self, iterations: int) -> None:
        self.descent.run(iterations)

    @torch.no_grad()
    def put_into(self, head: nn.Linear) -> None:
        weight, bias = self.axes.layer(self.descent.weights[0])
        head.weight.copy_(weight)
        head.bias.copy_(bias)

    def state(self) -> dict[str, torch.Tensor]:
        return {name: getattr(self.descent, name) for name in ("weights", "ahead", "momentum")}

    def load(self, state: dict[str, torch.Tensor]) -> None:
        for name, tensor in state.items():
            setattr(self.descent, name, tensor.to(self.axes.rows))
