"""The head: the new task layer put on a backbone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:  # torch takes seconds to import, and a page that only lists settings does not need it
    import torch
    from torch import nn


Reads = Literal["last", "several"]  # which stages a head reads: see reading.py


@dataclass(frozen=True)
class Shapes:
    """Of what a backbone gives for one example. pooled: how many numbers; steps: how many for each token; maps:
    (channels, height, width) of each, fine to coarse. words: what it knows each token by, (V, E), where it reads texts.
    causal: whether each token sees only those before it."""

    pooled: int
    steps: int | None = None
    maps: tuple[tuple[int, int, int], ...] = ()
    words: torch.Tensor | None = None
    causal: bool = False


class HeadSettings(BaseModel):
    """`hidden_units` and `dropout` matter only for the kind "hidden".

    reads: which stages; "auto" is "several" where the head is solved for, else "last" (`Recipe.reads`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["linear", "hidden"] = "linear"
    hidden_units: int = Field(256, ge=1, le=8192)
    dropout: float = Field(0.2, ge=0, lt=1)
    reads: Literal["auto"] | Reads = "auto"

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_versions(cls, given: Any) -> Any:
        if isinstance(given, dict) and {"kind", "hidden_units", "dropout"} == given.keys():
            return {**given, "reads": "last"}  # all that was said when there was no choice
        return given

    def parameters(self, in_features: int, outputs: int) -> int:
        """How many numbers the head of these settings learns."""
        if self.kind == "linear":
            return (in_features + 1) * outputs
        return (in_features + 1) * self.hidden_units + (self.hidden_units + 1) * outputs


def build_head(settings: HeadSettings, in_features: int, outputs: int) -> nn.Module:
    """A module from features, `pooled` (B, in_features), to (B, outputs)."""
    from torch import nn

    from core.tasks.pooled import PooledLayers, PooledLinear

    if settings.kind == "linear":
        return PooledLinear(in_features, outputs)
    return PooledLayers(
        nn.Linear(in_features, settings.hidden_units),
        nn.ReLU(),
        nn.Dropout(settings.dropout),
        nn.Linear(settings.hidden_units, outputs),
    )
