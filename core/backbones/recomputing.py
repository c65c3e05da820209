"""Activation checkpointing: a module keeps only what came into it, and works the rest out again when the gradient is
asked for (https://arxiv.org/abs/1604.06174). It costs about a third more time, and most of the memory less.

The second time the same is drawn at random as the first, and BatchNorm's statistics stay, so the weights become the
same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from types import MethodType
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


def recompute(module: nn.Module, again: bool) -> None:
    """Whether from now on it works out again what its gradient needs. What has nothing to learn never does."""
    own = module.__dict__.get("forward")
    if own is not None and getattr(own, "__func__", None) is not _forward:  # its library has put it there
        return
    if again and any(True for _ in module.parameters()):
        module.forward = MethodType(_forward, module)  # bound, so that a copy of the module runs the copy
    elif own is not None:
        del module.forward


def _forward(module: nn.Module, *came: Any, **settings: Any) -> Any:
    plain = partial(type(module).forward, module)
    if not torch.is_grad_enabled():
        return plain(*came, **settings)
    return checkpoint(plain, *came, use_reentrant=False, context_fn=partial(_contexts, module), **settings)


def _contexts(module: nn.Module) -> tuple[AbstractContextManager[object], AbstractContextManager[object]]:
    """Of the first time and of the second."""
    return nullcontext(), _statistics_stay(module)


@contextmanager
def _statistics_stay(module: nn.Module) -> Iterator[None]:
    """BatchNorm normalises by its batch, and keeps nothing of it: it has counted that batch already."""
    norms = [each for each in module.modules() if isinstance(each, _BatchNorm)]
    before = [(norm.momentum, _copied(norm.num_batches_tracked)) for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, (momentum, counted) in zip(norms, before):
            norm.momentum = momentum
            if norm.num_batches_tracked is not None and counted is not None:
                norm.num_batches_tracked.copy_(counted)


def _copied(tensor: torch.Tensor | None) -> torch.Tensor | None:
    return None if tensor is None else tensor.clone()
