"""What learns, as the settings have it: in words, as parameters, and as the image of the network with its padlocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import streamlit as st

from core.backbones.libraries import Info
from core.data.dataset import Dataset
from core.tasks.heads import HeadSettings, Reads
from core.training.recipe import Recipe
from ui.backbones.network import given_to, network_diagram
from ui.backbones.stages import head_parameters, stages_of
from ui.shared.widgets import short_number


class Learns(NamedTuple):
    """freeze: how many stages are frozen. reads: which the head reads. adapters: on which layers of the free ones."""

    freeze: int
    head: HeadSettings
    reads: Reads
    adapters: str = "none"
    rank: int = 1

    def with_adapters(self, recipe: Recipe | None) -> Learns:
        """As a recipe has them; where the settings are none, nothing is drawn of them."""
        return self._replace(adapters=recipe.adapters, rank=recipe.adapter_rank) if recipe else self


def draw_network(place: Any, info: Info, dataset: Dataset, learns: Learns, froze: Callable[[int, int], None]) -> None:
    """froze: told how many stages are to be frozen, and of how many, when a padlock is clicked."""
    stages, freeze = stages_of(info), learns.freeze
    outputs, tells = dataset.task.head_of(dataset.classes)
    outputs = outputs or stages[0].parameters // stages[-1].output_shape[0]  # about as many tokens as have embeddings
    in_head = head_parameters(learns.head, learns.reads, stages, outputs)
    own = [stage.parameters for stage in stages]
    adapters = [stage.adapters(learns.adapters, learns.rank) for stage in stages]
    adapted = learns.adapters != "none"
    trainable = sum((adapters if adapted else own)[freeze:]) + in_head
    with place:
        said = f"**{short_number(trainable)}** of {short_number(sum(own) + in_head)} parameters train."
        st.markdown(f"{meaning(freeze, len(stages), adapted)} {said}")
        network_diagram(
            stages,
            given=given_to(info),
            key="network",
            freeze=freeze,
            head=f"Head: {tells}",
            head_parameters=in_head,
            on_freeze=lambda count: froze(count, len(stages)),
            adapters=adapters if adapted else None,
        )


def meaning(freeze: int, stages: int, adapted: bool) -> str:
    if freeze == stages:
        return "All stages are frozen and only the head learns (feature extraction)."
    if adapted:
        where = {0: "in every stage", 1: "behind the first stage"}.get(freeze, f"behind the first {freeze} stages")
        return f"Adapters learn {where}, and the head; the backbone's own weights stay as they are (LoRA)."
    if freeze == 0:
        return "No stage is frozen and everything learns (full fine-tuning)."
    return f"{freeze} of {stages} stages are frozen; the rest and the head learn."
