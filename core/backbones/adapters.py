"""Adapters (LoRA, https://arxiv.org/abs/2106.09685): beside the weight of a linear layer two small matrices learn in
its place, so that it acts as if its weight were `weight + alpha / rank * left @ right`.

The layer stays where it is and keeps its names and numbers; only its class becomes one that knows of the two. So
stages, cuts and files of weights are as they were, and a network that looks at `layer.weight` itself, as Swin does,
sees what the adapter makes of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

LEFT, RIGHT = "adapter_left", "adapter_right"  # of a weight (rows, columns): (rows, rank) and (rank, columns)
Layers = Literal["attention", "all"]


class Adapted(nn.Module):
    """What the class of a layer is mixed with while it has an adapter."""

    adapter_times: float

    @property
    def adapter_parameters(self) -> tuple[nn.Parameter, nn.Parameter]:
        left, right = self._parameters[LEFT], self._parameters[RIGHT]
        assert left is not None and right is not None
        return left, right

    def changed(self, name: str) -> torch.Tensor:
        left, right = self.adapter_parameters
        weight = self._parameters[name]
        assert weight is not None
        return weight + self.adapter_times * (left @ right)


class _Weight(Adapted):
    """Of a class with a forward of its own, which looks at its weight."""

    weight = property(lambda self: self.changed("weight"))


class _Linear(_Weight):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Without making the whole weight, and so without its gradient."""
        left, right = self.adapter_parameters
        beside = functional.linear(functional.linear(inputs, right), left)
        plain = functional.linear(inputs, self._parameters["weight"], self._parameters["bias"])  # type: ignore[arg-type]
        return plain + self.adapter_times * beside


class _Conv1D(_Weight):
    """GPT-2's linear layer, whose weight lies the other way round."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        left, right = self.adapter_parameters
        weight, bias = self._parameters["weight"], self._parameters["bias"]
        assert weight is not None and bias is not None
        return torch.matmul(inputs, weight) + bias + self.adapter_times * (inputs @ left @ right)


class _Attention(Adapted):
    """torch's own, which has query, key and value in one weight."""

    in_proj_weight = property(lambda self: self.changed("in_proj_weight"))


def _kind_of(layer: nn.Module) -> type[Adapted] | None:
    """What its class is to be mixed with; None of a layer that can have no adapter."""
    if isinstance(layer, Adapted):
        return type(layer).__bases__[0]
    if isinstance(layer, nn.Linear) and layer.weight.is_floating_point():
        return _Linear if type(layer).forward is nn.Linear.forward else _Weight
    if isinstance(layer, nn.MultiheadAttention) and layer.in_proj_weight is not None:
        return _Attention
    theirs = type(layer).__module__ == "transformers.pytorch_utils" and type(layer).__name__ == "Conv1D"
    return _Conv1D if theirs else None


@cache
def _mixed(kind: type[Adapted], layer: type[nn.Module]) -> type[nn.Module]:
    return type(layer.__name__, (kind, layer), {"__module__": layer.__module__})


def _weight(layer: nn.Module) -> torch.Tensor:
    weight = layer._parameters["in_proj_weight" if isinstance(layer, nn.MultiheadAttention) else "weight"]
    assert weight is not None
    return weight


def layers_in(name: str, module: nn.Module, which: Layers) -> Iterator[tuple[str, nn.Module]]:
    """The layers of a module that can have an adapter, by name.

    name: of the module in its network. which: those of attention only, or all.
    """
    parents = {name: ""}
    for inner, each in module.named_modules(prefix=name):
        parents[inner] = type(each).__name__
        if _kind_of(each) is not None and (which == "all" or _attends(inner, each, parents)):
            yield inner, each


def _attends(name: str, layer: nn.Module, parents: Mapping[str, str]) -> bool:
    """Whether it belongs to attention, which every library calls so in one place or another."""
    within = isinstance(layer, nn.MultiheadAttention) or any(word in name.lower() for word in ("attn", "attention"))
    return within or parents.get(name.rpartition(".")[0], "").endswith("Attention")


def adapter_sizes(units: Iterable[tuple[str, nn.Module]]) -> dict[str, int]:
    """As `Stage` has them: how many numbers adapters of rank 1 on these units have."""
    found: dict[str, dict[int, int]] = {"attention": {}, "linear": {}}
    for unit in units:
        for key, which in (("attention", "attention"), ("linear", "all")):
            found[key].update((id(layer), sum(_weight(layer).shape)) for _, layer in layers_in(*unit, which))  # type: ignore[arg-type]
    return {key: sum(each.values()) for key, each in found.items()}


