"""How a network is cut into stages, and what is read of it on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import nn

from core.backbones.architectures import pool
from core.backbones.cutting import MAP, STEPS, SUMMARY, Feed, Point, main_tensor, of_images
from core.backbones.reading import as_map, positions, summary
from core.backbones.stages import Stage, find_stages
from core.errors import BackboneError
from core.modalities.inputs import Inputs
from core.tasks.heads import Reads

Needs = Literal["pooled", "steps", "maps"]
FINEST = 4  # pixels of the image along a side of a place in the finest map
TOKENS = (7, 11, 13, 17, 19, 23)  # to trace with: a number that is no other size in the network
TROUBLE = (RuntimeError, NotImplementedError, TypeError, AttributeError, ValueError, IndexError, AssertionError)


@dataclass(frozen=True)
class Plan:
    """How a network is cut.

    Attributes:
        last: The library's classification layer, left out.
        outputs: What each unit gave on the meta device.
        example: Some inputs, on the device that is asked for; where examples differ in length, some are padded.
        traced: Inputs of one example on the meta device, as the network was traced with.
        feed: How the network is called with inputs.
    """

    last: str | None
    stages: tuple[Stage, ...]
    outputs: dict[str, Any]
    example: Callable[[torch.device], Inputs]
    traced: Inputs
    feed: Feed = of_images

    @property
    def units(self) -> tuple[str, ...]:
        """The names of all, in the order in which they run."""
        return tuple(name for stage in self.stages for name in stage.modules)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the inputs, without batch; of the longest example."""
        return {name: tuple(each.shape[1:]) for name, each in self.example(torch.device("meta")).items()}

    def longest(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A shape, without batch, as when the network was traced, for the longest example."""
        longest = next(iter(self.shapes.values()))[0]
        return shape if self.tokens is None else tuple(longest if size == self.tokens else size for size in shape)

    @property
    def tokens(self) -> int | None:
        """With how many it was traced, where examples are tokens."""
        first = next(iter(self.traced.values()))
        return int(first.shape[1]) if first.ndim == 2 else None


def plan_of(network: nn.Module, example: Inputs, feed: Feed) -> Plan:
    """How to cut a network of tokens.

    network: On the meta device; its output is (B, T, F), or has it first. example: A few inputs, (B, T) each, some
        padded where there is a mask; T is as many as an example may have. feed: How it is called with them.

    Raises:
        BackboneError: it cannot be run, or cannot be cut into stages.
    """
    sizes = {size for tensor in network.parameters() for size in tensor.shape}
    tokens = next(number for number in TOKENS if number not in sizes)
    traced = {name: torch.empty(1, tokens, dtype=each.dtype, device="meta") for name, each in example.items()}
    try:
        stages, outputs = find_stages(network, traced, feed, prefix="network.")
        with torch.no_grad():
            features = pool(feed(network, traced))
    except TROUBLE as error:
        raise BackboneError(f"The network cannot be cut into stages ({error}). Choose another backbone.") from error

    def moved(device: torch.device) -> Inputs:
        return {name: each.to(device) for name, each in example.items()}

    plan = Plan(None, stages, outputs, moved, traced, feed)
    before = (replace(stage, output_shape=plan.longest(stage.output_shape)) for stage in stages[:-1])
    return replace(plan, stages=(*before, replace(stages[-1], output_shape=tuple(features.shape[1:]))))


def points_of(plan: Plan, reads: Reads, needs: Needs) -> tuple[Point, ...]:
    """What is read on the way, in the order in which it comes.

    Raises:
        BackboneError: the network has not what is needed.
    """
    found = _summaries(plan) if reads == "several" else []
    if needs != "pooled":
        found += _maps(plan) if needs == "maps" else _steps(plan)
    return tuple(sorted(found, key=lambda point: plan.units.index(point.unit)))


def _summaries(plan: Plan) -> list[Point]:
    summarised = [(number, stage) for number, stage in enumerate(plan.stages) if stage.summary]
    return [Point(f"{SUMMARY}{at}", stage.modules[-1], summary, (stage.summary,)) for at, stage in summarised]


def _maps(plan: Plan) -> list[Point]:
    """Of each resolution what the last unit gives that has it."""
    size, last = next(iter(plan.traced.values())).shape[-1], dict[int, tuple[str, tuple[int, ...]]]()
    for unit in plan.units:
        gave = plan.outputs[unit]
        if not isinstance(gave, torch.Tensor) or not positions(gave.shape):
            continue
        shape = tuple(as_map(gave).shape[1:])
        if shape[-1] == shape[-2] > 1 and size / shape[-1] >= FINEST:
            last[shape[-1]] = unit, shape
    if not last:
        raise BackboneError("This backbone gives no maps of the image. Choose another one.")
    fine_to_coarse = sorted(last.items(), reverse=True)
    return [Point(f"{MAP}{at}", unit, as_map, shape) for at, (_, (unit, shape)) in enumerate(fine_to_coarse)]


def _steps(plan: Plan) -> list[Point]:
    gave = {unit: main_tensor(plan.outputs[unit]) for unit in plan.units}
    tokens = [(unit, tuple(each.shape[1:])) for unit, each in gave.items() if each.ndim == 3]
    if not tokens:
        raise BackboneError("This backbone gives no vector for each token. Choose another one.")
    return [Point(STEPS, tokens[-1][0], _as_it_is, tokens[-1][1])]


def _as_it_is(activation: torch.Tensor) -> torch.Tensor:
    return activation
