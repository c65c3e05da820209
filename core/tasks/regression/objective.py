"""A number: one output. The loss is of the standardised target, so that its unit does not matter; the scores and the
answers are in the target's own unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional

from core.modalities.examples import Examples
from core.tasks.decision import PLAIN, Decision
from core.tasks.doubts import Doubts, doubted_numbers
from core.tasks.heads import HeadSettings, Shapes, build_head
from core.tasks.metrics import MAE, R2, RMSE
from core.tasks.objective import Convex, Objective, finite, scores_of
from core.tasks.predictions import USUAL, Aim, Number, Prediction
from core.tasks.protocol import Settings
from core.tasks.scores import Scores
from core.tasks.simple_models import ridge

MEASURES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "mean_squared_error": functional.mse_loss,
    "mean_absolute_error": functional.l1_loss,
    "huber": functional.huber_loss,
}


class Regression(Objective):
    has_baseline = True

    balancing = None

    def __init__(self, spec: dict[str, Any], settings: Settings, training: pd.DataFrame) -> None:
        self.spec = spec
        self.mean, self.deviation = spec["mean"], spec["deviation"]
        self.outputs = 1
        self.by = settings.best_by or RMSE.name
        self.measure = MEASURES[settings.loss]

    def head(self, settings: HeadSettings, shapes: Shapes) -> nn.Module:
        return build_head(settings, shapes.pooled, self.outputs)

    def targets(self, rows: pd.DataFrame, examples: Examples | None = None) -> torch.Tensor:
        """(N,): standardised."""
        standardised = (rows["target"].astype(float) - self.mean) / self.deviation
        return torch.tensor(standardised.to_numpy(), dtype=torch.float32)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return self.measure(outputs.squeeze(1), targets)

    eval_loss = loss

    def weight(self, targets: torch.Tensor) -> float:
        return len(targets)

    def convex(self, targets: torch.Tensor) -> Convex:
        return Convex(lambda outputs: outputs, targets.cpu().unsqueeze(1), torch.ones(len(targets), 1), curvature=1.0)

    def tally(self, outputs: torch.Tensor, targets: torch.Tensor, loss: torch.Tensor) -> torch.Tensor:
        """(6,): loss, examples, squared and absolute errors, targets, squared targets."""
        missed = outputs.squeeze(1) - targets
        examples = torch.ones_like(loss) * len(targets)
        sums = [missed.square().sum(), missed.abs().sum(), targets.sum(), targets.square().sum()]
        return torch.stack([loss * len(targets), examples, *sums])

    def scores(self, totals: torch.Tensor) -> Scores:
        loss, examples, squares, absolutes, targets, target_squares = totals.tolist()
        spread = target_squares - targets**2 / examples  # of the targets about their own mean
        values = {
            RMSE.name: (squares / examples) ** 0.5 * self.deviation,
            MAE.name: absolutes / examples * self.deviation,
            R2.name: 1 - squares / spread if spread > 0 else None,
        }
        return Scores(loss / examples, values)

    def constant(self, targets: torch.Tensor) -> Scores:
        """Always the mean."""
        return scores_of(self, torch.zeros(len(targets), 1, device=targets.device), targets)

    def decode(
        self, outputs: torch.Tensor, examples: Sequence[Any] = (), most: int = USUAL, decision: Decision = PLAIN
    ) -> list[Prediction | None]:
        values = outputs * self.deviation + self.mean
        about = self.spec["target"], self.spec["smallest"], self.spec["largest"]
        rows = zip(finite(values), values[:, 0].tolist())
        range_of_it = decision.within, decision.share
        return [Number(value, *about, *range_of_it) if sound else None for sound, value in rows]

    def aims(self, outputs: torch.Tensor, example: Any = None) -> tuple[Aim, ...]:
        (found,) = self.decode(outputs)
        name = self.spec["target"]
        return (Aim(name, f"{name} {found.words()}".strip()),) if found else ()

    def towards(self, outputs: torch.Tensor, aim: str, example: Any = None) -> torch.Tensor:
        return outputs[:, 0] * self.deviation

    def by_neighbours(self, targets: torch.Tensor, likeness: torch.Tensor) -> torch.Tensor:
        return targets.mean(dim=1, keepdim=True)

    def by_line(self, features: torch.Tensor, targets: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        return ridge(features, targets, asked)

    def answers(self, outputs: torch.Tensor, rows: pd.DataFrame, examples: Sequence[Any] = ()) -> pd.DataFrame:
        said = [prediction.value if isinstance(prediction, Number) else np.nan for prediction in self.decode(outputs)]
        return rows[["target"]].assign(said=np.array(said, np.float32))

    def doubts(self, outputs: torch.Tensor, rows: pd.DataFrame) -> Doubts:
        expected = outputs.squeeze(1).double().numpy() * self.deviation + self.mean
        doubt, worth = doubted_numbers(rows["target"].to_numpy(float), expected)
        return Doubts(doubt, [f"{value:.4g}" for value in expected], worth)
