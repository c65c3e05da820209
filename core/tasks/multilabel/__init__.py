"""A yes or a no for each of several labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import BaseModel, Field

from core.errors import DataError
from core.finding import Finding
from core.tasks.classes import Classes
from core.tasks.labels import in_words, labels_in, together
from core.tasks.metrics import EXACT_MATCH, LOSS, MACRO_F1, RIGHT_ANSWERS
from core.tasks.protocol import Settings, Task, Untouched

if TYPE_CHECKING:  # torch takes its time to import
    from core.tasks.judging import Judge
    from core.tasks.objective import Objective


class Spec(BaseModel):
    """What a bundle keeps. classes: the labels, in the order of the head's outputs."""

    kind: Literal["labels"]
    classes: tuple[str, ...] = Field(min_length=1)


class MultiLabel(Task):
    name = "labels"
    noun = "label"
    plural = "labels"
    each = "several labels an image"
    column = "label"
    columns = {"label": "str"}
    classes = Classes("label", "labels", several=True)
    divided = "Images that share their rarest label are"
    fewest = "two images with different labels"
    seed = b"labels"
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
    answered = {"labels": "str", "said": "str"}

    def word(self, answer: Any) -> str:
        return in_words(answer)

    def parts(self, answer: Any) -> tuple[str, ...]:
        return labels_in(answer) or ("none of them",)

    def cleaned(self, answer: Any) -> Any:
        """answer: all labels of the example."""
        if not isinstance(answer, tuple | list | set | frozenset):
            raise DataError("This dataset has any number of labels for each example. Give or take a label instead.")
        return together(map(self.classes.named, answer))

    def strata(self, frame: pd.DataFrame) -> list[str]:
        """The rarest of an example's labels."""
        held = [labels_in(text) for text in frame["label"]]
        counts = Counter(label for labels in held for label in labels)
        return [min(labels, key=lambda label: (counts[label], label), default="") for labels in held]

    def nothing_to_learn(self, frame: pd.DataFrame, example: str) -> str:
        if frame["label"].nunique() > 1:
            return ""
        return f"All the {example}s have the same labels, so there is nothing to tell apart."

    def findings(self, frame: pd.DataFrame, example: str) -> Iterator[Finding]:
        return self.classes.findings(frame, example)

    def summary(self, frame: pd.DataFrame, target: str) -> dict[str, Any]:
        return {"classes": self.classes.counted(frame), "unlabelled": int((frame["label"] == "").sum())}

    def digested(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[["label"]].assign(target=float("nan"))  # as when each row had room for a number too

    def spec(self, classes: tuple[str, ...], target: str, training: pd.DataFrame) -> dict[str, Any]:
        return {"kind": self.name, "classes": list(classes)}

    def check(self, spec: object) -> dict[str, Any]:
        return Spec.model_validate(spec).model_dump()

    @property
    def judge(self) -> Judge:
        from core.tasks.multilabel import judging

        return judging.JUDGE

    def objective(
        self, spec: dict[str, Any], settings: Settings | None = None, training: pd.DataFrame | None = None
    ) -> Objective:
        from core.tasks.multilabel import objective

        rows = pd.DataFrame({self.column: []}) if training is None else training
        return objective.MultiLabel(spec, settings or Untouched(self.losses[0]), rows)

    def choices(self, spec: dict[str, Any]) -> tuple[str, ...]:
        return tuple(spec["classes"])


MULTILABEL = MultiLabel()
