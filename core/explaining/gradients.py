"""Integrated gradients (https://arxiv.org/abs/1703.01365) of what lies between two parts of a network."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from core.backbones.cutting import ACTIVATION
from core.explaining.explanation import Listen
from core.modalities.inputs import Features, Inputs


def integrated(
    after: nn.Module,
    kept: Inputs,
    level: torch.Tensor,
    towards: Callable[[Features], torch.Tensor],
    steps: int,
    listen: Listen,
) -> torch.Tensor:
    """How much each number of the activation adds to the answer, shaped as it is: all of them together add what the
    answer differs from that about `level`, as far as so many steps tell.

    after: the rest of the network. kept: what it gets, the activation among it. level: from where it is gone. towards:
    from features to what is asked, (1,).
    """
    tokens = kept[ACTIVATION]
    slopes = torch.zeros_like(tokens)
    for step in range(steps):
        listen(step, steps)
        between = (level + (step + 0.5) / steps * (tokens - level)).requires_grad_()
        with torch.enable_grad():
            score = towards(after({**kept, ACTIVATION: between})).sum()
        slopes += torch.autograd.grad(score, between)[0] / steps
    return slopes * (tokens - level)
