"""Fine-tune: how much to freeze, Start, and the run as it learns."""

from __future__ import annotations

import streamlit as st

from core.backbones.libraries import find
from core.runs import Run, View, titles
from ui.backbones.fitting import fits, follow_dataset
from ui.backbones.stages import stages_of
from ui.runs.comparison import comparison
from ui.runs.offered import all_runs
from ui.runs.run_panel import damaged_panel, run_panel
from ui.runs.run_table import at_work_elsewhere, run_table
from ui.shared import state
from ui.shared.live_chart import prepare
from ui.shared.page import draw
from ui.shared.widgets import empty_state, errors_shown, page_header
from ui.training.settings import settings


def main() -> None:
    page_header("Fine-tune", "Choose how much of the backbone stays as it is, press Start, and watch it learn.")
    prepare()
    follow_dataset()
    found, damaged = all_runs(state.workspace())
    shown = _which(found)
    names = titles([run for run, _ in found])
    at_work_elsewhere(shown[0] if shown else None, found, names)
    broken = next((pair for pair in damaged if pair[0].id == state.choices().run), None)
    if broken:
        damaged_panel(*broken)
        with st.expander("Settings of the next run", icon=":material/tune:", key=f"next_after_{broken[0].id}"):
            _settings()
    elif shown:
        run_panel(*shown)
        # Named after the run, so that a new run brings a new expander, which is closed.
        with st.expander("Settings of the next run", icon=":material/tune:", key=f"next_after_{shown[0].id}"):
            _settings()
    else:
        _settings()
    comparison(found, names)
    run_table(found, damaged, names)


def _which(found: list[tuple[Run, View]]) -> tuple[Run, View] | None:
    """The run to show: the chosen one, and no other."""
    chosen = state.choices().run
    return next((pair for pair in found if pair[0].id == chosen), None)


def _settings() -> None:
    chosen = state.choices()
    if not chosen.dataset:
        empty_state(
            "No dataset yet",
            "Fine-tuning needs labeled images or texts to learn from.",
            "pages/data.py",
            "Add or choose a dataset",
        )
        return
    with errors_shown():
        info, dataset = find(chosen.backbone, state.workspace()), state.dataset(chosen.dataset, chosen.dataset_version)
        if fits(dataset):
            settings(info, stages_of(info), dataset)


draw(main)
