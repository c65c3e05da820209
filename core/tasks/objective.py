"""What a network learns: the loss that it makes small, the scores that it is judged by, and what its outputs mean.

A `Task` makes one (`Task.objective`). It brings torch; all that only looks asks the task itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional

from core.modalities.examples import Examples
from core.tasks.decision import PLAIN, Decision
from core.tasks.doubts import Doubts
from core.tasks.heads import HeadSettings, Shapes
from core.tasks.predictions import USUAL, Aim, Prediction
from core.tasks.scores import Scores
from core.tasks.targets import Targets


@dataclass(frozen=True)
class Convex:
    """A loss that is convex in the outputs of a linear layer, for examples (N, C), so that the layer can be solved for.

    link: from outputs to what is compared with the goals. goals: (N, C). weights: (N, 1) or (N, C), how much each
    counts. curvature: the most that the link's slope can be, in any direction.
    """

    link: Callable[[torch.Tensor], torch.Tensor]
    goals: torch.Tensor
    weights: torch.Tensor
    curvature: float

    def to(self, like: torch.Tensor) -> Convex:
        return Convex(self.link, self.goals.to(like), self.weights.to(like), self.curvature)


Outputs: TypeAlias = Any  # of a head: (B, ...), or several tensors by name; each objective takes its own


class Objective(Protocol):
    """A task for one dataset, or for one bundle, which has only the spec: then nothing is learned or scored any more.

    Attributes:
        spec: What the bundle keeps: all that is needed to make the objective again, without the dataset.
        outputs: How many numbers the head gives for an example.
        by: The metric that says which epoch is best.
        has_baseline: Whether simple models of the features can answer, see `by_neighbours` and `by_line`.
        whole_batch: Whether the loss is no mean over examples that do not know of each other: then processes that share
            a batch each see the outputs and the targets of all of it.
    """

    spec: dict[str, Any]
    outputs: int
    by: str
    has_baseline: bool = False
    whole_batch: bool = False

    def head(self, settings: HeadSettings, shapes: Shapes) -> nn.Module:
        """The layer that is put on a backbone whose features have these shapes."""
        ...

    def targets(self, rows: pd.DataFrame, examples: Examples | None = None) -> Targets:
        """What the loss compares the outputs with, for each row of a dataset.

        examples: the same rows as their modality has prepared them, where it matters: words meet tokens here.
        """
        ...

    def drawn(self, examples: Examples, seed: int, training: bool) -> Examples:
        """The examples as this is learned from them: some of their words hidden. seed: the recipe's."""
        return examples

    def loss(self, outputs: Outputs, targets: Targets) -> torch.Tensor:
        """What training makes small: the mean over a batch."""
        ...

    def weight(self, targets: Targets) -> float:
        """How much a batch's examples come to in that mean: their number, unless some count for more."""
        ...

    def eval_loss(self, outputs: Outputs, targets: Targets) -> torch.Tensor:
        """The same without what only helps to learn (weights, smoothing), so that runs can be compared by it."""
        ...

    @property
    def convex(self) -> Callable[[torch.Tensor], Convex] | None:
        """The loss of these targets for who solves for a linear layer: summed and not averaged. None where it is not
        convex, whatever the settings; they have the usual loss, else nobody asks."""
        ...

    def tally(self, outputs: Outputs, targets: Targets, loss: torch.Tensor) -> torch.Tensor:
        """Sums over a batch from which `scores` can be had; the first is the loss's, the second counts the examples."""
        ...

    def scores(self, totals: torch.Tensor) -> Scores:
        """Of the summed tallies of an epoch."""
        ...

    def constant(self, targets: Targets) -> Scores:
        """The constant baseline: of always giving the answer that fits the training part best."""
        ...

    def by_neighbours(self, targets: torch.Tensor, likeness: torch.Tensor) -> torch.Tensor:
        """Outputs (M, outputs) by the targets of the k nearest training examples, (M, k, ...), and their cosine
        similarities, (M, k)."""
        raise NotImplementedError

    def by_line(self, features: torch.Tensor, targets: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        """Outputs (M, outputs) of a linear model that was fitted to features (N, F), for other features (M, F)."""
        raise NotImplementedError

    def rank(self, scores: Scores) -> tuple[float, ...]:
        """The higher, the better the epoch; of equally good ones the one with the smaller loss is better."""
        return scores.rank(self.by)

    @property
    def balancing(self) -> Callable[[torch.Tensor], np.ndarray] | None:
        """How likely each example should be drawn, summing to 1, for all answers to come up equally often; None where
        that means nothing."""
        ...

    def decode(
        self, outputs: Outputs, examples: Sequence[Any] = (), most: int = USUAL, decision: Decision = PLAIN
    ) -> list[Prediction | None]:
        """What outputs say of each example: the only place that knows. None where they are no finite numbers.

        outputs: of the head, on the CPU. examples: what their modality remembers of each (its size, its words), for
        answers in its own terms. most: of what is ranked. decision: thresholds and ranges, where the task has any;
        its temperature is in the outputs already. It is given only where something was decided.
        """
        ...

    def aims(self, outputs: Outputs, example: Any = None) -> tuple[Aim, ...]:
        """What can be asked why of one example, the likeliest first; nothing where nobody can say.

        outputs: of the head, (1, ...). example: what its modality remembers of it.
        """
        return ()

    def towards(self, outputs: Outputs, aim: str, example: Any = None) -> torch.Tensor:
        """How strongly outputs (B, ...) speak for one of `aims`, (B,), with gradients: its log-odds, so that what
        speaks for another class speaks against it; or a number, in its own unit.

        example: as for `aims`; all B are versions of it.
        """
        raise NotImplementedError

    def answers(self, outputs: Outputs, rows: pd.DataFrame, examples: Sequence[Any] = ()) -> pd.DataFrame:
        """What these rows of a dataset say, and what the outputs do: the columns that `Task.answered` names.

        examples: as for `decode`, read only where somebody asks for them.
        """
        return rows[[]]

    def doubts(self, outputs: Outputs, rows: pd.DataFrame) -> Doubts | None:
        """Which answers of these rows to look at again, by the outputs of who has not seen them; None where there is
        nothing to tell it by."""
        return None


def scores_of(objective: Objective, outputs: torch.Tensor, targets: torch.Tensor) -> Scores:
    """The scores of outputs (N, objective.outputs) in one go."""
    return objective.scores(objective.tally(outputs, targets, objective.eval_loss(outputs, targets)))


def finite(outputs: torch.Tensor) -> list[bool]:
    """Of each row, (B, C), whether all of it are finite numbers."""
    return [bool(each) for each in outputs.isfinite().all(dim=1)]


def log_odds(outputs: torch.Tensor, number: int) -> torch.Tensor:
    """Of one class of several, (B,). outputs: logits (B, C)."""
    others = torch.cat([outputs[:, :number], outputs[:, number + 1 :]], dim=1)
    return outputs[:, number] - others.logsumexp(dim=1) if others.shape[1] else outputs[:, number]


def focal(
    outputs: torch.Tensor, targets: torch.Tensor, gamma: float, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Cross-entropy that counts what is surely right the less, the larger `gamma` (https://arxiv.org/abs/1708.02002).

    outputs: logits (B, C); targets: (B,); weights: (C,), by which the mean is weighted.
    """
    each = functional.cross_entropy(outputs, targets, reduction="none")
    each = (1 - torch.exp(-each)).clamp(min=0) ** gamma * each
    if weights is None:
        return each.mean()
    return (each * weights[targets]).sum() / weights[targets].sum()


def binary_focal(
    outputs: torch.Tensor, targets: torch.Tensor, gamma: float, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """The same of a yes or a no for each label. targets: (B, C), 0 or 1; weights: (C,), of a yes."""
    each = functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none")
    each = (1 - torch.exp(-each)).clamp(min=0) ** gamma * each
    return (each if weights is None else each * torch.where(targets > 0.5, weights, 1.0)).mean()
