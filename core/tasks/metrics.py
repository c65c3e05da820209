"""The scores that a network can be judged by: what each is called, which way is better, and in which unit it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """name: in events, recipes and files. title: on pages. unit: a share, 0 to 1, a plain number, or the target's own.
    help: what it says, a sentence. counted: what is said of the examples that it is the share of, empty where it is
    something else.
    """

    name: str
    title: str
    better: Literal["higher", "lower"]
    unit: Literal["share", "number", "target"]
    help: str = ""
    counted: str = ""

    def said(self, value: float | None, exact: bool = True) -> str:
        """The value: `93.4%`, or `93%` where it need not be exact."""
        if value is None:
            return "–"
        if self.unit == "share":
            return f"{value:.1%}" if exact else f"{value:.0%}"
        return f"{value:.4g}" if exact and self.unit == "target" else f"{value:.3g}"

    def words(self, value: float | None, exact: bool = True) -> str:
        """`accuracy 93.4%`, `RMSE 2.13`."""
        return f"{self.lower_title} {self.said(value, exact)}"

    @property
    def lower_title(self) -> str:
        """The title in the middle of a sentence: what is an abbreviation stays one."""
        return self.title[0].lower() + self.title[1:] if self.title[1:2].islower() else self.title

    def rank(self, value: float) -> float:
        """The higher, the better."""
        return -value if self.better == "lower" else value


LOSS = Metric("loss", "Loss", "lower", "number", "What training makes small, on average.")
ACCURACY = Metric("accuracy", "Accuracy", "higher", "share", "How many are right.", "right")
BALANCED_ACCURACY = Metric(
    "balanced_accuracy", "Balanced accuracy", "higher", "share", "The accuracy of each class, on average."
)
MACRO_F1 = Metric(
    "macro_f1",
    "Macro F1",
    "higher",
    "share",
    "On average over all that can be answered: how many of the yeses are right and how many were found, in one number.",
)
RIGHT_ANSWERS = Metric(
    "accuracy", "Right answers", "higher", "share", "How many answers are right, a yes or a no for each label."
)
EXACT_MATCH = Metric(
    "exact_match", "All labels right", "higher", "share", "How many have every label right.", "with every label right"
)
ALL_ENTITIES = Metric(
    "exact_match", "All entities right", "higher", "share", "How many have all their entities right, and no other."
)
ENTITY_F1 = Metric(
    "entity_f1",
    "Entity F1",
    "higher",
    "share",
    "How many of the entities that it names are right, and how many of those there are it finds, in one number. An "
    "entity is right if its type and both of its ends are.",
)
ENTITY_PRECISION = Metric(
    "entity_precision", "Entity precision", "higher", "share", "How many of the entities that it names are right."
)
ENTITY_RECALL = Metric(
    "entity_recall", "Entity recall", "higher", "share", "How many of the entities that there are it finds."
)
TAG_ACCURACY = Metric(
    "tag_accuracy", "Words right", "higher", "share", "How many words have the right tag; most have none to get wrong."
)
RMSE = Metric(
    "rmse", "RMSE", "lower", "target", "How far off it is, typically; large errors count more than in the MAE."
)
MAE = Metric("mae", "MAE", "lower", "target", "How far off it is on average (mean absolute error).")
R2 = Metric(
    "r2",
    "R²",
    "higher",
    "number",
    "The share of the differences that it explains: 1 is perfect, 0 no better than always the mean.",
)
LOG_LOSS = Metric(
    "log_loss",
    "Log loss",
    "lower",
    "number",
    "How little it believed in what was right, on average: 0 is sure and right; who is sure and wrong pays most.",
)
TOP_3 = Metric("top_3", "Among the first three", "higher", "share", "How often the right one is among its first three.")
MEAN_AVERAGE_PRECISION = Metric(
    "mean_average_precision",
    "Mean average precision",
    "higher",
    "share",
    "Of the examples that it finds likeliest to have a label, how many do: on average over all places and labels.",
)
PERPLEXITY = Metric(
    "perplexity",
    "Perplexity",
    "lower",
    "number",
    "Among how many equally likely tokens it seems to guess: 1 is always sure and right. Of two networks only with the "
    "same tokens.",
)
TOKEN_ACCURACY = Metric("token_accuracy", "Tokens right", "higher", "share", "How many of the tokens it guesses.")
