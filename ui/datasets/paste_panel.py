"""Texts pasted into a box: looked at while one types, and imported as any file."""

from __future__ import annotations

import streamlit as st

from core.errors import GraftError
from core.importing.texts.pasted import MOST, looked_at, with_class
from core.modalities import TEXT
from core.workspace import Workspace
from ui.datasets.imports import from_pasted
from ui.datasets.reading_panel import preview
from ui.shared.widgets import errors_shown, literal, show_error

BOX, LABEL, TROUBLE = "pasted", "pasted_label", "pasted_trouble"
EXAMPLE = "good\tA lovely film from its first minute.\nbad\tI left after half an hour."


def paste_panel(space: Workspace) -> None:
    st.caption(
        "A line a text, with its class before it and a tab between; or cells copied from a spreadsheet, with a column "
        "for the text and one for the answer. Lines without a class get one with the button."
    )
    kept = st.session_state.get(f"{BOX}_kept", "")
    st.session_state.setdefault(BOX, kept)
    pasted = st.text_area("Texts", key=BOX, height=220, max_chars=MOST, placeholder=EXAMPLE)
    st.session_state[f"{BOX}_kept"] = pasted  # lives on while an import is watched in the panel's place
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Class of the lines that have none", key=LABEL, max_chars=200, width=280)
        st.button("Give it to them", on_click=_give)
    if trouble := st.session_state.pop(TROUBLE, None):
        show_error(trouble)
    if not pasted.strip():
        return
    with errors_shown():
        way = looked_at(pasted)
        st.caption(literal(way.title, 200))
        preview(way.counts, way.examples, TEXT)
        if st.button("Import these texts", type="primary", icon=":material/check:"):
            from_pasted(space, pasted)
            st.rerun()


def _give() -> None:
    try:
        st.session_state[BOX] = with_class(st.session_state.get(BOX, ""), st.session_state.get(LABEL, ""))
    except GraftError as error:
        st.session_state[TROUBLE] = str(error)
