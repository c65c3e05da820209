"""What is in the trash: listed with its size, with the way back, and the way out for good."""

from __future__ import annotations

import time

import streamlit as st

from core import trash
from core.trash import Trashed
from core.workspace import Workspace
from ui.shared.confirm import confirm, take_back
from ui.shared.widgets import count, file_size, literal

SHOWN = 20


def trash_panel(space: Workspace) -> None:
    """Nothing, while the trash is empty."""
    found = trash.listed(space)
    if not found:
        return
    size = file_size(sum(one.bytes for one in found))
    with st.expander(f"Trash ({len(found)}, {size})", icon=":material/delete:", key="trash"):
        for one in found[:SHOWN]:
            _row(one)
        if len(found) > SHOWN:
            st.caption(f"And {len(found) - SHOWN:,} older ones.")
        if st.button("Empty the trash", icon=":material/delete_forever:"):
            words = f"**{count(len(found), 'thing')}** ({size}) will be deleted for good."
            confirm("Empty the trash?", words, "Delete for good", lambda: _empty(space), last=True)


def _empty(space: Workspace) -> None:
    trash.empty(space)


def _row(one: Trashed) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{literal(one.title, 100)}**")
            moment = time.localtime(one.when)
            when = f"{moment.tm_mday} {time.strftime('%b, %H:%M', moment)}"
            left = f"{count(one.days_left, 'day')} left"
            st.caption(f"{one.kind.capitalize()} · deleted {when} · {file_size(one.bytes)} · {left}")
        st.button("Undo", icon=":material/undo:", key=f"undo_{one.id}", on_click=take_back, args=(one,))
