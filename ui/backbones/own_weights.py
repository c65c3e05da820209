"""The weights files that people gave before: to be used again, or deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.backbones.catalogue import BackboneInfo
from core.backbones.weights import delete_file, kept_files
from core.errors import GraftError
from core.runs import Run, titles
from ui.runs.offered import runs_and_views
from ui.shared import state
from ui.shared.confirm import confirm
from ui.shared.widgets import count, errors_shown, file_size, literal

NAMED = 3  # runs that began with a file


def given_before(info: BackboneInfo, use: Callable[[Path], None]) -> None:
    """Nothing, while there are none. use: takes one for this backbone, or raises a GraftError that says why not."""
    files = kept_files(state.workspace())
    began: Counter[str | None] = Counter()
    if files:
        st.markdown("Given before:")
        began.update(_file_of(run) for run, _ in runs_and_views(state.workspace()))
    for path in files:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"{literal(path.name, 80)} · {file_size(path.stat().st_size)} · {_use_of(path, began)}", width="stretch"
            )
            taken = st.button("Use", key=f"use_{info.name}_{path.name}")
            if st.button("Delete", icon=":material/delete:", key=f"delete_{path.name}"):
                _confirm_delete(path)
        if taken:
            with errors_shown():
                use(path)


def _use_of(path: Path, began: Counter[str | None]) -> str:
    chosen = "chosen; " if state.choices().weights_file == str(path) else ""
    runs = count(began[str(path)], "run")
    return f"{chosen}{runs} began with it" if began[str(path)] else f"{chosen}no run began with it"


def forget_upload(file: Any) -> None:
    """Let the server's memory go of what was uploaded with Streamlit's uploader, as it lies on disk by now: else it
    stays there for as long as the tab is open, and for some minutes more."""
    context = get_script_run_ctx()
    manager = context and context.uploaded_file_mgr
    if context and isinstance(manager, MemoryUploadedFileManager):
        manager.remove_file(context.session_id, file.file_id)


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
