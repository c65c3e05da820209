"""A number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.tasks.metrics import LOSS, MAE, R2, RMSE
from core.tasks.protocol import Settings, Task
from core.words import number_of

if TYPE_CHECKING:  # pandas and torch take their time to import
    import pandas as pd

    from core.tasks.objective import Objective
    from core.tasks.scores import Scores


class Regression(Task):
    name = "number"
    noun = "number"
    column = "target"
    needs = "pooled"
    modalities = frozenset({"image", "text"})
    losses = ("mean_squared_error", "mean_absolute_error", "huber")
    metrics = (RMSE, MAE, R2, LOSS)
    balances = ("none", "weights", "sampling")  # which do nothing
    spoken = (RMSE, R2)
    shown = (RMSE, MAE, R2)
    has = "numbers"
    constant_answer = "the mean"
    ignores = ("label_smoothing", "focal_gamma", "balance")
    convex_loss = losses[0]
    linear_model = "Ridge regression"

    def spec(self, classes: tuple[str, ...], target: str, training: pd.DataFrame) -> dict[str, Any]:
        targets = training["target"].astype(float)
        mean, deviation = float(targets.mean()), float(targets.std(ddof=0)) or 1.0
        span = {"smallest": float(targets.min()), "largest": float(targets.max())}
        return {"kind": self.name, "target": target, "mean": mean, "deviation": deviation, **span}

    def objective(self, spec: dict[str, Any], settings: Settings, training: pd.DataFrame) -> Objective:
        from core.tasks.regression import objective

        return objective.Regression(spec, settings, training)

    def headline(self, scores: Scores, part: str, examples: int) -> str:
        on = number_of(examples, f"{part} image") if examples else f"{part} images"
        return f"Off by {scores.get(MAE.name) or 0.0:.3g} on average, on {on}"

    def gain(self, scores: Scores, constant: Scores | None) -> float | None:
        return scores.get(R2.name)


REGRESSION = Regression()
