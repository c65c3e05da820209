"""Which pictures train, which validate, which are kept for a last test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.data.layout import Split


class SplitSettings(BaseModel):
    """Shares of each class, 0 to 1. given: the pictures came split, and that was kept."""

    model_config = ConfigDict(frozen=True)

    validation: float = Field(0.2, ge=0, le=0.9)
    test: float = Field(0.0, ge=0, le=0.9)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    given: bool = False

    @model_validator(mode="after")
    def _leaves_some_to_train(self) -> SplitSettings:
        if self.validation + self.test > 0.9:
            raise ValueError("validation and test together must leave at least a tenth for training")
        return self


def stratified(labels: Sequence[str], settings: SplitSettings) -> list[Split]:
    """A split of each class by the settings' shares.

    A class of two or more has at least one picture in training and, if there is validation at all, one in validation; a
    lone picture trains.
    """
    splits: list[Split] = ["train"] * len(labels)
    by_class: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        by_class.setdefault(label, []).append(index)
    for number, (_, members) in enumerate(sorted(by_class.items())):
        order = np.random.default_rng((settings.seed, number)).permutation(members)
        validation, test = _counts(len(members), settings)
        for index in order[:validation]:
            splits[index] = "validation"
        for index in order[validation : validation + test]:
            splits[index] = "test"
    return splits


def _counts(images: int, settings: SplitSettings) -> tuple[int, int]:
    validation = max(round(images * settings.validation), settings.validation > 0)
    test = max(round(images * settings.test), settings.test > 0)
    validation = min(validation, images - 1)
    return validation, min(test, images - 1 - validation)


def complete(labels: Sequence[str], given: Sequence[Split | None]) -> tuple[list[Split], SplitSettings]:
    """The split that came with the pictures; a missing validation is taken from training, a missing split is made."""
    if "train" not in given or len({split for split in given if split}) == 1:
        settings = SplitSettings()
        return stratified(labels, settings), settings
    splits: list[Split] = [split or "train" for split in given]
    if "validation" not in given:
        training = [index for index, split in enumerate(splits) if split == "train"]
        carved = stratified([labels[index] for index in training], SplitSettings())
        for index, split in zip(training, carved):
            splits[index] = split
    return splits, SplitSettings(given=True)
