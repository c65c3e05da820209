"""A change to a dataset, made on a page: its version is chosen, and Undo takes the one before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.data.dataset import Dataset
from ui.datasets.browser.filters import place
from ui.shared import state, theme
from ui.shared.widgets import errors_shown, literal

_UNDO = "undo"
# In sight wherever in a long page the last click was; of the two, the one about what is ticked now.
_IN_SIGHT = """<style>
  [data-testid=stLayoutWrapper]:has(> .st-key-{bar}) {{ position: sticky; bottom: 0.75rem; z-index: 10; }}
  .st-key-{bar} {{ background: {background}; padding: 0.6rem 1rem; box-shadow: 0 2px 14px rgb(0 0 0 / 16%); }}
  .stMain:has(.st-key-action_bar, .st-key-trash_bar) .st-key-undo_bar {{ display: none; }}
</style>"""


def apply(dataset: Dataset, change: Callable[..., Dataset], *arguments: Any, **named: Any) -> None:
    """Make a change of `core.data.changes`, choose its version, and offer the way back, to where one was.

    arguments, named: of the change, after the workspace and the dataset.
    """
    with errors_shown():
        made = change(state.workspace(), dataset, *arguments, **named)
        state.choose(dataset=made.id, dataset_version=made.version)
        st.session_state[_UNDO] = {"made": (made.id, made.version), "before": dataset.version, "place": place(dataset)}
        st.rerun()


def undo_bar(dataset: Dataset) -> None:
    """What the last change did, with the way back, as long as its version is in use.

    Not in a fragment, and at the end of the page's own flow: so it is in sight wherever one is on the page.
    """
    done = st.session_state.get(_UNDO)
    if done is None or done["made"] != (dataset.id, dataset.version):
        _forget()
        return
    with bar("undo_bar"):
        said = f"{dataset.changed}. This is version {dataset.version}; version {done['before']} stays as it was."
        st.markdown(f":material/check: {literal(said, 240)}", width="content")
        st.button("Undo", icon=":material/undo:", on_click=_undo, args=(dataset.id, done["before"], done["place"]))
        st.button(":material/close:", type="tertiary", help="Close", key="close_undo", on_click=_forget)


def bar(key: str) -> DeltaGenerator:
    """A bar at the foot of the window: "action_bar", "undo_bar" or "trash_bar"."""
    st.html(_IN_SIGHT.format(bar=key, background=theme.palette().surface))
    return st.container(border=True, horizontal=True, vertical_alignment="center", key=key)


def _undo(dataset_id: str, before: int, place: dict[str, object]) -> None:
    _forget()
    state.choose(dataset=dataset_id, dataset_version=before)
    st.session_state.update(place)


def _forget() -> None:
    st.session_state.pop(_UNDO, None)
