"""How chances become an answer: what a bundle's `decision` says of temperature, thresholds and ranges.

A temperature makes all chances of a model more or less sure, and changes no order among them (C. Guo and others, 2017).
Thresholds, of chances at that temperature, say which answer follows. Nothing here brings torch.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

USUAL_THRESHOLD = 0.5  # of a label
SMALLEST = 1e-6  # of a threshold that something is divided by
NONE = -1  # no class
NOT_SURE = "not sure"
LEAST = 1e-30  # of a chance whose logarithm is taken
NEAR = 2.0**-24  # of a label's chance to 0 and 1: float32 knows none between that and 1

Chance = Annotated[float, Field(ge=0, le=1)]


class Decision(BaseModel):
    """What was decided about a model's outputs once it was trained. The usual one decides nothing.

    Attributes:
        temperature: By which its logits are divided.
        calibrated_on: The part of which the temperature, or the range, was found, "" where there is none.
        examples: As many it has.
        loss_before, loss_after: The log loss with and without the temperature, of examples that it was not found by.
        thresholds: One for each class, or label; none where the usual hold. A label is said from there on; of classes
            the one with the largest chance for its threshold.
        least: The chance of a class below which the answer is "not sure".
        chosen_on: The part by which thresholds were chosen, "" where there are none.
        within: Of a number: so far on either side of an answer lies what is right, for `share` of new examples.
    """

    model_config = ConfigDict(frozen=True)

    temperature: float = Field(1.0, gt=0, allow_inf_nan=False)
    calibrated_on: str = ""
    examples: int = 0
    loss_before: float | None = None
    loss_after: float | None = None
    thresholds: tuple[Chance, ...] = ()
    least: Chance = 0.0
    chosen_on: str = ""
    within: float | None = Field(None, ge=0, allow_inf_nan=False)
    share: Chance = 0.9

    def check(self, choices: int) -> Decision:
        """
        Raises:
            ValueError: its thresholds are not of so many classes or labels.
        """
        if self.thresholds and len(self.thresholds) != choices:
            raise ValueError(f"it has {len(self.thresholds)} thresholds for {choices} classes")
        return self

    @property
    def has_thresholds(self) -> bool:
        return bool(self.thresholds) or self.least > 0

    def words(self, noun: str) -> list[str]:
        """A sentence for each thing that was decided. noun: what an example is called."""
        found = []
        if self.temperature != 1:
            by = f", by {self.examples:,} {self.calibrated_on} {noun}s" if self.calibrated_on else ""
            found.append(f"How sure it is was calibrated: temperature {self.temperature:.2f}{by}.")
        if self.thresholds:
            on = f", on the {self.chosen_on} part" if self.chosen_on else ""
            found.append(f"Its answers follow thresholds that were chosen on the page Evaluate{on}.")
        if self.least:
            found.append(f"Below {self.least:.0%} it says that it is not sure.")
        return found

    def without_thresholds(self) -> Decision:
        return self.model_copy(update={"thresholds": (), "least": 0.0, "chosen_on": ""})


PLAIN = Decision()


def tempered(chances: np.ndarray, temperature: float) -> np.ndarray:
    """Of classes, (N, C), each row summing to 1: the same of logits that are divided by the temperature."""
    if temperature == 1:
        return chances
    logits = np.log(np.maximum(chances, LEAST)) / temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return raised / raised.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]


def tempered_each(chances: np.ndarray, temperature: float) -> np.ndarray:
    """The same of labels, (N, C), each for itself."""
    if temperature == 1:
        return chances
    return 1 / (1 + np.exp(-log_odds(chances) / temperature))  # type: ignore[no-any-return]


def log_odds(chances: np.ndarray) -> np.ndarray:
    held = np.clip(chances, NEAR, 1 - NEAR)
    return np.log(held) - np.log1p(-held)  # type: ignore[no-any-return]


def for_threshold(chances: np.ndarray, thresholds: tuple[float, ...]) -> np.ndarray:
    """(N, C), anew: each chance for its threshold; the largest is the answer."""
    return chances / np.maximum(np.array(thresholds or 1.0), SMALLEST)


def class_said(chances: np.ndarray, decision: Decision) -> np.ndarray:
    """int64 (N,): the number of the class that is the answer; `NONE` where it is not sure. chances: (N, C)."""
    said = for_threshold(chances, decision.thresholds).argmax(axis=1)
    return np.where(chances[np.arange(len(said)), said] < decision.least, NONE, said)


def labels_said(chances: np.ndarray, decision: Decision) -> np.ndarray:
    """bool (N, C): which labels are the answer. chances: (N, C)."""
    return chances > (np.array(decision.thresholds) if decision.thresholds else USUAL_THRESHOLD)
