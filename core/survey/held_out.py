"""What a linear layer on the features says of each example when it has not seen it: out-of-fold outputs.

As confident learning has it (https://arxiv.org/abs/1911.00068), an example whose label such a layer finds unlikely is
worth a look.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from core.tasks.objective import Convex, Objective
from core.training.linear import FOLDS, Axes, Descent, choose_strength

ITERATIONS, AT_ONCE = 60, 5
ENOUGH = 1000  # examples tell how strongly to hold the weights back, where there are few classes
FEWEST = 200

Listen = Callable[[int, int], None]  # told how many of how many steps are done; it may raise to give up


def outputs_of(
    features: np.ndarray, objective: Objective, targets: torch.Tensor, folds: np.ndarray, listen: Listen
) -> torch.Tensor:
    """(N, C): what a linear layer that was fitted on the other folds gives for each example.

    features: (N, F). objective: with a convex loss. targets: its own, (N, ...). folds: int (N,), from 0.
    """
    assert objective.convex is not None, "nobody is asked for what a linear layer says where none can be solved for"

    def judge(outputs: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return objective.eval_loss(outputs, targets[rows])

    return _held_out(features, objective.convex(targets), folds, judge, listen)


def _held_out(
    features: np.ndarray,
    loss: Convex,
    folds: np.ndarray,
    judge: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    listen: Listen,
) -> torch.Tensor:
    """The outputs (N, C) for each example of a layer that was fitted on the other folds."""
    outputs = loss.goals.shape[1]
    some = _some(len(features), max(FEWEST, ENOUGH * 10 // max(10, outputs)))
    few = Convex(loss.link, loss.goals[some], loss.weights[some], loss.curvature)
    listen(0, 2 * ITERATIONS)
    chosen = choose_strength(
        torch.from_numpy(features[some]).float(),
        few,
        folds[some],
        lambda outputs, rows: float(judge(outputs, torch.from_numpy(some)[rows])),
        lambda done, total: listen(done * ITERATIONS // total, 2 * ITERATIONS),
    )
    return chosen.outputs if len(some) == len(features) else _by_fold(features, loss, folds, chosen.value, listen)


def _by_fold(features: np.ndarray, loss: Convex, folds: np.ndarray, strength: float, listen: Listen) -> torch.Tensor:
    axes, where = Axes(torch.from_numpy(features).float()), torch.from_numpy(folds)
    number = int(folds.max()) + 1
    taken = torch.stack([where != fold for fold in range(number)])
    descent = Descent(axes, loss, torch.full((number,), strength), taken)
    for done in range(0, ITERATIONS, AT_ONCE):
        listen(ITERATIONS + done, 2 * ITERATIONS)
        descent.run(AT_ONCE)
    given = torch.empty(len(features), loss.goals.shape[1])
    for fold, weights in enumerate(descent.weights):
        given[where == fold] = (axes.rows[where == fold] @ weights).float()
    return given


def _some(count: int, most: int) -> np.ndarray:
    """So many numbers below `count`, in order, by lot."""
    return np.arange(count) if count <= most else np.sort(np.random.default_rng(0).choice(count, most, replace=False))


__all__ = ["FOLDS", "outputs_of"]
