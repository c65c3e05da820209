"""How good answers are, by the metrics of their task."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic_core import core_schema

from core.tasks import TASKS
from core.tasks.metrics import Metric
from core.tasks.protocol import Task


@dataclass(frozen=True)
class Scores:
    """loss: mean over the examples. values: by the names of the task's metrics, in their order; None where a score
    cannot be told, as R² where all targets are the same."""

    loss: float
    values: Mapping[str, float | None]

    @property
    def task(self) -> Task:
        """Whose metrics these are."""
        return _task(tuple(self.values))

    @property
    def main(self) -> Metric:
        """The one that is shown where there is room for one."""
        return self.task.metrics[0]

    def get(self, name: str) -> float | None:
        """A metric's value, the loss's too; None where there is none."""
        return self.loss if name == "loss" else self.values.get(name)

    @property
    def words(self) -> str:
        """`accuracy 93.4%`, `macro F1 87.2%, all labels right 61.0%` or `RMSE 2.13, R² 0.94`."""
        said = [(metric, self.get(metric.name)) for metric in self.task.spoken]
        return ", ".join(metric.words(value) for metric, value in said if value is not None)

    def rank(self, by: str) -> tuple[float, ...]:
        """The higher, the better. by: a metric's name; of what is equally good by it, the smaller loss is better."""
        value = self.get(by)
        if value is None:
            return (-self.loss,)
        return next(metric for metric in self.task.metrics if metric.name == by).rank(value), -self.loss

    # In files: flat, the loss among the others ------------------------------------------------------------------------

    def flat(self) -> dict[str, float | None]:
        return {"loss": self.loss, **self.values}

    @classmethod
    def read(cls, said: object) -> Scores:
        """What `flat` gave, here or in an earlier version, which named the scores of every task, most of them None.

        Raises:
            ValueError: these are no scores.
        """
        if isinstance(said, Scores):
            return said
        if not isinstance(said, Mapping):
            raise ValueError("scores should be named values")
        task = _task(tuple(name for name, value in said.items() if name in _known() and value is not None))
        named = [metric for metric in task.metrics if metric.name in said and metric.name != "loss"]
        values = {metric.name: _checked(metric, said[metric.name]) for metric in named}
        return cls(_number("loss", said.get("loss")), values)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        flat = core_schema.plain_serializer_function_ser_schema(cls.flat)
        return core_schema.no_info_plain_validator_function(cls.read, serialization=flat)


def _known() -> set[str]:
    return {metric.name for task in TASKS.values() for metric in task.metrics if metric.name != "loss"}


@cache
def _task(names: tuple[str, ...]) -> Task:
    """The first task that has all of these metrics."""
    for task in TASKS.values():
        if set(names) <= {metric.name for metric in task.metrics}:
            return task
    raise ValueError(f"no task has the scores {', '.join(names)} together")


def _checked(metric: Metric, value: object) -> float | None:
    if value is None:
        return None
    number = _number(metric.name, value)
    if metric.unit == "share" and not 0 <= number <= 1.001:
        raise ValueError(f"{metric.name} should be a share, 0 to 1")
    return number


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} should be a number")
    try:
        return float(value)
    except OverflowError:
        return math.inf
