"""One class of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.tasks.metrics import ACCURACY, BALANCED_ACCURACY, LOSS, MACRO_F1
from core.tasks.protocol import Settings, Task

if TYPE_CHECKING:  # pandas and torch take their time to import
    import pandas as pd

    from core.tasks.objective import Objective


class Classification(Task):
    name = "classes"
    noun = "class"
    column = "label"
    needs = "pooled"
    modalities = frozenset({"image", "text"})
    losses = ("cross_entropy", "focal")
    metrics = (ACCURACY, BALANCED_ACCURACY, MACRO_F1, LOSS)
    balances = ("none", "weights", "sampling")
    spoken = (ACCURACY,)
    shown = (ACCURACY, LOSS)
    has = "classes"
    constant_answer = "the largest class"
    convex_loss = losses[0]
    linear_model = "Logistic regression"

    def spec(self, classes: tuple[str, ...], target: str, training: pd.DataFrame) -> dict[str, Any]:
        return {"kind": self.name, "classes": list(classes)}

    def objective(self, spec: dict[str, Any], settings: Settings, training: pd.DataFrame) -> Objective:
        from core.tasks.classification import objective

        return objective.Classification(spec, settings, training)


CLASSIFICATION = Classification()
