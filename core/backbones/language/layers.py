"""Where a transformer can be cut: before each of its layers. Found by watching it run once, without a table by hand.

The layers are the list of modules of one class that has most parameters; on a tie the inner one, as ALBERT's lists hold
each other. The first stage, "embeddings", is all that runs before the first layer. What runs behind a layer, and before
the next, belongs to it; so the last norm belongs to the last one. Where a list's modules run several times, as ALBERT's
do, they are one stage together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from core.backbones.adapters import adapter_sizes
from core.backbones.cutting import Feed, main_tensor
from core.backbones.kept_stages import Stage
from core.backbones.plans import TROUBLE, Plan
from core.backbones.stages import trace
from core.errors import BackboneError
from core.modalities.inputs import Inputs

PREFIX = "network."
TOKENS = 7  # to trace with


@dataclass(frozen=True)
class Cuts:
    """entries: the layer before which each boundary lies, that of the first stage first. plain: whether a layer gives a
    tensor, and not a tuple that begins with one."""

    plan: Plan
    entries: tuple[str, ...]
    layers: tuple[str, ...]
    plain: bool


def cuts_of(network: nn.Module, feed: Feed, longest: int, types: bool) -> Cuts:
    """network: on the meta device. longest: tokens that it is given at most.

    Raises:
        BackboneError: it cannot be run, or has no layers one after another.
    """
    traced = _inputs(1, TOKENS, types, "meta")
    layers = _layers(network)
    try:
        with AnyNumber(), _counted(network, layers) as counts:
            calls = trace(network, traced, feed)
            output = calls[""].gave
    except (*TROUBLE, KeyError) as error:
        raise BackboneError(f"The network cannot be run ({str(error)[:200]}). Choose another backbone.") from error
    if not all(counts[name] for name in layers):
        raise BackboneError("The network does not run its layers one after another. Choose another backbone.")
    groups: list[tuple[str, ...]] = [layers] if max(counts.values()) > 1 else [(name,) for name in layers]
    stages = _stages(network, calls, groups, longest, main_tensor(output).shape[-1])
    plan = Plan(None, stages, {}, partial(_inputs, 2, longest, types), traced, feed)
    plain = isinstance(calls[layers[0]].gave, torch.Tensor)
    return Cuts(plan, tuple(PREFIX + group[0] for group in groups), tuple(PREFIX + name for name in layers), plain)


class AnyNumber(TorchDispatchMode):
    """On the meta device there are no numbers; a network that asks for one, as whether a mask is all ones, gets 1."""

    def __torch_dispatch__(self, function: Any, types: Any, given: Any = (), named: Any = None) -> Any:
        if function is torch.ops.aten._local_scalar_dense.default and given[0].is_meta:
            return given[0].dtype == torch.bool or 1
        return function(*given, **(named or {}))


@contextmanager
def _counted(network: nn.Module, names: Iterable[str]) -> Iterator[Counter[str]]:
    """How often each of these modules runs meanwhile."""
    counts: Counter[str] = Counter()

    def counting(name: str) -> Callable[..., None]:
        return lambda *_: counts.update((name,))

    handles = [network.get_submodule(name).register_forward_hook(counting(name)) for name in names]
    try:
        yield counts
    finally:
        for handle in handles:
            handle.remove()


def _inputs(many: int, tokens: int, types: bool, device: torch.device | str) -> Inputs:
    names = ("ids", "mask", "types") if types else ("ids", "mask")
    make: Callable[..., torch.Tensor] = torch.ones
    found = {name: make(many, tokens, dtype=torch.long, device=device) for name in names}
    if types:
        found["types"].zero_()
    return found


def _layers(network: nn.Module) -> tuple[str, ...]:
    lists = [
        (sum(parameter.numel() for parameter in module.parameters()), name.count("."), name, module)
        for name, module in network.named_modules()
        if isinstance(module, nn.ModuleList) and len({type(each) for each in module}) == 1
    ]
    if not lists:
        raise BackboneError("The network has no list of layers to be cut at. Choose another backbone.")
    *_, name, layers = max(lists, key=lambda found: found[:2])
    return tuple(f"{name}.{number}" for number in range(len(layers)))


def _stages(
    network: nn.Module, calls: dict[str, Any], groups: list[tuple[str, ...]], longest: int, features: int
) -> tuple[Stage, ...]:
    """features: that the network gives for each token."""
    began = [min(_began(calls, name) for name in group) for group in groups]
    members: list[list[str]] = [[], *map(list, groups)]
    for name in _outside(network, groups):
        order = calls[name].order if name in calls else -1
        members[sum(order > each for each in began)].append(name)
    width = _hidden(calls[groups[0][0]]).shape[-1]
    shapes = [*[(longest, width)] * len(groups), (features,)]
    titles = ["embeddings", *(["encoder"] if len(groups) == 1 else [f"layer {n + 1}" for n in range(len(groups))])]
    inside = {id(each) for names in members for name in names for each in network.get_submodule(name).parameters()}
    rest = sum(each.numel() for each in network.parameters() if id(each) not in inside)
    return tuple(
        _stage(network, title, names, shape, rest if number == 0 else 0)
        for number, (title, names, shape) in enumerate(zip(titles, members, shapes))
    )


def _began(calls: dict[str, Any], layer: str) -> int:
    """Calls are in the order in which they ended: a layer begins before its insides end."""
    return min(call.order for name, call in calls.items() if name == layer or name.startswith(f"{layer}."))


def _outside(network: nn.Module, groups: list[tuple[str, ...]]) -> list[str]:
    """The outermost modules that hold none of the layers, and are in none."""
    layers = [name for group in groups for name in group]

    def within(prefix: str, module: nn.Module) -> list[str]:
        found = []
        for key, child in module.named_children():
            name = f"{prefix}{key}"
            if name in layers:
                continue
            if any(each.startswith(f"{name}.") for each in layers):
                found += within(f"{name}.", child)
            else:
                found.append(name)
        return found

    return within("", network)


def _hidden(call: Any) -> torch.Tensor:
    """What came into a layer."""
    given, named = call.came
    return given[0] if given else named["hidden_states"]


def _stage(network: nn.Module, title: str, names: list[str], shape: tuple[int, ...], more: int) -> Stage:
    modules = [network.get_submodule(name) for name in names]
    inner = [each for module in modules for each in module.modules()]
    layers = sum(isinstance(each, nn.Linear) or type(each).__name__ == "Conv1D" for each in inner)
    own = {id(each): each.numel() for module in modules for each in module.parameters()}
    modules_of, sizes = tuple(PREFIX + name for name in names), adapter_sizes(zip(names, modules))
    return Stage(title, layers, sum(own.values()) + more, shape, modules_of, **sizes)
