"""Pre-training: a text's own tokens are the answer. Some are hidden and guessed, or each one says which comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import BaseModel

from core.tasks.metrics import LOSS, PERPLEXITY, TOKEN_ACCURACY
from core.tasks.protocol import Settings, Task, Untouched

if TYPE_CHECKING:  # torch takes its time to import
    from core.tasks.objective import Objective
    from core.tasks.scores import Scores

ITSELF = "its own words"  # in `goal`, of every example


class Spec(BaseModel):
    """What a bundle keeps."""

    kind: Literal["language"]


class Language(Task):
    name = "language"
    noun = "token"
    plural = "tokens"
    each = "the words of the text itself"
    column = "goal"
    columns = {"goal": "str"}
    fewest = "two texts"
    seed = b"language"
    needs = "steps"
    modalities = frozenset({"text"})
    losses = ("cross_entropy",)
    metrics = (PERPLEXITY, TOKEN_ACCURACY, LOSS)
    balances = ("none",)
    spoken = (PERPLEXITY,)
    shown = (PERPLEXITY, TOKEN_ACCURACY, LOSS)
    has = "no answers but their own words"
    constant_answer = "the same token"
    ignores = ("focal_gamma", "label_smoothing", "mixup", "cutmix", "balance")
    answered = {"goal": "str"}
    gives_backbone = True

    def spec(self, classes: tuple[str, ...], target: str, training: pd.DataFrame) -> dict[str, Any]:
        return {"kind": self.name}

    def check(self, spec: object) -> dict[str, Any]:
        return Spec.model_validate(spec).model_dump()

    def objective(
        self, spec: dict[str, Any], settings: Settings | None = None, training: pd.DataFrame | None = None
    ) -> Objective:
        from core.tasks.language import objective

        return objective.Language(spec, settings or Untouched(self.losses[0]))

    def head_of(self, classes: tuple[str, ...]) -> tuple[int, str]:
        return 0, "every token that it knows"

    def mistakes(self, answers: pd.DataFrame) -> pd.DataFrame:
        return answers[:0]

    def headline(self, scores: Scores, part: str, examples: int) -> str:
        return f"{part[0].upper()}{part[1:]} {scores.words}"


LANGUAGE = Language()
