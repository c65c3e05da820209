"""Whether the chosen backbone can learn from the chosen dataset, and a click that chooses one which can."""

from __future__ import annotations

import streamlit as st

from core.backbones.libraries import find, usual
from core.data.dataset import Dataset
from core.errors import GraftError
from core.modalities import MODALITIES
from core.runs.checks import mismatch
from ui.shared import state
from ui.shared.widgets import literal


def follow_dataset() -> None:
    """Where nobody chose a backbone by hand, that is, it is the one that another kind of examples begins with: take the
    one that the dataset's examples begin with."""
    chosen = state.choices()
    if not chosen.dataset:
        return
    try:
        wanted = state.dataset(chosen.dataset, chosen.dataset_version).modality.name
    except GraftError:
        return
    begun = {usual(name) for name in MODALITIES if name != wanted} - {"", usual(wanted)}
    if chosen.backbone in begun and usual(wanted):
        state.choose(backbone=usual(wanted))
        st.rerun()  # the sidebar names it too


def fits(dataset: Dataset) -> bool:
    """Whether they go together; where not, says why, with a button."""
    try:
        found = mismatch(find(state.choices().backbone, state.workspace()), dataset)
    except GraftError:
        return True  # which is said elsewhere
    if found is None:
        return True
    st.warning(literal(found.sentence), icon=":material/link_off:")
    if found.instead:
        st.button(
            f"Use {literal(found.instead)}",
            type="primary",
            key="use_fitting",
            on_click=state.choose,
            kwargs={"backbone": found.instead},
        )
    st.page_link("pages/backbone.py", label="Choose another backbone", icon=":material/account_tree:")
    return False
