"""A yes or a no for each of several labels: outputs are logits, (B, C), yes where they are above 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import pandas as pd
import torch
from torch import nn
from torch.nn import functional

from core.modalities.examples import Examples
from core.tasks.decision import PLAIN, USUAL_THRESHOLD, Decision
from core.tasks.doubts import Doubts, doubted_answers
from core.tasks.heads import HeadSettings, Shapes, build_head
from core.tasks.labels import in_words, labels_in, together
from core.tasks.metrics import EXACT_MATCH, MACRO_F1, RIGHT_ANSWERS
from core.tasks.objective import Convex, Objective, binary_focal, finite, scores_of
from core.tasks.predictions import USUAL, Aim, Guess, LabelSet, Prediction
from core.tasks.protocol import Settings
from core.tasks.scores import Scores
from core.tasks.simple_models import each_for_itself, logistic, shares


class MultiLabel(Objective):
    has_baseline = True

    balancing = None  # an example that is drawn more often brings all of its labels

    def __init__(self, spec: dict[str, Any], settings: Settings, training: pd.DataFrame) -> None:
        """training: the rows in which it is counted how many have each label."""
        self.spec, self.settings, self.training = spec, settings, training
        self.labels: list[str] = spec["classes"]
        self.number = {label: index for index, label in enumerate(self.labels)}
        self.outputs = len(self.labels)
        self.by = settings.best_by or MACRO_F1.name

    def head(self, settings: HeadSettings, shapes: Shapes) -> nn.Module:
        return build_head(settings, shapes.pooled, self.outputs)

    @cached_property
    def counts(self) -> torch.Tensor:
        """(C,): training examples with each label."""
        return self.targets(self.training).sum(dim=0)

    @cached_property
    def weights(self) -> torch.Tensor | None:
        """(C,): how much a yes weighs, so that those of a label weigh as much as its noes. None: all the same."""
        if self.settings.balance != "weights":
            return None
        return (len(self.training) - self.counts).clamp(min=1) / self.counts.clamp(min=1)

    def targets(self, rows: pd.DataFrame, examples: Examples | None = None) -> torch.Tensor:
        """(N, C): 1 for yes, 0 for no."""
        held = torch.zeros(len(rows), self.outputs)
        for row, text in enumerate(rows["label"]):
            held[row, [self.number[label] for label in labels_in(text)]] = 1
        return held

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        weights = None if self.weights is None else self.weights.to(outputs.device)
        if self.settings.loss == "focal":
            return binary_focal(outputs, targets, self.settings.focal_gamma, weights)
        smooth = self.settings.label_smoothing
        targets = targets * (1 - smooth) + smooth / 2
        return functional.binary_cross_entropy_with_logits(outputs, targets, pos_weight=weights)

    def weight(self, targets: torch.Tensor) -> float:
        return len(targets)

    def eval_loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if self.settings.loss == "focal":
            return binary_focal(outputs, targets, self.settings.focal_gamma)
        return functional.binary_cross_entropy_with_logits(outputs, targets)

    def convex(self, targets: torch.Tensor) -> Convex:
        smooth = self.settings.label_smoothing
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
        values = {
            MACRO_F1.name: float(f1[seen].mean()) if seen.any() else 0.0,
            RIGHT_ANSWERS.name: right / examples,
            EXACT_MATCH.name: whole / examples,
        }
        return Scores(loss / examples, values)

    def constant(self, targets: torch.Tensor) -> Scores:
        """Each label is as likely as it is common. F1 is that of always yes, as it gives more of it than always no."""
        shares = ((self.counts + 0.5) / (len(self.training) + 1)).to(targets.device)
        usual, yes = (
            scores_of(self, each.expand(len(targets), -1), targets)
            for each in (shares.logit(), torch.ones_like(shares))
        )
        return replace(usual, values={**usual.values, MACRO_F1.name: yes.get(MACRO_F1.name)})

    def decode(
        self, outputs: torch.Tensor, examples: Sequence[Any] = (), most: int = USUAL, decision: Decision = PLAIN
    ) -> list[Prediction | None]:
        probabilities, places = torch.sigmoid(outputs).topk(self.outputs)
        thresholds = decision.thresholds or (USUAL_THRESHOLD,) * self.outputs
        rows = zip(finite(probabilities), places.tolist(), probabilities.tolist())
        return [LabelSet(self._guesses(one, each, thresholds)) if sound else None for sound, one, each in rows]

    def _guesses(self, places: list[int], probabilities: list[float], thresholds: Sequence[float]) -> tuple[Guess, ...]:
        """Those that are said first; they come likeliest first."""
        found = [Guess(self.labels[place], each, thresholds[place]) for place, each in zip(places, probabilities)]
        return tuple(sorted(found, key=lambda guess: not guess.is_said))

    def aims(self, outputs: torch.Tensor, example: Any = None) -> tuple[Aim, ...]:
        (found,) = self.decode(outputs)
        return tuple(Aim(guess.label, guess.label, guess.probability) for guess in getattr(found, "each", ()))

    def towards(self, outputs: torch.Tensor, aim: str, example: Any = None) -> torch.Tensor:
        return outputs[:, self.number[aim]]

    def by_neighbours(self, targets: torch.Tensor, likeness: torch.Tensor) -> torch.Tensor:
        return shares(targets, likeness)

    def by_line(self, features: torch.Tensor, targets: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        return logistic(features, targets, asked, self.outputs, each_for_itself)

    def answers(self, outputs: torch.Tensor, rows: pd.DataFrame, examples: Sequence[Any] = ()) -> pd.DataFrame:
        """Labels in the order of their names, which one compares."""
        said = ["; ".join(name for name, yes in zip(self.labels, each) if yes) for each in (outputs > 0).tolist()]
        held = ["; ".join(labels_in(text)) for text in rows["label"]]
        chances = list(torch.sigmoid(outputs).numpy())
        return rows[["label"]].assign(labels=held, said=said, probabilities=chances)

    def doubts(self, outputs: torch.Tensor, rows: pd.DataFrame) -> Doubts:
        doubt, label, worth = doubted_answers(self.targets(rows).numpy() > 0, torch.sigmoid(outputs).numpy())
        turned = [{*labels_in(text)} ^ {self.labels[number]} for text, number in zip(rows["label"], label)]
        return Doubts(doubt, [in_words(together(labels)) for labels in turned], worth)
