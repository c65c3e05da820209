"""A job on a page: how far it is, with Stop; and how it ended, told once to every tab that watched."""

from __future__ import annotations

import time
from contextlib import suppress

import streamlit as st

from core import jobs
from core.jobs import Job, JobView, asking
from core.workspace import Workspace
from ui.datasets.reading_panel import reading_panel
from ui.shared.gone import apart, asked
from ui.shared.widgets import clip, duration, literal, show_error

SECONDS_BETWEEN_LOOKS = 0.4


def running(workspace: Workspace, family: jobs.Family) -> Job | None:
    """The job of this family that is at work."""
    job = jobs.current(workspace, family)
    return job if job is not None and job.view().running else None


def just_ended(workspace: Workspace, family: jobs.Family) -> JobView | None:
    """How the newest job ended, if this tab watched it, or if nobody has been told yet; else None."""
    job = jobs.current(workspace, family)
    if job is None or (view := job.view()).running:
        return None
    told, watched = job.directory / "told", f"watched_{family}"
    if st.session_state.get(watched) != job.id and (told.exists() or st.session_state.get("told_last") == job.id):
        return None
    st.session_state.pop(watched, None)
    st.session_state["told_last"] = job.id
    with suppress(OSError):  # another tab may tell it again
        told.touch()
    return view


def at_work(workspace: Workspace, family: jobs.Family) -> bool:
    """Whether a job of this family is at work: then it is drawn; why the last one failed is said once."""
    job = running(workspace, family)
    if job is not None:
        watch(job, family)
        return True
    ended = just_ended(workspace, family)
    if ended is not None and ended.status == "failed":
        show(ended)
    return False


def watch(job: Job, family: jobs.Family) -> None:
    """Draw the job's progress until it ends; then the page runs again. One that asks something is answered here."""
    st.session_state[f"watched_{family}"] = job.id
    if asked := asking.question(job.directory):
        reading_panel(job, asked)
    else:
        _watch(job, job.title)


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
@apart
def _watch(job: Job, title: str) -> None:
    view = job.view()
    if not view.running or asking.question(job.directory):
        st.rerun()
    key = f"share_{job.id}"  # what was shown once is not taken back
    st.session_state[key] = max(view.share, st.session_state.get(key, 0.0))
    st.progress(st.session_state[key], text=f"{literal(title, 60)}. {words(view)}")
    st.button("Stop", icon=":material/stop:", on_click=asked(job.stop), key=f"stop_{job.id}")


def words(view: JobView) -> str:
    """`Checking images: 120 of 3,400, about 12 s left`, to the end of the job; where nothing is known of that,
    `Comparing, 4 s so far`."""
    counted = f": {view.done:,} of {view.total:,}" if view.total else f": {view.done:,}" if view.done else ""
    left = f", about {duration(view.seconds_left)} left" if view.seconds_left and view.seconds_left >= 1 else ""
    lasts = time.time() - view.began
    so_far = f", {duration(lasts)} so far" if view.began and view.seconds_left is None and lasts >= 1 else ""
    return f"{view.phase}{counted}{left or so_far}"


def show(ended: JobView) -> None:
    """Say why it failed, where it was asked for."""
    show_error(ended.message)


def tell(kind: str, said: str) -> None:
    """Keep a sentence for the next run of the page's script: "done" or "error"."""
    st.session_state["said"] = (kind, said)


def last_word() -> None:
    """Show the sentence that was kept, once."""
    kind, said = st.session_state.pop("said", (None, ""))
    if kind == "error":
        show_error(said)
    elif kind == "done":
        st.success(literal(clip(said)), icon=":material/check:")
