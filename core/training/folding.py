"""A frozen network made quicker without changing what it gives: what is constant is worked out once, beforehand."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval

CLOSE = 1e-3  # of the largest output: what rounding may change


def folded(network: nn.Module, images: torch.Tensor) -> nn.Module:
    """A copy for inference, in eval mode and channels_last, in which

    - a BatchNorm that alone uses what a convolution gives is part of that convolution;
    - padding that is one wider on one side (TensorFlow's "same"), which costs a copy of the whole activation, is part
      of the kernel. It then fits pictures of this size only.

    images: (B, 3, S, S), to see in which order the modules run, and that the copy gives the same. Should it not, a
        plain copy is returned.
    """
    network.eval()
    copied = copy.deepcopy(network)
    with torch.no_grad():
        wanted = network(images)
        calls = _watched(copied, images[:1])
        for convolution, norm in calls.pairs():
            _fold_norm(copied, convolution, norm)
        for name, size in calls.sizes.items():
            _fold_padding(copied, name, size)
        copied.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        try:
            same = torch.allclose(copied(images), wanted, rtol=0, atol=CLOSE * float(wanted.abs().max()))
        except RuntimeError:
            same = False
    return copied if same else copy.deepcopy(network)


class _Calls:
    """Which module gave what to which: kept by the identity of the tensors, which stay alive meanwhile."""

    def __init__(self) -> None:
        self.giver: dict[int, str] = {}
        self.takers: dict[int, list[str]] = {}
        self.times: dict[str, int] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        self.alive: list[torch.Tensor] = []

    def pairs(self) -> list[tuple[str, str]]:
        """(giver, taker) where nobody else takes it, and both ran once."""
        alone = [(name, self.takers.get(tensor, [])) for tensor, name in self.giver.items()]
        found = [(name, takers[0]) for name, takers in alone if len(takers) == 1]
        return [pair for pair in found if all(self.times[name] == 1 for name in pair)]


def _watched(network: nn.Module, images: torch.Tensor) -> _Calls:
    calls = _Calls()

    def watch(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def hook(_: nn.Module, came: tuple[object, ...], gave: object) -> None:
            calls.times[name] = calls.times.get(name, 0) + 1
            for tensor in came:
                if isinstance(tensor, torch.Tensor):
                    calls.takers.setdefault(id(tensor), []).append(name)
                    calls.alive.append(tensor)
                    if isinstance(module, nn.Conv2d):
                        calls.sizes[name] = (tensor.shape[-2], tensor.shape[-1])
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
    network(images)
    for handle in handles:
        handle.remove()
    return calls


def _fold_norm(network: nn.Module, convolution: str, norm: str) -> None:
    first, second = network.get_submodule(convolution), network.get_submodule(norm)
    if type(first).__name__ not in ("Conv2d", "Conv2dSame") or not isinstance(second, _BatchNorm):
        return
    if not isinstance(first, nn.Conv2d) or second.running_mean is None:
        return
    rest = [getattr(second, name) for name in ("drop", "act") if hasattr(second, name)]  # timm's norms hold them
    network.set_submodule(convolution, fuse_conv_bn_eval(first, second))
    network.set_submodule(norm, nn.Sequential(*rest) if rest else nn.Identity())


def _fold_padding(network: nn.Module, name: str, size: tuple[int, int]) -> None:
    """timm's Conv2dSame pads by what the picture's size needs, mostly 0 before and 1 after. A kernel with a row and a
    column of zeros before its own does the same with 1 on both sides."""
    old = network.get_submodule(name)
    if type(old).__name__ != "Conv2dSame" or not isinstance(old, nn.Conv2d) or old.dilation != (1, 1):
        return
    needed = [
        max((-(-side // stride) - 1) * stride + kernel - side, 0)
        for side, stride, kernel in zip(size, old.stride, old.kernel_size)
    ]
    height, width = (kernel + pad % 2 for kernel, pad in zip(old.kernel_size, needed))
    padding = tuple((pad + 1) // 2 for pad in needed)
    settings = {"stride": old.stride, "padding": padding, "groups": old.groups, "bias": old.bias is not None}
    new = nn.Conv2d(old.in_channels, old.out_channels, (height, width), **settings)  # type: ignore[arg-type]
    new.to(old.weight.device, old.weight.dtype)
    new.weight.zero_()
    new.weight[:, :, height - old.kernel_size[0] :, width - old.kernel_size[1] :] = old.weight
    if old.bias is not None and new.bias is not None:
        new.bias.copy_(old.bias)
    network.set_submodule(name, new.eval())
