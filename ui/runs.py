"""Runs as the pages look at them: every look reads only what a run has written since the look before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.errors import GraftError
from core.runs import Run, Status, View, list_runs
from core.runs.comparison import frozen_words
from core.workspace import Workspace
from ui.state import dataset_name
from ui.widgets import clip

STATUS_COLOURS = {
    Status.NOT_STARTED: "gray",
    Status.QUEUED: "gray",
    Status.PREPARING: "blue",
    Status.TRAINING: "blue",
    Status.STOPPING: "orange",
    Status.PAUSING: "orange",
    Status.SILENT: "red",
    Status.PAUSED: "orange",
    Status.FINISHED: "green",
    Status.STOPPED: "green",
    Status.FAILED: "red",
    Status.INTERRUPTED: "orange",
}


@st.cache_resource
def _views() -> dict[Path, View]:
    """The last look at each run, shared by every tab. A view is never changed, so a lost race costs one more read."""
    return {}


def view_of(run: Run) -> View:
    """The run as it stands now.

    Raises:
        RunError: its recipe cannot be read.
    """
    views = _views()
    view = run.view(views.get(run.directory))
    views[run.directory] = view
    return view


def runs_and_views(workspace: Workspace) -> list[tuple[Run, View]]:
    """Every readable run with its view, newest first."""
    return all_runs(workspace)[0]


def all_runs(workspace: Workspace) -> tuple[list[tuple[Run, View]], list[tuple[Run, str]]]:
    """Every readable run with its view, and every other one with what is wrong with it, newest first."""
    found, damaged = [], []
    for run in list_runs(workspace):
        try:
            run.recipe  # noqa: B018  read here, so that no page meets a damaged one
            found.append((run, view_of(run)))
        except (GraftError, OSError) as error:
            if (run.directory / "recipe.json").exists():  # and not deleted since it was listed
                damaged.append((run, str(error)))
    known = {run.directory for run, _ in found}
    for gone in [path for path in _views() if path not in known]:
        _views().pop(gone, None)
    return found, damaged


def badge(status: Status) -> None:
    st.badge(status.value.capitalize(), color=STATUS_COLOURS[status])


def run_names(runs: Sequence[Run]) -> dict[str, str]:
    """What lists call them, by id, each another: title and frozen stages, and a number where these are the same.

    runs: newest first, none damaged, so that a new run does not change the numbers of older ones.
    """
    names: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for run in reversed(runs):
        name = f"{run_title(run)}: {frozen_words(run.recipe.freeze)}"
        seen[name] += 1
        names[run.id] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return names


def run_title(run: Run) -> str:
    """Its dataset and when it was started, for people. Hostile text, as the dataset's name is."""
    return f"{clip(dataset_name(run.recipe.dataset), 40)}, {began(run)}"


def began(run: Run) -> str:
    """`25 Nov, 16:50`."""
    return f"{run.created.day} {run.created:%b, %H:%M}"
