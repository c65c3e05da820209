"""A frozen network made quicker without changing what it gives: what is constant is worked out once, beforehand."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.utils._pytree import tree_leaves

from core.backbones.padding import Conv2dSameByKernel
from core.modalities.inputs import Inputs, first

CLOSE = 1e-3  # of the largest output: what rounding may change


def folded(network: nn.Module, inputs: Inputs) -> nn.Module:
    """A copy for inference, in eval mode and channels_last, in which a BatchNorm that alone uses what a convolution
    gives is part of that convolution.

    network: gives tensors, in a dict or as `Features`. inputs: a few, to see in which order the modules run, and that
        the copy gives the same. Should it not, a plain copy is returned.
    """
    network.eval()
    copied = copy.deepcopy(network)
    with torch.no_grad():
        wanted = tree_leaves(network(inputs))
        calls = _watched(copied, first(inputs, 1))
        for convolution, norm in calls.pairs():
            _fold_norm(copied, convolution, norm)
        copied.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        try:
            same = all(map(_are_close, tree_leaves(copied(inputs)), wanted))
        except RuntimeError:
            same = False
    return copied if same else copy.deepcopy(network)


def _are_close(given: torch.Tensor, wanted: torch.Tensor) -> bool:
    return torch.allclose(given, wanted, rtol=0, atol=CLOSE * float(wanted.abs().max()))


class _Calls:
    """Which module gave what to which: kept by the identity of the tensors, which stay alive meanwhile."""

    def __init__(self) -> None:
        self.giver: dict[int, str] = {}
        self.takers: dict[int, list[str]] = {}
        self.times: dict[str, int] = {}
        self.alive: list[torch.Tensor] = []

    def pairs(self) -> list[tuple[str, str]]:
        """(giver, taker) where nobody else takes it, and both ran once."""
        alone = [(name, self.takers.get(tensor, [])) for tensor, name in self.giver.items()]
        found = [(name, takers[0]) for name, takers in alone if len(takers) == 1]
        return [pair for pair in found if all(self.times[name] == 1 for name in pair)]


def _watched(network: nn.Module, inputs: Inputs) -> _Calls:
    calls = _Calls()

    def watch(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def hook(_: nn.Module, came: tuple[object, ...], gave: object) -> None:
            calls.times[name] = calls.times.get(name, 0) + 1
            for tensor in came:
                if isinstance(tensor, torch.Tensor):
                    calls.takers.setdefault(id(tensor), []).append(name)
                    calls.alive.append(tensor)
            if isinstance(gave, torch.Tensor):
                calls.giver[id(gave)] = name
                calls.alive.append(gave)

        return module.register_forward_hook(hook)

    leaves = [
        (name, module)
        for name, module in network.named_modules()
        if isinstance(module, _BatchNorm) or not list(module.children())
    ]
    handles = [watch(name, module) for name, module in leaves]
    network(inputs)
    for handle in handles:
        handle.remove()
    return calls


def _fold_norm(network: nn.Module, convolution: str, norm: str) -> None:
    first, second = network.get_submodule(convolution), network.get_submodule(norm)
    plain = type(first) in (nn.Conv2d, Conv2dSameByKernel)  # others work on their weights before they use them
    if not (plain and isinstance(first, nn.Conv2d) and isinstance(second, _BatchNorm)) or second.running_mean is None:
        return
    rest = [getattr(second, name) for name in ("drop", "act") if hasattr(second, name)]  # timm's norms hold them
    network.set_submodule(convolution, fuse_conv_bn_eval(first, second))
    network.set_submodule(norm, nn.Sequential(*rest) if rest else nn.Identity())
