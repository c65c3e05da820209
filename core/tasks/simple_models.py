"""Simple models of frozen features, solved for and not trained step by step: what training has to beat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

STRENGTH = 0.01  # of logistic regression, scikit-learn's C: see docs/defaults.md
PENALTIES = 10.0 ** np.arange(-3, 4)  # of ridge regression, an example; leaving one out says which is best
ITERATIONS = 100


def votes(labels: torch.Tensor, likeness: torch.Tensor, classes: int) -> torch.Tensor:
    """The logarithm of each class's share of the votes, (M, classes); the more alike, the more a vote counts."""
    votes = torch.full((len(labels), classes), 1e-2, device=labels.device)
    votes.scatter_add_(1, labels, likeness.clamp(min=1e-3))
    return (votes / votes.sum(dim=1, keepdim=True)).log()


def shares(labels: torch.Tensor, likeness: torch.Tensor) -> torch.Tensor:
    """Logits, (M, C), of the share of the votes for each label. labels: of the neighbours, (M, k, C)."""
    weights = likeness.clamp(min=1e-3).unsqueeze(2)
    return ((labels * weights).sum(dim=1) / weights.sum(dim=1)).logit(eps=1e-2)


def each_for_itself(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The loss of a logistic regression for each label: (N, C) both."""
    return functional.binary_cross_entropy_with_logits(outputs, targets, reduction="sum") / len(targets)


@torch.enable_grad()
def logistic(
    features: torch.Tensor,
    labels: torch.Tensor,
    asked: torch.Tensor,
    classes: int,
    wrong_by: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = functional.cross_entropy,
) -> torch.Tensor:
    """Logits, (M, classes), of logistic regression with an L2 penalty."""
    weights = torch.zeros(features.shape[1], classes, device=features.device, requires_grad=True)
    bias = torch.zeros(classes, device=features.device, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, bias], max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        wrong = wrong_by(features @ weights + bias, labels)
        total = wrong + weights.square().sum() / (2 * STRENGTH * len(features))
        total.backward()
        return total

    optimizer.step(loss)  # type: ignore[arg-type]
    return (asked @ weights + bias).detach()


def ridge(features: torch.Tensor, targets: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """Ridge regression, (M, 1), with the penalty that does best when each image is left out in turn.

    The left-out errors come from one decomposition: https://en.wikipedia.org/wiki/Ridge_regression and, for the
    formula, https://scikit-learn.org/stable/modules/generated/sklearn.linear_model.RidgeCV.html.
    """
    rows, answers = features.cpu().double(), targets.cpu().double()
    middle = answers.mean()
    left, sizes, right = torch.linalg.svd(rows, full_matrices=False)
    along = left.T @ (answers - middle)
    weights, least = torch.zeros(rows.shape[1], dtype=torch.double), float("inf")
    for penalty in PENALTIES * len(rows):
        kept = sizes**2 / (sizes**2 + penalty)
        hat = (left**2 @ kept + 1 / len(rows)).clamp(max=1 - 1e-6)  # how much each image decides its own answer
        missed = float((((answers - middle) - left @ (kept * along)) / (1 - hat)).square().mean())
        if missed < least:
            weights, least = right.T @ (sizes / (sizes**2 + penalty) * along), missed
    return (asked.cpu().double() @ weights + middle).float().to(asked.device).unsqueeze(1)
