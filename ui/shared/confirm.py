"""What destroys: asked once, in red; then it lies in the trash, and a bar at the foot of every page takes it back."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import trash
from core.data.dataset import load_dataset
from core.errors import GraftError
from core.trash import Trashed
from core.units import file_size
from ui.shared import gone, state, theme
from ui.shared.undo import bar
from ui.shared.widgets import clip, count, literal

_LAST = "just_deleted"
_CSS = """<style>.st-key-destroy button {{
  background: {danger} !important; border-color: {danger} !important; color: #FFF !important;
}}</style>"""


def confirm(title: str, words: str, label: str, destroy: Callable[[], Trashed | None], last: bool = False) -> None:
    """Ask in a dialog. words: Markdown that says what goes, and what depends on it. destroy: what the red button does;
    it says what was put in the trash, or None if that is still to come, or someone else was quicker.

    last: it does not go to the trash. Everything is worded beforehand: once it is gone, nothing can be asked of it.
    """
    st.dialog(title)(_dialog)(words, label, destroy, last)


def _dialog(words: str, label: str, destroy: Callable[[], Trashed | None], last: bool) -> None:
    st.html(_CSS.format(danger=theme.palette().danger))
    st.markdown(words)
    if last:
        st.caption("This cannot be undone.")
    else:
        st.caption(f"It goes to the trash, and can be taken back for {count(trash.days_kept(), 'day')}.")
    with st.container(horizontal=True):
        clicked = st.button(label, type="primary", key="destroy", on_click=_destroy, args=(destroy,))
        if st.button("Keep it") or clicked:
            st.rerun()


def _destroy(destroy: Callable[[], Trashed | None]) -> None:
    with gone.told():
        trashed = destroy()
        if trashed is not None:
            st.session_state[_LAST] = trashed


def trash_bar() -> None:
    """What was deleted last in this session, with the way back, until it is closed or something else is deleted."""
    last: Trashed | None = st.session_state.get(_LAST)
    if last is None:
        return
    if trash.find(state.workspace(), last.kind, last.name) is None:  # taken back, or gone for good
        _forget()
        return
    with bar("trash_bar"):
        said = f"{last.kind.capitalize()} {literal(last.title, 80)} is in the trash ({file_size(last.bytes)})."
        st.markdown(f":material/delete: {said}", width="content")
        st.button("Undo", icon=":material/undo:", key="undo_delete", on_click=take_back, args=(last,))
        st.button(":material/close:", type="tertiary", help="Close", key="close_trash_bar", on_click=_forget)


def take_back(trashed: Trashed) -> None:
    """Out of the trash, and chosen again if it is of the kind that is."""
    with gone.told():
        trash.restore(state.workspace(), trashed.id)
        gone.say(f"{trashed.kind.capitalize()} {clip(trashed.title, 80)} is back.", well=True)
        _choose_again(trashed)


def _choose_again(trashed: Trashed) -> None:
    if trashed.kind == "dataset":
        try:
            state.choose(dataset=trashed.name, dataset_version=load_dataset(state.workspace(), trashed.name).version)
        except GraftError:  # it was damaged when it was deleted
            return
    elif trashed.kind == "run":
        state.choose(run=trashed.name)


def _forget() -> None:
    st.session_state.pop(_LAST, None)
