"""The scores that a network can be judged by: what each is called, which way is better, and in which unit it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """name: in events, recipes and files. title: on pages. unit: a share, 0 to 1, a plain number, or the
    target's own."""

    name: str
    title: str
    better: Literal["higher", "lower"]
    unit: Literal["share", "number", "target"]


LOSS = Metric("loss", "Loss", "lower", "number")
ACCURACY = Metric("accuracy", "Accuracy", "higher", "share")
BALANCED_ACCURACY = Metric("balanced_accuracy", "Balanced accuracy", "higher", "share")
MACRO_F1 = Metric("macro_f1", "F1", "higher", "share")
EXACT_MATCH = Metric("exact_match", "All labels right", "higher", "share")
RMSE = Metric("rmse", "RMSE", "lower", "target")
MAE = Metric("mae", "MAE", "lower", "target")
R2 = Metric("r2", "R²", "higher", "number")
