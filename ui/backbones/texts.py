"""Backbones for texts: the chosen one, and all that there are. Nothing is loaded for it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.backbones.libraries import Info, infos, search, source
from ui.backbones.adding import add_from_folder, add_from_hub, deletable, say_added
from ui.backbones.downloads import offer
from ui.backbones.network import given_to, network_diagram
from ui.backbones.stages import stages_of
from ui.shared import state
from ui.shared.widgets import column_width, count, errors_shown, file_size, literal, short_number

PLACES = {"bundled": "Ready", "cached": "Ready", "download": "Not fetched yet", "absent": "Not installed"}


def text_card(info: Info) -> None:
    place = source(info, state.workspace())
    facts = {
        "Family": str(getattr(info, "family", "")) or "–",
        "Parameters": short_number(info.parameters),
        "Reads at most": f"{getattr(info, 'longest', info.preprocessing.longest):,} tokens",
        "Languages": str(getattr(info, "languages", "")) or "–",
        "Weights": PLACES[place],
    }
    if place == "download":
        facts["Download"] = file_size(info.download_bytes)
    with st.container(border=True, key="chosen"):
        st.caption("Chosen")
        st.subheader(literal(info.name), anchor=False)
        with st.container(horizontal=True, gap="medium"):
            for label, value in facts.items():
                st.metric(label, literal(value, 60), width="content")
        licence = f"Licence of the weights: {literal(info.licence, 120)}." if info.licence else ""
        st.caption(licence or "Nobody states a licence for these weights.")
        offer(info)
        deletable(info)
    if place not in ("bundled", "cached"):
        return
    with st.container(border=True), errors_shown():
        st.markdown(
            "**The network, layer by layer.** A text goes in at the top; what the head learns from comes out below."
        )
        network_diagram(stages_of(info), given=given_to(info), key=f"text_{info.name}")


def browse_texts(modality: str) -> None:
    """All of them, to be searched; a click on a row chooses."""
    say_added()
    add_from_hub()
    add_from_folder()
    words = st.text_input("Search", key="search_texts", help="Words in the name, the family, languages or licence.")
    found = [_row(info) for info in search(words, infos(modality, state.workspace()))]
    found.sort(key=lambda row: row["Weights"] != PLACES["bundled"])  # what is ready comes first
    st.caption(f"{count(len(found), 'backbone')}. Click a row to choose it.")
    if not found:
        return
    names = [row["Name"] for row in found]

    def clicked() -> None:
        chosen = st.session_state["all_text_backbones"]["selection"]["rows"]
        if chosen and chosen[0] < len(names) and names[chosen[0]] != state.choices().backbone:
            state.choose(backbone=names[chosen[0]])
            st.toast(f"Chosen: {literal(names[chosen[0]])}")

    table = pd.DataFrame(found)
    st.dataframe(
        table,
        hide_index=True,
        key="all_text_backbones",
        placeholder="–",
        on_select=clicked,
        selection_mode="single-row",
        column_config={"Name": st.column_config.TextColumn(width=max(220, column_width(table["Name"])))},
    )


def _row(info: Any) -> dict[str, Any]:
    return {
        "Name": info.name,
        "Weights": PLACES[source(info, state.workspace())],
        "Download (MB)": round(info.download_bytes / 1e6) if info.download_bytes else None,
        "Parameters (M)": round(info.parameters / 1e6, 1) if info.parameters else None,
        "Languages": getattr(info, "languages", ""),
        "Reads at most (tokens)": getattr(info, "longest", info.preprocessing.longest),
        "Family": getattr(info, "family", ""),
        "Licence": info.licence,
    }
