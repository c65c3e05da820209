"""Heads that read a vector for each token. They are torch's own layers, as those of pooled.py."""

from __future__ import annotations

import torch
from torch import nn

from core.modalities.inputs import Features
from core.tasks.heads import HeadSettings


class StepsLinear(nn.Linear):
    def forward(self, features: Features) -> torch.Tensor:  # type: ignore[override]
        assert features.steps is not None
        return super().forward(features.steps)


class StepsLayers(nn.Sequential):
    def forward(self, features: Features) -> torch.Tensor:  # type: ignore[override]
        outputs: torch.Tensor = super().forward(features.steps)
        return outputs


def build_steps_head(settings: HeadSettings, in_features: int, outputs: int) -> nn.Module:
    """A module from features, `steps` (B, T, in_features), to (B, T, outputs)."""
    if settings.kind == "linear":
        return StepsLinear(in_features, outputs)
    return StepsLayers(
        nn.Linear(in_features, settings.hidden_units),
        nn.ReLU(),
        nn.Dropout(settings.dropout),
        nn.Linear(settings.hidden_units, outputs),
    )
