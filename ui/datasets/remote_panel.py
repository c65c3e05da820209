"""An address, or a set of the hub: asked for on a press, its size shown, fetched on another."""

from __future__ import annotations

import streamlit as st

from core.errors import GraftError
from core.importing.remote.offers import Offer, look_up, size_of
from core.workspace import Workspace
from ui.datasets.imports import from_remote
from ui.datasets.reading_panel import chosen_reading, kept_reading
from ui.shared.widgets import clip, count, errors_shown, file_size, literal, show_error

TYPED, OFFER, TROUBLE = "remote_typed", "remote_offer", "remote_trouble"
SHOWN = 6  # files


def remote_panel(space: Workspace) -> None:
    st.caption(
        "The address of a ZIP, a TAR or a table on the web; or a set of the Hugging Face hub by its id, such as "
        "**hub:owner/name**. Images or texts, as with Upload. Nothing is asked for before you press."
    )
    st.session_state.setdefault(TYPED, st.session_state.get(f"{TYPED}_kept", ""))
    with st.form("remote", border=False):
        typed = st.text_input(
            "Address, or id of a set", key=TYPED, placeholder="https://…/reviews.csv", max_chars=2_000
        )
        st.session_state[f"{TYPED}_kept"] = typed  # lives on while an import is watched in the panel's place
        if st.form_submit_button("See what is there", icon=":material/search:") and typed.strip():
            _ask(typed)
    if trouble := st.session_state.pop(TROUBLE, None):
        show_error(trouble)
    offer = st.session_state.get(OFFER)
    if isinstance(offer, Offer) and offer.given == typed.strip():
        with errors_shown():
            _offered(space, offer)
    chosen_reading()


def _ask(typed: str) -> None:
    st.session_state.pop(OFFER, None)
    try:
        with st.spinner("Asking what is there"):
            st.session_state[OFFER] = look_up(typed)
    except GraftError as error:
        st.session_state[TROUBLE] = str(error)


def _offered(space: Workspace, offer: Offer) -> None:
    parts = list(offer.parts)
    with st.container(border=True):
        part = parts[0]
        if len(parts) > 1:
            part = st.selectbox("Part", parts, format_func=lambda one: clip(one, 60), key=f"remote_part_{offer.given}")
        files = offer.files(part)
        size = size_of(files)
        large = "of unknown size" if size is None else file_size(size)
        many, host = count(len(files), "file"), literal(offer.host, 60)
        st.markdown(f"**{literal(offer.title, 60)}** · {many}, {large}, from {host}")
        lines = [
            f"{literal(file.name, 60)}{f', {file_size(file.size)}' if file.size else ''}" for file in files[:SHOWN]
        ]
        more = f"  \nand {len(files) - SHOWN:,} more" if len(files) > SHOWN else ""
        st.caption("  \n".join(lines) + more)
        if st.button(f"Fetch it ({large}) and import", type="primary", icon=":material/download:"):
            from_remote(space, offer, part, kept_reading())
            st.rerun()
        st.caption(
            "Stopped or interrupted, it goes on from where it was when you press again. Whoever made it says what may "
            "be done with it: look at its licence first."
        )
