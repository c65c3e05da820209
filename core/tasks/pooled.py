"""Heads that read the pooled features. They are torch's own layers, so their tensors keep the names they had."""

from __future__ import annotations

import torch
from torch import nn

from core.modalities.inputs import Features


class PooledLinear(nn.Linear):
    def forward(self, features: Features) -> torch.Tensor:  # type: ignore[override]
        return super().forward(features.pooled)


class PooledLayers(nn.Sequential):
    def forward(self, features: Features) -> torch.Tensor:  # type: ignore[override]
        outputs: torch.Tensor = super().forward(features.pooled)
        return outputs
