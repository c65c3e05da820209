"""All backbones: filters, a table, and accuracy against work; a click on a row or a point chooses."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.backbones.catalogue import BackboneInfo, catalogue
from core.backbones.weights import source
from core.workspace import Workspace
from ui.backbones.downloads import downloads
from ui.shared import state, theme
from ui.shared.widgets import column_width, count, literal

LIBRARIES = {"bundled": "Bundled", "torchvision": "torchvision", "timm": "timm"}
PLACES = {"bundled": "Bundled", "cached": "On this machine", "download": "To download", "absent": "Not installed"}
SIZES = {  # up to so many parameters
    "Any size": float("inf"),
    "Up to 5 M": 5e6,
    "Up to 15 M": 15e6,
    "Up to 30 M": 30e6,
    "Up to 100 M": 100e6,
}
SORTS = {  # column, ascending
    "Ready first": ("_order", True),
    "Name": ("Name", True),
    "Fewest parameters": ("Parameters (M)", True),
    "Least work (GFLOPs)": ("GFLOPs", True),
    "Best top-1": ("Top-1 (%)", False),
    "Smallest download": ("Download (MB)", True),
}


def browse() -> None:
    ended = sum(not job.running for job in downloads().values())
    found = _filtered(_table(state.workspace(), ended))
    st.caption(f"{count(len(found), 'backbone')}. Click a row, or a point of the plot, to choose it.")
    table, plot = st.tabs(["Table", "Plot: accuracy and work"])
    with table:
        _draw_table(found)
    with plot:
        _draw_plot(found)


@st.cache_data(ttl=60, max_entries=4, show_spinner=False)
def _table(_workspace: Workspace, ended_downloads: int) -> pd.DataFrame:
    """One row a backbone. Looks again at where the weights are when a download ends, and once a minute."""
    rows = [_row(info, source(info, _workspace)) for info in catalogue()]
    table = pd.DataFrame(rows)
    table["_text"] = (table["Name"] + " " + table["Family"] + " " + table["Licence"].fillna("")).str.lower()
    table["_order"] = range(len(table))
    table.loc[table["Weights"].isin([PLACES["bundled"], PLACES["cached"]]), "_order"] -= len(table)
    return table


def _row(info: BackboneInfo, place: str) -> dict[str, Any]:
    return {
        "Name": info.name,
        "Download (MB)": info.download_bytes / 1e6 if info.download_bytes else None,
        "Weights": PLACES[place],
        "Top-1 (%)": info.top1,
        "GFLOPs": info.gflops,
        "Parameters (M)": info.parameters / 1e6 if info.parameters else None,
        "Input (px)": info.input_size,
        "Family": info.family,
        "Library": LIBRARIES[info.library],
        "Licence": info.licence,
    }


def _filtered(table: pd.DataFrame) -> pd.DataFrame:
    words, library, family, size, order = st.columns([3, 2, 3, 2, 2])
    text = words.text_input("Search", placeholder="resnet50", help="Words in the name, the family or the licence.")
    libraries = library.multiselect("Library", list(LIBRARIES.values()), placeholder="All")
    families = family.multiselect("Family", sorted(table["Family"].unique(), key=str.lower), placeholder="All")
    largest = SIZES[size.selectbox("Size", list(SIZES), help="By parameters.")]
    column, ascending = SORTS[order.selectbox("Sort by", list(SORTS))]
    keep = pd.Series(True, index=table.index)
    for word in text.lower().split():
        keep &= table["_text"].str.contains(word, regex=False)
    if libraries:
        keep &= table["Library"].isin(libraries)
    if families:
        keep &= table["Family"].isin(families)
    if largest != float("inf"):
        keep &= table["Parameters (M)"] * 1e6 <= largest
    return table[keep].sort_values(column, ascending=ascending, na_position="last", kind="stable")


def _draw_table(found: pd.DataFrame) -> None:
    names = found["Name"].tolist()

    def clicked() -> None:
        rows = st.session_state["all_backbones"]["selection"]["rows"]
        if rows and rows[0] < len(names):
            _choose(names[rows[0]])

    number = st.column_config.NumberColumn
    st.dataframe(
        found.drop(columns=["_text", "_order"]),
        hide_index=True,
        height=420,
        key="all_backbones",
        placeholder="–",
        on_select=clicked,
        selection_mode="single-row",
        column_config={
            "Name": st.column_config.TextColumn(width=max(220, column_width(found["Name"]))),
            "Parameters (M)": number(format="%.1f", help="As published: with the last layer, which yours replaces."),
            "GFLOPs": number(format="%.2f"),
            "Top-1 (%)": number(format="%.1f", help="On ImageNet-1K, where the library says so."),
            "Download (MB)": number(format="%.0f", width=124),
        },
    )


def _draw_plot(found: pd.DataFrame) -> None:
    known = found.dropna(subset=["Top-1 (%)", "GFLOPs", "Parameters (M)"])
    if known.empty:
        st.info("None of these has a stated accuracy: timm states none, torchvision does. Widen the filters.")
        return

    def clicked() -> None:
        points = st.session_state["accuracy_plot"]["selection"]["points"]
        if points:
            _choose(
                points[0]["customdata"][0] if isinstance(points[0]["customdata"], list) else points[0]["customdata"]
            )

    st.plotly_chart(
        _figure(known),
        theme=None,
        config=theme.CHART_CONFIG,
        key="accuracy_plot",
        on_select=clicked,
        selection_mode="points",
    )
    st.caption("A larger circle has more parameters. Only backbones whose library states their accuracy are drawn.")


def _figure(known: pd.DataFrame) -> go.Figure:
    chosen, text = state.choices().backbone, theme.palette().text
    figure = go.Figure()
    # Eight colours can be told apart: with more families, the colour says where the weights are.
    kind = "Family" if known["Family"].nunique() <= len(theme.palette().series) else "Weights"
    for name, rows in known.groupby(kind):
        figure.add_scatter(
            x=rows["GFLOPs"],
            y=rows["Top-1 (%)"],
            mode="markers",
            name=name,
            customdata=rows[["Name", "Parameters (M)", "Family"]].to_numpy().tolist(),
            marker={
                "size": rows["Parameters (M)"],
                "sizemode": "area",
                "sizeref": known["Parameters (M)"].max() / 45**2,
                "sizemin": 4,
                "opacity": 0.75,
                "line": {
                    "width": [3 if it == chosen else 1 for it in rows["Name"]],
                    "color": [text if it == chosen else "rgba(255,255,255,0.6)" for it in rows["Name"]],
                },
            },
            hovertemplate="%{customdata[0]}<br>%{customdata[2]}<br>%{y:.1f}% top-1, %{x:.2f} GFLOPs, "
            "%{customdata[1]:.1f} M parameters<extra></extra>",
        )
    figure.update_layout(
        template=theme.template(),
        height=520,
        clickmode="event+select",
        margin={"t": 24},
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "itemsizing": "constant"},
        showlegend=True,
        xaxis={"type": "log", "title": "GFLOPs for one image (log scale)"},
        yaxis={"title": "Top-1 on ImageNet (%)"},
    )
    return figure


def _choose(name: str) -> None:
    if name != state.choices().backbone:
        state.choose(backbone=name)
        st.toast(f"Chosen: {literal(name)}")
