"""What the answer is: a class, several labels, a number, entities, or a text's own words. A task is a folder in here,
and one line in `TASKS`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from core.tasks.answers import Answers
from core.tasks.classification import CLASSIFICATION
from core.tasks.language import LANGUAGE
from core.tasks.multilabel import MULTILABEL
from core.tasks.protocol import Task
from core.tasks.regression import REGRESSION
from core.tasks.tokens import TOKENS

TASKS: dict[str, Task] = {task.name: task for task in (CLASSIFICATION, MULTILABEL, REGRESSION, TOKENS, LANGUAGE)}
IMPORTED = {"label", "target"}  # the columns that an import of tables and folders can fill


def readable() -> dict[str, Task]:
    """The tasks whose answers an import can read: in those columns, or because they read their own."""
    own = (name for name, task in TASKS.items() if type(task).read is not Answers.read)
    read = {*own, *(name for name, task in TASKS.items() if set(task.columns) <= IMPORTED)}
    return {name: task for name, task in TASKS.items() if name in read}


def _known(name: str) -> str:
    if name not in TASKS:
        raise ValueError(f"there is no task {name!r}, but {', '.join(TASKS)}")
    return name


Kind = Annotated[str, AfterValidator(_known)]  # the name of a task
