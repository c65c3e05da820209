"""A yes or a no for each of several labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.tasks.metrics import EXACT_MATCH, LOSS, MACRO_F1, RIGHT_ANSWERS
from core.tasks.protocol import Settings, Task

if TYPE_CHECKING:  # pandas and torch take their time to import
    import pandas as pd

    from core.tasks.objective import Objective


class MultiLabel(Task):
    name = "labels"
    noun = "label"
    column = "label"
    needs = "pooled"
    modalities = frozenset({"image", "text"})
    losses = ("binary_cross_entropy", "focal")
    metrics = (MACRO_F1, RIGHT_ANSWERS, EXACT_MATCH, LOSS)
    balances = ("none", "weights")  # an example that is shown more often brings all of its labels
    spoken = (MACRO_F1, EXACT_MATCH)
    shown = (MACRO_F1, EXACT_MATCH, RIGHT_ANSWERS, LOSS)
    has = "several labels each"
    constant_answer = "the same yes or no for each label"
    convex_loss = losses[0]
    linear_model = "Logistic regression"

    def spec(self, classes: tuple[str, ...], target: str, training: pd.DataFrame) -> dict[str, Any]:
        return {"kind": self.name, "classes": list(classes)}

    def objective(self, spec: dict[str, Any], settings: Settings, training: pd.DataFrame) -> Objective:
        from core.tasks.multilabel import objective

        return objective.MultiLabel(spec, settings, training)


MULTILABEL = MultiLabel()
