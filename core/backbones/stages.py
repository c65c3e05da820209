"""Cut any network into ordered stages, by watching it run once on the meta device, where nothing is computed.

A *unit* is a module that runs as one step of the network. The network's own children are its units; a container that
holds several of the network's stages (timm's `blocks`, torchvision's `features`) is opened and its children count
instead. Units are then gathered into stages: what has no parameters, or only norms, joins the unit before it, and
where there would be many stages, neighbours at the same resolution join.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_leaves

from core.backbones.adapters import adapter_sizes
from core.backbones.cutting import Feed, of_images
from core.backbones.kept_stages import Stage
from core.modalities.inputs import Inputs

MOST_STAGES = 9  # more than this, and neighbours at the same resolution join


@dataclass(frozen=True)
class Call:
    """One module's first run: its place in the order, what came in and what went out (meta tensors)."""

    order: int
    came: Any
    gave: Any


@dataclass(frozen=True)
class Unit:
    name: str
    module: nn.Module
    call: Call

    @property
    def learns(self) -> bool:
        """Whether the unit has parameters that are not only those of norms."""
        return any(
            parameter.numel() and "norm" not in type(module).__name__.lower()
            for module in self.module.modules()
            for parameter in module.parameters(recurse=False)
        )


def trace(network: nn.Module, example: Inputs, feed: Feed = of_images) -> dict[str, Call]:
    """Run `network` over an example, both on the meta device; what each module got and gave, by name."""
    calls: dict[str, Call] = {}

    def watch(name: str) -> Any:
        def hook(module: nn.Module, came: Any, named: Any, gave: Any) -> None:
            calls.setdefault(name, Call(len(calls), (came, named), gave))

        return hook

    handles = [module.register_forward_hook(watch(name), with_kwargs=True) for name, module in network.named_modules()]
    fast_path = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # it hides the modules inside attention
    try:
        with torch.no_grad():
            feed(network.eval(), example)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
        for handle in handles:
            handle.remove()
    return calls


def find_units(network: nn.Module, calls: dict[str, Call]) -> list[Unit]:
    """The units of a traced network in the order in which they run. What belongs to another unit too is no unit."""
    insides: dict[str, set[nn.Module]] = {}

    def inside(unit: Unit) -> set[nn.Module]:
        return insides.setdefault(unit.name, set(unit.module.modules()))

    total = max(1, _numbers(network))

    def opened(prefix: str, module: nn.Module, inside_pyramid: bool) -> Iterable[Unit]:
        for child_name, child in module.named_children():
            name = f"{prefix}{child_name}"
            call = calls.get(name)
            ratio = _reduction(call) if call else 0.0
            share = _numbers(child) / total
            pyramid = ratio > 2.5 and share > 0.03
            column = (0.7 < ratio < 1.5 and share > 0.5 or share > 0.9) and not inside_pyramid
            if call is None:  # a list that the network walks through by itself
                yield from opened(f"{name}.", child, inside_pyramid)
            elif _holds_several(child) and (pyramid or column):
                yield from opened(f"{name}.", child, inside_pyramid or ratio > 1.5)
            else:
                yield Unit(name, child, call)

    found = sorted(opened("", network, False), key=lambda unit: unit.call.order)
    return [unit for unit in found if not any(other is not unit and unit.module in inside(other) for other in found)]


def _numbers(module: nn.Module) -> int:
    """Its parameters, but for tables of tokens: they may be larger than all layers together, and are looked up once."""
    tables = {id(p) for each in module.modules() if isinstance(each, nn.Embedding) for p in each.parameters()}
    return sum(parameter.numel() for parameter in module.parameters() if id(parameter) not in tables)


def _holds_several(module: nn.Module) -> bool:
    """Whether it has several children, or a list of several for an only child, as encoders of texts do."""
    children = list(module.children())
    return len(children) > 1 or (len(children) == 1 and isinstance(children[0], nn.ModuleList) and len(children[0]) > 1)


def gather(units: Sequence[Unit], size: float) -> list[list[Unit]]:
    """The units as stages. The first unit of a stage that learns gives the stage its resolution."""
    groups: list[list[Unit]] = []
    for unit in units:
        if groups and not (unit.learns and any(before.learns for before in groups[-1])):
            groups[-1].append(unit)
        else:
            groups.append([unit])
    if len(groups) <= MOST_STAGES:
        return groups
    joined: list[list[list[Unit]]] = []
    for group in groups:
        if joined and _level(joined[-1][-1], size) == _level(group, size):
            joined[-1].append(group)
        else:
            joined.append([group])
    if max(len(stage) for stage in joined) > len(groups) * 2 / 3:
        return groups  # nearly all at one resolution: a vision transformer keeps its blocks
    return [[unit for group in stage for unit in group] for stage in joined]


