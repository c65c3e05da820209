"""Guess tokens: outputs are what the network makes of each place, (B, T, F), and what it knows every token by.

The tokens' likelihoods are worked out only at the places that count, as for all they would be B x T x 30,000 numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import torch
from torch import nn
from torch.nn import functional

from core.modalities.examples import Examples
from core.modalities.inputs import Features
from core.modalities.texts.examples import TextExamples
from core.tasks.decision import PLAIN, Decision
from core.tasks.heads import HeadSettings, Shapes
from core.tasks.language.masking import Masked
from core.tasks.metrics import PERPLEXITY, TOKEN_ACCURACY
from core.tasks.objective import Objective
from core.tasks.predictions import USUAL, Prediction
from core.tasks.protocol import Settings
from core.tasks.scores import Scores
from core.tasks.targets import Ragged

LARGEST = 80.0  # of a mean loss, so that its exponential is a finite number


class LanguageHead(nn.Module):
    """Begins with the embeddings of the tokens, to which language models tie what they guess with."""

    def __init__(self, features: int, words: torch.Tensor) -> None:
        """words: (V, E)."""
        super().__init__()
        self.fit = nn.Linear(features, words.shape[1])
        self.words = nn.Parameter(words.detach().clone().float())
        self.bias = nn.Parameter(torch.zeros(len(words)))
        if features == words.shape[1]:
            nn.init.eye_(self.fit.weight)
            nn.init.zeros_(self.fit.bias)

    def forward(self, features: Features) -> dict[str, torch.Tensor]:
        assert features.steps is not None
        return {"steps": self.fit(features.steps), "words": self.words, "bias": self.bias}


class Language(Objective):
    convex = None
    balancing = None
    causal = False  # until a head is made

    def __init__(self, spec: dict[str, Any], settings: Settings) -> None:
        self.spec, self.settings = spec, settings
        self.outputs = 1
        self.by = settings.best_by or PERPLEXITY.name

    def head(self, settings: HeadSettings, shapes: Shapes) -> nn.Module:
        assert shapes.steps is not None and shapes.words is not None, "backbones for texts have both"
        self.causal, self.outputs = shapes.causal, len(shapes.words)
        return LanguageHead(shapes.steps, shapes.words)

    def drawn(self, examples: Examples, seed: int, training: bool) -> Examples:
        if self.causal:
            return examples
        assert isinstance(examples, TextExamples)
        return Masked(examples, seed, training)

    def targets(self, rows: pd.DataFrame, examples: Any = None) -> Ragged:
        """places, goals: (M,) of each text: each token says which comes next, or all, of which some will be hidden."""
        texts = examples.texts if isinstance(examples, Masked) else examples
        return Ragged([self._goals(torch.from_numpy(texts.tokens[at]["ids"].copy()).long()) for at in range(len(rows))])

    def _goals(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        places = torch.arange(len(ids) - 1 if self.causal else len(ids))
        return {"places": places, "goals": ids[1:] if self.causal else ids}

    def _each(self, outputs: dict[str, torch.Tensor], targets: Ragged) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (M, V) and goals (M,) of all places of the batch."""
        steps, length = outputs["steps"], outputs["steps"].shape[1]
        taken = [each[item["places"][item["places"] < length]] for each, item in zip(steps, targets.items)]
        goals = [item["goals"][item["places"] < length] for item in targets.items]
        return functional.linear(torch.cat(taken), outputs["words"], outputs["bias"]), torch.cat(goals)

    def loss(self, outputs: dict[str, torch.Tensor], targets: Ragged) -> torch.Tensor:
        """The mean over the tokens to guess of the batch; 0 where there are none."""
        logits, goals = self._each(outputs, targets)
        return functional.cross_entropy(logits, goals, reduction="sum") / max(1, len(goals))

    eval_loss = loss

    def weight(self, targets: Ragged) -> float:
        return float(sum(len(item["goals"]) for item in targets.items))

    def tally(self, outputs: dict[str, torch.Tensor], targets: Ragged, loss: torch.Tensor) -> torch.Tensor:
        """(5,): loss, examples; the loss summed over tokens, tokens, those guessed right."""
        logits, goals = self._each(outputs, targets)
        right = (logits.argmax(dim=1) == goals).sum() if len(goals) else torch.zeros((), device=loss.device)
        many = len(targets)
        sums = [loss * many, many, loss * len(goals), len(goals), right]
        return torch.stack([torch.as_tensor(each, dtype=loss.dtype, device=loss.device) for each in sums])

    def scores(self, totals: torch.Tensor) -> Scores:
        _, _, lost, tokens, right = totals.double().tolist()
        mean = lost / max(1.0, tokens)
        perplexity = float(torch.tensor(min(mean, LARGEST), dtype=torch.double).exp())
        return Scores(mean, {PERPLEXITY.name: perplexity, TOKEN_ACCURACY.name: right / max(1.0, tokens)})

    def constant(self, targets: Ragged) -> Scores:
        """Every token is as likely as it is common."""
        counts = torch.zeros(self.outputs, dtype=torch.double)
        for item in targets.items:
            counts += torch.bincount(item["goals"].cpu(), minlength=self.outputs)
        shares = counts / counts.sum().clamp(min=1)
        mean = float(-(shares * shares.clamp(min=1e-12).log()).sum())
        values = {PERPLEXITY.name: float(torch.tensor(mean).exp()), TOKEN_ACCURACY.name: float(shares.max())}
        return Scores(mean, values)

    def by_neighbours(self, targets: torch.Tensor, likeness: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError("tokens have no baseline: what a frozen backbone gives is one vector a text")

    def by_line(self, features: torch.Tensor, targets: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError("tokens have no baseline: what a frozen backbone gives is one vector a text")

    def towards(self, outputs: Any, aim: str, example: Any = None) -> torch.Tensor:
        raise NotImplementedError("nothing is answered about a text")

    def decode(
        self, outputs: Any, examples: Sequence[Any] = (), most: int = USUAL, decision: Decision = PLAIN
    ) -> list[Prediction | None]:
        return [None] * len(outputs["steps"])

    def answers(self, outputs: Any, rows: pd.DataFrame, examples: Sequence[Any] = ()) -> pd.DataFrame:
        return rows[["goal"]]
