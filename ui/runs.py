"""Runs as the pages look at them, and what they call them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import streamlit as st

from core.data.dataset import list_datasets
from core.runs import Run, Status, View, index_of
from core.runs.comparison import frozen_words
from core.workspace import Workspace
from ui.state import dataset_name
from ui.widgets import clip

MOST_OFFERED = 100
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


def view_of(run: Run) -> View:
    """All of the run as it stands now.

    Raises:
        RunError: its recipe cannot be read.
    """
    return index_of(run.workspace).view(run)


def runs_and_views(workspace: Workspace) -> list[tuple[Run, View]]:
    """Every readable run with its view, newest first; of one that has ended, only what lists show."""
    return all_runs(workspace)[0]


def all_runs(workspace: Workspace) -> tuple[list[tuple[Run, View]], list[tuple[Run, str]]]:
    """The same, and every other one with what is wrong with it."""
    return index_of(workspace).look()


def offered(runs: Sequence[Run], chosen: Collection[str]) -> list[Run]:
    """What there is to choose from in a list that drops down: the newest runs, and what is chosen. The table on the
    Fine-tune page has them all."""
    return [run for place, run in enumerate(runs) if place < MOST_OFFERED or run.id in chosen]


def badge(status: Status) -> None:
    st.badge(status.value.capitalize(), color=STATUS_COLOURS[status])


def run_names(runs: Sequence[Run]) -> dict[str, str]:
    """What lists call them, by id, each another: title and frozen stages, and a number where these are the same.

    runs: newest first, none damaged, so that a new run does not change the numbers of older ones.
    """
    names: dict[str, str] = {}
    seen: Counter[str] = Counter()
    known = {each.id: each.name for each in list_datasets(runs[0].workspace)} if runs else {}
    datasets = {id: clip(known.get(id, id), 40) for id in {run.facts.dataset for run in runs}}
    for run in reversed(runs):
        name = f"{datasets[run.facts.dataset]}, {began(run)}: {frozen_words(run.facts.freeze)}"
        seen[name] += 1
        names[run.id] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return names


def run_title(run: Run) -> str:
    """Its dataset and when it was started, for people. Hostile text, as the dataset's name is."""
    return f"{clip(dataset_name(run.facts.dataset), 40)}, {began(run)}"


def began(run: Run) -> str:
    """`25 Nov, 16:50`."""
    return f"{run.created.day} {run.created:%b, %H:%M}"
