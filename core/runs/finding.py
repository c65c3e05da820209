"""Which run somebody means, and which of them use a thing that is to be deleted."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress

from core.errors import RunError, WorkspaceError
from core.runs.index import index_of
from core.runs.naming import title
from core.runs.run import Run, get, list_runs
from core.words import clip
from core.workspace import Workspace

SECONDS_TO_STOP = 20
SECONDS_BETWEEN_LOOKS = 0.1


def find_run(workspace: Workspace, said: str) -> Run:
    """The run that a person calls by its id or by its name; `latest` is the one that was made last.

    Raises:
        RunError: there is none, or several have that name.
    """
    if said == "latest":
        if not (every := list_runs(workspace)):
            raise RunError("There is no run yet. Train one first: python -m core train --data PATH")
        return every[0]
    with suppress(RunError, WorkspaceError):
        return get(workspace, said)
    called = [run for run, _ in index_of(workspace).look()[0] if said in (run.facts.name, title(run))]
    if len(called) > 1:
        ids = ", ".join(run.id for run in called)
        raise RunError(f"{len(called)} runs are called {clip(said, 80)!r}. Say which one by its id: {ids}.")
    if called:
        return called[0]
    try:
        return get(workspace, said)
    except WorkspaceError as error:
        raise RunError(f"There is no run {said[:80]!r}. The command `runs` lists those there are.") from error


def using(workspace: Workspace, dataset_id: str) -> list[Run]:
    """The runs of a dataset, newest first."""
    return [run for run, _ in index_of(workspace).look()[0] if run.facts.dataset == dataset_id]


def stop_all(runs: Iterable[Run], patience: float = SECONDS_TO_STOP) -> None:
    """Stop those that are at work or wait for it, keeping what they learned, until no worker is at them.

    Raises:
        RunError: one does not end in so many seconds.
    """
    active = [run for run in runs if run.status.active]
    for run in active:
        run.stop()
    until = time.monotonic() + patience
    while active := [run for run in active if run.status.active]:
        if time.monotonic() > until:
            raise RunError(
                f"The run {clip(title(active[0]), 100)!r} was asked to stop, and is still at work. "
                "Nothing was deleted; try again in a moment."
            )
        time.sleep(SECONDS_BETWEEN_LOOKS)
