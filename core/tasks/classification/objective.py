"""To tell classes apart: outputs are logits, (B, C)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional

from core.modalities.examples import Examples
from core.tasks.decision import PLAIN, SMALLEST, Decision
from core.tasks.doubts import Doubts, doubted_classes
from core.tasks.heads import HeadSettings, Shapes, build_head
from core.tasks.metrics import ACCURACY, BALANCED_ACCURACY, MACRO_F1
from core.tasks.objective import Convex, Objective, finite, focal, log_odds, scores_of
from core.tasks.predictions import USUAL, Aim, Guess, Prediction, Ranked
from core.tasks.protocol import Settings
from core.tasks.scores import Scores
from core.tasks.simple_models import logistic, votes


class Classification(Objective):
    has_baseline = True

    def __init__(self, spec: dict[str, Any], settings: Settings, training: pd.DataFrame) -> None:
        """training: the rows whose classes are counted, where small ones shall weigh more."""
        self.spec, self.settings, self.training = spec, settings, training
        self.classes: list[str] = spec["classes"]
        self.number = {label: index for index, label in enumerate(self.classes)}
        self.outputs = len(self.classes)
        self.by = settings.best_by or ACCURACY.name

    def head(self, settings: HeadSettings, shapes: Shapes) -> nn.Module:
        return build_head(settings, shapes.pooled, self.outputs)

    @cached_property
    def counts(self) -> torch.Tensor:
        """(C,): training examples of each class, at least 1."""
        return torch.bincount(self.targets(self.training), minlength=self.outputs).clamp(min=1)

    @cached_property
    def weights(self) -> torch.Tensor | None:
        """(C,): the rarer, the heavier; 1 on average over the examples. None: all weigh the same."""
        if self.settings.balance != "weights":
            return None
        return self.counts.sum() / (self.outputs * self.counts)

    def targets(self, rows: pd.DataFrame, examples: Examples | None = None) -> torch.Tensor:
        """(N,): the number of each class."""
        return torch.tensor([self.number[label] for label in rows["label"]], dtype=torch.long)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        weights = None if self.weights is None else self.weights.to(outputs.device)
        if self.settings.loss == "focal":
            return focal(outputs, targets, self.settings.focal_gamma, weights)
        return functional.cross_entropy(outputs, targets, weights, label_smoothing=self.settings.label_smoothing)

    def weight(self, targets: torch.Tensor) -> float:
        return len(targets) if self.weights is None else float(self.weights[targets.cpu()].sum())

    def eval_loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if self.settings.loss == "focal":
            return focal(outputs, targets, self.settings.focal_gamma)
        return functional.cross_entropy(outputs, targets)

    def convex(self, targets: torch.Tensor) -> Convex:
        smooth, targets = self.settings.label_smoothing, targets.cpu()
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
        values = {
            ACCURACY.name: right / examples,
            BALANCED_ACCURACY.name: float((hit / there)[seen].mean()),
            MACRO_F1.name: float(f1[seen].mean()),
        }
        return Scores(loss / examples, values)

    def constant(self, targets: torch.Tensor) -> Scores:
        """Each class is as likely as it is common."""
        outputs = self.counts.float().log().to(targets.device).expand(len(targets), -1)
        return scores_of(self, outputs, targets)

    def balancing(self, targets: torch.Tensor) -> np.ndarray:
        counts = torch.bincount(targets.cpu(), minlength=self.outputs).double()
        chances = 1 / counts[targets.cpu()]
        return (chances / chances.sum()).numpy()

    def decode(
        self, outputs: torch.Tensor, examples: Sequence[Any] = (), most: int = USUAL, decision: Decision = PLAIN
    ) -> list[Prediction | None]:
        chances = torch.softmax(outputs, dim=1)
        thresholds = torch.tensor(decision.thresholds or 1.0).clamp(min=SMALLEST)
        places = (chances / thresholds).topk(min(most, self.outputs)).indices
        rows = zip(finite(chances), places.tolist(), chances.gather(1, places).tolist())
        least = decision.least
        return [Ranked(self._guesses(*row), self.outputs, least) if sound else None for sound, *row in rows]

    def _guesses(self, places: list[int], probabilities: list[float]) -> tuple[Guess, ...]:
        return tuple(Guess(self.classes[place], each) for place, each in zip(places, probabilities))

    def aims(self, outputs: torch.Tensor, example: Any = None) -> tuple[Aim, ...]:
        (found,) = self.decode(outputs, most=self.outputs)
        return tuple(Aim(guess.label, guess.label, guess.probability) for guess in getattr(found, "top", ()))

    def towards(self, outputs: torch.Tensor, aim: str, example: Any = None) -> torch.Tensor:
        return log_odds(outputs, self.number[aim])

    def by_neighbours(self, targets: torch.Tensor, likeness: torch.Tensor) -> torch.Tensor:
        return votes(targets, likeness, self.outputs)

    def by_line(self, features: torch.Tensor, targets: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        return logistic(features, targets, asked, self.outputs)

    def answers(self, outputs: torch.Tensor, rows: pd.DataFrame, examples: Sequence[Any] = ()) -> pd.DataFrame:
        found = self.decode(outputs, most=1)
        said = [each.top[0] if isinstance(each, Ranked) else Guess("", np.nan) for each in found]
        return rows[["label"]].assign(
            said=[guess.label for guess in said],
            probability=np.array([guess.probability for guess in said], np.float32),
            probabilities=list(torch.softmax(outputs, dim=1).numpy()),
        )

    def doubts(self, outputs: torch.Tensor, rows: pd.DataFrame) -> Doubts:
        chances = torch.softmax(outputs, dim=1).numpy()
        doubt, likelier, worth = doubted_classes(self.targets(rows).numpy(), chances)
        return Doubts(doubt, [self.classes[number] for number in likelier], worth)
