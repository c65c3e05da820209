"""The weights files that people gave before: to be used again, or deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.backbones.catalogue import BackboneInfo
from core.backbones.weights import delete_file, kept_files
from core.errors import GraftError
from core.runs import Run, titles
from ui import state
from ui.confirm import confirm
from ui.runs import runs_and_views
from ui.widgets import errors_shown, file_size, literal

NAMED = 3  # runs that began with a file


def given_before(info: BackboneInfo, use: Callable[[Path], None]) -> None:
    """Nothing, while there are none. use: takes one for this backbone, or raises a GraftError that says why not."""
    files = kept_files(state.workspace())
    if files:
        st.markdown("Given before:")
    for path in files:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{literal(path.name, 80)} · {file_size(path.stat().st_size)}", width="stretch")
            taken = st.button("Use", key=f"use_{info.name}_{path.name}")
            if st.button("Delete", icon=":material/delete:", key=f"delete_{path.name}"):
                _confirm_delete(path)
        if taken:
            with errors_shown():
                use(path)


def _confirm_delete(path: Path) -> None:
    began = [run for run, _ in runs_and_views(state.workspace()) if _file_of(run) == str(path)]
    words = f"**{literal(path.name, 80)}**, {file_size(path.stat().st_size)}."
    if began:
        names = [literal(name, 100) for name in titles(began).values()]
        more = f"; and {len(names) - NAMED} more" if len(names) > NAMED else ""
        words += f" Began with it, and can still predict, but not go on without it: {'; '.join(names[:NAMED])}{more}."
    confirm("Delete this weights file?", words, "Delete the file", lambda: delete_file(state.workspace(), path))


def _file_of(run: Run) -> str | None:
    try:
        return run.recipe.weights_file
    except GraftError:  # damaged since it was listed
        return None
