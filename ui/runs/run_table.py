"""The runs so far: a small table to choose from, and a line on those that train while the page shows another one."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.data.browsing import pages
from core.runs import Run, Status, View
from core.runs.scores import best_of
from ui.runs.live import live
from ui.runs.live_frame import table_drawn_as
from ui.runs.offered import all_runs
from ui.shared import state
from ui.shared.gone import apart
from ui.shared.widgets import clip, column_width, count, literal, steady

SECONDS_BETWEEN_DRAWINGS = 10.0
ID_HELP = "What it is called in a shell, and its folder among the runs."
ON_A_PAGE = 50
DOING = {Status.QUEUED: "waiting for the device", Status.PREPARING: "getting ready"}
Found = list[tuple[Run, View]]
Damaged = list[tuple[Run, str]]


def at_work_elsewhere(shown: Run | None, found: Found, names: Mapping[str, str]) -> None:
    """Which other run than `shown` trains, or will next; nothing, where there is none."""
    others = [(run, view) for run, view in found if view.status.active and (shown is None or run.id != shown.id)]
    if not others:
        return
    run, view = min(others, key=lambda pair: pair[0].turn)
    name, doing = names[run.id], DOING.get(view.status, view.status.value)
    more = f", and {count(len(others) - 1, 'other run')} after it" if len(others) > 1 else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":material/hourglass_top: {literal(name)} is {doing}{more}.", width="content")
        st.button("Show it", type="tertiary", on_click=lambda: state.choose(run=run.id), key="show_at_work")


def run_table(found: Found, damaged: Damaged, names: Mapping[str, str]) -> None:
    """One line a run, newest first, the damaged ones last; a click shows that run.

    Drawn again by itself while one is at work: at once where one has ended, and from time to time for its epochs.
    """
    runs = [run for run, _ in (*found, *damaged)]
    if not runs:
        return
    drawn = [(run, view.status) for run, view in found]
    active = any(view.status.active for _, view in found)
    title = f"Runs so far ({len(runs)})"
    with st.expander(title, expanded=len(runs) > 1, icon=":material/history:"), steady("live_runs"):
        st.fragment(apart(_live))(drawn, state.choices().run, active, names)


def _live(drawn: list[tuple[Run, Status]], shown: str | None, active: bool, names: Mapping[str, str]) -> None:
    found, damaged = all_runs(state.workspace())
    runs = [run for run, _ in (*found, *damaged)]
    if state.choices().run != shown or [(run, view.status) for run, view in found] != drawn:
        st.rerun()  # a click here, or something on the page has changed with them
    if active:
        live("table", table_drawn_as(found, damaged), key="live_table", seconds=SECONDS_BETWEEN_DRAWINGS)
    many = pages(len(runs), ON_A_PAGE)
    number = min(st.session_state.get("runs_page", 1), many)
    here = slice((number - 1) * ON_A_PAGE, number * ON_A_PAGE)
    key = f"run_table_{number}" if number > 1 else "run_table"

    def show() -> None:  # as a callback it runs once for a click, and not again when a new run shifts the rows
        if rows := st.session_state[key]["selection"]["rows"]:
            state.choose(run=runs[here][rows[0]].id)

    views = {run.id: view for run, view in found}
    why = {run.id: words for run, words in damaged}
    rows = [
        _row(run, views[run.id], names[run.id]) if run.id in views else _damaged_row(run, why.get(run.id, ""))
        for run in runs[here]
    ]
    table = pd.DataFrame(rows)
    st.dataframe(
        table,
        hide_index=True,
        placeholder="–",
        on_select=show,
        selection_mode="single-row",
        key=key,
        height=min(38 * (len(table) + 1), 320),
        column_config={
            "Score": st.column_config.TextColumn(
                width=column_width(table["Score"], 300),
                help="On the test part where there is one, else on validation; of what the run keeps.",
            ),
            "Run": st.column_config.TextColumn(width=column_width(table["Run"], 300)),
            "Status": st.column_config.TextColumn(width=92),
            "Id": st.column_config.TextColumn(width=column_width(table["Id"]), help=ID_HELP),
        },
    )
    if many > 1:
        st.pagination(many, default=number, key="runs_page", persist_state="session")


def _row(run: Run, view: View, name: str) -> dict[str, object]:
    said = best_of(view)
    return {
        "Run": name,
        "Status": view.status.value,
        "Score": said[:1].upper() + said[1:],
        "Id": run.id,
        "Epochs": f"{view.epochs_done:,} of {view.epochs:,}",
        "Backbone": clip(run.facts.backbone, 60),
    }


def _damaged_row(run: Run, why: str) -> dict[str, object]:
    """A click shows it, with Discard."""
    score = clip(why, 200)
    return {"Run": run.title, "Status": "damaged", "Score": score, "Id": run.id, "Epochs": "", "Backbone": ""}
