"""One class of several."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import BaseModel, Field

from core.errors import DataError
from core.finding import Finding
from core.tasks.classes import Classes, uneven
from core.tasks.labels import in_words
from core.tasks.metrics import ACCURACY, BALANCED_ACCURACY, LOSS, MACRO_F1
from core.tasks.protocol import Settings, Task, Untouched

if TYPE_CHECKING:  # torch takes its time to import
    from core.tasks.judging import Judge
    from core.tasks.objective import Objective


class Spec(BaseModel):
    """What a bundle keeps. classes: in the order of the head's outputs."""

    kind: Literal["classes"]
    classes: tuple[str, ...] = Field(min_length=1)


class Classification(Task):
    name = "classes"
    noun = "class"
    plural = "classes"
    each = "one class an image"
    column = "label"
    columns = {"label": "str"}
    classes = Classes("class", "classes")
    told_by_folders = True
    divided = "Each class is"
    fewest = "two classes"
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
    even_by = "label"
    answered = {"label": "str", "said": "str", "probability": "float64"}

    def word(self, answer: Any) -> str:
        return in_words(answer)

    def cleaned(self, answer: Any) -> Any:
        if not isinstance(answer, str):
            raise DataError("This dataset has classes, not numbers or several labels. Relabel them instead.")
        return self.classes.named(answer)

    def strata(self, frame: pd.DataFrame) -> list[str]:
        return frame["label"].tolist()

    def findings(self, frame: pd.DataFrame, example: str) -> Iterator[Finding]:
        yield from self.classes.findings(frame, example)
        yield from uneven(frame, example)

    def summary(self, frame: pd.DataFrame, target: str) -> dict[str, Any]:
        return {"classes": self.classes.counted(frame)}

    def digested(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[["label"]].assign(target=float("nan"))  # as when each row had room for a number too

    def spec(self, classes: tuple[str, ...], target: str, training: pd.DataFrame) -> dict[str, Any]:
        return {"kind": self.name, "classes": list(classes)}

    def check(self, spec: object) -> dict[str, Any]:
        return Spec.model_validate(spec).model_dump()

    @property
    def judge(self) -> Judge:
        from core.tasks.classification import judging

        return judging.JUDGE

    def objective(
        self, spec: dict[str, Any], settings: Settings | None = None, training: pd.DataFrame | None = None
    ) -> Objective:
        from core.tasks.classification import objective

        rows = pd.DataFrame({self.column: []}) if training is None else training
        return objective.Classification(spec, settings or Untouched(self.losses[0]), rows)

    def choices(self, spec: dict[str, Any]) -> tuple[str, ...]:
        return tuple(spec["classes"])


CLASSIFICATION = Classification()
