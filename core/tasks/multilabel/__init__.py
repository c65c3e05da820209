"""A yes or a no for each of several labels."""

from __future__ import annotations

from core.tasks.metrics import ACCURACY, EXACT_MATCH, LOSS, MACRO_F1
from core.tasks.protocol import Task


class MultiLabel(Task):
    name = "labels"
    noun = "label"
    column = "label"
    needs = "pooled"
    modalities = frozenset({"image", "text"})
    losses = ("binary_cross_entropy", "focal")
    metrics = (MACRO_F1, ACCURACY, EXACT_MATCH, LOSS)
    balances = ("none", "weights")  # an example that is shown more often brings all of its labels


MULTILABEL = MultiLabel()
