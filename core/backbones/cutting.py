"""A network run in part: what stands in place of its units, so that its own forward does the rest.

`rewired` makes a network that shares all modules but some. In the first half a `Stop` ends the run at the boundary. In
the second half an `Entry` gives the activation that came from outside, and frozen units are `Absent`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_map_only

from core.backbones.architectures import pool
from core.modalities.inputs import Features, Inputs, count

ACTIVATION, SUMMARY, STEPS, MAP = "activation", "summary", "steps", "map"  # of what crosses a boundary; map0, map1, ...

Feed = Callable[[nn.Module, Inputs], Any]  # how a network is called with inputs


def of_images(network: nn.Module, inputs: Inputs) -> Any:
    return network(inputs["pixels"])


@dataclass(frozen=True)
class Point:
    """Something that is read on the way. key: under which name. unit: after which it is there. view: what is read of
    what the unit gives. shape: of that, without batch."""

    key: str
    unit: str
    view: Callable[[torch.Tensor], torch.Tensor]
    shape: tuple[int, ...]


class Tap(nn.Module):
    """Stands where a unit was: runs it, and adds to `found` what is read of what it gives."""

    def __init__(self, unit: nn.Module, points: Sequence[Point], found: Inputs) -> None:
        super().__init__()
        self.unit, self.points, self.found = unit, points, found

    def forward(self, *came: Any, **settings: Any) -> Any:
        gave = self.unit(*came, **settings)
        read(self.points, gave, self.found)
        return gave

    def __getattr__(self, name: str) -> Any:
        """Some networks look at their blocks before they run them."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("unit"), name)


def read(points: Sequence[Point], gave: Any, found: Inputs) -> None:
    activation = main_tensor(gave)
    for point in points:
        found[point.key] = point.view(activation)


def main_tensor(gave: Any) -> torch.Tensor:
    """Of what a unit gives: the tensor, or the first of several, as layers give that may give attention too."""
    while not isinstance(gave, torch.Tensor):
        gave = gave[0] if isinstance(gave, list | tuple) else next(iter(gave.values()))
    return gave


def rewired(network: nn.Module, stands_in: Mapping[str, nn.Module], outside: str, prefix: str = "network") -> nn.Module:
    """A network that shares the modules of `network`, except those in `stands_in`. The network itself is untouched.

    outside: what becomes of the parameters outside of all units: "shared", or else plain attributes, which nothing
        trains, moves or saves: on the "meta" device, or "detached".
    """

    def copied(module: nn.Module, name: str) -> nn.Module:
        if name in stands_in:
            return stands_in[name]
        if not any(each.startswith(f"{name}.") for each in stands_in):
            return module
        twin = copy.copy(module)
        twin._modules = {key: child and copied(child, f"{name}.{key}") for key, child in module._modules.items()}
        if outside != "shared":
            twin._parameters = {}
            for key, parameter in module._parameters.items():
                twin.__dict__[key] = None if parameter is None else _apart(parameter, outside)
        return twin

    return copied(network, prefix)


def _apart(parameter: nn.Parameter, outside: str) -> torch.Tensor:
    return torch.empty_like(parameter, device="meta") if outside == "meta" else parameter.detach()


class Reached(Exception):
    """Carries the boundary's activation out of a network whose rest need not run."""

    def __init__(self, activation: torch.Tensor) -> None:
        self.activation = activation


class Stop(nn.Module):
    def __init__(self, unit: nn.Module) -> None:
        super().__init__()
        self.unit = unit

    def forward(self, *came: Any, **settings: Any) -> None:
        raise Reached(main_tensor(self.unit(*came, **settings)))


class Until(nn.Module):
    """Inputs -> the activation at the boundary, what was read before it, and the inputs that are needed after it."""

    def __init__(self, network: nn.Module, feed: Feed, found: Inputs, kept: Sequence[str]) -> None:
        super().__init__()
        self.network, self.feed, self.found, self.kept = network, feed, found, tuple(kept)

    def forward(self, inputs: Inputs) -> Inputs:
        self.found.clear()
        try:
            self.feed(self.network, inputs)
        except Reached as reached:
            summaries, others = _parted(self.found)
            carried = {SUMMARY: torch.cat(summaries, dim=1)} if summaries else {}
            return {ACTIVATION: reached.activation} | carried | others | {name: inputs[name] for name in self.kept}
        raise AssertionError("the boundary never ran")


def _parted(found: Inputs) -> tuple[list[torch.Tensor], Inputs]:
    """(summaries, what else was read)"""
    summaries = [each for key, each in found.items() if key.startswith(SUMMARY)]
    return summaries, {key: each for key, each in found.items() if not key.startswith(SUMMARY)}


