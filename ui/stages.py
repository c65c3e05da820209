"""What a backbone and a head are made of, for the network picture. Nothing is loaded: shapes alone are enough."""

from __future__ import annotations

import torch

from core.backbones.catalogue import find
from core.backbones.heads import HeadSettings, build_head
from core.backbones.model import Stage, describe


def stages_of(name: str) -> tuple[Stage, ...]:
    """
    Raises:
        BackboneError: there is no such backbone, or it cannot be cut into stages.
    """
    return describe(find(name))


def head_parameters(settings: HeadSettings, stages: tuple[Stage, ...], classes: int) -> int:
    """How many parameters the head has; the last stage's output is what goes into it."""
    with torch.device("meta"):
        head = build_head(settings, stages[-1].output_shape[0], classes)
    return sum(parameter.numel() for parameter in head.parameters())
