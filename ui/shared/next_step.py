"""The next step of a page: one primary button near the top, in a row that stays there while the page scrolls."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.shared import state

KEY = "next_step"
# What holds the row has to stay, not the row, which is as high as that. Below Streamlit's own bar.
STAYS = f"""<style>
[data-testid=stLayoutWrapper]:has(> [class*=st-key-{KEY}]) {{
  position: sticky; top: 3.75rem; z-index: 50; background: var(--st-background-color, inherit);
}}
[class*=st-key-{KEY}] {{ background: inherit; padding: 0.4rem 0; }}
</style>"""


def next_step_row(name: str = "") -> DeltaGenerator:
    """The row. name: tells several on a page apart."""
    st.html(STAYS)
    return st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{KEY}{name}")


def next_step(label: str, page: str, icon: str, beside: str = "") -> None:
    """A row with a button that leads to another page. beside: what is said next to it, in Markdown.

    Who is led to Fine-tune sets up another run there, and sees no earlier one in its place.
    """
    with next_step_row():
        if st.button(label, type="primary", icon=icon, key="next"):
            if page == "pages/fine_tune.py":
                state.choose(run=None)
            st.switch_page(page)
        if beside:
            st.caption(beside, width="content")
