"""The sidebar's summary: what is chosen, one calm line each, and the page where it is changed."""

from __future__ import annotations

import json

import streamlit as st

from core.workspace import Workspace
from ui import state
from ui.widgets import literal


def summary() -> None:
    chosen = state.choices()
    space = state.workspace()
    with st.sidebar:
        st.caption("CHOSEN")
        _line("pages/backbone.py", ":material/account_tree:", "Backbone", chosen.backbone)
        _line("pages/data.py", ":material/photo_library:", "Dataset", _dataset_name(space, chosen))
        _line("pages/fine_tune.py", ":material/monitoring:", "Run", chosen.run)


def _line(page: str, icon: str, what: str, name: str | None) -> None:
    with st.container(gap=None):
        st.page_link(page, label=f"{what}: {literal(name, 40)}" if name else f"{what}: none yet", icon=icon)


def _dataset_name(space: Workspace, chosen: state.Choices) -> str | None:
    """The name in dataset.json: one small read, so the sidebar costs nothing on any page."""
    if not chosen.dataset:
        return None
    try:
        name = json.loads((space.datasets / chosen.dataset / "dataset.json").read_text(encoding="utf-8"))["name"]
    except (OSError, ValueError, KeyError, TypeError):
        name = chosen.dataset
    return f"{name} (version {chosen.dataset_version})"
