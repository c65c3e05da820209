"""What a run's model answered about images that it had not seen, and where it was wrong."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pandas as pd
from pydantic import BaseModel

from core.errors import DamagedError
from core.records import read
from core.runs.run import Run
from core.tables import fitted, read_table
from core.tasks import TASKS
from core.tasks.decision import PLAIN, Decision
from core.tasks.protocol import Task

FILE = "answers.parquet"


def answers(run: Run) -> pd.DataFrame | None:
    """A row for each image of the validation part, and of the test part where it was scored. None, where the run keeps
    no answers, as those that were made before they did. Said is what follows from what was decided about the model.

    Columns: name as in the dataset, and where it lies (image, or row); split;
    the `answered` of its task.
    """
    if run.bundle is None:
        return None
    with suppress(OSError, DamagedError, StopIteration):
        frame = read_table(run.bundle / FILE, {})
        task = task_of(run, frame)
        if {"name", "said", _truth(task)} <= set(frame.columns):
            types = {name: kind for name, kind in task.answered.items() if name in frame}
            places = {"image": "str", "row": "int64"}
            types |= {name: kind for name, kind in places.items() if name in frame}
            types |= {"name": "str", "split": "str"}
            frame = _decided(run, frame, task)
            return fitted(frame, run.bundle / FILE, types, {"split": "validation"})
    return None


def mistakes(found: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Of such answers to this task those that are wrong, as `Task.mistakes`. With the column `truth`, what would have
    been right."""
    return task.mistakes(found.assign(truth=found[_truth(task)]))


class _Taught(BaseModel):
    """What of bundle.json says which task it was taught, and what was decided."""

    task: dict[str, Any] = {}
    decision: Decision = PLAIN


def _decided(run: Run, found: pd.DataFrame, task: Task) -> pd.DataFrame:
    """As they are where nothing was decided, or too little was kept of them."""
    with suppress(OSError, DamagedError, ValueError, KeyError, TypeError):
        assert run.bundle is not None
        taught = read(run.bundle / "bundle.json", _Taught)
        if task.judge is not None and taught.decision != PLAIN:
            return task.judge.decided(found, taught.task, taught.decision)
    return found


def task_of(run: Run, found: pd.DataFrame) -> Task:
    """What its bundle was taught; of one that does not say, whose answers have such columns.

    Raises:
        StopIteration: nobody's.
    """
    kind = ""
    if run.bundle is not None:
        with suppress(OSError, DamagedError):
            kind = str(read(run.bundle / "bundle.json", _Taught).task.get("kind", ""))
    return TASKS[kind] if kind in TASKS else next(task for task in TASKS.values() if _truth(task) in found)


def _truth(task: Task) -> str:
    return next(iter(task.answered))
