"""Fine-tune from the network of a run that went on with pre-training."""

from __future__ import annotations

import streamlit as st

from core.runs import Run
from core.runs.naming import name_of
from core.tasks import TASKS
from ui.shared import gone, state


def gives_backbone(run: Run) -> bool:
    """Whether it answers nothing, and is there to fine-tune from."""
    return bool(run.recipe.task) and TASKS[str(run.recipe.task)].gives_backbone


def fine_tune_from(run: Run) -> None:
    """The button: its network becomes one of the backbones, and is chosen."""
    help = "Keeps its network among your backbones, where it stays without this run, and chooses it."
    st.button(
        "Fine-tune from here",
        type="primary",
        icon=":material/tune:",
        help=help,
        key=f"from_{run.id}",
        on_click=_choose,
        args=(run,),
    )


def _choose(run: Run) -> None:
    from core.inference.pretrained import as_backbone  # torch takes seconds to import

    with gone.told():
        assert run.bundle is not None
        info = as_backbone(run.workspace, run.bundle, name_of(run))
        state.choose(backbone=info.name, weights_file=None, run=None)
        st.toast("Chosen as the backbone. Choose the dataset whose answers it shall learn.", icon=":material/check:")
