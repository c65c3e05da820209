"""A running mean of the weights, which is often better than any of them (https://arxiv.org/abs/1503.01541)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch

State = dict[str, torch.Tensor]


class Average:
    """The exponential moving average of some tensors, followed as they change in place.

    decay: how much of the mean is kept at each step, 0 to 1; at first less, so that the beginning is soon forgotten.
    """

    def __init__(self, tensors: Iterable[tuple[str, torch.Tensor]], decay: float) -> None:
        self.decay, self.steps = decay, 0
        self.followed = dict(tensors)
        self.mean = {name: tensor.detach().clone() for name, tensor in self.followed.items()}

    @torch.no_grad()
    def follow(self) -> None:
        """After a step."""
        self.steps += 1
        share = 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, tensor in self.followed.items():
            if tensor.is_floating_point():
                self.mean[name].lerp_(tensor, share)
            else:  # counters, such as BatchNorm's
                self.mean[name].copy_(tensor)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The mean stands where the weights were, for as long as the block lasts."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for name, tensor in self.followed.items():
            kept = tensor.clone()
            tensor.copy_(self.mean[name])
            self.mean[name].copy_(kept)

    def state(self) -> State:
        """A copy on the CPU."""
        return {
            "steps": torch.tensor(self.steps),
            **{f"mean.{name}": tensor.cpu().clone() for name, tensor in self.mean.items()},
        }

    def load(self, state: State) -> None:
        self.steps = int(state["steps"])
        for name, tensor in self.mean.items():
            if f"mean.{name}" in state:  # a stage that was freed since has its own weights for a mean
                tensor.copy_(state[f"mean.{name}"])
