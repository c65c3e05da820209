"""What stands beside every score that is reached on a dataset."""

from __future__ import annotations

import streamlit as st

from core.data.dataset import dataset_note
from ui.shared import state
from ui.shared.widgets import literal


def note(dataset: str) -> None:
    """Such as who made its labels; nothing where there is nothing to say, or the dataset is gone."""
    if said := dataset_note(state.workspace(), dataset):
        st.caption(f":material/info: {literal(said)}")
