"""BatchNorm over the whole of a batch whose parts lie in several processes."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import distributed, nn
from torch.nn import functional
from torch.nn.modules._functions import SyncBatchNorm
from torch.overrides import TorchFunctionMode

from core.modalities.inputs import Inputs


class OfWholeBatches(nn.Module):
    """A model whose BatchNorm, of whichever library, sees everyone's examples when it is trained.

    Attributes:
        counts: Whether this process's next ones do; else they only keep it in step, and BatchNorm sees none of them.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model, self.counts = model, True

    def forward(self, inputs: Inputs) -> torch.Tensor:
        with _Everyones(self.counts):
            outputs: torch.Tensor = self.model(inputs)
        return outputs


class _Everyones(TorchFunctionMode):
    def __init__(self, counts: bool) -> None:
        super().__init__()
        self.counts = counts

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is functional.batch_norm:
            function = partial(batch_norm, counts=self.counts)
        return function(*args, **(kwargs or {}))


def batch_norm(
    inputs: torch.Tensor,
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    counts: bool = True,
) -> torch.Tensor:
    """As `torch.nn.functional.batch_norm`. inputs: (B, C, ...), this process's share, or what stands in for it."""
    if not training:
        return functional.batch_norm(inputs, running_mean, running_var, weight, bias, False, momentum, eps)
    if not counts:  # what comes out for it is of no use to anybody
        nobodys = batch_norm(inputs[:0].float(), running_mean, running_var, weight, bias, True, momentum, eps)
        return torch.cat([nobodys.to(inputs.dtype), torch.zeros_like(inputs)])
    if inputs.is_cuda:
        team = distributed.group.WORLD
        settings = (weight, bias, running_mean, running_var, eps, momentum, team, distributed.get_world_size())
        normal: torch.Tensor = SyncBatchNorm.apply(inputs, *settings)
        return normal
    shape, over = (1, -1, *[1] * (inputs.ndim - 2)), [0, *range(2, inputs.ndim)]
    values = inputs.float()
    count = _Sum.apply(torch.tensor(float(inputs.numel() / inputs.shape[1])))
    mean = _Sum.apply(values.sum(over)) / count
    centred = values - mean.view(shape)
    var = _Sum.apply(centred.square().sum(over)) / count
    if running_mean is not None and running_var is not None:
        with torch.no_grad():
            running_mean.lerp_(mean, momentum)
            running_var.lerp_(var * count / (count - 1), momentum)
    normal = centred * (var + eps).rsqrt().view(shape)
    if weight is not None and bias is not None:
        normal = normal * weight.view(shape) + bias.view(shape)
    return normal.to(inputs.dtype)


class _Sum(torch.autograd.Function):
    """Over the processes; and so is its gradient, as each of their losses depends on it."""

    @staticmethod
    def forward(context: Any, mine: torch.Tensor) -> torch.Tensor:
        total = mine.contiguous().clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total
