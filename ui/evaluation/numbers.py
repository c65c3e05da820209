"""Of answers that are numbers: predicted against true, and how far off they are."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from ui.evaluation.gallery import gallery
from ui.evaluation.scores import Judgement
from ui.shared import theme
from ui.shared.gone import apart
from ui.shared.widgets import count, escaped

MOST = 3000  # points drawn


@st.fragment
@apart
def numbers_panel(judgement: Judgement) -> None:
    judged = judgement.answered.judged
    truth, said = np.asarray(judged.truth, float), np.asarray(judged.said, float)
    some = np.arange(len(truth))
    if len(some) > MOST:
        some = np.sort(np.random.default_rng(0).choice(some, MOST, replace=False))
        st.caption(f"{MOST:,} of {len(truth):,} are drawn, by chance.")
    names = [escaped(name, 60) for name in judged.rows["name"].iloc[some]]
    left, right = st.columns(2, gap="medium")
    with left:
        clicked = _against(truth[some], said[some], names, judgement.key)
    with right:
        _residuals(said - truth, judgement.key)
    if not clicked:
        st.caption(f"Click a point, or drag a box around some, to see the {judgement.noun}s.")
        return
    places = some[clicked]
    st.markdown(f"{count(len(places), judgement.noun)}, those that are furthest off first.")
    gallery(judgement, places[np.argsort(-np.abs(said - truth)[places], kind="stable")], place=f"points {clicked[:9]}")


def _against(truth: np.ndarray, said: np.ndarray, names: list[str], key: str) -> list[int]:
    """Which points are clicked, or inside of a box that was dragged around them."""
    colours = theme.palette()
    ends = [float(np.nanmin([truth, said])), float(np.nanmax([truth, said]))]
    figure = go.Figure(
        [
            go.Scatter(x=ends, y=ends, mode="lines", line={"color": colours.muted, "dash": "dot"}, name="All right"),
            go.Scattergl(
                x=truth,
                y=said,
                mode="markers",
                marker={"color": colours.training, "size": 7, "opacity": 0.7},
                text=names,
                hovertemplate="%{text}<br>is %{x:.4g}, predicted %{y:.4g}<extra></extra>",
                name="Examples",
            ),
        ]
    )
    figure.update_layout(
        template=theme.template(),
        title="Predicted against true",
        height=420,
        xaxis={"title": {"text": "True"}},
        yaxis={"title": {"text": "Predicted"}},
        dragmode="select",
    )
    chosen = st.plotly_chart(
        figure,
        theme=None,
        config=theme.CHART_CONFIG,
        key=f"against_{key}",
        alt="Predicted against true",
        on_select="rerun",
        selection_mode=("points", "box"),
    )
    points = chosen["selection"]["points"]
    return sorted({point["point_index"] for point in points if point["curve_number"] == 1})


def _residuals(off: np.ndarray, key: str) -> None:
    colours = theme.palette()
    figure = go.Figure(go.Histogram(x=off, marker_color=colours.training, nbinsx=40))
    figure.add_vline(x=0, line={"color": colours.text, "dash": "dot"})
    figure.update_layout(
        template=theme.template(),
        title="How far off",
        height=420,
        xaxis={"title": {"text": "Predicted minus true"}},
        yaxis={"title": {"text": "How many"}},
        showlegend=False,
    )
    st.plotly_chart(figure, theme=None, config=theme.CHART_CONFIG, key=f"off_{key}", alt="How far off the answers are")
