"""The optimizer of a recipe: which weights move, how fast each, and which are pulled towards zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from core.training.recipe import Recipe

LARGE = 4_000_000  # numbers that move, above which a processor's step is bound by memory: they are gone through once


def build_optimizer(recipe: Recipe, depths: Sequence[Sequence[nn.Parameter]]) -> torch.optim.Optimizer:
    """Over the trainable parameters; norms and biases (one dimension) are not decayed.

    depths: the head's parameters first, then the last stage's, and so on down; each lies one deeper, and learns
        `recipe.rate_per_stage` times as fast as the one before. A group keeps that factor as "scale".
    """
    groups = []
    for depth, parameters in enumerate(depths):
        trainable = [parameter for parameter in parameters if parameter.requires_grad]
        scale = recipe.rate_per_stage**depth
        for decay, chosen in (
            (recipe.weight_decay, [p for p in trainable if p.ndim > 1]),
            (0.0, [p for p in trainable if p.ndim <= 1]),
        ):
            if chosen:
                groups.append({"params": chosen, "weight_decay": decay, "scale": scale})
    rate = recipe.learning_rate
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=recipe.momentum, nesterov=recipe.nesterov)
    kind = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, lr=rate, betas=(recipe.momentum, 0.999), fused=_is_large(groups) or None)


def _is_large(groups: Sequence[dict[str, Any]]) -> bool:
    parameters = [parameter for group in groups for parameter in group["params"]]
    on_cpu = all(each.device.type == "cpu" and each.is_floating_point() for each in parameters)
    return on_cpu and sum(each.numel() for each in parameters) > LARGE


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """rate: of the head; what lies deeper learns slower by its scale."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]


def carry_over(before: torch.optim.Optimizer, after: torch.optim.Optimizer) -> None:
    """What an optimizer remembers of each parameter, for one that moves these and others."""
    for group in after.param_groups:
        for parameter in group["params"]:
            if parameter in before.state:
                after.state[parameter] = before.state[parameter]
