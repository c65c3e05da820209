"""A click in one place of a long page may change another: that one is brought into sight."""

from __future__ import annotations

import streamlit as st

from ui.components import component

_LOOK_AT = "look_at"
_here = component(__file__, "here")


def look_at_place(place: str) -> None:
    """The page begins at this `place` when it is drawn next."""
    st.session_state[_LOOK_AT] = place


def here(place: str) -> None:
    """Where a place is on the page."""
    with st.container():  # always, so that what comes after it keeps its own place
        if st.session_state.get(_LOOK_AT) == place:
            del st.session_state[_LOOK_AT]
            _here(key=f"here_{place}")
