"""Colours with a meaning, and the look of charts. Both follow the light or dark theme of the browser.

The pairs are from Okabe and Ito's palette (https://jfly.uni-koeln.de/color/), shifted for contrast: they can be told
apart with any colour vision, and training and validation differ in their dash as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st


@dataclass(frozen=True)
class Palette:
    training: str
    validation: str
    accent: str
    frozen: str
    trainable: str
    text: str
    muted: str
    grid: str
    surface: str
    danger: str  # the ground of a button that destroys; its words are white
    series: tuple[str, ...]  # for categories, in order
    scale: tuple[str, ...]  # for five ranges of a number, from low to high


LIGHT = Palette(
    training="#0067A3",
    validation="#C24E00",
    accent="#0B7A5E",
    frozen="#7C8A94",
    trainable="#0B7A5E",
    text="#1C2529",
    muted="#5B6970",
    grid="#E3E9E7",
    surface="#F3F6F5",
    danger="#B3261E",
    series=("#0067A3", "#C24E00", "#0B7A5E", "#A84B85", "#8A6A00", "#3B8FC4", "#5B6970", "#6B4FA0"),
    scale=("#3B528B", "#21829A", "#2AA876", "#8FBF3C", "#D9A400"),
)
DARK = Palette(
    training="#5DB3E8",
    validation="#F0924A",
    accent="#3DBB95",
    frozen="#8796A0",
    trainable="#3DBB95",
    text="#E4EBE9",
    muted="#9DABB0",
    grid="#2B363B",
    surface="#1C2529",
    danger="#C4362E",
    series=("#5DB3E8", "#F0924A", "#3DBB95", "#DB8CBC", "#E0C050", "#8CCBF0", "#9DABB0", "#B39DDB"),
    scale=("#7C8FD6", "#4FB3CC", "#4FCB98", "#B3DB62", "#F2CD4A"),
)


def is_dark() -> bool:
    return st.context.theme.type == "dark"


def palette() -> Palette:
    """The colours of the theme that is shown."""
    return DARK if is_dark() else LIGHT


def mend_contrast() -> None:
    """In the dark, Streamlit writes what is chosen in the buttons' green, too near to its ground (3.7:1)."""
    if is_dark():
        st.html(f"<style>button[data-variant][data-selected='true'] {{ color: {DARK.accent} !important; }}</style>")


def template() -> go.layout.Template:
    """The look of every chart: pass the figure to `st.plotly_chart` with `theme=None`, or it is overruled."""
    colours = palette()
    axis = {
        "gridcolor": colours.grid,
        "linecolor": colours.grid,
        "zerolinecolor": colours.grid,
        "tickfont": {"color": colours.muted, "size": 12},
        "title": {"font": {"color": colours.muted, "size": 13}},
        "automargin": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": '"Source Sans", sans-serif', "color": colours.text, "size": 14},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": list(colours.series),
            "xaxis": axis,
            "yaxis": axis,
            "margin": {"l": 8, "r": 12, "t": 72, "b": 8},
            "title": {"x": 0, "xref": "paper", "y": 0.98, "yanchor": "top", "font": {"size": 16}},
            "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
            "hoverlabel": {"bgcolor": colours.surface, "bordercolor": colours.grid, "font": {"color": colours.text}},
        }
    )


# Charts need no toolbar of their own: a drag zooms, a double click goes back.
CHART_CONFIG = {"displayModeBar": False, "displaylogo": False, "responsive": True}
