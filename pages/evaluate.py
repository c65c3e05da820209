"""Evaluate: how good a run's model is, on whom it is worse, and where it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ui.evaluation.against import KEPT, against_panel, gain_bar, mended_bar
from ui.evaluation.calibration import calibration_panel, has_sureness
from ui.evaluation.mistakes import mistakes_panel
from ui.evaluation.numbers import numbers_panel
from ui.evaluation.parts import chosen_part
from ui.evaluation.scores import Judgement, current, headline, scores_panel
from ui.evaluation.subgroups import subgroups_panel
from ui.evaluation.thresholds import thresholds_panel
from ui.runs.from_here import fine_tune_from, gives_backbone
from ui.runs.note import note
from ui.runs.picking import picked_run
from ui.shared.next_step import next_step
from ui.shared.page import draw
from ui.shared.undo import undo_bar
from ui.shared.widgets import errors_shown, page_header


@dataclass(frozen=True)
class View:
    """A tab. shown: whether these answers have it."""

    title: str
    panel: Callable[[Judgement], None]
    shown: Callable[[Judgement], bool] = lambda judgement: True


VIEWS = (
    View("Scores", scores_panel),
    View("Mistakes", mistakes_panel),
    View("How sure", calibration_panel, has_sureness),
    View("Thresholds", thresholds_panel, lambda judgement: judgement.answered.judge.decides),
    View("Predicted and true", numbers_panel, lambda judgement: judgement.answered.task.ordered),
    View("Groups", subgroups_panel),
    View("Against another run", against_panel, lambda judgement: judgement.answered.part != "other"),
)


def main() -> None:
    page_header("Evaluate", "How good the model is, on which examples it is worse, and where it is wrong.")
    if "to_page" in st.session_state:
        st.switch_page(st.session_state.pop("to_page"))
    what = "What a model gets right and wrong can be seen as soon as a run has finished, or was stopped."
    run = picked_run(what, looked_at=st.session_state.get(KEPT))
    bundle = run.bundle if run else None
    if run is None or bundle is None:
        return
    if gives_backbone(run):
        st.info("This run only read texts, and answers nothing. Fine-tune from its network.", icon=":material/info:")
        fine_tune_from(run)
        return
    next_step("Predict with this run", "pages/predict.py", ":material/image_search:")
    with errors_shown():
        found = chosen_part(run, bundle)
        if found is None:
            return
        judgement = Judgement(run, *found)
        st.session_state[KEPT] = run.id
        mended_bar(judgement)
        headline(judgement)
        if judgement.answered.part != "other":
            gain_bar(judgement)
        note(run.recipe.dataset)
        _views(judgement)
        changed = current(judgement)
        if changed is not None:
            undo_bar(changed)


def _views(judgement: Judgement) -> None:
    views = [view for view in VIEWS if view.shown(judgement)]
    tabs = st.tabs([view.title for view in views], key=f"views_{judgement.run.id}", on_change="rerun")
    for tab, view in zip(tabs, views):
        if tab.open:  # what is not looked at is not worked out
            with tab, errors_shown():
                view.panel(judgement)


draw(main)
