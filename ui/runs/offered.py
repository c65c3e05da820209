"""Runs as the pages look at them, and what they call them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import streamlit as st

from core.runs import Run, Status, View, index_of
from core.workspace import Workspace

MOST_OFFERED = 100
STATUS_COLOURS: dict[Status, Literal["gray", "blue", "orange", "red", "green"]] = {
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
