"""Graft's mark: a branch grafted on a stem, drawn as text so that nothing is fetched."""

from __future__ import annotations

import streamlit as st

from ui.shared import theme

_MARK = """
<path d="M16 29V4" stroke="{stem}" stroke-width="4" stroke-linecap="round" fill="none"/>
<path d="M16 21C16 13 21 12 27 9" stroke="{branch}" stroke-width="4" stroke-linecap="round" fill="none"/>
<circle cx="27" cy="8.5" r="3.6" fill="{branch}"/>
"""


def icon() -> str:
    """The mark alone, as SVG; for the browser's tab, where the theme is unknown."""
    mark = _MARK.format(stem=theme.LIGHT.frozen, branch=theme.LIGHT.accent)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{mark}</svg>'


def drawing() -> str:
    """A network as SVG: frozen stages, a grafted part that learns, and the answer as three bars."""
    colours = theme.palette()
    parts = []
    for position, height in enumerate((150, 126, 104, 84, 68, 56)):
        colour, opacity = (colours.frozen, 0.55) if position < 4 else (colours.accent, 1)
        parts.append(_block(position * 52, height, colour, opacity))
    for row, width in enumerate((74, 34, 18)):
        y = 64 + row * 26
        parts.append(
            f'<rect x="330" y="{y}" width="{width}" height="12" rx="6" '
            f'fill="{colours.accent}" opacity="{1 - row * 0.3}"/>'
        )
    line = f'<path d="M17 83H318" stroke="{colours.muted}" stroke-width="2" opacity="0.5"/>'
    size = 'viewBox="0 0 410 166" width="410" height="166"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{line}{"".join(parts)}</svg>'


def _block(x: int, height: int, colour: str, opacity: float) -> str:
    surface = theme.palette().surface
    shape = f'<rect x="{x}" y="{83 - height / 2}" width="34" height="{height}" rx="7" fill="{surface}"/>'
    return shape + shape.replace(surface, colour).replace("/>", f' opacity="{opacity}"/>')


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
