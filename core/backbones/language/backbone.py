"""A transformer for texts in stages that can be frozen, and cut before any layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from core.backbones.backbone import Backbone
from core.backbones.cutting import STEPS, Point, rewired
from core.backbones.language.layers import Cuts
from core.backbones.language.parts import AfterLayer, Before, Entrance, Passed, Pooling, UntilLayer, WholeText
from core.backbones.plans import TROUBLE, Needs
from core.backbones.weights import Match
from core.errors import BackboneError
from core.modalities.inputs import Inputs
from core.tasks.heads import Shapes


class LanguageBackbone(Backbone):
    """Attributes as of `Backbone`; causal: whether a token sees only those before it."""

    causal: bool
    _cuts: Cuts
    _clean: set[int]

    def __init__(
        self,
        info: Any,
        network: nn.Module,
        cuts: Cuts,
        causal: bool,
        match: Match | None = None,
        needs: Needs = "pooled",
    ) -> None:
        if needs == "maps":
            raise BackboneError(f"{info.name} reads texts, and gives no maps of an image. Choose another backbone.")
        self.__dict__["_cuts"], self.__dict__["causal"] = cuts, causal
        self.__dict__["_clean"] = set[int]()
        super().__init__(info, network, cuts.plan, match)
        self.needs = needs
        width = cuts.plan.stages[-1].output_shape[0]
        if needs == "steps":
            self._points = (Point(STEPS, self._plan.units[-1], _itself, (cuts.plan.shapes["ids"][0], width)),)
        self.__dict__["_reading"] = self._whole()

    @property
    def shapes(self) -> Shapes:
        words = self.network.get_input_embeddings().weight  # type: ignore[operator, union-attr]
        return replace(super().shapes, words=words, causal=self.causal)

    def after(self, n: int) -> nn.Module:
        """As of `Backbone`; tried with a short text the first time."""
        if 0 < n < len(self.stages) and n not in self._clean:
            self._check(n)
            self._must_be_clean(n)
            self._clean.add(n)
        return super().after(n)

    @property
    def _pooling(self) -> Pooling:
        return Pooling(self.causal, self.needs == "steps")

    def _whole(self) -> WholeText:  # type: ignore[override]
        return WholeText(self.network, self._plan.feed, self._pooling)

    def _needed(self, n: int) -> tuple[bool, tuple[str, ...]]:
        return False, ("mask",)

    def _until(self, n: int, kept: Any) -> UntilLayer:  # type: ignore[override]
        entry = self._cuts.entries[n - 1]
        stands_in: dict[str, nn.Module] = {name: nn.Identity() for name in self._modules_of(self.stages[n:])}
        stands_in |= {name: Before(self.get_submodule(name)) for name in self._cuts.layers if name in stands_in}
        stands_in[entry] = Before(self.get_submodule(entry))
        return UntilLayer(rewired(self.network, stands_in, "shared"), self._plan.feed)

    def _after(self, n: int, on_meta: bool) -> AfterLayer:  # type: ignore[override]
        entry, layers = self._cuts.entries[n - 1], self._cuts.layers
        frozen = set(self._modules_of(self.stages[:n]))
        stands_in: dict[str, nn.Module] = {
            name: Passed(self.get_submodule(name), self._cuts.plain) for name in layers if name in frozen
        }
        entrance = stands_in[entry] = Entrance(self.get_submodule(entry))
        still = [self.get_submodule(name) for name in frozen if name not in stands_in]
        network = rewired(self.network, stands_in, "shared")
        return AfterLayer(network, self._plan.feed, self._pooling, entrance, still)

    def _must_be_clean(self, n: int) -> None:
        """
        Raises:
            BackboneError: the two halves do not give what the whole gives.
        """
        device = next(self.parameters()).device
        mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], device=device)
        inputs: Inputs = {"ids": torch.tensor([[3, 5, 7, 9, 11], [4, 6, 8, 0, 0]], device=device) * mask, "mask": mask}
        if "types" in self._plan.traced:
            inputs["types"] = torch.zeros_like(mask)
        modes = {module: module.training for module in self.modules()}
        self.eval()
        try:
            with torch.no_grad():
                whole = self(inputs).pooled
                halves = self._after(n, False).eval()(self._until(n, ())(inputs)).pooled
            clean = torch.allclose(whole, halves, rtol=1e-3, atol=1e-3 * float(whole.abs().max()))
        except TROUBLE as error:
            raise self._no_clean_cut(n) from error
        finally:
            for module, training in modes.items():
                module.training = training
        if not clean:
            raise self._no_clean_cut(n)


def _itself(activation: torch.Tensor) -> torch.Tensor:
    return activation
