"""How well it does on parts of the examples: the worst first."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.data.dataset import Dataset
from core.data.tags import Tags, tags_of
from core.evaluation.subgroups import Subgroup, brightness, columns_of, subgroups
from ui.evaluation.scores import Judgement, scores_of
from ui.shared import theme
from ui.shared.widgets import clip, count, escaped, literal

BRIGHTNESS = "brightness"
ROW = 34  # pixels of a bar


def subgroups_panel(judgement: Judgement) -> None:
    if judgement.dataset is None or judgement.answered.rows is None:
        st.info("The dataset is gone, so nothing is known of these examples but their answers.", icon=":material/info:")
        return
    tags = tags_of(judgement.dataset)  # which make no new version
    columns = _columns(judgement.key, id(judgement.answered), tags, judgement)
    titles = [*columns, BRIGHTNESS] if _has_looks(judgement.dataset) else list(columns)
    if not titles:
        st.info(
            f"Nothing is known of these {judgement.noun}s that would divide them. Columns of a table that is uploaded "
            "with them, such as camera or place, can be chosen here.",
            icon=":material/info:",
        )
        return
    title = st.selectbox(
        "Divide them by",
        titles,
        format_func=lambda one: clip(one, 60),
        key=f"divide_{judgement.key}",
        help="Columns of the table that came with the dataset, and what Graft measured. Numbers become four ranges.",
    )
    values = columns[title] if title in columns else _brightness(judgement, judgement.dataset)
    if values is None:
        return
    found = _groups(judgement.key, id(judgement.answered), title, tags.get(title), judgement, values)
    _chart(judgement, found)
    worse = [each for each in found if each.worse]
    if worse:
        first = worse[0]
        st.warning(
            f"**{literal(first.name, 60)}** is worse than all together, and by more than chance would make it: "
            f"{literal(first.score.words)}, from {count(first.examples, judgement.noun)}. More examples of that kind "
            "may help.",
            icon=":material/troubleshoot:",
        )
    else:
        st.caption("No group is worse than all together by more than chance would make it.")


@st.cache_resource(max_entries=8, show_spinner=False)
def _columns(key: str, identity: int, tags: Tags, _judgement: Judgement) -> dict[str, pd.Series]:
    return columns_of(_judgement.answered, _judgement.dataset) if _judgement.dataset is not None else {}


@st.cache_data(max_entries=32, show_spinner="Dividing them")
def _groups(
    key: str, identity: int, title: str, tagged: frozenset[str] | None, _judgement: Judgement, _values: pd.Series
) -> list[Subgroup]:
    return subgroups(_judgement.answered, _values)


def _has_looks(dataset: Dataset) -> bool:
    return dataset.modality.tiles(dataset.frame[:0], dataset.path, dataset.rendering, 1) is not None


def _brightness(judgement: Judgement, dataset: Dataset) -> pd.Series | None:
    return _measured(judgement.key, id(judgement.answered), judgement, dataset)


@st.cache_data(max_entries=8, show_spinner="Looking how bright they are")
def _measured(key: str, identity: int, _judgement: Judgement, _dataset: Dataset) -> pd.Series | None:
    rows = _judgement.answered.rows
    return None if rows is None else brightness(_dataset, rows)


def _chart(judgement: Judgement, found: list[Subgroup]) -> None:
    if not found:
        return
    colours, metric = theme.palette(), found[0].score.metric
    share = metric.unit == "share"
    names = [f"{escaped(each.name, 40)} ({each.examples:,})" for each in found]
    figure = go.Figure(
        go.Bar(
            x=[each.score.value for each in found],
            y=names,
            orientation="h",
            marker_color=[colours.validation if each.worse else colours.training for each in found],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [_off(each.score.high, each.score.value) for each in found],
                "arrayminus": [_off(each.score.value, each.score.low) for each in found],
                "color": colours.muted,
            },
            hovertext=[escaped(each.score.words) for each in found],
            hoverinfo="text",
        )
    )
    usual = scores_of(judgement)[0].value
    figure.add_vline(
        x=usual, line={"color": colours.text, "dash": "dot"}, annotation_text="all", annotation_position="top"
    )
    figure.update_layout(
        template=theme.template(),
        title=f"{metric.title} of each group",
        height=110 + ROW * len(found),
        xaxis={"tickformat": ".0%" if share else None, "range": [0, 1.02] if share else None},
        yaxis={"autorange": "reversed"},
    )
    st.plotly_chart(
        figure, theme=None, config=theme.CHART_CONFIG, key=f"groups_{judgement.key}", alt="Score of each group"
    )


def _off(one: float | None, other: float | None) -> float:
    return max(0.0, one - other) if one is not None and other is not None else 0.0
