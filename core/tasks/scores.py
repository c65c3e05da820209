"""How good answers are, by the metrics of their task."""

from __future__ import annotations

from dataclasses import dataclass

from core.records import Share

ERRORS = ("loss", "rmse", "mae")  # those that are the better, the smaller they are


@dataclass(frozen=True)
class Scores:
    """loss: mean over the images.

    Of classes, each 0 to 1, accuracy: share of images whose likeliest class is the right one; balanced_accuracy: mean
    over the classes of that share; macro_f1: mean over the classes of F1.

    Of labels, each 0 to 1, accuracy: share of the answers that are right, a yes or a no for each label of each image;
    macro_f1: mean over the labels of F1; exact_match: share of images of which all answers are right.

    Of numbers, in the target's own unit, rmse: root of the mean squared error; mae: mean absolute error; r2: share of
    the variance that is explained, at most 1.
    """

    loss: float
    accuracy: Share | None = None
    balanced_accuracy: Share | None = None
    macro_f1: Share | None = None
    rmse: float | None = None
    mae: float | None = None
    r2: float | None = None
    exact_match: Share | None = None

    @property
    def kind(self) -> str:
        """Of what: "classes", "labels" or "number"."""
        return "number" if self.accuracy is None else "classes" if self.exact_match is None else "labels"

    @property
    def main(self) -> str:
        """Which of them is shown where there is room for one."""
        return {"classes": "accuracy", "labels": "macro_f1", "number": "rmse"}[self.kind]

    @property
    def words(self) -> str:
        """`accuracy 93.4%`, `F1 87.2%, all labels right 61.0%` or `RMSE 2.13, R² 0.94`."""
        if self.exact_match is not None:
            return f"F1 {self.macro_f1 or 0.0:.1%}, all labels right {self.exact_match:.1%}"
        if self.accuracy is not None:
            return f"accuracy {self.accuracy:.1%}"
        explained = "" if self.r2 is None else f", R² {self.r2:.2f}"
        return f"RMSE {self.rmse or 0.0:.4g}{explained}"

    def rank(self, by: str) -> tuple[float, ...]:
        """The higher, the better. by: a metric's name; of what is equally good by it, the smaller loss is better."""
        value = getattr(self, by)
        if value is None:  # as R² where all targets are the same
            return (-self.loss,)
        return -value if by in ERRORS else value, -self.loss
