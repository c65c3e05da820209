"""What a network is taught: to tell classes apart, or to give a number. All that differs between the two is here."""

from __future__ import annotations

from typing import Any, Protocol

import pandas as pd
import torch
from torch import nn

from core.data.dataset import Dataset
from core.training.events import Scores


class Task(Protocol):
    """outputs: how many numbers the head gives for an example: (B, outputs). said: what the bundle keeps of it."""

    outputs: int
    loss: nn.Module
    said: dict[str, Any]

    def targets(self, rows: pd.DataFrame) -> torch.Tensor:
        """What the loss compares the outputs with, for each row of a dataset: (N,)."""
        ...

    def tally(self, outputs: torch.Tensor, targets: torch.Tensor, loss: torch.Tensor) -> torch.Tensor:
        """Sums over a batch from which `scores` can be had; the first is the loss's, the second counts the examples."""
        ...

    def scores(self, totals: torch.Tensor) -> Scores:
        """Of the summed tallies of an epoch."""
        ...

    def rank(self, scores: Scores) -> tuple[float, ...]:
        """The higher, the better the epoch."""
        ...


class Classes:
    """Outputs are logits; the loss is cross-entropy; the best epoch is the most accurate, of equals the surer."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.number = {label: index for index, label in enumerate(classes)}
        self.outputs = len(classes)
        self.loss: nn.Module = nn.CrossEntropyLoss()
        self.said: dict[str, Any] = {"kind": "classes", "classes": list(classes)}

    def targets(self, rows: pd.DataFrame) -> torch.Tensor:
        return torch.tensor([self.number[label] for label in rows["label"]], dtype=torch.long)

    def tally(self, outputs: torch.Tensor, targets: torch.Tensor, loss: torch.Tensor) -> torch.Tensor:
        right = (outputs.argmax(dim=1) == targets).sum()
        return torch.stack([loss * len(targets), torch.ones_like(loss) * len(targets), right])

    def scores(self, totals: torch.Tensor) -> Scores:
        loss, examples, right = totals.tolist()
        return Scores(loss=loss / examples, accuracy=right / examples)

    def rank(self, scores: Scores) -> tuple[float, ...]:
        return scores.accuracy or 0.0, -scores.loss


class Number:
    """One output; the loss is the mean squared error of the standardised target, so that its unit does not matter.

    Scores are in the target's own unit. The best epoch has the smallest RMSE.
    """

    def __init__(self, name: str, training: pd.DataFrame) -> None:
        """training: the rows whose targets give the mean and the deviation by which all are standardised."""
        targets = training["target"].astype(float)
        self.mean, self.deviation = float(targets.mean()), float(targets.std(ddof=0)) or 1.0
        self.outputs = 1
        self.loss: nn.Module = _SquaredError()
        span = {"smallest": float(targets.min()), "largest": float(targets.max())}
        self.said: dict[str, Any] = {"kind": "number", "target": name, "mean": self.mean, "deviation": self.deviation}
        self.said |= span

    def targets(self, rows: pd.DataFrame) -> torch.Tensor:
        standardised = (rows["target"].astype(float) - self.mean) / self.deviation
        return torch.tensor(standardised.to_numpy(), dtype=torch.float32)

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

    def rank(self, scores: Scores) -> tuple[float, ...]:
        return (-(scores.rmse or 0.0),)


class _SquaredError(nn.Module):
    def forward(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return nn.functional.mse_loss(outputs.squeeze(1), targets)


def task_of(dataset: Dataset) -> Task:
    """What a dataset teaches."""
    if dataset.kind == "number":
        return Number(dataset.target, dataset.part("train"))
    return Classes(dataset.classes)
