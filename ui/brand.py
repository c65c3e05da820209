"""Graft's mark: a branch grafted on a stem, drawn as text so that nothing is fetched."""

from __future__ import annotations

import streamlit as st

from ui import theme

_MARK = """
<path d="M16 29V4" stroke="{stem}" stroke-width="4" stroke-linecap="round" fill="none"/>
<path d="M16 21C16 13 21 12 27 9" stroke="{branch}" stroke-width="4" stroke-linecap="round" fill="none"/>
<circle cx="27" cy="8.5" r="3.6" fill="{branch}"/>
"""


def icon() -> str:
    """The mark alone, as SVG; for the browser's tab, where the theme is unknown."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{_MARK.format(stem="#7C8A94", branch="#0B7A5E")}</svg>'


def show() -> None:
    """The wordmark at the top of the sidebar."""
    colours = theme.palette()
    word = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="10 0 102 32" width="102" height="32">'
        + _MARK.format(stem=colours.muted, branch=colours.accent)
        + f'<text x="38" y="24" font-family="Source Sans, Helvetica, Arial, sans-serif" font-size="25" '
        f'font-weight="650" fill="{colours.text}">Graft</text></svg>'
    )
    st.logo(word, size="large")
