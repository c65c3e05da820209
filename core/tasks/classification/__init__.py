"""One class of several."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.errors import DataError
from core.finding import Finding
from core.tasks.classes import Classes, uneven
from core.tasks.labels import in_words
from core.tasks.metrics import ACCURACY, BALANCED_ACCURACY, LOSS, MACRO_F1
from core.tasks.protocol import Settings, Task

if TYPE_CHECKING:  # torch takes its time to import
    from core.tasks.objective import Objective


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

    def objective(self, spec: dict[str, Any], settings: Settings, training: pd.DataFrame) -> Objective:
        from core.tasks.classification import objective

        return objective.Classification(spec, settings, training)


CLASSIFICATION = Classification()
