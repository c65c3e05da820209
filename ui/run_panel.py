"""One run on the page: how it stands, its curves, and what can be asked of it.

Looks again by itself while a worker is at it.
"""

from __future__ import annotations

import time
from operator import attrgetter

import streamlit as st

from core.errors import GraftError
from core.runs import Run, Status, View
from core.runs.advice import Kind, advice
from core.runs.comparison import frozen_words
from core.training.events import PHASES
from ui.curves import MAIN_TITLES, curve
from ui.gone import apart
from ui.live_chart import live_chart
from ui.result import how_it_ran, mistakes_panel, result
from ui.runs import badge, view_of
from ui.setting_fields import OPTIMIZERS
from ui.steering import buttons, discard_button, name_button
from ui.widgets import count, duration, escaped, file_size, literal, short_number, show_error, steady

SECONDS_BETWEEN_LOOKS = 0.7
FIRST_AXIS_END = 30
ADVICE_ICONS: dict[Kind, str] = {
    "rate_too_high": ":material/warning:",
    "rate_too_low": ":material/speed:",
    "nothing_learned": ":material/help:",
    "too_few_to_tell": ":material/filter_list:",
    "overfitting": ":material/trending_up:",
    "improving": ":material/trending_down:",
    "underfitting": ":material/horizontal_rule:",
    "converged": ":material/check:",
}


def run_panel(run: Run, view: View) -> None:
    """Draw the run. `view` is the caller's look at it, which decides the buttons; the live part looks for itself."""
    _head(run, view)
    live = st.fragment(apart(_live), run_every=SECONDS_BETWEEN_LOOKS if view.status.active else None)
    with steady("live"):
        live(run, (view.status, view.frozen))


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
    buttons(run, view)


def _in_short(run: Run, view: View) -> str:
    recipe = run.recipe
    parts = [f"Run {run.id}", f"dataset version {recipe.dataset_version}", recipe.backbone, frozen_words(recipe.freeze)]
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
    _standing(run, view)
    if view.passed_over:
        st.caption(f"Left out, as it cannot be read: {count(view.passed_over, 'line')} of its events.jsonl.")
    _curves(view)
    _advice(view)
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
    st.progress(view.share, text=_where(view))
    with st.container(horizontal=True, gap="medium"):
        help = "From here to the end of the run, whatever it still has to do."
        st.metric("Time left", duration(view.seconds_left), help=help, width=150)
        st.metric("Images per second", short_number(view.rate), width=140)
        st.metric("Trainable parameters", short_number(view.trainable or None), width=165)
        st.metric("Memory", file_size(view.memory_bytes), width=95)
        st.metric("Device", view.device or "–", width="content")


def _where(view: View) -> str:
    if view.status is Status.QUEUED:
        return "Starting the worker"
    if view.status is Status.STOPPING:
        return "Ending after this step"
    if view.status is Status.PAUSING:
        return "Pausing after this step"
    if view.phase != "training" or not view.steps:
        done = f": {view.done:,} of {view.total:,}" if view.total else ""
        return PHASES[view.phase] + done
    step = f", step {view.step:,} of {view.steps:,}" if view.steps else ""
    return f"Epoch {view.epoch:,} of {view.epochs:,}{step}"


def _curves(view: View) -> None:
    if not view.curve and not view.step_losses:
        return
    rows = view.curve
    validation = [row for row in rows if row.validation]
    training = [(float(row.epoch), row.train.loss) for row in rows]
    if len(view.step_losses) > 3 * len(training):  # slow epochs: what happens within them is worth seeing
        training = list(view.step_losses)
    marks = [(mark.epoch, mark.words) for mark in view.marks]
    shared = {"best_epoch": view.best_epoch, "epochs": _axis_end(view), "marks": marks}
    loss = curve("Loss", training, [(row.epoch, row.validation.loss) for row in validation], **shared)
    scored = rows[0].train if rows else view.naive
    main = scored.main if scored else "accuracy"
    score, number = attrgetter(main), main == "rmse"
    title = MAIN_TITLES[main] + (f", in {escaped(view.target, 40) or 'its unit'}" if number else "")
    scores = curve(
        title,
        [(row.epoch, score(row.train)) for row in rows],
        [(row.epoch, score(row.validation)) for row in validation],
        share=not number,
        beat=_to_beat(view, score),
        **shared,
    )
    left, right = st.columns(2, gap="medium")
    with left:
        live_chart(loss, key="curve_loss", alt="Loss over the epochs")
    with right:
        live_chart(scores, key="curve_scores", alt=f"{MAIN_TITLES[main]} over the epochs")


def _advice(view: View) -> None:
    """What the curves say, below them."""
    said = advice(view)
    if said is not None:
        st.markdown(f"{ADVICE_ICONS[said.kind]} **{literal(said.sentence)}** {literal(said.todo)}")


def _to_beat(view: View, score: attrgetter) -> tuple[str, float] | None:
    """The better of the two answers without training."""
    if view.baseline is None:
        return None
    known = (score(view.baseline.neighbours), score(view.baseline.linear))
    return "To beat", min(known) if view.target else max(known)


def _axis_end(view: View) -> int:
    """The last epoch, or for a long run a nearer one that doubles as it is reached: so the curves fill the chart."""
    end = FIRST_AXIS_END
    while end < view.epoch:
        end *= 2
    return min(end, view.epochs) if view.status.active else view.epoch


def _log(run: Run) -> None:
    with st.expander("Log"):
        st.code(run.log_tail() or "The worker wrote nothing.", language=None, wrap_lines=True, height=320)