class Whole(nn.Module):
    """Inputs -> the pooled features, with the summaries behind them, and what else is read."""

    def __init__(self, network: nn.Module, feed: Feed, found: Inputs) -> None:
        super().__init__()
        self.network, self.feed, self.found = network, feed, found

    def forward(self, inputs: Inputs) -> Inputs:
        self.found.clear()
        return _together(pool(self.feed(self.network, inputs), inputs.get("mask")), self.found)


def _together(pooled: torch.Tensor, found: Inputs) -> Inputs:
    summaries, others = _parted(found)
    return {ACTIVATION: torch.cat([pooled, *summaries], dim=1) if summaries else pooled} | others


def features_of(inputs: Inputs) -> Features:
    """inputs: what `Whole` gives."""
    maps = tuple(inputs[f"{MAP}{number}"] for number in range(sum(key.startswith(MAP) for key in inputs)))
    return Features(inputs[ACTIVATION], inputs.get(STEPS), maps)


class Given(nn.Module):
    """After all stages: the features are there already."""

    def forward(self, inputs: Inputs) -> Features:
        return features_of(inputs)


class Entry(nn.Module):
    """Stands where the boundary unit was and gives the activation that came from outside.

    points: what is read of it. found: what was read so far.
    """

    activation: torch.Tensor

    def __init__(self, points: Sequence[Point], gave: Any) -> None:
        super().__init__()
        self.points, self.gave, self.found = points, gave, dict[str, torch.Tensor]()

    def forward(self, *came: Any, **settings: Any) -> Any:
        read(self.points, self.activation, self.found)
        return self.activation if isinstance(self.gave, torch.Tensor) else (self.activation,)


class Absent(nn.Module):
    """Stands where a frozen unit was and gives tensors of the right shape that take no memory.

    On the meta device, where nothing is computed and torch refuses to mix them with what is real. Or else, for networks
    that look at what their units give, as those do that make an attention mask, of NaN: what depends on them shows.
    """

    entry: Entry

    def __init__(self, entry: Entry, gave: Any, on_meta: bool, tokens: int | None) -> None:
        """gave: when the network was traced, with so many tokens."""
        super().__init__()
        self.__dict__["entry"] = entry  # only to learn the batch size; not a child
        self.gave, self.on_meta, self.tokens = gave, on_meta, tokens

    def forward(self, *came: Any, **settings: Any) -> Any:
        activation = self.entry.activation

        def like(each: torch.Tensor) -> torch.Tensor:
            rest = [activation.shape[1] if size == self.tokens else size for size in each.shape[1:]]
            shape = (len(activation), *rest)
            if self.on_meta:
                return torch.empty(shape, dtype=each.dtype, device="meta")
            return nothing(shape, activation.dtype if each.is_floating_point() else each.dtype, activation.device)

        return tree_map_only(torch.Tensor, like, self.gave)


def nothing(shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Of one number, or of the same zero: it takes no memory."""
    return torch.full((), float("nan") if dtype.is_floating_point else 0, dtype=dtype, device=device).expand(*shape)


class After(nn.Module):
    """What `Until` gives -> features."""

    entry: Entry

    def __init__(self, network: nn.Module, feed: Feed, entry: Entry, example: Inputs, on_meta: bool) -> None:
        """example: inputs as when the network was traced, on the meta device."""
        super().__init__()
        self.network, self.feed, self.example, self.on_meta = network, feed, example, on_meta
        self.__dict__["entry"] = entry

    def forward(self, inputs: Inputs) -> Features:
        entry = self.entry
        entry.activation = inputs[ACTIVATION]
        entry.found.clear()
        entry.found.update({key: each for key, each in inputs.items() if key not in (ACTIVATION, *self.example)})
        try:
            output = self.feed(self.network, self._inputs(inputs))
            return features_of(_together(pool(output, inputs.get("mask")), entry.found))
        finally:
            del entry.activation
            entry.found.clear()

    def _inputs(self, given: Inputs) -> Inputs:
        """The network's, as far as they were kept; what stands in for the others has their shapes only."""
        activation = given[ACTIVATION]

        def stand_in(like: torch.Tensor) -> torch.Tensor:
            shape = (count(given), *(like.shape[1:] if like.ndim > 2 else activation.shape[1:2]))
            if self.on_meta:
                return torch.empty(shape, dtype=like.dtype, device="meta")
            return nothing(shape, like.dtype, activation.device)

        return {name: given[name] if name in given else stand_in(like) for name, like in self.example.items()}
