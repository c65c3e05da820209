"""What the answer is: a class, several labels, a number. A task is a folder in here, and one line in `TASKS`."""

from __future__ import annotations

from typing import Literal

from core.tasks.classification import CLASSIFICATION
from core.tasks.multilabel import MULTILABEL
from core.tasks.protocol import Task
from core.tasks.regression import REGRESSION

Kind = Literal["classes", "labels", "number"]
TASKS: dict[str, Task] = {task.name: task for task in (CLASSIFICATION, MULTILABEL, REGRESSION)}
