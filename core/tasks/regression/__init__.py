"""A number."""

from __future__ import annotations

from core.tasks.metrics import LOSS, MAE, R2, RMSE
from core.tasks.protocol import Task


class Regression(Task):
    name = "number"
    noun = "number"
    column = "target"
    needs = "pooled"
    modalities = frozenset({"image", "text"})
    losses = ("mean_squared_error", "mean_absolute_error", "huber")
    metrics = (RMSE, MAE, R2, LOSS)
    balances = ("none", "weights", "sampling")  # which do nothing


REGRESSION = Regression()
