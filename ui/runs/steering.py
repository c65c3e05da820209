"""What can be asked of a run: go on, pause, stop, discard, and change it on its way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from core import trash
from core.backbones.libraries import find
from core.errors import BackboneError
from core.runs import Run, Status, View, rename
from core.runs.naming import LONGEST, name_of
from core.words import with_noun
from ui.backbones.downloads import is_missing, offer
from ui.runs.from_here import fine_tune_from, gives_backbone
from ui.shared import gone, state
from ui.shared.confirm import confirm, take_back
from ui.shared.next_step import next_step_row
from ui.shared.widgets import count, literal

GOING_ON = (Status.NOT_STARTED, Status.PAUSED, Status.INTERRUPTED, Status.FAILED, Status.STOPPED)
PREDICT = "Predict with this run"
LEAVING = (Status.STOPPING, Status.PAUSING)
CAN_EXTEND = (Status.FINISHED, Status.STOPPED)
CAN_CHANGE = (Status.TRAINING, Status.PAUSED, Status.INTERRUPTED, *CAN_EXTEND)


def buttons(run: Run, view: View) -> None:
    """One row: what leads on comes first, what ends it all comes last."""
    status, why = view.status, run.obstacle
    with next_step_row("_run"):
        ready = status in (Status.FINISHED, Status.STOPPED) and run.bundle
        gives = gives_backbone(run)
        if ready and gives:
            fine_tune_from(run)
        if ready and not gives and st.button(PREDICT, type="primary", icon=":material/image_search:"):
            state.choose(run=run.id)
            st.switch_page("pages/predict.py")
        if (
            ready
            and not gives
            and st.button("Evaluate it", icon=":material/fact_check:", help="How good it is, and where not.")
        ):
            state.choose(run=run.id)
            st.switch_page("pages/evaluate.py")
        if status in GOING_ON and not why and _is_left(view):
            _go_on(run, status)
        if status.active:
            help = "Leave the device to others for now; Go on continues exactly there."
            _button("Pause", ":material/pause:", help, run.pause, disabled=status in LEAVING)
        if status.active or (status in (Status.PAUSED, Status.INTERRUPTED) and not why):
            help = "End training now and keep the best epoch's weights."
            _button("Stop and keep", ":material/stop:", help, run.stop, disabled=status is Status.STOPPING)
        if status is Status.SILENT:
            help = "It can be resumed from its last checkpoint, which is seconds old when it fell silent."
            _button("End the worker", ":material/power_settings_new:", help, run.end_worker)
        if status in CAN_CHANGE and not why:
            _change(run, view)
        discard_button(run, status.active)
        help = "Shows the settings, with Start. This run stays, and goes on if it is at work."
        st.button("New run", icon=":material/add:", help=help, on_click=lambda: state.choose(run=None))
    _obstacle(run, why)


def discard_button(run: Run, active: bool = False) -> None:
    """Discard, which asks first."""
    if st.button(
        "Discard", icon=":material/delete:", help="End the run and move it to the trash.", key=f"discard_{run.id}"
    ):
        first = " It is at work and stops first." if active else ""
        words = f"**{literal(run.title, 120)}**, with everything it learned.{first}"
        confirm("Discard this run?", words, "Discard the run", run.discard)


def _is_left(view: View) -> bool:
    """Whether a run that was stopped has epochs left to train."""
    return view.status is not Status.STOPPED or view.ended is None or view.ended.epochs < view.epochs


def _obstacle(run: Run, why: str) -> None:
    """Why the run cannot go on, with the way to mend it."""
    if not why:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/link_off: {literal(why)}", width="content")
        trashed = trash.find(run.workspace, "dataset", run.recipe.dataset)
        if trashed is not None:
            st.button("Bring the dataset back", icon=":material/undo:", on_click=take_back, args=(trashed,))
    with suppress(BackboneError):  # of other versions of the libraries; `why` says so
        info = find(run.recipe.backbone, run.workspace)
        if is_missing(info, run.recipe.weights_file):
            offer(info, "_for_run")


def name_button(run: Run) -> None:
    """What it is called, to be changed."""
    key = f"name_{run.id}"

    def named() -> None:
        with gone.told():
            rename(run, st.session_state[key])

    with st.popover("Rename", icon=":material/edit:", type="tertiary"):
        help = "It decides nothing of what the run gives. Empty: what it is called by itself."
        st.text_input("Its name", name_of(run), key=key, max_chars=LONGEST, help=help, on_change=named)


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
    with gone.told():
        ask()
        if done:
            st.toast(done, icon=":material/check:")


# Change this run ------------------------------------------------------------------------------------------------------


def _change(run: Run, view: View) -> None:
    with st.popover("Change this run", icon=":material/tune:"):
        _more_epochs(run, view)
        if view.status in CAN_EXTEND:
            return
        if not view.curve or view.curve[-1].learning_rate:  # a head that is solved for has none
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
    said = "From the next epoch on, the last frozen stage learns too: slower, but it can adapt to your images."
    _asked(
        lambda: st.markdown(f"**{view.frozen}** of {count(view.stages, 'stage')} frozen"),
        "Free one more stage",
        with_noun(said, view.noun),
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
