"""The runs so far, as a small table to choose from."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.runs import Run, View
from core.runs.comparison import frozen_words
from ui import state
from ui.widgets import clip


def run_table(found: list[tuple[Run, View]], damaged: list[tuple[Run, str]]) -> None:
    """One line a run, newest first, the damaged ones last; a click shows that run."""
    runs = [run for run, _ in (*found, *damaged)]
    if not runs:
        return
    with st.expander(f"Runs so far ({len(runs)})", expanded=len(runs) > 1, icon=":material/history:"):
        table = pd.DataFrame([_row(run, view) for run, view in found] + [_damaged_row(run) for run, _ in damaged])

        def show() -> None:  # as a callback it runs once for a click, and not again when a new run shifts the rows
            if rows := st.session_state["run_table"]["selection"]["rows"]:
                state.choose(run=runs[rows[0]].id)

        st.dataframe(
            table,
            hide_index=True,
            placeholder="–",
            on_select=show,
            selection_mode="single-row",
            key="run_table",
            height=min(38 * (len(table) + 1), 320),
            column_config={
                "Validation": st.column_config.TextColumn(help="On the validation part, at the best epoch."),
                "Started": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
            },
        )


def _row(run: Run, view: View) -> dict[str, object]:
    best = next((row for row in reversed(view.curve) if row.epoch == view.best_epoch), None)
    scores = (view.ended and view.ended.validation) or (best and best.validation) or None
    return {
        "Run": run.id,
        "Status": view.status.value,
        "Validation": scores.words[0].upper() + scores.words[1:] if scores else "",
        "Backbone": clip(run.recipe.backbone, 60),
        "Frozen": frozen_words(run.recipe.freeze).removesuffix(" frozen"),
        "Epochs": f"{view.epochs_done:,} of {view.epochs:,}",
        "Started": run.created,
    }


def _damaged_row(run: Run) -> dict[str, object]:
    empty = {"Validation": "", "Backbone": "", "Frozen": "", "Epochs": ""}
    return {"Run": run.id, "Status": "damaged", **empty, "Started": run.created}
