"""Before Start: trying the recipe for a moment, as a job beside the page, and what that told."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import jobs
from core.runs.checks import check_recipe
from core.training.probe_results import RateCurve
from core.training.recipe import Recipe
from ui import job_watch, state
from ui.live_chart import live_chart
from ui.rate_chart import rate_chart
from ui.widgets import errors_shown


def probes_panel(recipe: Recipe, use_rate: Callable[[float], None]) -> None:
    """Buttons, or the job that one of them began, and what is known of this recipe. use_rate: sets the learning rate
    of the next run."""
    space = state.workspace()
    running = job_watch.running(space, "probe")
    if running is not None:
        job_watch.watch(running, "probe")
    else:
        ended = job_watch.just_ended(space, "probe")
        if ended is not None and ended.status == "failed":
            job_watch.show(ended)
        with st.container(horizontal=True):
            help = "Trains a hundred steps at ever higher rates, shows the loss, and suggests a rate. Nothing is kept."
            if st.button("Find a learning rate", icon=":material/troubleshoot:", help=help):
                _begin("learning rate", "Trying learning rates", recipe)
    curve = RateCurve.kept(space, recipe)
    if curve is not None:
        _rates(curve, recipe, use_rate)


def _begin(kind: str, title: str, recipe: Recipe) -> None:
    with errors_shown():
        check_recipe(state.workspace(), recipe)
        jobs.start(state.workspace(), kind, title, recipe=recipe.model_dump_json())
        st.rerun()


def _rates(curve: RateCurve, recipe: Recipe, use_rate: Callable[[float], None]) -> None:
    with st.expander("Learning rates that were tried", icon=":material/troubleshoot:", expanded=True):
        live_chart(rate_chart(curve, recipe.learning_rate), key="rates", alt="Loss by learning rate")
        st.markdown(curve.words)
        rate = curve.steepest
        if rate is not None and rate != recipe.learning_rate:
            st.button(f"Use {rate:g}", icon=":material/check:", on_click=use_rate, args=(rate,), key="use_rate")
