"""The settings of a recipe that say what learns in the free stages in its weights' place, and how memory is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from core.errors import RunError

if TYPE_CHECKING:  # torch takes seconds to import, and a page that only lists settings does not need it
    from core.backbones.backbone import Backbone


class Adapting(BaseModel):
    """Part of `Recipe`. See core/backbones/adapters.py and recomputing.py."""

    adapters: Literal["none", "attention", "all"] = Field(
        "none",
        description="Adapters (LoRA): in the free stages two small matrices learn beside each linear layer, whose own "
        "weights stay as they are. For transformers: on their attention, or on all their linear layers.",
    )
    adapter_rank: int = Field(
        16,
        ge=1,
        le=512,
        description="How much an adapter can learn: its matrices are so narrow. Twice as much is twice the numbers.",
    )
    adapter_alpha: float = Field(
        32.0,
        gt=0,
        le=4096,
        description="How strongly adapters count: what they give is multiplied by it, divided by their rank.",
    )
    activation_checkpointing: bool = Field(
        False,
        description="For backbones that fit into the memory only so: what a gradient needs of the free stages is not "
        "kept but worked out again. It takes about a third more time, and gives the same weights.",
    )

    @property
    def how_it_learns(self) -> str:
        """What of these a step's time and memory depend on, to be named with the backbone; "" where nothing is set."""
        adapters = "" if self.adapters == "none" else f", adapters of rank {self.adapter_rank} on {self.adapters}"
        return adapters + (", activation checkpointing" if self.activation_checkpointing else "")

    def apply_to(self, backbone: Backbone, freeze: int | str, seed: int, processes: int) -> None:
        """Before the first `freeze` of a backbone. freeze: of the recipe. processes: that train together.

        Raises:
            BackboneError: there is nothing to put adapters on.
            RunError: the processes would have to talk while a gradient is worked out.
        """
        from core.backbones.adapters import Adapters, norms_by_batch

        backbone.recomputes = self.activation_checkpointing
        if self.activation_checkpointing and processes > 1 and norms_by_batch(backbone):
            raise RunError(
                "Activation checkpointing goes with one device where a network normalises by its batch (BatchNorm). "
                "Train on one device, or switch it off."
            )
        if self.adapters != "none":
            wanted = Adapters(self.adapters, self.adapter_rank, self.adapter_alpha, seed)
            backbone.adapt(wanted, freeze if isinstance(freeze, int) else 0)
