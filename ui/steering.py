"""What can be asked of a run: go on, pause, stop, discard, and change it on its way."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.errors import GraftError
from core.runs import Run, Status, View
from ui import state
from ui.runs import run_title
from ui.widgets import count, literal, show_error

GOING_ON = (Status.NOT_STARTED, Status.PAUSED, Status.INTERRUPTED, Status.FAILED, Status.STOPPED)
LEAVING = (Status.STOPPING, Status.PAUSING)
CAN_EXTEND = (Status.FINISHED, Status.STOPPED)
CAN_CHANGE = (Status.TRAINING, Status.PAUSED, Status.INTERRUPTED, *CAN_EXTEND)
_ERROR = "steering_error"


def buttons(run: Run, view: View) -> None:
    """One row: what leads on comes first, what ends it all comes last."""
    status = view.status
    with st.container(horizontal=True):
        ready = status in (Status.FINISHED, Status.STOPPED) and run.bundle
        if ready and st.button("Predict with this run", type="primary", icon=":material/image_search:"):
            state.choose(run=run.id)
            st.switch_page("pages/predict.py")
        if status in GOING_ON:
            _go_on(run, status)
        if status.active:
            help = "Leave the device to others for now; Go on continues exactly there."
            _button("Pause", ":material/pause:", help, run.pause, disabled=status in LEAVING)
        if status.active or status in (Status.PAUSED, Status.INTERRUPTED):
            help = "End training now and keep the best epoch's weights."
            _button("Stop and keep", ":material/stop:", help, run.stop, disabled=status is Status.STOPPING)
        if status is Status.SILENT:
            help = "It can be resumed from its last checkpoint, which is seconds old when it fell silent."
            _button("End the worker", ":material/power_settings_new:", help, run.end_worker)
        if status in CAN_CHANGE:
            _change(run, view)
        discard_button(run)
    if (error := st.session_state.pop(_ERROR, None)) is not None:
        show_error(error)


def discard_button(run: Run) -> None:
    """Discard, which asks first."""
    if st.button(
        "Discard", icon=":material/delete:", help="End the run and delete everything of it.", key=f"discard_{run.id}"
    ):
        _confirm_discard(run)


def _go_on(run: Run, status: Status) -> None:
    label = {Status.NOT_STARTED: "Start this run", Status.PAUSED: "Go on"}.get(status, "Resume")
    help = {
        Status.NOT_STARTED: "On one device of this machine.",
        Status.PAUSED: "With the next step, exactly as if it had not been paused.",
        Status.STOPPED: "Train the epochs that were left when it was stopped.",
    }.get(status, "From the last checkpoint.")
    kind = "secondary" if status is Status.STOPPED else "primary"
    _button(label, ":material/play_arrow:", help, run.resume, kind=kind)


def _button(
    label: str, icon: str, help: str, ask: Callable[[], None], *, disabled: bool = False, kind: str = "secondary"
) -> None:
    st.button(label, icon=icon, help=help, on_click=_ask, args=(ask,), disabled=disabled, type=kind)  # type: ignore[arg-type]


def _ask(ask: Callable[[], None], done: str = "") -> None:
    """Ask it of the run; what cannot be done is said on the page."""
    try:
        ask()
    except (GraftError, OSError) as error:
        st.session_state[_ERROR] = str(error)
    else:
        if done:
            st.toast(done, icon=":material/check:")


@st.dialog("Discard this run?")
def _confirm_discard(run: Run) -> None:
    st.markdown(f"**{literal(run_title(run))}** and everything it learned will be deleted. This cannot be undone.")
    with st.container(horizontal=True):
        if st.button("Discard the run", type="primary", on_click=_discard, args=(run,)):
            st.rerun()
        if st.button("Keep it"):
            st.rerun()


def _discard(run: Run) -> None:
    run.discard()
    if state.choices().run == run.id:
        state.choose(run=None)


# Change this run ------------------------------------------------------------------------------------------------------


def _change(run: Run, view: View) -> None:
    with st.popover("Change this run", icon=":material/tune:"):
        _more_epochs(run, view)
        if view.status in CAN_EXTEND:
            return
        _learning_rate(run, view)
        if view.frozen:
            _free_a_stage(run, view)


def _more_epochs(run: Run, view: View) -> None:
    then = "They come after the ones that are planned."
    if view.status in CAN_EXTEND:
        then = "It goes on at once, from where it is, for so many and no more"
        then += ", whatever its patience." if run.recipe.patience else "."
    else:
        then += " Its patience counts afresh from here." if run.recipe.patience else ""
        then += "" if view.status.active else " It goes on at once."
    key = f"more_epochs_{run.id}"
    _asked(
        lambda: st.number_input("Epochs more", 1, 10_000, 10, key=key),
        "Train longer",
        f"{then} Their learning rate follows the schedule once more, from its beginning.",
        lambda: run.extend(int(st.session_state[key])),
        "It trains for longer.",
    )


def _learning_rate(run: Run, view: View) -> None:
    key = f"new_rate_{run.id}"
    now = view.curve[-1].learning_rate if view.curve else run.recipe.learning_rate
    _asked(
        lambda: st.number_input("Learning rate", 0.0, 10.0, float(f"{now:.2g}"), step=0.001, format="%g", key=key),
        "Set it",
        f"From the next step on; now it is {now:.3g}. The schedule goes on from there.",
        lambda: run.set_learning_rate(st.session_state[key]),
        "The learning rate changes with the next step.",
    )


def _free_a_stage(run: Run, view: View) -> None:
    _asked(
        lambda: st.markdown(f"**{view.frozen}** of {count(view.stages, 'stage')} frozen"),
        "Free one more stage",
        "From the next epoch on, the last frozen stage learns too: slower, but it can adapt to your pictures.",
        run.unfreeze,
        "One more stage is free from the next epoch on.",
    )


def _asked(widget: Callable[[], object], label: str, sentence: str, ask: Callable[[], None], done: str) -> None:
    """A setting with its button beside it and its sentence below."""
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        widget()
    with right:
        st.button(label, on_click=_ask, args=(ask, done), width="stretch")
    st.caption(sentence)
