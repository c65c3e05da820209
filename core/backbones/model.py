"""A backbone for images: `build` makes one, with its weights; `describe` only looks."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.backbones.architectures import find_last_layer, make_network, make_on_meta, pool, remove_last_layer
from core.backbones.backbone import Backbone
from core.backbones.cutting import ACTIVATION, of_images
from core.backbones.info import BackboneInfo
from core.backbones.plans import Needs, Plan
from core.backbones.reading import channels, positions
from core.backbones.stages import Stage, at_size, find_stages, trace
from core.backbones.weights import Match, load_file, pretrained_network
from core.errors import BackboneError
from core.modalities.inputs import Inputs
from core.tasks.heads import Reads
from core.workspace import Workspace

__all__ = ["ACTIVATION", "Backbone", "Match", "Stage", "build", "describe"]


def describe(info: BackboneInfo) -> tuple[Stage, ...]:
    """The stages of a backbone, without its weights.

    Raises:
        BackboneError: it cannot be built, or cannot be cut into stages.
    """
    return _plan(info).stages


def build(
    info: BackboneInfo,
    workspace: Workspace,
    *,
    weights_file: Path | None = None,
    random: bool = False,
    reads: Reads = "last",
    needs: Needs = "pooled",
) -> Backbone:
    """Make a backbone with its pretrained weights, with a person's own, or, only if asked, with random ones.

    reads: which stages its features come from, see reading.py. needs: what of `Features` there is beside the pooled.

    Raises:
        BackboneError: the weights are not on this machine, are damaged, or do not fit.
    """
    plan = _plan(info)
    match = None
    if weights_file is not None:
        network = remove_last_layer(make_network(info), plan.last)  # whatever their last layer was, it is not wanted
        match = load_file(network, weights_file)
    else:
        network = make_network(info) if random else pretrained_network(info, workspace)
    return Backbone(info, remove_last_layer(network, plan.last), plan, match, reads, needs)


@lru_cache(maxsize=32)
def _plan(info: BackboneInfo) -> Plan:
    try:
        size, network = info.preprocessing.size, remove_last_layer(make_on_meta(info), None)
        own = _images(info.input_size, "meta", 1)
        order = list(trace(network, own)) if info.builder == "torchvision" else []
        last = find_last_layer(network, order)
        network = remove_last_layer(network, last)
        stages, outputs = find_stages(network, own, prefix="network.")
        if size != info.input_size:
            stages, outputs = at_size(stages, network, _images(size, "meta", 1), prefix="network.")
        with torch.no_grad():
            features = pool(of_images(network, _images(size, "meta", 1)))
    except (RuntimeError, ValueError, TypeError, NotImplementedError, IndexError, AssertionError) as error:
        if info.preprocessing.size != info.input_size and describe(info.fitted()):
            raise BackboneError(
                f"{info.name} takes no images of {info.preprocessing.size} pixels, only of its own {info.input_size}. "
                f"Choose that resolution, or another backbone."
            ) from error
        raise BackboneError(f"{info.name} cannot be cut into stages ({error}). Choose another backbone.") from error
    stages = (*stages[:-1], replace(stages[-1], output_shape=tuple(features.shape[1:])))
    plan = Plan(last, stages, outputs, partial(_images, size), _images(size, "meta", 1))
    read = replace(plan, stages=_summarised(stages, outputs))
    return read if _can_be_read(info, network, read) else plan


def _images(size: int, device: torch.device | str, many: int = 2) -> Inputs:
    make = torch.empty if torch.device(device).type == "meta" else torch.rand
    return {"pixels": make(many, 3, size, size, device=device)}


def _summarised(stages: tuple[Stage, ...], outputs: dict[str, Any]) -> tuple[Stage, ...]:
    """The stages with what a head may read of them: of the later half, those that give one tensor with places in it."""

    def numbers(number: int) -> int:
        gave = outputs[stages[number].modules[-1]]
        late = len(stages) // 2 <= number < len(stages) - 1
        return 2 * channels(gave.shape) if late and isinstance(gave, torch.Tensor) and positions(gave.shape) else 0

    return tuple(replace(stage, summary=numbers(number)) for number, stage in enumerate(stages))


def _can_be_read(info: BackboneInfo, network: nn.Module, plan: Plan) -> bool:
    """Whether the network runs when it is watched: tried on the meta device, which costs nothing."""
    size = info.preprocessing.size
    try:
        reading = Backbone(info, network, plan, reads="several").eval()
        with torch.no_grad():
            features = reading(_images(size, "meta")).pooled
    except (RuntimeError, ValueError, TypeError, NotImplementedError, IndexError, AttributeError):
        return False
    return tuple(features.shape) == (2, reading.num_features)
