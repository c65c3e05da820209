"""Precision-recall and ROC curves of classes, or labels, the worst first."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from core.evaluation.curves import DRAWN, Curve, Kind, curve, worst_first
from ui.evaluation.scores import Judgement
from ui.shared import theme
from ui.shared.widgets import clip, escaped, literal

KINDS: dict[Kind, str] = {"precision-recall": "Precision and recall", "roc": "ROC"}
AREAS: dict[Kind, str] = {"precision-recall": "Average precision", "roc": "Area under the curve"}
MOST = 8  # curves in one drawing that can be told apart


def curves_panel(judgement: Judgement) -> None:
    names = judgement.answered.judged.names
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    with left:
        kind = st.segmented_control(
            "Curve",
            list(KINDS),
            default="precision-recall",
            required=True,
            format_func=lambda one: KINDS[one],
            key=f"curve_{judgement.key}",
            help="What a threshold finds, and what it takes along: of each class against all others.",
        )
    order = _order(judgement.key, id(judgement.answered), judgement, kind)
    if not order:
        st.info("No class is there among some of the examples and not among others.", icon=":material/info:")
        return
    with right:
        chosen = st.multiselect(
            f"{(judgement.answered.task.noun or 'class').capitalize()}: the worst first",
            order,
            default=order[:DRAWN],
            max_selections=MOST,
            format_func=lambda number: clip(names[number], 40),
            key=f"curves_of_{judgement.key}_{kind}",
        )
    found = [_curve(judgement.key, id(judgement.answered), judgement, number, kind) for number in chosen]
    if found:
        _draw(judgement, found, kind)
        _told(found, kind)


@st.cache_data(max_entries=16, show_spinner="Finding the worst classes")
def _order(key: str, identity: int, _judgement: Judgement, kind: Kind) -> list[int]:
    return worst_first(_judgement.answered.judged, kind)


@st.cache_data(max_entries=64, show_spinner=False)
def _curve(key: str, identity: int, _judgement: Judgement, number: int, kind: Kind) -> Curve:
    return curve(_judgement.answered.judged, number, kind)


def _draw(judgement: Judgement, found: list[Curve], kind: Kind) -> None:
    colours = theme.palette()
    figure = go.Figure()
    if kind == "roc":
        by_chance = {"color": colours.muted, "dash": "dot"}
        figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=by_chance, name="By chance", hoverinfo="skip")
    for place, each in enumerate(found):
        figure.add_scatter(
            x=each.x,
            y=each.y,
            mode="lines",
            line={"color": colours.series[place % len(colours.series)], "shape": "linear"},
            name=escaped(each.name, 24),
            hovertemplate=f"{escaped(each.name, 40)}<br>%{{x:.0%}}, %{{y:.0%}}<extra></extra>",
        )
    titles = ("Recall", "Precision") if kind == "precision-recall" else ("False alarms", "Found")
    figure.update_layout(
        template=theme.template(),
        title=KINDS[kind],
        height=440,
        xaxis={"title": {"text": titles[0]}, "tickformat": ".0%", "range": [0, 1.01]},
        yaxis={"title": {"text": titles[1]}, "tickformat": ".0%", "range": [0, 1.02]},
        showlegend=True,
        legend={"y": -0.2, "yanchor": "top"},
    )
    st.plotly_chart(figure, theme=None, config=theme.CHART_CONFIG, key=f"drawn_{kind}_{judgement.key}", alt=KINDS[kind])


def _told(found: list[Curve], kind: Kind) -> None:
    lines = [
        f"**{literal(each.name, 40)}** {each.area:.2f}, could be {each.low:.2f} to {each.high:.2f} "
        f"({each.there:,} of {each.examples:,})"
        for each in found
    ]
    st.caption(f"{AREAS[kind]}: {'; '.join(lines)}.")
