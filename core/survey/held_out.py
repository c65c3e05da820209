"""What a linear layer on the features says of each image when it has not seen it: out-of-fold outputs.

As confident learning has it (https://arxiv.org/abs/1911.00068), an image whose own label such a layer finds unlikely is
worth a look.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch.nn import functional

from core.tasks.objective import Convex
from core.training.linear import FOLDS, Axes, Descent, choose_strength

ITERATIONS, AT_ONCE = 60, 5
ENOUGH = 1000  # images tell how strongly to hold the weights back, where there are few classes
FEWEST = 200

Listen = Callable[[int, int], None]  # told how many of how many steps are done; it may raise to give up


def class_probabilities(features: np.ndarray, labels: np.ndarray, folds: np.ndarray, listen: Listen) -> np.ndarray:
    """features: (N, F). labels: int (N,). folds: int (N,), from 0. Returns (N, C)."""
    targets = torch.tensor(labels)
    outputs = _held_out(
        features, class_loss(targets), folds, lambda out, rows: functional.cross_entropy(out, targets[rows]), listen
    )
    return torch.softmax(outputs, dim=1).numpy()


def class_loss(targets: torch.Tensor) -> Convex:
    """Cross-entropy. targets: int (N,)."""
    goals = functional.one_hot(targets)
    return Convex(partial(torch.softmax, dim=-1), goals, torch.ones(len(goals), 1), curvature=0.5)


def label_probabilities(features: np.ndarray, has: np.ndarray, folds: np.ndarray, listen: Listen) -> np.ndarray:
    """The same where an image may have several labels, each for itself. has: bool (N, C)."""
    goals = torch.tensor(has, dtype=torch.float32)
    loss = Convex(torch.sigmoid, goals, torch.ones(len(goals), 1), curvature=0.25)

    def judge(outputs: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return functional.binary_cross_entropy_with_logits(outputs, goals[rows])

    return torch.sigmoid(_held_out(features, loss, folds, judge, listen)).numpy()


def expected_numbers(features: np.ndarray, targets: np.ndarray, folds: np.ndarray, listen: Listen) -> np.ndarray:
    """What ridge regression expects each number (N,) to be."""
    middle, deviation = targets.mean(), targets.std() or 1.0
    goals = torch.tensor((targets - middle) / deviation, dtype=torch.float32).unsqueeze(1)
    loss = Convex(lambda outputs: outputs, goals, torch.ones(len(goals), 1), curvature=1.0)

    def judge(outputs: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return functional.mse_loss(outputs, goals[rows])

    outputs = _held_out(features, loss, folds, judge, listen)
    return outputs.squeeze(1).double().numpy() * deviation + middle


def _held_out(
    features: np.ndarray,
    loss: Convex,
    folds: np.ndarray,
    judge: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    listen: Listen,
) -> torch.Tensor:
    """The outputs (N, C) for each image of a layer that was fitted on the other folds."""
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


__all__ = ["FOLDS", "class_loss", "class_probabilities", "expected_numbers", "label_probabilities"]
