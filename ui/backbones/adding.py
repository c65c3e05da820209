"""A model for texts in a folder of this machine: taken in as a backbone, and chosen."""

from __future__ import annotations

import streamlit as st

from core.importing.archives.roots import allowed, roots
from ui.shared import state
from ui.shared.widgets import errors_shown, literal


def add_from_folder() -> None:
    with st.expander("Use a model from a folder", icon=":material/folder_open:"), st.form("add_folder", border=False):
        path = st.text_input(
            "Path of the model",
            placeholder=f"{next(iter(roots()), '/home/me')}/my-model",
            help="A folder, or a ZIP of one, with config.json, a tokenizer and safetensors. Nothing in it is executed.",
        )
        places = " or ".join(literal(str(root)) for root in roots()) or "nowhere"
        st.caption(f"It must lie below {places}.", help="Whoever runs Graft sets that with GRAFT_FOLDERS.")
        if st.form_submit_button("Add") and path.strip():
            with errors_shown(), st.spinner("Checking and trying it …"):
                _add(path)


def _add(path: str) -> None:
    found = allowed(path)
    from core.backbones.language.folders import add_folder  # which brings torch

    info, match = add_folder(state.workspace(), found)
    state.choose(backbone=info.name)
    st.session_state["folder_added"] = f"{info.name}: {match}"
    st.rerun()


def say_added() -> None:
    """What matched, once, after a folder was taken in."""
    if said := st.session_state.pop("folder_added", None):
        st.success(literal(said, 300), icon=":material/check:")
