"""A transformer run in part: what stands in place of layers, so that its own forward does the rest.

The network itself makes masks, positions and rotary embeddings, in the second half too: its embeddings run there on
token 0, which costs next to nothing, and what they give is replaced before the first free layer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from core.backbones.cutting import ACTIVATION, STEPS, Feed, Reached, main_tensor
from core.modalities.inputs import Features, Inputs


class StandIn(nn.Module):
    """It has what a network may look up on a layer before it runs it, such as its kind of attention."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        own = {name: value for name, value in vars(layer).items() if name not in vars(self) and name[0] != "_"}
        plain = {name: value for name, value in own.items() if isinstance(value, str | int | float | bool | None)}
        self.__dict__.update(plain)


class Before(StandIn):
    """Stands where the first layer behind the boundary was, and ends the run."""

    def forward(self, *came: Any, **settings: Any) -> None:
        raise Reached(came[0] if came else settings["hidden_states"])


class Passed(StandIn):
    """Stands where a frozen layer was, and hands its input through."""

    def __init__(self, layer: nn.Module, plain: bool) -> None:
        super().__init__(layer)
        self.plain = plain

    def forward(self, *came: Any, **settings: Any) -> Any:
        hidden = came[0] if came else settings["hidden_states"]
        return hidden if self.plain else (hidden, None)


class Entrance(StandIn):
    """Stands where the first layer behind the boundary was, and runs it on what came from outside. A layer that runs
    again gets what it gave."""

    activation: torch.Tensor | None

    def __init__(self, layer: nn.Module) -> None:
        super().__init__(layer)
        self.layer, self.activation = layer, None

    def forward(self, *came: Any, **settings: Any) -> Any:
        if self.activation is not None:
            if came:
                came = (self.activation, *came[1:])
            else:
                settings = settings | {"hidden_states": self.activation}
            self.activation = None
        return self.layer(*came, **settings)


class Pooling(nn.Module):
    """What the network gives -> {"activation": (B, F)}, and, where asked for, {"steps": (B, T, F)}.

    Of a network whose tokens see only those before them, the last one that counts knows all; of others, the mean of
    those that count.
    """

    def __init__(self, causal: bool, steps: bool) -> None:
        super().__init__()
        self.causal, self.steps = causal, steps

    def forward(self, gave: Any, mask: torch.Tensor) -> Inputs:
        hidden = main_tensor(gave)
        found = {ACTIVATION: _last(hidden, mask) if self.causal else _mean(hidden, mask)}
        return found | ({STEPS: hidden} if self.steps else {})


def _last(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    places = torch.arange(mask.shape[1], device=mask.device)
    last = (mask.bool() * places).amax(dim=1)
    return hidden[torch.arange(len(hidden), device=mask.device), last].float()


def _mean(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """In float32: half precision cannot count beyond some hundreds."""
    counts = mask.unsqueeze(2).float()
    return (hidden.float() * counts).sum(1) / counts.sum(1).clamp(min=1)


class WholeText(nn.Module):
    def __init__(self, network: nn.Module, feed: Feed, pooling: Pooling) -> None:
        super().__init__()
        self.network, self.feed, self.pooling = network, feed, pooling

    def forward(self, inputs: Inputs) -> Inputs:
        found: Inputs = self.pooling(self.feed(self.network, inputs), inputs["mask"])
        return found


class UntilLayer(nn.Module):
    """Inputs -> the activation before a layer, and the mask."""

    def __init__(self, network: nn.Module, feed: Feed) -> None:
        super().__init__()
        self.network, self.feed = network, feed

    def forward(self, inputs: Inputs) -> Inputs:
        try:
            self.feed(self.network, inputs)
        except Reached as reached:
            return {ACTIVATION: reached.activation, "mask": inputs["mask"]}
        raise AssertionError("the boundary never ran")


class AfterLayer(nn.Module):
    """What `UntilLayer` gives -> features."""

    def __init__(
        self, network: nn.Module, feed: Feed, pooling: Pooling, entrance: Entrance, frozen: Iterable[nn.Module]
    ) -> None:
        """frozen: those of the network's modules that must not behave as in training."""
        super().__init__()
        self.network, self.feed, self.pooling = network, feed, pooling
        self.__dict__["entrance"], self.__dict__["frozen"] = entrance, list(frozen)

    def train(self, mode: bool = True) -> AfterLayer:
        super().train(mode)
        for module in self.__dict__["frozen"]:
            module.eval()
        return self

    def forward(self, inputs: Inputs) -> Features:
        activation, mask = inputs[ACTIVATION], inputs["mask"]
        entrance: Entrance = self.__dict__["entrance"]
        entrance.activation = activation
        try:
            gave = self.feed(self.network, {"ids": torch.zeros_like(mask), "mask": mask})
        finally:
            entrance.activation = None
        found = self.pooling(gave, mask)
        return Features(found[ACTIVATION], found.get(STEPS))
