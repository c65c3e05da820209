"""Of answers that are numbers: predicted against true, and how far off they are."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from ui.evaluation.scores import Judgement
from ui.shared import theme
from ui.shared.widgets import escaped

MOST = 3000  # points drawn


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
        _against(truth[some], said[some], names, judgement.key)
    with right:
        _residuals(said - truth, judgement.key)


def _against(truth: np.ndarray, said: np.ndarray, names: list[str], key: str) -> None:
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
    )
    st.plotly_chart(figure, theme=None, config=theme.CHART_CONFIG, key=f"against_{key}", alt="Predicted against true")


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
