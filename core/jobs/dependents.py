"""What depends on a dataset, and its deletion, which ends first what is at work on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from core.data.dataset import delete_dataset
from core.jobs.job import Family, Job, current
from core.runs import Run, stop_all, using
from core.trash import Trashed
from core.workspace import Workspace


@dataclass(frozen=True)
class Dependents:
    """runs: that learned from it, or will, newest first. active: of these, those that train or wait. jobs: at work."""

    runs: list[Run]
    active: list[Run]
    jobs: list[Job]


def dependents(workspace: Workspace, dataset_id: str) -> Dependents:
    runs = using(workspace, dataset_id)
    jobs = [job for family in get_args(Family) if (job := current(workspace, family)) and job.view().running]
    at_it = [job for job in jobs if dataset_id in str(job.said["arguments"])]
    return Dependents(runs, [run for run in runs if run.status.active], at_it)


def delete_with_dependents(workspace: Workspace, dataset_id: str) -> Trashed | None:
    """Stop the runs at work on the dataset, keeping what they learned, and the jobs; then move it to the trash.

    Raises:
        RunError: a run does not end. WorkspaceError: the disk refuses.
    """
    found = dependents(workspace, dataset_id)
    stop_all(found.active)
    for job in found.jobs:
        job.stop()
    return delete_dataset(workspace, dataset_id)