@dataclass(frozen=True)
class Adapters:
    """rank: how many rows and columns the two matrices have between them. alpha: how strongly they count: what they
    learn is multiplied by alpha / rank. seed: of the numbers that they begin with."""

    layers: Layers = "all"
    rank: int = 16
    alpha: float = 32.0
    seed: int = 0

    @property
    def times(self) -> float:
        return self.alpha / self.rank

    def put_on(self, name: str, layer: nn.Module) -> None:
        """Give the layer an adapter that changes nothing yet, if it has none. Its own weight and bias are frozen.

        What it begins with depends on the seed and its name alone, so that a run that goes on begins alike.
        """
        kind = _kind_of(layer)
        if kind is None or isinstance(layer, Adapted):
            return
        weight = _weight(layer)
        rows, columns = weight.shape
        inner = rows if kind is _Conv1D else columns  # what comes in; this side begins at random, the other at zero
        bound = inner**-0.5
        chance = torch.Generator().manual_seed(_number(f"{self.seed} {name}"))
        drawn = torch.empty(inner, self.rank).uniform_(-bound, bound, generator=chance).to(weight)
        nothing = weight.new_zeros(columns if kind is _Conv1D else rows, self.rank)
        left, right = (drawn, nothing) if kind is _Conv1D else (nothing, drawn)
        for parameter in layer.parameters(recurse=False):
            parameter.requires_grad_(False)
        layer.register_parameter(LEFT, nn.Parameter(left))
        layer.register_parameter(RIGHT, nn.Parameter(right.T.contiguous()))
        layer.__class__ = _mixed(kind, type(layer))  # type: ignore[arg-type]  # classes can be hashed
        layer.adapter_times = self.times  # type: ignore[assignment]

    def only_learn(self, network: nn.Module, frozen: Iterable[str], free: Iterable[str]) -> None:
        """Adapters on all layers of the free units, and on none of the frozen ones; of what is free, they alone learn,
        and BatchNorm, as its statistics move anyway."""
        for name in free:
            for path, layer in layers_in(name, network.get_submodule(name), self.layers):
                self.put_on(path, layer)
        for name in frozen:
            for layer in network.get_submodule(name).modules():
                take_off(layer)
        learning = {each for module in network.modules() for each in learned(module)}
        learning |= {each for norm in norms_by_batch(network) for each in norm.parameters()}
        for parameter in network.parameters():
            parameter.requires_grad_(parameter in learning and parameter.requires_grad)


def norms_by_batch(network: nn.Module) -> list[nn.Module]:
    """What keeps statistics of the batches that it has seen."""
    return [module for module in network.modules() if isinstance(module, _BatchNorm)]


def _number(said: str) -> int:
    return int.from_bytes(hashlib.blake2b(said.encode(), digest_size=7).digest(), "big")


@torch.no_grad()
def take_off(layer: nn.Module) -> None:
    """Make it the layer that it was; what its adapter has learned becomes part of its weight."""
    if not isinstance(layer, Adapted):
        return
    left, right = layer.adapter_parameters
    if left.any() and right.any():  # else the weight keeps its very bits
        _weight(layer).add_(layer.adapter_times * (left @ right))
    del layer._parameters[LEFT], layer._parameters[RIGHT]
    layer.__class__ = type(layer).__bases__[1]


def is_adapter(name: str) -> bool:
    """Of a tensor's name."""
    return name.rpartition(".")[2] in (LEFT, RIGHT)


@torch.no_grad()
def merged(tensors: Mapping[str, torch.Tensor], times: float) -> dict[str, torch.Tensor]:
    """The tensors of a network with adapters as those of the plain one: its names, what they learned in its weights.

    times: alpha / rank.
    """
    found = {name: tensor for name, tensor in tensors.items() if not is_adapter(name)}
    for name, left in tensors.items():
        if name.rpartition(".")[2] != LEFT:
            continue
        layer = name.removesuffix(LEFT)
        weight = next(each for each in (f"{layer}in_proj_weight", f"{layer}weight") if each in found)
        change = times * (left.float() @ tensors[f"{layer}{RIGHT}"].float())
        found[weight] = (found[weight].float() + change).to(found[weight].dtype)
    return found


def learned(layer: nn.Module) -> Any:
    """The parameters of its adapter; none of a layer without one."""
    return layer.adapter_parameters if isinstance(layer, Adapted) else ()
