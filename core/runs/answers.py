"""What a run's model answered about images that it had not seen, and where it was wrong."""

from __future__ import annotations

from contextlib import suppress

import pandas as pd

from core.errors import DamagedError
from core.runs.run import Run
from core.tables import fitted, read_table
from core.tasks import TASKS
from core.tasks.protocol import Task

FILE = "answers.parquet"


def answers(run: Run) -> pd.DataFrame | None:
    """A row for each image of the validation part, and of the test part where it was scored. None, where the run keeps
    no answers, as those that were made before they did.

    Columns: image and name as in the dataset; split; the `answered` of its task.
    """
    if run.bundle is None:
        return None
    with suppress(OSError, DamagedError):
        frame = read_table(run.bundle / FILE, {})
        task = task_of(frame)
        if {"image", "name", "said"} <= set(frame.columns) and task is not None:
            types = {name: kind for name, kind in task.answered.items() if name in frame}
            types |= {"image": "str", "name": "str", "split": "str"}
            return fitted(frame, run.bundle / FILE, types, {"split": "validation"})
    return None


def mistakes(found: pd.DataFrame) -> pd.DataFrame:
    """Of such answers those that are wrong, as `Task.mistakes`. With the column `truth`, what would have been right."""
    task = task_of(found)
    assert task is not None
    return task.mistakes(found.assign(truth=found[_truth(task)]))


def task_of(found: pd.DataFrame) -> Task | None:
    """Whose answers have such columns."""
    return next((task for task in TASKS.values() if _truth(task) in found), None)


def _truth(task: Task) -> str:
    return next(iter(task.answered))
