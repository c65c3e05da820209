"""What a network is taught: to tell classes apart, to say yes or no to each of several labels, or to give a number. All
that differs between them is here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch
from torch.nn import functional

from core.data.dataset import Dataset
from core.tasks.labels import labels_in
from core.training.linear import Convex
from core.training.process.events import Scores
from core.training.recipe import METRICS, Recipe

ERRORS = ("loss", "rmse", "mae")  # of the scores, those that are the better, the smaller they are


class Task(Protocol):
    """outputs: how many numbers the head gives for an example: (B, outputs). said: what the bundle keeps of it.
    by: the score that says which epoch is best."""

    outputs: int
    said: dict[str, Any]
    by: str

    def targets(self, rows: pd.DataFrame) -> torch.Tensor:
        """What the loss compares the outputs with, for each row of a dataset: (N,), of several labels (N, outputs)."""
        ...

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """What training makes small: the mean over a batch."""
        ...

    def weight(self, targets: torch.Tensor) -> float:
        """How much a batch's examples come to in that mean: their number, unless some count for more."""
        ...

    def judged(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The same without what only helps to learn (weights, smoothing), so that runs can be compared by it."""
        ...

    def convex(self, targets: torch.Tensor) -> Convex:
        """The same for who solves for a linear layer: summed and not averaged. The recipe's loss is the usual one."""
        ...

    def tally(self, outputs: torch.Tensor, targets: torch.Tensor, loss: torch.Tensor) -> torch.Tensor:
        """Sums over a batch from which `scores` can be had; the first is the loss's, the second counts the examples."""
        ...

    def scores(self, totals: torch.Tensor) -> Scores:
        """Of the summed tallies of an epoch."""
        ...

    def naive(self, targets: torch.Tensor) -> Scores:
        """Of one who looks at no example, and always gives the answer that fits those of the training part best."""
        ...

    def rank(self, scores: Scores) -> tuple[float, ...]:
        """The higher, the better the epoch; of equally good ones the one with the smaller loss is better."""
        value = getattr(scores, self.by)
        if value is None:  # as R² where all targets are the same
            return (-scores.loss,)
        return -value if self.by in ERRORS else value, -scores.loss

    def balancing(self, targets: torch.Tensor) -> np.ndarray | None:
        """How likely each example should be drawn, summing to 1, for all classes to come up equally often; None where
        there are no classes."""
        ...

    def answers(self, outputs: torch.Tensor, rows: pd.DataFrame) -> pd.DataFrame:
        """What these rows of a dataset say, and what the outputs do: the columns that `CrossValidation.answers` has."""
        ...


class Classes(Task):
    """Outputs are logits."""

    def __init__(self, classes: tuple[str, ...], recipe: Recipe, training: pd.DataFrame) -> None:
        """training: the rows whose classes are counted, where small ones shall weigh more."""
        self.number = {label: index for index, label in enumerate(classes)}
        self.outputs = len(classes)
        self.said: dict[str, Any] = {"kind": "classes", "classes": list(classes)}
        self.recipe, self.by = recipe, recipe.best_by or METRICS["classes"][0]
        self.counts = torch.bincount(self.targets(training), minlength=self.outputs).clamp(min=1)
        self.weights = self._weights() if recipe.balance == "weights" else None

    def _weights(self) -> torch.Tensor:
        """(C,): the rarer, the heavier; 1 on average over the examples."""
        return self.counts.sum() / (self.outputs * self.counts)

    def targets(self, rows: pd.DataFrame) -> torch.Tensor:
        return torch.tensor([self.number[label] for label in rows["label"]], dtype=torch.long)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        weights = None if self.weights is None else self.weights.to(outputs.device)
        if self.recipe.loss == "focal":
            return focal(outputs, targets, self.recipe.focal_gamma, weights)
        return functional.cross_entropy(outputs, targets, weights, label_smoothing=self.recipe.label_smoothing)

    def weight(self, targets: torch.Tensor) -> float:
        return len(targets) if self.weights is None else float(self.weights[targets.cpu()].sum())

    def judged(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if self.recipe.loss == "focal":
            return focal(outputs, targets, self.recipe.focal_gamma)
        return functional.cross_entropy(outputs, targets)

    def convex(self, targets: torch.Tensor) -> Convex:
        smooth, targets = self.recipe.label_smoothing, targets.cpu()
        goals = functional.one_hot(targets, self.outputs) * (1 - smooth) + smooth / self.outputs
        weights = torch.ones(len(targets)) if self.weights is None else self.weights[targets]
        return Convex(partial(torch.softmax, dim=-1), goals, weights.unsqueeze(1), curvature=0.5)

    def tally(self, outputs: torch.Tensor, targets: torch.Tensor, loss: torch.Tensor) -> torch.Tensor:
        """(3 + 3 C,): loss, examples, right ones; then of each class how many are right, are there, were said."""
        said = outputs.argmax(dim=1)
        right = said == targets
        counted = [torch.bincount(each, minlength=self.outputs) for each in (targets[right], targets, said)]
        sums = torch.stack([loss * len(targets), torch.ones_like(loss) * len(targets), right.sum().to(loss.dtype)])
        return torch.cat([sums, *counted])

    def scores(self, totals: torch.Tensor) -> Scores:
        loss, examples, right = totals[:3].tolist()
        hit, there, said = totals[3:].double().cpu().view(3, -1)
        seen = there > 0
        f1 = 2 * hit / (there + said).clamp(min=1)
        return Scores(
            loss=loss / examples,
            accuracy=right / examples,
            balanced_accuracy=float((hit / there)[seen].mean()),
            macro_f1=float(f1[seen].mean()),
        )

    def naive(self, targets: torch.Tensor) -> Scores:
        """Each class is as likely as it is common."""
        outputs = self.counts.float().log().to(targets.device).expand(len(targets), -1)
        return _of_all(self, outputs, targets)

    def balancing(self, targets: torch.Tensor) -> np.ndarray | None:
        counts = torch.bincount(targets.cpu(), minlength=self.outputs).double()
        chances = 1 / counts[targets.cpu()]
        return (chances / chances.sum()).numpy()

    def answers(self, outputs: torch.Tensor, rows: pd.DataFrame) -> pd.DataFrame:
        shares = torch.softmax(outputs, dim=1)
        likeliest, numbers = shares.max(dim=1)
        return rows[["label"]].assign(
            said=[self.said["classes"][number] for number in numbers.tolist()],
            probability=likeliest.numpy(),
            probabilities=list(shares.numpy()),
        )


class Labels(Task):
    """Outputs are logits, one a label: each says yes or no for itself, yes where it is above 0."""

    def __init__(self, labels: tuple[str, ...], recipe: Recipe, training: pd.DataFrame) -> None:
        """training: the rows in which it is counted how many have each label."""
        self.number = {label: index for index, label in enumerate(labels)}
        self.outputs = len(labels)
        self.said: dict[str, Any] = {"kind": "labels", "classes": list(labels)}
        self.recipe, self.by = recipe, recipe.best_by or METRICS["labels"][0]
        self.examples, self.counts = len(training), self.targets(training).sum(dim=0)
        self.weights = self._weights() if recipe.balance == "weights" else None

    def _weights(self) -> torch.Tensor:
        """(C,): how much a yes weighs, so that those of a label weigh as much as its noes."""
        return (self.examples - self.counts).clamp(min=1) / self.counts.clamp(min=1)

    def targets(self, rows: pd.DataFrame) -> torch.Tensor:
        """(N, C): 1 for yes, 0 for no."""
        held = torch.zeros(len(rows), self.outputs)
        for row, text in enumerate(rows["label"]):
            held[row, [self.number[label] for label in labels_in(text)]] = 1
        return held

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        weights = None if self.weights is None else self.weights.to(outputs.device)
        if self.recipe.loss == "focal":
            return binary_focal(outputs, targets, self.recipe.focal_gamma, weights)
        smooth = self.recipe.label_smoothing
        targets = targets * (1 - smooth) + smooth / 2
        return functional.binary_cross_entropy_with_logits(outputs, targets, pos_weight=weights)

    def weight(self, targets: torch.Tensor) -> float:
        return len(targets)

    def judged(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if self.recipe.loss == "focal":
            return binary_focal(outputs, targets, self.recipe.focal_gamma)
        return functional.binary_cross_entropy_with_logits(outputs, targets)

    def convex(self, targets: torch.Tensor) -> Convex:
        smooth = self.recipe.label_smoothing
        yes = targets.cpu() * (1 - smooth) + smooth / 2
        heavier = torch.ones(self.outputs) if self.weights is None else self.weights
        weights = heavier * yes + (1 - yes)
        return Convex(torch.sigmoid, heavier * yes / weights, weights, curvature=0.25)

    def tally(self, outputs: torch.Tensor, targets: torch.Tensor, loss: torch.Tensor) -> torch.Tensor:
        """(4 + 3 C,): loss, examples, the right shares of their answers, those that are all right; then of each label
        how many are right, are there, were said."""
        said, there = outputs > 0, targets > 0.5
        right = said == there
        shares = right.to(loss.dtype).mean(dim=1)
        examples = torch.ones_like(loss) * len(targets)
        sums = [loss * len(targets), examples, shares.sum(), right.all(dim=1).sum().to(loss.dtype)]
        return torch.cat([torch.stack(sums), *(each.sum(dim=0) for each in (said & there, there, said))])

    def scores(self, totals: torch.Tensor) -> Scores:
        loss, examples, right, whole = totals[:4].tolist()
        hit, there, said = totals[4:].double().cpu().view(3, -1)
        seen = there > 0
        f1 = 2 * hit / (there + said).clamp(min=1)
        return Scores(
            loss=loss / examples,
            accuracy=right / examples,
            macro_f1=float(f1[seen].mean()) if seen.any() else 0.0,
            exact_match=whole / examples,
        )

    def naive(self, targets: torch.Tensor) -> Scores:
        """Each label is as likely as it is common. F1 is that of always yes, as it gives more of it than always no."""
        shares = ((self.counts + 0.5) / (self.examples + 1)).to(targets.device)
        usual, yes = (
            _of_all(self, each.expand(len(targets), -1), targets) for each in (shares.logit(), torch.ones_like(shares))
        )
        return replace(usual, macro_f1=yes.macro_f1)

    def balancing(self, targets: torch.Tensor) -> np.ndarray | None:
        return None

    def answers(self, outputs: torch.Tensor, rows: pd.DataFrame) -> pd.DataFrame:
        names = self.said["classes"]
        said = ["; ".join(name for name, yes in zip(names, each) if yes) for each in (outputs > 0).tolist()]
        held = ["; ".join(labels_in(text)) for text in rows["label"]]
        return rows[[]].assign(labels=held, said=said, probabilities=list(torch.sigmoid(outputs).numpy()))


NUMBER_LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "mean_squared_error": functional.mse_loss,
    "mean_absolute_error": functional.l1_loss,
    "huber": functional.huber_loss,
}


class Number(Task):
    """One output; the loss is of the standardised target, so that its unit does not matter.

    Scores are in the target's own unit.
    """

    def __init__(self, name: str, recipe: Recipe, training: pd.DataFrame) -> None:
        """training: the rows whose targets give the mean and the deviation by which all are standardised."""
        targets = training["target"].astype(float)
        self.mean, self.deviation = float(targets.mean()), float(targets.std(ddof=0)) or 1.0
        self.outputs = 1
        span = {"smallest": float(targets.min()), "largest": float(targets.max())}
        self.said: dict[str, Any] = {"kind": "number", "target": name, "mean": self.mean, "deviation": self.deviation}
        self.said |= span
        self.by = recipe.best_by or METRICS["number"][0]
        self.measure = NUMBER_LOSSES[recipe.loss]

    def targets(self, rows: pd.DataFrame) -> torch.Tensor:
        standardised = (rows["target"].astype(float) - self.mean) / self.deviation
        return torch.tensor(standardised.to_numpy(), dtype=torch.float32)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return self.measure(outputs.squeeze(1), targets)

    judged = loss

    def weight(self, targets: torch.Tensor) -> float:
        return len(targets)

    def convex(self, targets: torch.Tensor) -> Convex:
        return Convex(lambda outputs: outputs, targets.cpu().unsqueeze(1), torch.ones(len(targets), 1), curvature=1.0)

    def tally(self, outputs: torch.Tensor, targets: torch.Tensor, loss: torch.Tensor) -> torch.Tensor:
        missed = outputs.squeeze(1) - targets
        examples = torch.ones_like(loss) * len(targets)
        sums = [missed.square().sum(), missed.abs().sum(), targets.sum(), targets.square().sum()]
        return torch.stack([loss * len(targets), examples, *sums])

    def scores(self, totals: torch.Tensor) -> Scores:
        loss, examples, squares, absolutes, targets, target_squares = totals.tolist()
        spread = target_squares - targets**2 / examples  # of the targets about their own mean
        return Scores(
            loss=loss / examples,
            rmse=(squares / examples) ** 0.5 * self.deviation,
            mae=absolutes / examples * self.deviation,
            r2=1 - squares / spread if spread > 0 else None,
        )

    def naive(self, targets: torch.Tensor) -> Scores:
        """Always the mean."""
        return _of_all(self, torch.zeros(len(targets), 1, device=targets.device), targets)

    def balancing(self, targets: torch.Tensor) -> np.ndarray | None:
        return None

    def answers(self, outputs: torch.Tensor, rows: pd.DataFrame) -> pd.DataFrame:
        return rows[["target"]].assign(said=(outputs.squeeze(1) * self.deviation + self.mean).numpy())


def _of_all(task: Task, outputs: torch.Tensor, targets: torch.Tensor) -> Scores:
    """The scores of outputs (N, task.outputs) in one go."""
    return task.scores(task.tally(outputs, targets, task.judged(outputs, targets)))


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


def task_of(dataset: Dataset, recipe: Recipe) -> Task:
    """What a dataset teaches."""
    if dataset.kind == "number":
        return Number(dataset.target, recipe, dataset.part("train"))
    if dataset.kind == "labels":
        return Labels(dataset.classes, recipe, dataset.part("train"))
    return Classes(dataset.classes, recipe, dataset.part("train"))
