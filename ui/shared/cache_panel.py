"""A quiet line about what is kept only to be quick."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core import trash
from core.backbones.weights import kept_bytes
from core.store.cache import budget, empty, sizes
from core.workspace import Workspace
from ui.shared.widgets import errors_shown, file_size


@st.cache_data(ttl=15, show_spinner=False)
def _sizes(root: str) -> dict[str, int]:
    """Of every part: many files may have to be looked at, so not at every click."""
    return sizes(Workspace.at(Path(root)))


def cache_panel(space: Workspace) -> None:
    with errors_shown(), st.container(horizontal=True, vertical_alignment="center"):
        parts = _sizes(str(space.root))
        total, weights = sum(parts.values()), parts["weights"]
        trashed, own = trash.size(space), kept_bytes(space)
        st.caption(
            f"Cache: {file_size(total)} of {file_size(budget(space))}"
            + (f" · Your weights files: {file_size(own)}" if own else "")
            + (f" · Trash: {file_size(trashed)}" if trashed else ""),
            help="Decoded images, and what frozen stages made of them, kept so that the next run starts at once. "
            f"It is only speed: without it the same is computed again. Downloaded weights ({file_size(weights)}) stay.",
        )
        if st.button("Empty the cache", type="tertiary", disabled=total == weights):
            freed = empty(space)
            _sizes.clear()
            st.toast(f"The cache is empty: {file_size(freed)} freed.")
            st.rerun()
