"""A number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict

from core.errors import DataError
from core.finding import Finding
from core.records import Amount
from core.tasks.labels import LARGEST
from core.tasks.metrics import LOSS, MAE, R2, RMSE
from core.tasks.protocol import Settings, Task, Untouched
from core.words import names_of, number_of

if TYPE_CHECKING:  # torch takes its time to import
    from core.tasks.judging import Judge
    from core.tasks.objective import Objective
    from core.tasks.scores import Scores

BINS = 10  # of equally many examples, by which numbers are divided evenly
PER_BIN = 10  # examples at least: of fewer, no share can be taken
FAR_OUT = 8.0  # times the median distance from the median


class Numbers(BaseModel):
    """The targets of a dataset, in their own unit."""

    model_config = ConfigDict(frozen=True)

    name: str
    smallest: float
    median: float
    largest: float
    mean: float
    deviation: float


class Spec(BaseModel):
    """What a bundle keeps: what the number is called, how the head's output becomes it, and which were taught."""

    kind: Literal["number"]
    target: str = ""
    mean: Amount = 0.0
    deviation: Amount = 1.0
    smallest: Amount = 0.0
    largest: Amount = 0.0


class Regression(Task):
    name = "number"
    noun = "number"
    plural = "numbers"
    each = "a number"
    column = "target"
    columns = {"target": "float64"}
    ordered = True
    divided = "Each range of numbers is"
    fewest = "two different numbers"
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
    answered = {"target": "float64", "said": "float64"}

    def word(self, answer: Any) -> str:
        return f"{answer:,g}"

    def parts(self, answer: Any) -> tuple[str, ...]:
        return (f"{answer:g}",)

    def cleaned(self, answer: Any) -> Any:
        if isinstance(answer, str | bool) or not isinstance(answer, float | int):
            raise DataError("This dataset has numbers, not classes. Set their number instead.")
        if not abs(answer) < LARGEST:  # nor is it NaN
            raise DataError("A number must be a finite number, and none of more than 150 digits.")
        return float(answer)

    def corrected(self, answers: list[Any], example: str) -> str:
        return f"{number_of(len(answers), 'number')} corrected"

    def contradicting(self, copies: pd.DataFrame, frame: pd.DataFrame) -> pd.Series:
        """Whose numbers lie further apart than a quarter of what they usually differ."""
        by_group = copies.groupby("twins")["target"]
        usual = max(float(frame["target"].std()), 1e-12)
        return (by_group.transform("max") - by_group.transform("min")) > usual / 4

    def strata(self, frame: pd.DataFrame) -> list[str]:
        """One of a few ranges of numbers."""
        ranks = frame["target"].rank(method="first").to_numpy()
        bins = min(BINS, max(1, len(ranks) // PER_BIN))
        return [f"{bin:02}" for bin in ((ranks - 1) * bins // max(1, len(ranks))).astype(int)]

    def nothing_to_learn(self, frame: pd.DataFrame, example: str) -> str:
        if frame["target"].nunique() > 1:
            return ""
        return f"All the {example}s have the same number, so there is nothing to learn from them."

    def findings(self, frame: pd.DataFrame, example: str) -> Iterator[Finding]:
        target = frame["target"]
        if target.nunique() < 2:
            why = f"There is nothing to learn: give {example}s with different numbers."
            yield Finding(kind="one number", title=f"All the {example}s have the same number.", why=why)
        if not (frame["split"] == "validation").any():
            why = "Nothing checks what is learned, and no epoch can be called the best: put some into validation."
            yield Finding(kind="no validation", title=f"There is no validation {example}.", why=why)
        distance = (target - target.median()).abs()
        usual = distance.median() or target.std()  # where most numbers are the same
        far = frame[distance > FAR_OUT * usual] if usual else frame[:0]
        if len(far):
            have = number_of(len(far), f"{example} has a number", f"{example}s have numbers")
            title = f"{have} far from all the others."
            shown = names_of([f"{value:g}" for value in far["target"].head(5)])
            why = f"Often a slip of the pen ({shown}), and the squared error makes the model bend to them."
            yield Finding(kind="far out", title=title, why=why, files=far["name"].tolist())

    def summary(self, frame: pd.DataFrame, target: str) -> dict[str, Any]:
        numbers = frame["target"]
        found = Numbers(
            name=target,
            smallest=float(numbers.min()),
            median=float(numbers.median()),
            largest=float(numbers.max()),
            mean=float(numbers.mean()),
            deviation=float(numbers.std(ddof=0)),
        )
        return {"numbers": found}

    def digested(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[["target"]].assign(label="")[["label", "target"]]  # as when each row had room for a class too

    def spec(self, classes: tuple[str, ...], target: str, training: pd.DataFrame) -> dict[str, Any]:
        targets = training["target"].astype(float)
        mean, deviation = float(targets.mean()), float(targets.std(ddof=0)) or 1.0
        span = {"smallest": float(targets.min()), "largest": float(targets.max())}
        return {"kind": self.name, "target": target, "mean": mean, "deviation": deviation, **span}

    def check(self, spec: object) -> dict[str, Any]:
        return Spec.model_validate(spec).model_dump()

    @property
    def judge(self) -> Judge:
        from core.tasks.regression import judging

        return judging.JUDGE

    def objective(
        self, spec: dict[str, Any], settings: Settings | None = None, training: pd.DataFrame | None = None
    ) -> Objective:
        from core.tasks.regression import objective

        rows = pd.DataFrame({self.column: []}) if training is None else training
        return objective.Regression(spec, settings or Untouched(self.losses[0]), rows)

    def mistakes(self, answers: pd.DataFrame) -> pd.DataFrame:
        off = (answers["said"].astype(float) - answers["truth"].astype(float)).abs()
        return answers.loc[off.sort_values(ascending=False, kind="stable").index]

    def headline(self, scores: Scores, part: str, examples: int) -> str:
        on = number_of(examples, f"{part} image") if examples else f"{part} images"
        return f"Off by {scores.get(MAE.name) or 0.0:.3g} on average, on {on}"

    def gain(self, scores: Scores, constant: Scores | None) -> float | None:
        return scores.get(R2.name)


REGRESSION = Regression()
