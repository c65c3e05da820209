"""One class of several."""

from __future__ import annotations

from core.tasks.metrics import ACCURACY, BALANCED_ACCURACY, LOSS, MACRO_F1
from core.tasks.protocol import Task


class Classification(Task):
    name = "classes"
    noun = "class"
    column = "label"
    needs = "pooled"
    modalities = frozenset({"image", "text"})
    losses = ("cross_entropy", "focal")
    metrics = (ACCURACY, BALANCED_ACCURACY, MACRO_F1, LOSS)
    balances = ("none", "weights", "sampling")


CLASSIFICATION = Classification()
