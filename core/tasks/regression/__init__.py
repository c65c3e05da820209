"""A number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.tasks.metrics import LOSS, MAE, R2, RMSE
from core.tasks.protocol import Settings, Task

if TYPE_CHECKING:  # pandas and torch take their time to import
    import pandas as pd

    from core.tasks.objective import Objective


class Regression(Task):
    name = "number"
    noun = "number"
    column = "target"
    needs = "pooled"
    modalities = frozenset({"image", "text"})
    losses = ("mean_squared_error", "mean_absolute_error", "huber")
    metrics = (RMSE, MAE, R2, LOSS)
    balances = ("none", "weights", "sampling")  # which do nothing

    def spec(self, classes: tuple[str, ...], target: str, training: pd.DataFrame) -> dict[str, Any]:
        targets = training["target"].astype(float)
        mean, deviation = float(targets.mean()), float(targets.std(ddof=0)) or 1.0
        span = {"smallest": float(targets.min()), "largest": float(targets.max())}
        return {"kind": self.name, "target": target, "mean": mean, "deviation": deviation, **span}

    def objective(self, spec: dict[str, Any], settings: Settings, training: pd.DataFrame) -> Objective:
        from core.tasks.regression import objective

        return objective.Regression(spec, settings, training)


REGRESSION = Regression()
