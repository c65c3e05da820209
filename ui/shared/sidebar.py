"""The sidebar's summary: what is chosen, one calm line each, and the page where it is changed."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import runs
from core.errors import GraftError
from ui.shared import state
from ui.shared.widgets import clip, literal


def summary(place: DeltaGenerator) -> state.Choices:
    """Fill `place` with what is chosen now, and return it."""
    chosen = state.choices()
    with place.container():
        st.caption("CHOSEN")
        _line("pages/backbone.py", ":material/account_tree:", "Backbone", chosen.backbone)
        _line("pages/data.py", ":material/photo_library:", "Dataset", _dataset_name(chosen))
        _line("pages/fine_tune.py", ":material/monitoring:", "Run", _run_title(chosen.run))
    return chosen


def _line(page: str, icon: str, what: str, name: str | None) -> None:
    with st.container(gap=None):
        st.page_link(page, label=f"{what}: {literal(name, 40)}" if name else f"{what}: none yet", icon=icon)


def _dataset_name(chosen: state.Choices) -> str | None:
    if not chosen.dataset:
        return _deleted(chosen.run)
    name = state.dataset_name(chosen.dataset)
    return name if chosen.dataset_version == 1 else f"{clip(name, 22)}, v{chosen.dataset_version}"


def _deleted(run: str | None) -> str | None:
    """The dataset of the chosen run, if that is gone."""
    try:
        facts = runs.get(state.workspace(), run).facts if run else None
    except (GraftError, OSError):
        return None
    return f"{clip(state.dataset_name(facts.dataset), 22)} (deleted)" if facts else None


def _run_title(run: str | None) -> str | None:
    if run is None:
        return None
    try:
        found = runs.get(state.workspace(), run)
        named = clip(found.facts.name, 26)  # as much as there is room for
        return named or f"{clip(state.dataset_name(found.facts.dataset), 13)}, {runs.began(found)}"
    except (GraftError, OSError):  # damaged, or gone
        return run
