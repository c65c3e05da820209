"""What can be done with the pictures that are ticked: each change makes a new version, and Undo takes the old one."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.data import changes
from core.data.dataset import Dataset
from ui import state, theme
from ui.ticks import Ticks
from ui.widgets import clip, count, errors_shown, literal

_UNDO = "undo"
# In sight wherever in a long page the last click was; of the two, the one about what is ticked now.
_IN_SIGHT = """<style>
  [data-testid=stLayoutWrapper]:has(> .st-key-{bar}) {{ position: sticky; bottom: 0.75rem; z-index: 10; }}
  .st-key-{bar} {{ background: {background}; padding: 0.6rem 1rem; box-shadow: 0 2px 14px rgb(0 0 0 / 16%); }}
  .stMain:has(.st-key-action_bar) .st-key-undo_bar {{ display: none; }}
</style>"""


def action_bar(dataset: Dataset, ticks: Ticks, found: pd.DataFrame) -> None:
    """Nothing, while nothing is ticked. found: the pictures that match the filters."""
    if not ticks.names:
        return
    with _bar("action_bar"):
        st.markdown(f"**{len(ticks.names):,} ticked**", width="content")
        _relabel(dataset, ticks) if dataset.kind == "classes" else _retarget(dataset, ticks)
        words = changes.SPLIT_WORDS
        split = st.menu_button("Move to", list(words), format_func=lambda key: words[key].capitalize())
        if split:
            apply(dataset, lambda: changes.move(state.workspace(), dataset, ticks.names, split))
        if st.button("Leave out", help="They are left out of a new version; the files stay."):
            apply(dataset, lambda: changes.leave_out(state.workspace(), dataset, ticks.names))
        if len(ticks.names) < len(found) or not found["name"].isin(ticks.names).all():
            st.button(f"Tick all {len(found):,} that match", type="tertiary", on_click=ticks.add, args=(found["name"],))
        st.button("Untick all", type="tertiary", on_click=ticks.clear)


def undo_bar(dataset: Dataset) -> None:
    """What the last change did, with the way back, as long as its version is in use.

    Not in a fragment, and at the end of the page's own flow: so it is in sight wherever one is on the page.
    """
    done = st.session_state.get(_UNDO)
    if done is None or done["made"] != (dataset.id, dataset.version):
        _forget()
        return
    with _bar("undo_bar"):
        said = f"{dataset.changed}. This is version {dataset.version}."
        st.markdown(f":material/check: {literal(said, 160)}", width="content")
        st.button("Undo", icon=":material/undo:", on_click=_undo, args=(dataset.id, done["before"]))
        st.button("Close", type="tertiary", on_click=_forget)


def _bar(key: str) -> DeltaGenerator:
    st.html(_IN_SIGHT.format(bar=key, background=theme.palette().surface))
    return st.container(border=True, horizontal=True, vertical_alignment="center", key=key)


def _undo(dataset_id: str, before: int) -> None:
    _forget()
    state.choose(dataset=dataset_id, dataset_version=before)


def _forget() -> None:
    st.session_state.pop(_UNDO, None)


def _relabel(dataset: Dataset, ticks: Ticks) -> None:
    with st.popover("Relabel"):
        label = st.selectbox(
            "Their class",
            dataset.classes,
            index=None,
            placeholder="Choose one, or type a new one",
            accept_new_options=True,
            format_func=lambda label: clip(label, 80),
            key=f"relabel_{dataset.id}_{dataset.version}",
        )
        if st.button(f"Relabel {count(len(ticks.names), 'picture')}", type="primary", disabled=not label):
            apply(dataset, lambda: changes.relabel(state.workspace(), dataset, ticks.names, label))


def _retarget(dataset: Dataset, ticks: Ticks) -> None:
    with st.popover("Set the number"):
        key = f"retarget_{dataset.id}_{dataset.version}"
        value = st.number_input(literal(dataset.target, 40) or "Number", value=None, format="%g", key=key)
        if st.button(f"Set it for {count(len(ticks.names), 'picture')}", type="primary", disabled=value is None):
            values = dict.fromkeys(ticks.names, float(value))
            apply(dataset, lambda: changes.retarget(state.workspace(), dataset, values))


def apply(dataset: Dataset, change: Callable[[], Dataset]) -> None:
    """Make the change, choose its version, and offer the way back."""
    with errors_shown():
        made = change()
        state.choose(dataset=made.id, dataset_version=made.version)
        st.session_state[_UNDO] = {"made": (made.id, made.version), "before": dataset.version}
        st.rerun()