def find_stages(
    network: nn.Module, example: Inputs, feed: Feed = of_images, prefix: str = ""
) -> tuple[tuple[Stage, ...], dict[str, Any]]:
    """Cut a network whose output is its features.

    Args:
        network: On the meta device.
        example: The inputs that it is run on, a batch of one, on the meta device too.
        feed: How it is called with them.
        prefix: Goes before every module name.

    Returns:
        The stages, and for every unit named in them what it gave (meta tensors of a batch of one).
    """
    calls = trace(network, example, feed)
    units = find_units(network, calls)
    groups = gather(units, _resolution(example))
    inside = {id(parameter) for unit in units for parameter in unit.module.parameters()}
    outside = sum(parameter.numel() for parameter in network.parameters() if id(parameter) not in inside)
    stages = [_stage(group, prefix, outside if index == 0 else 0) for index, group in enumerate(groups)]
    stages[0] = _renamed_stem(stages[0], groups[0])
    return tuple(stages), {prefix + unit.name: unit.call.gave for unit in units}


def at_size(
    stages: Iterable[Stage], network: nn.Module, example: Inputs, prefix: str = ""
) -> tuple[tuple[Stage, ...], dict[str, Any]]:
    """The same stages of a network that is given images of another size, as `find_stages` gives them."""
    calls = trace(network, example)
    gave = {name: calls[name.removeprefix(prefix)].gave for stage in stages for name in stage.modules}
    return tuple(replace(stage, output_shape=_shape(gave[stage.modules[-1]])) for stage in stages), gave


def _stage(group: list[Unit], prefix: str, extra_parameters: int) -> Stage:
    parameters = {id(p): p.numel() for unit in group for p in unit.module.parameters()}
    layers = sum(
        isinstance(module, nn.Linear | nn.modules.conv._ConvNd) for unit in group for module in unit.module.modules()
    )
    return Stage(
        name=_label([unit.name for unit in group if unit.learns] or [group[0].name]),
        layers=layers,
        parameters=sum(parameters.values()) + extra_parameters,
        output_shape=_shape(group[-1].call.gave),
        modules=tuple(prefix + unit.name for unit in group),
        **adapter_sizes((unit.name, unit.module) for unit in group),
    )


def _renamed_stem(stage: Stage, group: list[Unit]) -> Stage:
    return Stage("stem", *list(vars(stage).values())[1:]) if sum(unit.learns for unit in group) <= 1 else stage


def _label(names: list[str]) -> str:
    """Readable: "blocks 3", "features 5 to 9", "Mixed 5b to Mixed 5d"."""
    first, last = _readable(names[0]), _readable(names[-1])
    if first == last:
        return first
    same_list = names[-1].rpartition(".")[2].isdigit() and first.rpartition(" ")[0] == last.rpartition(" ")[0]
    return f"{first} to {last.rpartition(' ')[2] if same_list else last}"


def _readable(name: str) -> str:
    """The last part of a module's name, with the one before it where the last is only a number."""
    before, _, last = name.rpartition(".")
    return f"{before.rpartition('.')[2]} {last}".strip().replace("_", " ") if last.isdigit() else last.replace("_", " ")


def _tensor(value: Any) -> torch.Tensor | None:
    return next((leaf for leaf in tree_leaves(value) if isinstance(leaf, torch.Tensor)), None)


def _shape(value: Any) -> tuple[int, ...]:
    tensor = _tensor(value)
    return () if tensor is None else tuple(tensor.shape[1:])


def _resolution(value: Any) -> float:
    """Width of an image-like tensor (B, C, H, W) or (B, H, W, C); sqrt of the tokens of (B, N, C); 1 for a vector."""
    shape = _shape(value)
    if len(shape) == 3:
        return shape[2] if shape[1] == shape[2] else shape[0]
    return math.sqrt(shape[0]) if len(shape) == 2 else 1.0


def _reduction(call: Call) -> float:
    """How many times smaller, along one side, the output is than the input."""
    return _resolution(call.came) / max(1.0, _resolution(call.gave))


def _level(group: list[Unit], size: float) -> int:
    """How often the image has been halved where this group's last learning unit gives its output."""
    learning = [unit for unit in group if unit.learns] or group
    return round(math.log2(max(1.0, size / max(1.0, _resolution(learning[-1].call.gave)))))
