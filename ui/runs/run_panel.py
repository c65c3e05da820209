"""One run on the page: how it stands, its curves, and what can be asked of it.

While a worker is at it, a feed brings what changes in place, and has the live part drawn again where it must.
"""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from core.errors import GraftError
from core.runs import Run, Status, View
from core.runs.advice import advice
from core.runs.comparison import frozen_words
from ui.runs.curves import curve
from ui.runs.live import live, live_part
from ui.runs.live_frame import ADVICE_ICONS, charts, drawn_as, standing
from ui.runs.note import note
from ui.runs.offered import badge, view_of
from ui.runs.result import how_it_ran, mistakes_panel, result
from ui.runs.steering import buttons, discard_button, name_button
from ui.shared.gone import apart
from ui.shared.live_chart import live_chart
from ui.shared.widgets import count, duration, literal, show_error, steady
from ui.training.setting_fields import OPTIMIZERS

METRIC_HELP = {"Time left": "From here to the end of the run, whatever it still has to do."}
USUAL_WIDTH = 140  # pixels
METRIC_WIDTHS: dict[str, Any] = {
    "Time left": 150,
    "Trainable parameters": 165,
    "Memory": 95,
    "Device": "content",
}


def run_panel(run: Run, view: View) -> None:
    """Draw the run. `view` is the caller's look at it, which decides the buttons; the live part looks for itself."""
    _head(run, view)
    with steady("live"):
        st.fragment(apart(_live))(run, (view.status, view.frozen))


def damaged_panel(run: Run, words: str) -> None:
    """A run whose recipe cannot be read: why, what the worker said, and away with it."""
    st.subheader(f"Run {literal(run.title)}", anchor=False)
    show_error(words)
    discard_button(run)
    _log(run)


def _head(run: Run, view: View) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(literal(run.title), anchor=False, width="content")
        badge(view.status)
        name_button(run)
    st.caption(_in_short(run, view))
    note(run.recipe.dataset)
    buttons(run, view)


def _in_short(run: Run, view: View) -> str:
    recipe = run.recipe
    learns = frozen_words(recipe.freeze, recipe.adapters)
    parts = [f"Run {run.id}", f"dataset version {recipe.dataset_version}", recipe.backbone, learns]
    steps = f"{OPTIMIZERS[recipe.optimizer]}, learning rate {recipe.learning_rate:g}"
    parts += ["head solved for" if recipe.solved else steps, count(view.epochs, "epoch")]
    return " · ".join(literal(part, 60) for part in parts)


def _live(run: Run, drawn: tuple[Status, int]) -> None:
    try:
        view = view_of(run)
    except (GraftError, OSError):
        st.rerun()  # discarded meanwhile, here or elsewhere
    if (view.status, view.frozen) != drawn:
        st.rerun()  # what can be asked of it changes with them
    subject = f"run/{run.id}" if view.status.active else None
    with st.container(key="live_standing", gap=None):
        with st.container(key="live_standing_drawn"):
            _standing(run, view)
        if subject:
            live(subject, {"now": drawn_as(view)}, key="live_feed")
            live_part(subject, "standing", key="live_standing_part")
    if view.passed_over:
        st.caption(f"Left out, as it cannot be read: {count(view.passed_over, 'line')} of its events.jsonl.")
    _curves(view, subject)
    _advice(view, subject)
    if view.status in (Status.FINISHED, Status.STOPPED):
        mistakes_panel(run)
    how_it_ran(run, view)


def _standing(run: Run, view: View) -> None:
    match view.status:
        case Status.NOT_STARTED:
            text = (
                "This run was made and not started yet. **Start this run** trains it on this machine. To train it on "
                "several, type this on each of them, in Graft's folder:"
            )
            st.info(text, icon=":material/hourglass_empty:")
            st.code(run.torchrun, language="bash", wrap_lines=True)
        case Status.QUEUED if view.ahead:
            st.info(f"Waiting for the device: number {view.ahead + 1} in the queue.", icon=":material/hourglass_empty:")
        case Status.QUEUED | Status.PREPARING | Status.TRAINING | Status.STOPPING | Status.PAUSING:
            _progress(view)
        case Status.SILENT:
            since = duration(time.time() - view.last_time)
            text = (
                f"The worker has said nothing for {since}, after {view.epochs_done:,} of "
                f"{count(view.epochs, 'epoch')}. If the machine was asleep or is very busy, it goes on by itself, and "
                "does what was asked of it. If it does not, end the worker and resume the run."
            )
            st.warning(text, icon=":material/hourglass_disabled:")
        case Status.FINISHED | Status.STOPPED:
            result(view)
        case Status.FAILED:
            show_error(view.message)
            _log(run)
        case Status.PAUSED:
            done = f"{view.epochs_done:,} of {count(view.epochs, 'epoch')} done"
            text = (
                f"Paused: {done}, and the device is free. Go on continues with the next step, exactly as if nothing "
                "had happened; if another run is at work then, it waits for its turn."
            )
            st.info(text, icon=":material/pause:")
        case Status.INTERRUPTED:
            done = f"{view.epochs_done:,} of {count(view.epochs, 'epoch')} done" if view.curve else "no epoch done yet"
            text = f"The worker vanished before the end: {done}. Resume goes on from the last checkpoint."
            st.warning(text, icon=":material/power_off:")
            _log(run)


def _progress(view: View) -> None:
    said = standing(view)
    st.progress(said["share"], text=said["text"])
    with st.container(horizontal=True, gap="medium"):
        for name, value in said["metrics"].items():
            st.metric(name, value, help=METRIC_HELP.get(name), width=METRIC_WIDTHS.get(name, USUAL_WIDTH))


def _curves(view: View, subject: str | None) -> None:
    drawn = charts(view)
    for column, (key, title, options) in zip(st.columns(2, gap="medium") if drawn else (), drawn):
        with column:
            live_chart(curve(title, **options), key=key, alt=f"{title} over the epochs", live=subject)


def _advice(view: View, subject: str | None) -> None:
    """What the curves say, below them."""
    said = advice(view)
    with st.container(key="live_advice", gap=None):
        if said is not None:
            with st.container(key="live_advice_drawn"):
                icon = f":material/{ADVICE_ICONS[said.kind]}:"
                st.markdown(f"{icon} **{literal(said.sentence)}** {literal(said.todo)}")
        if subject:
            live_part(subject, "advice", key="live_advice_part")


def _log(run: Run) -> None:
    with st.expander("Log"):
        st.code(run.log_tail() or "The worker wrote nothing.", language=None, wrap_lines=True, height=320)
