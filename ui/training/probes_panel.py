"""Before Start: trying the recipe for a moment, as a job beside the page, and what that told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from core import jobs
from core.errors import GraftError
from core.modalities import MODALITIES
from core.runs import Run, View
from core.runs.checks import check_recipe
from core.training.recipe import Recipe
from core.training.trials.probe_results import ON_ONE_DEVICE, Estimate, RateCurve
from ui.shared import job_watch, state
from ui.shared.gone import words_of
from ui.shared.live_chart import live_chart
from ui.shared.widgets import duration, file_size, literal, show_error
from ui.training import crossval_panel
from ui.training.rate_chart import rate_chart


def probes_panel(recipe: Recipe, devices: int, use_rate: Callable[[float], None]) -> None:
    """Buttons, or the job that one of them began, and what is known of this recipe. devices: of the next run.
    use_rate: sets its learning rate."""
    space = state.workspace()
    running = job_watch.at_work(space, "probe")
    if not running:
        if (error := st.session_state.pop("probe_error", None)) is not None:
            show_error(error)
        with st.container(horizontal=True):
            noun = MODALITIES[recipe.modality].noun
            help = f"Prepares a few {noun}s and takes a few steps on this machine, as the run would."
            asked = ("estimate", "Time and memory", recipe)
            st.button("Estimate time and memory", icon=":material/timer:", help=help, on_click=_begin, args=asked)
            help = "Trains a hundred steps at ever higher rates, shows the loss, and suggests a rate. Nothing is kept."
            if recipe.solved:
                help = "The head is solved for exactly, so there is no learning rate to find. AdamW and SGD have one."
            asked = ("learning rate", "Trying learning rates", recipe)
            icon = ":material/troubleshoot:"
            button = partial(st.button, "Find a learning rate", icon=icon, help=help, disabled=recipe.solved)
            button(on_click=_begin, args=asked)
            crossval_panel.ask(partial(_cross, recipe), noun)
    estimate = Estimate.kept(space, recipe)
    if estimate is not None:
        _will_take(estimate, devices)
    curve = RateCurve.kept(space, recipe)
    if curve is not None:
        _rates(curve, recipe, use_rate)
    crossval_panel.crossval_panel(recipe, None if running else partial(_cross, recipe))


def _begin(kind: str, title: str, recipe: Recipe, **more: int) -> None:
    """As a callback: the page is drawn after it."""
    try:
        check_recipe(state.workspace(), recipe)
        jobs.start(state.workspace(), kind, title, recipe=recipe.model_dump_json(), **more)
    except (GraftError, OSError) as error:
        st.session_state["probe_error"] = words_of(error)


def _cross(recipe: Recipe, folds: int) -> None:
    _begin("crossval", f"Cross-validation, {folds} folds", recipe, folds=folds)


def _will_take(estimate: Estimate, devices: int) -> None:
    words = (
        f"About **{duration(estimate.seconds)}** on this machine ({literal(estimate.device)}): "
        f"{duration(estimate.preparing)} before the first epoch, then {_each(estimate.epoch)} an epoch."
    )
    if estimate.memory_bytes:
        words += f" Up to **{file_size(estimate.memory_bytes)}** of memory."
    st.markdown(words if devices == 1 else f"{words} {ON_ONE_DEVICE}")


def _each(seconds: float) -> str:
    return f"{seconds:.1f} s" if 0.1 <= seconds < 10 else duration(seconds)


def estimate_line(run: Run, view: View) -> None:
    """How far off the estimate was, if there was one and the run did all that it was made for."""
    estimate = run.estimate
    if estimate is None:
        return
    on = ", for one device" if view.devices > 1 else ""
    words = f"Estimated before the start{on}: {duration(estimate.seconds)}"
    words += f" and {file_size(estimate.memory_bytes)} of memory." if estimate.memory_bytes else "."
    ended = view.ended
    if ended is not None and ended.status == "finished" and ended.epochs == run.recipe.epochs:
        words += f" It took {duration(ended.seconds)} ({_off(ended.seconds, estimate.seconds)})"
        if estimate.memory_bytes and view.memory_bytes:
            off = _off(view.memory_bytes, estimate.memory_bytes)
            words += f" and {file_size(view.memory_bytes)} ({off})"
        words += "."
    st.caption(words)


def _off(real: float, thought: float) -> str:
    share = real / thought - 1
    if abs(share) < 0.01:
        return "as estimated"
    return f"{abs(share):.0%} {'more' if share > 0 else 'less'}"


def _rates(curve: RateCurve, recipe: Recipe, use_rate: Callable[[float], None]) -> None:
    with st.expander("Learning rates that were tried", icon=":material/troubleshoot:", expanded=True):
        live_chart(rate_chart(curve, recipe.learning_rate), key="rates", alt="Loss by learning rate")
        st.markdown(curve.words)
        rate = curve.suggested
        if rate is not None and rate != recipe.learning_rate:
            st.button(f"Use {rate:g}", icon=":material/check:", on_click=use_rate, args=(rate,), key="use_rate")
